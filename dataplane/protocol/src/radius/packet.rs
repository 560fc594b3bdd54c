//! A received packet: checked once in [`Packet::parse`], infallible afterwards (RFC 2865 3 and 5).

use std::fmt;

use super::{AttributeType, Code};

/// Code, Identifier, Length and Authenticator (RFC 2865 3).
pub const HEADER_LENGTH: usize = 20;

/// The most octets a RADIUS packet may have (RFC 2865 3).
pub const MAX_PACKET_LENGTH: usize = 4096;

/// A well-formed packet, borrowed from the datagram it came in. Nothing about it is authenticated yet.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    octets: &'a [u8],
    header: &'a [u8; HEADER_LENGTH],
    authenticator: &'a [u8; 16],
    attributes: &'a [u8],
}

/// One attribute: `value` is 0 to 253 octets, without the Type and Length octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The Type octet.
    pub ty: AttributeType,
    /// What follows the Length octet.
    pub value: &'a [u8],
}

/// Why octets are no RADIUS packet. RFC 2865 3 wants all but the last discarded silently; for a bad attribute
/// section 5 allows an Access-Reject or silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// Fewer than 20 octets arrived.
    TooShort {
        /// Octets that arrived.
        available: usize,
    },
    /// The Length field is below 20 or above 4096.
    BadLength {
        /// The Length field.
        length: usize,
    },
    /// The Length field is more than what arrived.
    Truncated {
        /// The Length field.
        length: usize,
        /// Octets that arrived.
        available: usize,
    },
    /// An attribute's Length is 0 or 1, or it runs past the end.
    BadAttribute {
        /// Where the attribute starts, counted from the Code octet.
        offset: usize,
        /// Its Type octet.
        ty: AttributeType,
    },
}

/// Why EAP-Message attributes do not form an EAP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EapMessageError {
    /// Another attribute stands between two EAP-Message attributes (RFC 3579 3.1).
    NotConsecutive,
}

impl<'a> Packet<'a> {
    /// Check the lengths and walk the attributes once; octets past Length are padding and ignored.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, PacketError> {
        let available = datagram.len();
        let Some((header, _)) = datagram.split_first_chunk::<HEADER_LENGTH>() else {
            return Err(PacketError::TooShort { available });
        };
        let [_, _, high, low, ..] = *header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if !(HEADER_LENGTH..=MAX_PACKET_LENGTH).contains(&length) {
            return Err(PacketError::BadLength { length });
        }
        let truncated = PacketError::Truncated { length, available };
        let octets = datagram.get(..length).ok_or(truncated)?;
        let attributes = octets.get(HEADER_LENGTH..).ok_or(truncated)?;
        let authenticator = header.last_chunk::<16>().ok_or(truncated)?;
        Attributes::over(attributes)?;
        Ok(Self { octets, header, authenticator, attributes })
    }

    /// The Code field.
    #[must_use]
    pub const fn code(&self) -> Code {
        let [code, ..] = *self.header;
        Code(code)
    }

    /// The Identifier field.
    #[must_use]
    pub const fn identifier(&self) -> u8 {
        let [_, identifier, ..] = *self.header;
        identifier
    }

    /// The Request or Response Authenticator.
    #[must_use]
    pub const fn authenticator(&self) -> &'a [u8; 16] {
        self.authenticator
    }

    /// The packet without padding: exactly Length octets.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// All attributes, in order.
    #[must_use]
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.attributes }
    }

    /// The value of the first attribute of this type.
    #[must_use]
    pub fn first(&self, ty: AttributeType) -> Option<&'a [u8]> {
        self.all(ty).next()
    }

    /// How many attributes have this type.
    #[must_use]
    pub fn count(&self, ty: AttributeType) -> usize {
        self.all(ty).count()
    }

    /// The values of all attributes of this type, in order.
    pub fn all(&self, ty: AttributeType) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.attributes().filter(move |attribute| attribute.ty == ty).map(|attribute| attribute.value)
    }

    /// Join the EAP-Message attributes into `eap`, which is cleared first (RFC 3579 3.1).
    ///
    /// `Ok(false)` when there is none. `Ok(true)` with an empty `eap` is an EAP-Start (RFC 3579 2.1).
    pub fn eap_message(&self, eap: &mut Vec<u8>) -> Result<bool, EapMessageError> {
        eap.clear();
        let mut started = false;
        let mut ended = false;
        for attribute in self.attributes() {
            if attribute.ty != AttributeType::EAP_MESSAGE {
                ended = started;
            } else if ended {
                return Err(EapMessageError::NotConsecutive);
            } else {
                started = true;
                eap.extend_from_slice(attribute.value);
            }
        }
        Ok(started)
    }
}

/// Walks attributes that were checked; see [`Packet::attributes`].
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Check attributes as they are laid out on the wire; the error's offset counts from the Code octet of a packet
    /// that holds them.
    pub fn over(attributes: &'a [u8]) -> Result<Self, PacketError> {
        let mut walk = Self { rest: attributes };
        while walk.next().is_some() {}
        match walk.rest {
            [] => Ok(Self { rest: attributes }),
            [ty, ..] => Err(PacketError::BadAttribute {
                offset: HEADER_LENGTH + attributes.len() - walk.rest.len(),
                ty: AttributeType(*ty),
            }),
        }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    #[inline]
    fn next(&mut self) -> Option<Attribute<'a>> {
        let (&[ty, length], _) = self.rest.split_first_chunk::<2>()?;
        let (attribute, rest) = self.rest.split_at_checked(usize::from(length))?;
        let value = attribute.get(2..)?;
        self.rest = rest;
        Some(Attribute { ty: AttributeType(ty), value })
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("code", &self.code())
            .field("identifier", &self.identifier())
            .field("length", &self.octets.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { available } => {
                write!(f, "{available} octets are too few: a RADIUS packet has at least 20")
            }
            Self::BadLength { length } => {
                write!(f, "the Length field says {length}: it must be 20 to 4096")
            }
            Self::Truncated { length, available } => {
                write!(f, "the Length field says {length}, but only {available} octets arrived")
            }
            Self::BadAttribute { offset, ty } => {
                write!(f, "the attribute of type {} at octet {offset} has a Length that does not fit", ty.0)
            }
        }
    }
}

impl std::error::Error for PacketError {}

impl fmt::Display for EapMessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the EAP-Message attributes are not consecutive (RFC 3579 3.1)")
    }
}

impl std::error::Error for EapMessageError {}
