//! Distinguished names as text (RFC 4514): what policies compare and people read.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use x509_parser::der_parser::asn1_rs::{Any, Tag, ToDer};
use x509_parser::prelude::{AttributeTypeAndValue, FromDer, RelativeDistinguishedName, X509Name};

use super::certificate::CertificateError;
use crate::limits::MAX_DISTINGUISHED_NAME;

/// Attribute types with a name of their own; others are written in dots (RFC 4514 section 3).
const SHORT_NAMES: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// A name of a certificate.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct NameText {
    text: String,
    is_cut: bool,
}

impl NameText {
    pub(super) fn of(name: &X509Name<'_>) -> Self {
        let mut text = write_name(name);
        let is_cut = text.len() > MAX_DISTINGUISHED_NAME;
        if is_cut {
            text.truncate(text.floor_char_boundary(MAX_DISTINGUISHED_NAME));
            text.push('…');
        }
        Self { text, is_cut }
    }

    /// For people; one beyond [`MAX_DISTINGUISHED_NAME`] is cut there and ends in `…`.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.text
    }

    /// For policies: the whole name, or none, so that no name passes for another by being cut.
    #[must_use]
    pub fn whole(&self) -> Option<&str> {
        (!self.is_cut).then_some(&self.text)
    }
}

/// The whole text of a Name (DER).
///
/// # Errors
/// [`CertificateError`] when it is not one.
pub fn distinguished_name(der: &[u8]) -> Result<String, CertificateError> {
    match X509Name::from_der(der) {
        Ok(([], name)) => Ok(write_name(&name)),
        _ => Err(CertificateError),
    }
}

/// The last RDN comes first (RFC 4514 section 2.1).
fn write_name(name: &X509Name<'_>) -> String {
    let rdns: Vec<_> = name.iter_rdn().map(write_rdn).collect();
    rdns.into_iter().rev().collect::<Vec<_>>().join(",")
}

fn write_rdn(rdn: &RelativeDistinguishedName<'_>) -> String {
    rdn.iter().map(write_attribute).collect::<Vec<_>>().join("+")
}

fn write_attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let short = SHORT_NAMES.iter().find(|(known, _)| *known == oid).map(|(_, name)| *name);
    match (short, string_of(attribute.attr_value())) {
        (Some(name), Some(value)) => format!("{name}={}", escape(&value)),
        (name, _) => format!("{}={}", name.unwrap_or(&oid), hex_of(attribute.attr_value())),
    }
}

/// The characters of a value, when its type has any and they are what the type says.
fn string_of(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::VisibleString | Tag::NumericString => {
            std::str::from_utf8(value.data).ok().map(str::to_string)
        }
        Tag::T61String if value.data.is_ascii() => std::str::from_utf8(value.data).ok().map(str::to_string),
        Tag::BmpString => {
            let (units, rest) = value.data.as_chunks::<2>();
            let units: Vec<_> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
        }
        Tag::UniversalString => {
            let (units, rest) = value.data.as_chunks::<4>();
            let characters = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit)));
            if rest.is_empty() { characters.collect() } else { None }
        }
        _ => None,
    }
}

/// Every special character as backslash and two hex digits, one of the two forms of RFC 4514 section 2.4: so `,` and `+`
/// stand between parts of a name and nowhere else, and a pattern such as `*,O=Corp` cannot be met by a value.
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (place, character) in value.chars().enumerate() {
        let special = match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '\0' => true,
            '#' => place == 0,
            ' ' => place == 0 || place == last,
            _ => false,
        };
        if special {
            let _ = write!(text, "\\{:02X}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

/// `#` and the value's DER in hex (RFC 4514 section 2.4).
fn hex_of(value: &Any<'_>) -> String {
    let mut text = String::from("#");
    for octet in value.to_der_vec().unwrap_or_default() {
        let _ = write!(text, "{octet:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
