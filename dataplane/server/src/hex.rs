//! Octets and large numbers as hexadecimal text, in JSON that is read back.

/// `serde(with)` of octets.
pub(crate) mod hex_octets {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::text(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, O: From<Vec<u8>>>(deserializer: D) -> Result<O, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::octets(&text).map(O::from).ok_or_else(|| D::Error::custom("not hexadecimal octets"))
    }
}

/// `serde(with)` of 128 bits.
pub(crate) mod hex_number {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(number: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:032x}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::number(&text).ok_or_else(|| D::Error::custom("not 32 hexadecimal digits"))
    }
}

/// Lower-case digits, two for each octet.
#[must_use]
pub fn text(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    text.extend(octets.iter().flat_map(|octet| [octet >> 4, octet & 15]).map(digit).map(char::from));
    text
}

/// Write 128 bits as 32 lower-case digits: for texts that every answer has, without the formatter's arithmetic.
pub(crate) fn write(octets: [u8; 16], f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    let mut text = [b'0'; 32];
    for (digits, octet) in text.chunks_mut(2).zip(octets) {
        if let [high, low] = digits {
            (*high, *low) = (digit(octet >> 4), digit(octet & 15));
        }
    }
    f.write_str(str::from_utf8(&text).map_err(|_| std::fmt::Error)?)
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' - 10 + value }
}

/// 32 lower-case digits as a number.
#[must_use]
pub fn number(text: &str) -> Option<u128> {
    let digits = text.len() == 32 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    digits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect())
}
