//! Extended and Long Extended attributes (RFC 6929 2.1, 2.2).
//!
//! ```text
//! 241-244: | Type (1) | Length (1) | Extended-Type (1) | Value ...
//! 245-246: | Type (1) | Length (1) | Extended-Type (1) | M, T, Reserved (1) | Value ...
//! ```

use std::borrow::Cow;

use super::{Attribute, AttributeType, Attributes, Packet};

/// RFC 6929 2.2: set on every fragment but the last.
pub(super) const MORE: u8 = 0x80;

/// An attribute of type 241 to 246.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtendedAttribute<'a> {
    /// A well-formed one; the fragments of a Long Extended attribute are joined.
    Valid {
        /// The Type octet.
        ty: AttributeType,
        /// The Extended-Type octet.
        extended_type: u8,
        /// The value; above 253 octets only for types 245 and 246.
        value: Cow<'a, [u8]>,
    },
    /// An "invalid attribute" (RFC 6929 2.8), kept as it came; the rest of the packet stands.
    Invalid(Attribute<'a>),
}

/// All extended attributes of a packet, in order.
#[must_use]
pub const fn extended_attributes<'a>(packet: &Packet<'a>) -> ExtendedAttributes<'a> {
    ExtendedAttributes { attributes: packet.attributes() }
}

/// Walks extended attributes; see [`extended_attributes`].
#[derive(Clone, Debug)]
pub struct ExtendedAttributes<'a> {
    attributes: Attributes<'a>,
}

impl<'a> Iterator for ExtendedAttributes<'a> {
    type Item = ExtendedAttribute<'a>;

    fn next(&mut self) -> Option<ExtendedAttribute<'a>> {
        let attribute = self.attributes.find(|attribute| attribute.ty.is_extended())?;
        Some(read_extended(attribute, &mut self.attributes))
    }
}

/// Read the extended attribute `first`; `following` stands behind it and is moved over the fragments that belong to it.
pub(crate) fn read_extended<'a>(first: Attribute<'a>, following: &mut Attributes<'a>) -> ExtendedAttribute<'a> {
    if first.ty.is_long_extended() {
        return join_fragments(first, following);
    }
    match first.value {
        [extended_type, value @ ..] if !value.is_empty() => {
            ExtendedAttribute::Valid { ty: first.ty, extended_type: *extended_type, value: Cow::Borrowed(value) }
        }
        _ => ExtendedAttribute::Invalid(first),
    }
}

fn join_fragments<'a>(first: Attribute<'a>, following: &mut Attributes<'a>) -> ExtendedAttribute<'a> {
    let Some(mut fragment) = Fragment::read(first) else {
        return ExtendedAttribute::Invalid(first);
    };
    let extended_type = fragment.extended_type;
    let mut value = Cow::Borrowed(fragment.value);
    let mut ahead = following.clone();
    while fragment.more {
        match ahead.next().and_then(Fragment::read) {
            Some(next) if next.ty == first.ty && next.extended_type == extended_type => fragment = next,
            _ => return ExtendedAttribute::Invalid(first),
        }
        value.to_mut().extend_from_slice(fragment.value);
    }
    *following = ahead;
    ExtendedAttribute::Valid { ty: first.ty, extended_type, value }
}

struct Fragment<'a> {
    ty: AttributeType,
    extended_type: u8,
    more: bool,
    value: &'a [u8],
}

impl<'a> Fragment<'a> {
    /// RFC 6929 2.2: at least one octet of value, and the M flag only on an attribute that is full (Length 255).
    fn read(attribute: Attribute<'a>) -> Option<Self> {
        let [extended_type, flags, value @ ..] = attribute.value else {
            return None;
        };
        let more = flags & MORE != 0;
        let full = attribute.value.len() == super::MAX_VALUE_LENGTH;
        let valid = attribute.ty.is_long_extended() && !value.is_empty() && (full || !more);
        valid.then_some(Self { ty: attribute.ty, extended_type: *extended_type, more, value })
    }
}

impl AttributeType {
    /// Types 241 to 246 (RFC 6929 2).
    pub(crate) const fn is_extended(self) -> bool {
        matches!(self.0, 241..=246)
    }

    /// Types 245 and 246 (RFC 6929 2.2).
    pub(crate) const fn is_long_extended(self) -> bool {
        matches!(self.0, 245 | 246)
    }
}
