//! The peer's side of EAP (RFC 3748) and of EAP-TLS framing (RFC 5216 3.1).
//!
//! Written apart from the server's own codec on purpose: the supplicant is an oracle for it, so the two share no code.

use std::fmt;

mod framing;
#[cfg(test)]
mod tests;

pub use framing::{Fragmenter, Reassembly, TlsFragment, TlsProgress};

/// Most octets of one TLS message (a whole flight) that a peer collects.
pub const MAX_TLS_MESSAGE: usize = 65_536;

/// EAP Type, an open registry (RFC 3748 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EapType(pub u8);

impl EapType {
    /// Identity (RFC 3748 5.1).
    pub const IDENTITY: Self = Self(1);
    /// Notification (RFC 3748 5.2).
    pub const NOTIFICATION: Self = Self(2);
    /// Legacy Nak, responses only (RFC 3748 5.3.1).
    pub const NAK: Self = Self(3);
    /// EAP-TLS (RFC 5216).
    pub const EAP_TLS: Self = Self(13);
}

/// EAP Identifier: matches a Response to its Request (RFC 3748 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EapIdentifier(pub u8);

/// One EAP packet as a peer receives it (RFC 3748 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EapPacket<'a> {
    /// A question of the server.
    Request {
        /// To be repeated in the Response.
        identifier: EapIdentifier,
        /// What is asked.
        eap_type: EapType,
        /// Type-Data, possibly empty.
        data: &'a [u8],
    },
    /// The conversation has ended well.
    Success,
    /// The conversation has ended badly.
    Failure,
}

/// Why octets from the server are not what EAP or EAP-TLS allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EapError {
    /// Fewer octets than a header.
    Truncated,
    /// The Length field and the octets disagree.
    LengthMismatch,
    /// A Code that a server does not send.
    UnexpectedCode(u8),
    /// L, M or S stand where RFC 5216 does not allow them.
    Flags(u8),
    /// The fragments do not add up to the TLS Message Length that the first one announced.
    TlsLength {
        /// What the L field said.
        announced: usize,
        /// What came.
        received: usize,
    },
    /// More than [`MAX_TLS_MESSAGE`] octets.
    TooLarge,
}

impl fmt::Display for EapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => write!(f, "the EAP packet is shorter than its header"),
            Self::LengthMismatch => write!(f, "the EAP Length field does not match the octets received"),
            Self::UnexpectedCode(code) => write!(f, "EAP Code {code} does not come from a server"),
            Self::Flags(flags) => write!(f, "EAP-TLS flags 0x{flags:02x} are not allowed here"),
            Self::TlsLength { announced, received } => {
                write!(f, "TLS Message Length announced {announced} octets, {received} came")
            }
            Self::TooLarge => write!(f, "a TLS message longer than {MAX_TLS_MESSAGE} octets"),
        }
    }
}

impl std::error::Error for EapError {}

impl<'a> EapPacket<'a> {
    /// Reads one packet; octets after the Length are refused, because RADIUS carries no padding.
    ///
    /// ```text
    ///  0                   1                   2                   3
    /// |     Code      |  Identifier   |            Length             |
    /// |     Type      |  Type-Data ...
    /// ```
    ///
    /// # Errors
    /// [`EapError`] names what RFC 3748 4 does not allow.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EapError> {
        let [code, identifier, high, low, body @ ..] = bytes else {
            return Err(EapError::Truncated);
        };
        if usize::from(u16::from_be_bytes([*high, *low])) != bytes.len() {
            return Err(EapError::LengthMismatch);
        }
        match (code, body) {
            (1, [eap_type, data @ ..]) => {
                Ok(Self::Request { identifier: EapIdentifier(*identifier), eap_type: EapType(*eap_type), data })
            }
            (1, []) => Err(EapError::Truncated),
            (3, []) => Ok(Self::Success),
            (4, []) => Ok(Self::Failure),
            (3 | 4, _) => Err(EapError::LengthMismatch),
            (other, _) => Err(EapError::UnexpectedCode(*other)),
        }
    }
}

/// Builds one EAP-Response; `data` is at most 65,530 octets, which every caller's fragment size guarantees.
#[must_use]
pub fn response(identifier: EapIdentifier, eap_type: EapType, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 5).unwrap_or(u16::MAX);
    let mut packet = Vec::with_capacity(data.len() + 5);
    packet.extend_from_slice(&[2, identifier.0]);
    packet.extend_from_slice(&length.to_be_bytes());
    packet.push(eap_type.0);
    packet.extend_from_slice(data);
    packet
}
