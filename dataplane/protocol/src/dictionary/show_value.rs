//! From the octets of a value to text that is safe to print: one line, no control characters.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{DataType, Definition};

/// `octets` (without tag) as text of the definition's data type; as `0x..` when they are no value of it (RFC 8044).
pub(super) fn show_value(definition: &Definition, octets: &[u8]) -> String {
    // The NUL that parts a NAS-Filter-Rule from the next one is no part of the rule (RFC 4849 section 2).
    let joined = definition.concat && definition.data_type == DataType::Text;
    let octets = octets.strip_suffix(&[0]).filter(|_| joined).unwrap_or(octets);
    typed(definition, octets).unwrap_or_else(|| show_octets(octets))
}

/// `0x` and hexadecimal digits.
pub(super) fn show_octets(octets: &[u8]) -> String {
    let mut text = String::with_capacity(2 + octets.len() * 2);
    text.push_str("0x");
    for octet in octets {
        // Writing to a String does not fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

/// UTF-8 as it is; other octets as `\xNN`, characters that steer a terminal or hide text as `\u{..}`.
pub(super) fn show_text(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_character(&mut text, character);
        }
        for octet in chunk.invalid() {
            let _ = write!(text, "\\x{octet:02x}");
        }
    }
    text
}

fn push_character(text: &mut String, character: char) {
    match character {
        '\\' => text.push_str("\\\\"),
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
            text.extend(character.escape_unicode());
        }
        _ if character.is_ascii_control() => {
            let _ = write!(text, "\\x{:02x}", u32::from(character));
        }
        _ if character.is_control() => text.extend(character.escape_unicode()),
        _ => text.push(character),
    }
}

fn typed(definition: &Definition, octets: &[u8]) -> Option<String> {
    match definition.data_type {
        DataType::Text => Some(show_text(octets)),
        DataType::Integer { width } => show_integer(definition, octets, width),
        DataType::Signed => Some(i32::from_be_bytes(octets.try_into().ok()?).to_string()),
        DataType::Boolean => show_boolean(octets),
        DataType::Date => Some(show_date(u32::from_be_bytes(octets.try_into().ok()?))),
        DataType::Ipv4Address => Some(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).to_string()),
        DataType::Ipv6Address => Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string()),
        DataType::AnyAddress => show_address(octets),
        DataType::Ipv4Prefix => show_ipv4_prefix(octets),
        DataType::Ipv6Prefix => show_ipv6_prefix(octets),
        DataType::InterfaceId => show_interface_id(octets),
        DataType::Ether => show_ether(octets),
        _ => None,
    }
}

fn show_integer(definition: &Definition, octets: &[u8], width: u8) -> Option<String> {
    if octets.len() != usize::from(width) {
        return None;
    }
    let value = octets.iter().fold(0, |value: u64, octet| value << 8 | u64::from(*octet));
    Some(definition.value_name(value).map_or_else(|| value.to_string(), str::to_owned))
}

fn show_boolean(octets: &[u8]) -> Option<String> {
    match octets {
        [0] => Some("false".to_owned()),
        [1] => Some("true".to_owned()),
        _ => None,
    }
}

fn show_address(octets: &[u8]) -> Option<String> {
    let short = <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).to_string());
    short.or_else(|| Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string()))
}

fn show_ipv4_prefix(octets: &[u8]) -> Option<String> {
    let [_, length @ 0..=32, address @ ..] = octets else { return None };
    Some(format!("{}/{length}", Ipv4Addr::from(<[u8; 4]>::try_from(address).ok()?)))
}

/// RFC 3162 2.3: trailing octets of the prefix may be left out, as long as those that count are there.
fn show_ipv6_prefix(octets: &[u8]) -> Option<String> {
    let [_, length @ 0..=128, prefix @ ..] = octets else { return None };
    if prefix.len() > 16 || prefix.len() * 8 < usize::from(*length) {
        return None;
    }
    let mut address = [0; 16];
    for (slot, octet) in address.iter_mut().zip(prefix) {
        *slot = *octet;
    }
    Some(format!("{}/{length}", Ipv6Addr::from(address)))
}

fn show_interface_id(octets: &[u8]) -> Option<String> {
    let ([a, b, c, d], []) = octets.as_chunks::<2>() else { return None };
    let [a, b, c, d] = [a, b, c, d].map(|group| u16::from_be_bytes(*group));
    Some(format!("{a:x}:{b:x}:{c:x}:{d:x}"))
}

fn show_ether(octets: &[u8]) -> Option<String> {
    let [a, b, c, d, e, f] = octets else { return None };
    Some(format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"))
}

/// A time as `2026-01-31T12:00:00Z`.
pub(super) fn show_date(unix_seconds: u32) -> String {
    let days = unix_seconds / 86_400;
    let (hour, minute, second) = (unix_seconds / 3_600 % 24, unix_seconds / 60 % 60, unix_seconds % 60);
    let (year, month, day) = civil_date(days);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970-01-01. Counts 400-year eras from 0000-03-01.
const fn civil_date(days: u32) -> (u32, u32, u32) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}
