//! Attributes hidden under a salt: MS-MPPE-Send-Key and MS-MPPE-Recv-Key (RFC 2548 2.4.2, 2.4.3) and Tunnel-Password
//! (RFC 2868 3.5).
//!
//! ```text
//! | Salt (2, top bit set) | encrypted: Length (1) | Key (Length) | zero padding to 16 |
//! ```

use zeroize::Zeroizing;

use super::{BuildError, Secret, md5_cipher};

const BLOCK: usize = 16;

/// The longest key that fits an attribute: 15 blocks, less the Length octet.
const MAX_KEY_LENGTH: usize = 239;

/// Append salt and ciphertext of `key` to `out`. The top bit of the salt is set here.
pub(super) fn put_salted(
    secret: &Secret,
    request_authenticator: &[u8; 16],
    salt: [u8; 2],
    key: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), BuildError> {
    let length = match u8::try_from(key.len()) {
        Ok(length) if key.len() <= MAX_KEY_LENGTH => length,
        _ => return Err(BuildError::AttributeTooLong),
    };
    let salt = with_top_bit(salt);
    let mut plain = Zeroizing::new(Vec::with_capacity(MAX_KEY_LENGTH + 1));
    plain.push(length);
    plain.extend_from_slice(key);
    let padded = plain.len().next_multiple_of(BLOCK);
    plain.resize(padded, 0);
    out.extend_from_slice(&salt);
    md5_cipher::encrypt(secret, &[request_authenticator, &salt], &plain, out);
    Ok(())
}

/// RFC 2548 2.4.2: the most significant bit of the first salt octet must be set.
pub(super) const fn with_top_bit([high, low]: [u8; 2]) -> [u8; 2] {
    [high | 0x80, low]
}

/// The key inside the value of an MS-MPPE-Send-Key or MS-MPPE-Recv-Key, or `None` when it is not one under this secret.
#[must_use]
pub fn decrypt_mppe_key(value: &[u8], secret: &Secret, request_authenticator: &[u8; 16]) -> Option<Zeroizing<Vec<u8>>> {
    let (salt, cipher) = value.split_first_chunk::<2>()?;
    let mut plain = md5_cipher::decrypt(secret, &[request_authenticator, salt], cipher)?;
    let length = usize::from(*plain.first()?);
    if length >= plain.len() {
        return None;
    }
    plain.rotate_left(1);
    plain.truncate(length);
    Some(plain)
}

/// The value of a Tunnel-Password attribute: Tag, Salt, String (RFC 2868 3.5). `tag` is 0 to 31.
///
/// Salts must differ between the Tunnel-Password attributes of one packet. Errors: `OutOfRange` for the tag,
/// `AttributeTooLong` for a password above 239 octets.
pub fn encrypt_tunnel_password(
    password: &[u8],
    tag: u8,
    salt: [u8; 2],
    secret: &Secret,
    request_authenticator: &[u8; 16],
) -> Result<Vec<u8>, BuildError> {
    if tag > 0x1F {
        return Err(BuildError::OutOfRange);
    }
    let mut value = vec![tag];
    put_salted(secret, request_authenticator, salt, password, &mut value)?;
    Ok(value)
}

/// The tag and password inside the value of a Tunnel-Password attribute, or `None` when it is not one under this
/// secret.
#[must_use]
pub fn decrypt_tunnel_password(
    value: &[u8],
    secret: &Secret,
    request_authenticator: &[u8; 16],
) -> Option<(u8, Zeroizing<Vec<u8>>)> {
    let (tag, salted) = value.split_first()?;
    Some((*tag, decrypt_mppe_key(salted, secret, request_authenticator)?))
}
