//! The shared secret of a RADIUS client and server (RFC 2865 3).

use std::fmt;

use hmac::{Hmac, KeyInit};
use md5::Md5;
use zeroize::Zeroizing;

/// A shared secret. Wiped from memory when dropped; prints nothing of itself.
///
/// It keeps an HMAC-MD5 state that is keyed once and cloned for each packet.
#[derive(Clone)]
pub struct Secret {
    octets: Zeroizing<Box<[u8]>>,
    keyed: Hmac<Md5>,
}

/// Why octets cannot be a shared secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// RFC 2865 3: the secret must not be empty, as that would let anyone forge packets.
    Empty,
}

impl Secret {
    /// A secret of at least one octet; RFC 2865 3 recommends 16 or more.
    pub fn new(octets: &[u8]) -> Result<Self, SecretError> {
        let keyed = Hmac::<Md5>::new_from_slice(octets).map_err(|_| SecretError::Empty)?;
        match octets {
            [] => Err(SecretError::Empty),
            _ => Ok(Self { octets: Zeroizing::new(octets.into()), keyed }),
        }
    }

    /// The octets, for digests that append them.
    pub(super) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// A fresh HMAC-MD5 under this secret.
    pub(super) fn hmac(&self) -> Hmac<Md5> {
        self.keyed.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a shared secret must not be empty (RFC 2865 3)")
    }
}

impl std::error::Error for SecretError {}
