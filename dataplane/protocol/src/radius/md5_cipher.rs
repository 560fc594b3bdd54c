//! The cipher of User-Password, Tunnel-Password and MS-MPPE keys (RFC 2865 5.2, RFC 2868 3.5, RFC 2548 2.4.2):
//! each block of 16 octets is XORed with MD5(secret + previous ciphertext block), the first with MD5(secret + seed).

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::Secret;

const BLOCK: usize = 16;

/// Append the ciphertext of `plain` to `out`. `plain` is a multiple of 16 octets; a remainder would be left out.
pub(super) fn encrypt(secret: &Secret, seed: &[&[u8]], plain: &[u8], out: &mut Vec<u8>) {
    let mut pad = first_pad(secret, seed);
    for block in plain.as_chunks::<BLOCK>().0 {
        let cipher = xor(block, &pad);
        out.extend_from_slice(&cipher);
        pad = next_pad(secret, &cipher);
    }
}

/// The plaintext of `cipher`, or `None` when it is empty or not a multiple of 16 octets.
pub(super) fn decrypt(secret: &Secret, seed: &[&[u8]], cipher: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (blocks, []) = cipher.as_chunks::<BLOCK>() else {
        return None;
    };
    let mut pad = first_pad(secret, seed);
    let mut plain = Zeroizing::new(Vec::with_capacity(cipher.len()));
    for block in blocks {
        plain.extend_from_slice(&xor(block, &pad));
        pad = next_pad(secret, block);
    }
    (!plain.is_empty()).then_some(plain)
}

fn first_pad(secret: &Secret, seed: &[&[u8]]) -> [u8; BLOCK] {
    let keyed = Md5::new().chain_update(secret.octets());
    seed.iter().fold(keyed, |digest, part| digest.chain_update(part)).finalize().into()
}

fn next_pad(secret: &Secret, cipher: &[u8; BLOCK]) -> [u8; BLOCK] {
    Md5::new().chain_update(secret.octets()).chain_update(cipher).finalize().into()
}

fn xor(block: &[u8; BLOCK], pad: &[u8; BLOCK]) -> [u8; BLOCK] {
    let mut out = *block;
    for (octet, key) in out.iter_mut().zip(pad) {
        *octet ^= key;
    }
    out
}
