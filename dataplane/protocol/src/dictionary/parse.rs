//! Reading dictionary files, line by line.
//!
//! ```text
//! VENDOR        name number
//! BEGIN-VENDOR  name
//! ATTRIBUTE     name type[.type...] data-type [flag,flag...]
//! VALUE         attribute-name value-name number
//! END-VENDOR    name
//! ```

use std::collections::{BTreeMap, HashMap};

use super::{AttributePath, DataType, Definition, Dictionary, DictionaryError, Encryption};
use crate::radius::VendorId;

/// Parse all files, then attach the values, so that a value may stand before its attribute.
pub(super) fn parse(texts: &[(&str, &str)]) -> Result<Dictionary, DictionaryError> {
    let mut parser = Parser::default();
    let mut values = Vec::new();
    for (file, text) in texts {
        parser.file(file, text, &mut values)?;
    }
    for (at, line) in values {
        parser.value(&line).map_err(|message| at.error(message))?;
    }
    Ok(parser.dictionary)
}

#[derive(Default)]
struct Parser {
    dictionary: Dictionary,
    vendor_ids: HashMap<String, VendorId>,
    /// The vendor whose block is open.
    block: Option<VendorId>,
}

#[derive(Clone, Copy)]
struct Position<'a> {
    file: &'a str,
    line: usize,
}

impl Position<'_> {
    fn error(self, message: String) -> DictionaryError {
        DictionaryError { file: self.file.to_owned(), line: self.line, message }
    }
}

/// A VALUE line, kept until all attributes are known: attribute, value name, number.
type ValueLine<'a> = [&'a str; 3];

impl Parser {
    fn file<'a>(
        &mut self,
        file: &'a str,
        text: &'a str,
        values: &mut Vec<(Position<'a>, ValueLine<'a>)>,
    ) -> Result<(), DictionaryError> {
        let mut at = Position { file, line: 0 };
        for line in text.lines() {
            at.line += 1;
            let content = line.split_once('#').map_or(line, |(content, _)| content);
            let words: Vec<&str> = content.split_whitespace().collect();
            match words.as_slice() {
                [] => Ok(()),
                ["VALUE", attribute, name, number] => {
                    values.push((at, [attribute, name, number]));
                    Ok(())
                }
                words => self.definition(words),
            }
            .map_err(|message| at.error(message))?;
        }
        match self.block.take() {
            None => Ok(()),
            Some(_) => Err(at.error("the file ends before END-VENDOR".to_owned())),
        }
    }

    fn definition(&mut self, words: &[&str]) -> Result<(), String> {
        match *words {
            ["ATTRIBUTE", name, path, data_type] => self.attribute(name, path, data_type, ""),
            ["ATTRIBUTE", name, path, data_type, flags] => self.attribute(name, path, data_type, flags),
            ["VENDOR", name, number] | ["VENDOR", name, number, "format=1,1"] => self.vendor(name, number),
            ["BEGIN-VENDOR", name] => self.begin_vendor(name),
            ["END-VENDOR", name] => self.end_vendor(name),
            ["VENDOR", _, _, _] => Err("only vendors with format=1,1 are supported".to_owned()),
            [keyword @ ("ATTRIBUTE" | "VALUE" | "VENDOR" | "BEGIN-VENDOR" | "END-VENDOR"), ..] => {
                Err(format!("wrong number of words after {keyword}"))
            }
            ["$INCLUDE" | "$INCLUDE-", ..] => Err("$INCLUDE is not supported: every file is read by itself".to_owned()),
            [keyword, ..] => Err(format!(
                "unknown keyword {keyword:?}: expected ATTRIBUTE, VALUE, VENDOR, BEGIN-VENDOR or END-VENDOR"
            )),
            [] => Ok(()),
        }
    }

    fn vendor(&mut self, name: &str, number: &str) -> Result<(), String> {
        let id = parse_number(number).and_then(|number| u32::try_from(number).ok());
        let id = VendorId(id.filter(|id| *id > 0).ok_or_else(|| format!("{number:?} is not a Vendor-Id"))?);
        match self.vendor_ids.insert(name.to_owned(), id) {
            Some(other) if other != id => return Err(format!("vendor {name} is defined as {} already", other.0)),
            _ => {}
        }
        match self.dictionary.vendors.insert(id, name.to_owned()) {
            Some(other) if other != name => Err(format!("vendor {} is named {other} already", id.0)),
            _ => Ok(()),
        }
    }

    fn begin_vendor(&mut self, name: &str) -> Result<(), String> {
        if self.block.is_some() {
            return Err("BEGIN-VENDOR inside another vendor's block".to_owned());
        }
        let id = self.vendor_ids.get(name).ok_or_else(|| format!("vendor {name} is not defined"))?;
        self.block = Some(*id);
        Ok(())
    }

    fn end_vendor(&mut self, name: &str) -> Result<(), String> {
        match self.block {
            Some(open) if self.vendor_ids.get(name) == Some(&open) => {
                self.block = None;
                Ok(())
            }
            _ => Err(format!("no block of vendor {name} is open")),
        }
    }

    fn attribute(&mut self, name: &str, path: &str, data_type: &str, flags: &str) -> Result<(), String> {
        let path = parse_path(path)?;
        let data_type = DataType::named(data_type).ok_or_else(|| format!("unknown data type {data_type:?}"))?;
        let mut definition = Definition {
            name: name.to_owned(),
            vendor: self.block,
            path,
            data_type,
            has_tag: false,
            encryption: Encryption::None,
            secret: false,
            concat: false,
            value_names: BTreeMap::new(),
            values: HashMap::new(),
        };
        for flag in flags.split(',').filter(|flag| !flag.is_empty()) {
            apply_flag(&mut definition, flag)?;
        }
        self.check_parent(path)?;
        self.insert(definition)
    }

    fn check_parent(&self, path: AttributePath) -> Result<(), String> {
        let Some(parent) = path.parent() else { return Ok(()) };
        match self.dictionary.at(self.block, parent) {
            Some(outer) if outer.data_type.is_container() => Ok(()),
            Some(outer) => Err(format!("{} cannot hold other attributes: it is no tlv", outer.name)),
            None => Err(format!("attribute {parent}, which is to hold {path}, is not defined before")),
        }
    }

    fn insert(&mut self, definition: Definition) -> Result<(), String> {
        let index = self.dictionary.definitions.len();
        let key = (definition.vendor, definition.path);
        if let Some(other) = self.dictionary.at(key.0, key.1) {
            return Err(format!("attribute {} is defined as {} already", definition.path, other.name));
        }
        if self.dictionary.by_name.insert(definition.name.to_ascii_lowercase(), index).is_some() {
            return Err(format!("attribute {} is defined already", definition.name));
        }
        self.dictionary.by_path.insert(key, index);
        self.dictionary.definitions.push(definition);
        Ok(())
    }

    fn value(&mut self, [attribute, name, number]: &ValueLine<'_>) -> Result<(), String> {
        let index = self.dictionary.by_name.get(&attribute.to_ascii_lowercase());
        let definition = index.and_then(|index| self.dictionary.definitions.get_mut(*index));
        let definition = definition.ok_or_else(|| format!("attribute {attribute} is not defined"))?;
        let value = parse_number(number).filter(|value| fits(definition.data_type, *value));
        let value = value.ok_or_else(|| format!("{number:?} is no value of {attribute}"))?;
        if !definition.data_type.has_value_names() {
            return Err(format!("{attribute} is not an integer, so its values have no names"));
        }
        match definition.values.insert(name.to_ascii_lowercase(), value) {
            Some(other) if other != value => return Err(format!("value {name} of {attribute} is {other} already")),
            _ => {}
        }
        definition.value_names.entry(value).or_insert_with(|| (*name).to_owned());
        Ok(())
    }
}

fn apply_flag(definition: &mut Definition, flag: &str) -> Result<(), String> {
    match flag {
        "has_tag" => match definition.data_type {
            DataType::Integer { width: 4 } | DataType::Text | DataType::Octets => definition.has_tag = true,
            _ => return Err("has_tag is for integer, string and octets only (RFC 2868 3)".to_owned()),
        },
        "encrypt=1" => definition.encryption = Encryption::UserPassword,
        "encrypt=2" => definition.encryption = Encryption::Salted,
        "encrypt=3" => definition.encryption = Encryption::Vendor,
        "secret" => definition.secret = true,
        // EAP-Message and its like: one value in many attributes, which the builder splits.
        "concat" => definition.concat = true,
        _ => {
            return Err(format!(
                "unknown flag {flag:?}: expected has_tag, encrypt=1, encrypt=2, encrypt=3, secret or concat"
            ));
        }
    }
    Ok(())
}

fn parse_path(text: &str) -> Result<AttributePath, String> {
    let mut path: Option<AttributePath> = None;
    for part in text.split('.') {
        let ty = parse_number(part).and_then(|number| u8::try_from(number).ok()).filter(|ty| *ty > 0);
        let ty = ty.ok_or_else(|| format!("{text:?} is not an attribute type: expected 1 to 255"))?;
        path = Some(match path {
            None => AttributePath::top(ty),
            Some(outer) => outer.child(ty).ok_or_else(|| format!("{text:?} has more than four levels"))?,
        });
    }
    path.ok_or_else(|| format!("{text:?} is not an attribute type"))
}

/// Decimal, or hexadecimal after `0x`.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` would take a sign.
    digits.chars().all(|digit| digit.is_digit(radix)).then(|| u64::from_str_radix(digits, radix).ok())?
}

fn fits(data_type: DataType, value: u64) -> bool {
    match data_type {
        DataType::Integer { width } => super::read_value::fits_width(value, width),
        _ => u32::try_from(value).is_ok(),
    }
}
