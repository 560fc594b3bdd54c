//! Laying attributes out on the wire (RFC 2865 5, RFC 2868 3, RFC 6929 2): plain functions that append to a buffer.
//!
//! [`super::PacketBuilder`] and the dictionary both write with these; on an error nothing is appended.

use std::fmt;

use super::extended::MORE;
use super::{AttributeType, Attributes, VendorId};

/// The most octets of value one attribute carries (RFC 2865 5: Length is one octet and counts Type and itself).
pub const MAX_VALUE_LENGTH: usize = 253;

/// The most octets of value in one fragment of a Long Extended attribute (RFC 6929 2.2).
const LONG_EXTENDED_FRAGMENT: usize = MAX_VALUE_LENGTH - 2;

/// Why an attribute or packet cannot be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The packet would have more than 4096 octets (RFC 2865 3).
    TooLong,
    /// The value does not fit one attribute.
    AttributeTooLong,
    /// The value is empty: such an attribute must not be sent (RFC 2865 5).
    Empty,
    /// A tag above 31, a tagged integer above 2^24 - 1, or a type that is not extended.
    OutOfRange,
    /// Octets given as laid-out attributes are not.
    Malformed,
    /// The Message-Authenticator is written by the builder itself.
    Reserved,
}

/// Append one attribute (RFC 2865 5). `value` is 1 to 253 octets.
pub fn put_attribute(out: &mut Vec<u8>, ty: AttributeType, value: &[u8]) -> Result<(), BuildError> {
    put(out, ty, &[value])
}

/// Append one Vendor-Specific attribute holding one attribute of the vendor (RFC 2865 5.26). `value` is 1 to 247 octets.
pub fn put_vendor(out: &mut Vec<u8>, vendor: VendorId, ty: u8, value: &[u8]) -> Result<(), BuildError> {
    if value.is_empty() {
        return Err(BuildError::Empty);
    }
    let length = u8::try_from(value.len() + 2).map_err(|_| BuildError::AttributeTooLong)?;
    put(out, AttributeType::VENDOR_SPECIFIC, &[&vendor.0.to_be_bytes(), &[ty, length], value])
}

/// Append a tagged integer (RFC 2868 3.1): the tag (0 to 31), then the lower three octets of `value`.
pub fn put_tagged_integer(out: &mut Vec<u8>, ty: AttributeType, tag: u8, value: u32) -> Result<(), BuildError> {
    put(out, ty, &[&tagged_integer(tag, value)?])
}

/// Append a tagged text (RFC 2868 3.6).
///
/// Tag 0 is left out, as most NASes expect, unless the text starts with an octet that would be read as a tag.
pub fn put_tagged_text(out: &mut Vec<u8>, ty: AttributeType, tag: u8, text: &[u8]) -> Result<(), BuildError> {
    put(out, ty, &[tag_of_text(tag, text)?.as_slice(), text])
}

/// Append an Extended attribute of type 241 to 244 (RFC 6929 2.1). `value` is 1 to 252 octets.
pub fn put_extended(out: &mut Vec<u8>, ty: AttributeType, extended_type: u8, value: &[u8]) -> Result<(), BuildError> {
    match value {
        [] => Err(BuildError::Empty),
        _ if !ty.is_extended() || ty.is_long_extended() => Err(BuildError::OutOfRange),
        _ => put(out, ty, &[&[extended_type], value]),
    }
}

/// Append a Long Extended attribute of type 245 or 246, split into as many fragments as it takes (RFC 6929 2.2).
pub fn put_long_extended(
    out: &mut Vec<u8>,
    ty: AttributeType,
    extended_type: u8,
    value: &[u8],
) -> Result<(), BuildError> {
    if value.is_empty() {
        return Err(BuildError::Empty);
    }
    if !ty.is_long_extended() {
        return Err(BuildError::OutOfRange);
    }
    let mut fragments = value.chunks(LONG_EXTENDED_FRAGMENT).peekable();
    while let Some(fragment) = fragments.next() {
        let flags = if fragments.peek().is_some() { MORE } else { 0 };
        put(out, ty, &[&[extended_type, flags], fragment])?;
    }
    Ok(())
}

/// Append an attribute without a value: an EAP-Start (RFC 3579 2.1), or an odd Proxy-State that a proxy wants back.
pub(super) fn put_empty(out: &mut Vec<u8>, ty: AttributeType) -> Result<(), BuildError> {
    out.extend_from_slice(&[ty.0, 2]);
    Ok(())
}

/// Append attributes that are laid out already, none of them a Message-Authenticator.
pub(super) fn put_laid_out(out: &mut Vec<u8>, attributes: &[u8]) -> Result<(), BuildError> {
    let mut walk = Attributes::over(attributes).map_err(|_| BuildError::Malformed)?;
    if walk.any(|attribute| attribute.ty == AttributeType::MESSAGE_AUTHENTICATOR) {
        return Err(BuildError::Reserved);
    }
    out.extend_from_slice(attributes);
    Ok(())
}

/// Tag and lower three octets of an integer (RFC 2868 3.1).
pub(crate) fn tagged_integer(tag: u8, value: u32) -> Result<[u8; 4], BuildError> {
    let [0, high, middle, low] = value.to_be_bytes() else {
        return Err(BuildError::OutOfRange);
    };
    Ok([checked_tag(tag)?, high, middle, low])
}

/// The tag octet that goes before `text`, if one does (RFC 2868 3.6).
pub(crate) fn tag_of_text(tag: u8, text: &[u8]) -> Result<Option<u8>, BuildError> {
    match (checked_tag(tag)?, text.first()) {
        (_, None) => Err(BuildError::Empty),
        (0, Some(0x20..)) => Ok(None),
        (tag, _) => Ok(Some(tag)),
    }
}

/// RFC 2868 3: a tag is at most 0x1F; 0 means untagged.
fn checked_tag(tag: u8) -> Result<u8, BuildError> {
    if tag > 0x1F { Err(BuildError::OutOfRange) } else { Ok(tag) }
}

/// Append Type, Length and the parts of a value.
fn put(out: &mut Vec<u8>, ty: AttributeType, parts: &[&[u8]]) -> Result<(), BuildError> {
    let value_length: usize = parts.iter().map(|part| part.len()).sum();
    if value_length == 0 {
        return Err(BuildError::Empty);
    }
    let length = u8::try_from(value_length + 2).map_err(|_| BuildError::AttributeTooLong)?;
    out.extend_from_slice(&[ty.0, length]);
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(())
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the packet would have more than 4096 octets (RFC 2865 3)",
            Self::AttributeTooLong => "the value does not fit one attribute: 253 octets, 247 for a vendor's",
            Self::Empty => "an attribute without a value must not be sent (RFC 2865 5)",
            Self::OutOfRange => "a tag is at most 31, a tagged integer at most 16777215 (RFC 2868 3)",
            Self::Malformed => "the octets are not whole attributes",
            Self::Reserved => "the Message-Authenticator is written when the packet is signed",
        })
    }
}

impl std::error::Error for BuildError {}
