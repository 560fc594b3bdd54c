//! Is a packet from someone who knows the shared secret? All comparisons take constant time.

use std::fmt;

use subtle::ConstantTimeEq;

use super::authenticator::{Position, message_authenticator, packet_digest, position};
use super::{Packet, Secret};

/// Whether a packet that passed verification carries a Message-Authenticator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// None: an Access-Request without one is not authenticated at all (CVE-2024-3596).
    Absent,
    /// One, and it is right.
    Valid,
}

/// Why a Message-Authenticator is refused; each means a silent discard (RFC 3579 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAuthenticatorError {
    /// Its value is not what this secret gives.
    Wrong,
    /// Its Length is not 18.
    WrongLength,
    /// There is more than one.
    Repeated,
}

/// Why a response is refused by the client that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseError {
    /// The Response Authenticator is wrong (RFC 2865 3).
    Authenticator,
    /// The Message-Authenticator is wrong.
    MessageAuthenticator(MessageAuthenticatorError),
}

/// The Request Authenticator of an Accounting-Request, CoA-Request or Disconnect-Request is wrong (RFC 2866 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountingAuthenticatorError;

/// Verify the Message-Authenticator of a request (RFC 3579 3.2, RFC 5997 2, RFC 5176 3.4).
///
/// A packet without one is not refused here: whether it may be without is up to the client's mode.
pub fn verify_request_message_authenticator(
    packet: &Packet<'_>,
    secret: &Secret,
) -> Result<Presence, MessageAuthenticatorError> {
    if packet.code().has_digest_authenticator() {
        return verify_message_authenticator(packet, &[0; 16], secret);
    }
    verify_message_authenticator(packet, packet.authenticator(), secret)
}

/// Verify a response to the request that carried `request_authenticator` (RFC 2865 3, RFC 3579 3.2).
pub fn verify_response(
    packet: &Packet<'_>,
    request_authenticator: &[u8; 16],
    secret: &Secret,
) -> Result<Presence, ResponseError> {
    let expected = packet_digest(packet.octets(), request_authenticator, secret);
    if !bool::from(expected.ct_eq(packet.authenticator())) {
        return Err(ResponseError::Authenticator);
    }
    verify_message_authenticator(packet, request_authenticator, secret).map_err(ResponseError::MessageAuthenticator)
}

/// Verify the Request Authenticator of an Accounting-Request (RFC 2866 3); the same rule holds for CoA-Request and
/// Disconnect-Request (RFC 5176 2.3).
pub fn verify_accounting_request(packet: &Packet<'_>, secret: &Secret) -> Result<(), AccountingAuthenticatorError> {
    let expected = packet_digest(packet.octets(), &[0; 16], secret);
    match bool::from(expected.ct_eq(packet.authenticator())) {
        true => Ok(()),
        false => Err(AccountingAuthenticatorError),
    }
}

fn verify_message_authenticator(
    packet: &Packet<'_>,
    authenticator: &[u8; 16],
    secret: &Secret,
) -> Result<Presence, MessageAuthenticatorError> {
    let at = match position(packet) {
        Position::Absent => return Ok(Presence::Absent),
        Position::WrongLength => return Err(MessageAuthenticatorError::WrongLength),
        Position::Repeated => return Err(MessageAuthenticatorError::Repeated),
        Position::At(at) => at,
    };
    let expected = message_authenticator(packet.octets(), authenticator, at, secret);
    match (expected, packet.octets().get(at..at + 16)) {
        (Some(expected), Some(received)) if bool::from(expected.ct_eq(received)) => Ok(Presence::Valid),
        _ => Err(MessageAuthenticatorError::Wrong),
    }
}

impl fmt::Display for MessageAuthenticatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrong => "the Message-Authenticator is wrong: the shared secrets differ, or the packet was changed",
            Self::WrongLength => "the Message-Authenticator does not have 16 octets",
            Self::Repeated => "there is more than one Message-Authenticator",
        })
    }
}

impl std::error::Error for MessageAuthenticatorError {}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticator => {
                f.write_str("the Response Authenticator is wrong: the shared secrets differ, or the packet was changed")
            }
            Self::MessageAuthenticator(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ResponseError {}

impl fmt::Display for AccountingAuthenticatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Request Authenticator is wrong: the shared secrets differ, or the packet was changed")
    }
}

impl std::error::Error for AccountingAuthenticatorError {}
