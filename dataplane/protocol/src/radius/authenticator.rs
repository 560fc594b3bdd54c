//! The digests that protect a packet: the authenticators of RFC 2865 3, RFC 2866 3 and the Message-Authenticator of
//! RFC 3579 3.2.

use hmac::Mac;
use md5::{Digest, Md5};

use super::{Attribute, AttributeType, HEADER_LENGTH, Packet, Secret};

/// Where the value of a Message-Authenticator stands in a packet.
pub(super) enum Position {
    /// There is none.
    Absent,
    /// There is one; its 16 octets start here, counted from the Code octet.
    At(usize),
    /// There is one whose value is not 16 octets.
    WrongLength,
    /// There is more than one.
    Repeated,
}

/// Find the Message-Authenticator of a packet.
pub(super) fn position(packet: &Packet<'_>) -> Position {
    let mut offset = HEADER_LENGTH;
    let mut found = Position::Absent;
    for Attribute { ty, value } in packet.attributes() {
        if ty == AttributeType::MESSAGE_AUTHENTICATOR {
            found = match (found, value.len()) {
                (Position::Absent, 16) => Position::At(offset + 2),
                (Position::Absent, _) => Position::WrongLength,
                _ => return Position::Repeated,
            };
        }
        offset += 2 + value.len();
    }
    found
}

/// HMAC-MD5 over the packet with `authenticator` in its place and the 16 octets at `at` taken as zero (RFC 3579 3.2).
///
/// `None` when `at` lies outside the packet.
pub(super) fn message_authenticator(
    octets: &[u8],
    authenticator: &[u8; 16],
    at: usize,
    secret: &Secret,
) -> Option<[u8; 16]> {
    let (before, rest) = octets.split_at_checked(at)?;
    let (_, after) = rest.split_first_chunk::<16>()?;
    let mut hmac = secret.hmac();
    hmac.update(before.get(..4)?);
    hmac.update(authenticator);
    hmac.update(before.get(HEADER_LENGTH..)?);
    hmac.update(&[0; 16]);
    hmac.update(after);
    Some(hmac.finalize().into_bytes().into())
}

/// MD5 over Code, Identifier, Length, `authenticator`, attributes and secret: the Response Authenticator when given
/// the request's, the Request Authenticator of RFC 2866 3 and RFC 5176 2.3 when given zeros.
pub(super) fn packet_digest(octets: &[u8], authenticator: &[u8; 16], secret: &Secret) -> [u8; 16] {
    Md5::new()
        .chain_update(octets.get(..4).unwrap_or_default())
        .chain_update(authenticator)
        .chain_update(octets.get(HEADER_LENGTH..).unwrap_or_default())
        .chain_update(secret.octets())
        .finalize()
        .into()
}
