//! From a name and a text to an attribute on the wire.

use super::read_value::read_value;
use super::{DataType, Definition, Dictionary, EncodeError, Encryption};
use crate::radius::{
    AttributeType, BuildError, put_attribute, put_extended, put_long_extended, put_vendor, tag_of_text, tagged_integer,
};

impl Dictionary {
    /// One attribute as it stands on the wire: type, length and value, a vendor's wrapped (RFC 2865 5.26), one inside a
    /// container wrapped in that.
    ///
    /// `text` is a value of the attribute's data type: a value name or number, an address, `0x..` for octets, any text
    /// for a string. `tag` is 1 to 31 for tagged attributes (RFC 2868 3), otherwise 0.
    pub fn encode(&self, name: &str, text: &str, tag: u8) -> Result<Vec<u8>, EncodeError> {
        let unknown = || EncodeError::UnknownName { name: name.to_owned() };
        let definition = self.named(name).ok_or_else(unknown)?;
        if definition.encryption != Encryption::None {
            return Err(EncodeError::Encrypted { name: name.to_owned() });
        }
        if tag != 0 && !definition.has_tag {
            return Err(EncodeError::NotTagged { name: name.to_owned() });
        }
        let value = read_value(definition, text).ok_or_else(|| EncodeError::Value {
            name: name.to_owned(),
            text: text.to_owned(),
            expected: definition.data_type.expected(),
        })?;
        let tagged = if definition.has_tag { put_tag(definition, tag, value) } else { Ok(value) };
        tagged
            .and_then(|value| lay_out(definition, &value))
            .map_err(|error| EncodeError::Layout { name: name.to_owned(), error })
    }
}

/// Put the tag into an integer or before a text (RFC 2868 3).
fn put_tag(definition: &Definition, tag: u8, mut value: Vec<u8>) -> Result<Vec<u8>, BuildError> {
    if let (DataType::Integer { .. }, Ok(octets)) = (definition.data_type, value.as_slice().try_into()) {
        return Ok(tagged_integer(tag, u32::from_be_bytes(octets))?.to_vec());
    }
    if let Some(tag) = tag_of_text(tag, &value)? {
        value.insert(0, tag);
    }
    Ok(value)
}

/// Wrap a value in its attribute and whatever is around that, from the inside out.
fn lay_out(definition: &Definition, value: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut types = definition.path.types();
    let mut out = Vec::with_capacity(value.len() + 8);
    let top = types.next().unwrap_or_default();
    let ty = AttributeType(top);
    if let Some(vendor) = definition.vendor {
        put_vendor(&mut out, vendor, top, &wrap(types, value)?)?;
    } else if ty.is_extended() {
        let extended_type = types.next().ok_or(BuildError::OutOfRange)?;
        let put = if ty.is_long_extended() { put_long_extended } else { put_extended };
        put(&mut out, ty, extended_type, &wrap(types, value)?)?;
    } else {
        put_attribute(&mut out, ty, &wrap(types, value)?)?;
    }
    Ok(out)
}

/// Wrap a value in TLVs (RFC 6929 2.3), the last type innermost.
fn wrap(types: impl DoubleEndedIterator<Item = u8>, value: &[u8]) -> Result<Vec<u8>, BuildError> {
    types.rev().try_fold(value.to_vec(), |inner, ty| {
        let mut tlv = Vec::with_capacity(inner.len() + 2);
        put_attribute(&mut tlv, AttributeType(ty), &inner)?;
        Ok(tlv)
    })
}
