//! Base64url without padding (RFC 7515 2).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn base64url(octets: impl AsRef<[u8]>) -> String {
    let octets = octets.as_ref();
    let mut text = String::with_capacity((octets.len() * 4).div_ceil(3));
    for group in octets.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(group.get(at).copied().unwrap_or(0)));
        let signs = [18, 12, 6, 0].map(|shift| ALPHABET.get(bits >> shift & 63).copied().map_or('-', char::from));
        text.extend(signs.iter().take(group.len() + 1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4648_10_without_padding() {
        for (octets, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(octets), text);
        }
        assert_eq!(base64url([0xfb, 0xff, 0xbf]), "-_-_");
    }
}
