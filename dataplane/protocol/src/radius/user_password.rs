//! The User-Password attribute (RFC 2865 5.2).

use std::fmt;

use zeroize::Zeroizing;

use super::{Secret, md5_cipher};

const BLOCK: usize = 16;
const MAX_LENGTH: usize = 128;

/// Why a User-Password cannot be hidden or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// The password has more than 128 octets.
    TooLong,
    /// The value is not 16 to 128 octets in steps of 16.
    BadLength,
}

/// The value of a User-Password attribute: `password` (0 to 128 octets) padded with NUL and hidden.
pub fn encode_user_password(
    password: &[u8],
    secret: &Secret,
    request_authenticator: &[u8; 16],
) -> Result<Vec<u8>, PasswordError> {
    if password.len() > MAX_LENGTH {
        return Err(PasswordError::TooLong);
    }
    let length = password.len().next_multiple_of(BLOCK).max(BLOCK);
    let mut plain = Zeroizing::new(Vec::with_capacity(length));
    plain.extend_from_slice(password);
    plain.resize(length, 0);
    let mut value = Vec::with_capacity(length);
    md5_cipher::encrypt(secret, &[request_authenticator], &plain, &mut value);
    Ok(value)
}

/// The password inside the value of a User-Password attribute, without its NUL padding.
///
/// With a wrong secret the result is noise: compare it in constant time.
pub fn decode_user_password(
    value: &[u8],
    secret: &Secret,
    request_authenticator: &[u8; 16],
) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    if value.len() > MAX_LENGTH {
        return Err(PasswordError::BadLength);
    }
    let mut plain = md5_cipher::decrypt(secret, &[request_authenticator], value).ok_or(PasswordError::BadLength)?;
    let length = plain.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    plain.truncate(length);
    Ok(plain)
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "a User-Password has at most 128 octets (RFC 2865 5.2)",
            Self::BadLength => "the User-Password is not 16 to 128 octets in steps of 16 (RFC 2865 5.2)",
        })
    }
}

impl std::error::Error for PasswordError {}
