//! From text to the octets of a value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::parse::parse_number;
use super::{DataType, Definition};

/// The octets that `text` stands for in the data type of `definition`, without tag; `None` when it is no such value.
pub(super) fn read_value(definition: &Definition, text: &str) -> Option<Vec<u8>> {
    match definition.data_type {
        DataType::Text => Some(text.as_bytes().to_vec()),
        DataType::Octets => read_octets(text),
        DataType::FixedOctets(length) => read_octets(text).filter(|octets| octets.len() == usize::from(length)),
        DataType::Integer { width } => read_integer(definition, text, width),
        DataType::Signed => Some(text.parse::<i32>().ok()?.to_be_bytes().to_vec()),
        DataType::Boolean => read_boolean(text),
        DataType::Date => Some(read_date(text)?.to_be_bytes().to_vec()),
        DataType::Ipv4Address => Some(text.parse::<Ipv4Addr>().ok()?.octets().to_vec()),
        DataType::Ipv6Address => Some(text.parse::<Ipv6Addr>().ok()?.octets().to_vec()),
        DataType::AnyAddress => read_address(text),
        DataType::Ipv4Prefix => read_ipv4_prefix(text),
        DataType::Ipv6Prefix => read_ipv6_prefix(text),
        DataType::InterfaceId => read_interface_id(text),
        DataType::Ether => read_ether(text),
        DataType::Tlv
        | DataType::VendorSpecific
        | DataType::Extended
        | DataType::LongExtended
        | DataType::ExtendedVendorSpecific => text.starts_with("0x").then(|| read_octets(text))?,
    }
}

/// Whether `value` can be written in `width` octets.
pub(super) const fn fits_width(value: u64, width: u8) -> bool {
    width >= 8 || value >> (width * 8) == 0
}

/// Hexadecimal digits after `0x`; any other text stands for its own octets.
fn read_octets(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix("0x") else { return Some(text.as_bytes().to_vec()) };
    let nibbles: Option<Vec<u8>> = digits.chars().map(hex_digit).collect();
    let (pairs, []) = nibbles.as_deref()?.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

fn hex_digit(digit: char) -> Option<u8> {
    digit.to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn read_integer(definition: &Definition, text: &str, width: u8) -> Option<Vec<u8>> {
    let value = definition.value(text).or_else(|| parse_number(text))?;
    let octets = value.to_be_bytes();
    let kept = octets.get(octets.len() - usize::from(width)..)?;
    fits_width(value, width).then(|| kept.to_vec())
}

fn read_boolean(text: &str) -> Option<Vec<u8>> {
    match text {
        "true" | "1" => Some(vec![1]),
        "false" | "0" => Some(vec![0]),
        _ => None,
    }
}

fn read_address(text: &str) -> Option<Vec<u8>> {
    Some(match text.parse().ok()? {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    })
}

fn read_ipv4_prefix(text: &str) -> Option<Vec<u8>> {
    let (address, length) = split_prefix(text, 32)?;
    let bits = address.parse::<Ipv4Addr>().ok()?.to_bits();
    let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
    Some([&[0, length][..], &(bits & mask).to_be_bytes()].concat())
}

fn read_ipv6_prefix(text: &str) -> Option<Vec<u8>> {
    let (address, length) = split_prefix(text, 128)?;
    let bits = address.parse::<Ipv6Addr>().ok()?.to_bits();
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    Some([&[0, length][..], &(bits & mask).to_be_bytes()].concat())
}

/// Address and prefix length; without a length, the prefix is the one address.
fn split_prefix(text: &str, longest: u8) -> Option<(&str, u8)> {
    let Some((address, length)) = text.split_once('/') else { return Some((text, longest)) };
    let length = u8::try_from(parse_number(length)?).ok()?;
    (length <= longest).then_some((address, length))
}

fn read_interface_id(text: &str) -> Option<Vec<u8>> {
    let groups: Option<Vec<[u8; 2]>> = text
        .split(':')
        .map(|group| {
            let short = (1..=4).contains(&group.len()) && group.chars().all(|digit| digit.is_ascii_hexdigit());
            short.then(|| u16::from_str_radix(group, 16).ok())?.map(u16::to_be_bytes)
        })
        .collect();
    groups.filter(|groups| groups.len() == 4).map(|groups| groups.concat())
}

fn read_ether(text: &str) -> Option<Vec<u8>> {
    let separator = if text.contains('-') { '-' } else { ':' };
    let octets: Option<Vec<u8>> = text
        .split(separator)
        .map(|group| {
            let short = (1..=2).contains(&group.len()) && group.chars().all(|digit| digit.is_ascii_hexdigit());
            short.then(|| u8::from_str_radix(group, 16).ok())?
        })
        .collect();
    octets.filter(|octets| octets.len() == 6)
}

/// Unix seconds, or a time as `2026-01-31T12:00:00Z`.
fn read_date(text: &str) -> Option<u32> {
    if let Some(seconds) = parse_number(text) {
        return u32::try_from(seconds).ok();
    }
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = read_fields(date, '-')?;
    let [hour, minute, second] = read_fields(time, ':')?;
    let valid = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    u32::try_from(seconds).ok().filter(|seconds| super::show_value::show_date(*seconds) == text)
}

fn read_fields(text: &str, separator: char) -> Option<[u64; 3]> {
    let mut fields = text.split(separator).map(|field| if field.len() <= 4 { parse_number(field) } else { None });
    let all = [fields.next()??, fields.next()??, fields.next()??];
    fields.next().is_none().then_some(all)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, from 1970 on. Months start in March, so that the leap day
/// is the last of its year.
const fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    days - 719_468
}
