//! The attributes of an Accept or Reject for people and scripts: VLAN, access list, everything else by number and hex.

use nac_protocol::radius::AttributeType;
use serde::Serialize;

const CISCO: u32 = 9;
const CISCO_AV_PAIR: u8 = 1;

/// One attribute as it came.
#[derive(Debug, Serialize)]
pub struct ShownAttribute {
    /// Attribute Type (RFC 2865 5).
    pub number: u8,
    /// SMI enterprise number, for Vendor-Specific.
    pub vendor: Option<u32>,
    /// The vendor's own type, for Vendor-Specific.
    pub vendor_type: Option<u8>,
    /// Name of the common ones.
    pub name: Option<&'static str>,
    /// The value, lower-case hex.
    pub hex: String,
    /// The value as text, where it is printable.
    pub text: Option<String>,
}

/// What an Accept means for the port.
#[derive(Debug, Default, Serialize)]
pub struct Grant {
    /// Tunnel-Private-Group-ID without its tag (RFC 3580 3.31).
    pub vlan: Option<String>,
    /// Filter-Id values.
    pub filter_id: Vec<String>,
    /// NAS-Filter-Rule, one rule each, then Cisco `ip:inacl#` lines.
    pub filter_rules: Vec<String>,
    /// Session-Timeout in seconds.
    pub session_timeout: Option<u32>,
    /// Reply-Message values.
    pub reply_message: Vec<String>,
}

impl Grant {
    /// Reads a reply's attributes.
    #[must_use]
    pub fn of(reply: &[(AttributeType, Vec<u8>)]) -> Self {
        let all = |wanted: AttributeType| {
            reply.iter().filter(move |(ty, _)| *ty == wanted).map(|(_, value)| value.as_slice())
        };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let cisco_lines = all(AttributeType::VENDOR_SPECIFIC)
            .filter_map(vendor_attribute)
            .filter(|(vendor, ty, value)| *vendor == CISCO && *ty == CISCO_AV_PAIR && value.starts_with(b"ip:inacl#"))
            .map(|(_, _, value)| text(value));
        Self {
            vlan: all(AttributeType::TUNNEL_PRIVATE_GROUP_ID).next().map(|value| text(without_tag(value))),
            filter_id: all(AttributeType::FILTER_ID).map(text).collect(),
            filter_rules: nas_filter_rules(all(AttributeType::NAS_FILTER_RULE))
                .into_iter()
                .chain(cisco_lines)
                .collect(),
            session_timeout: all(AttributeType::SESSION_TIMEOUT)
                .find_map(|value| value.try_into().ok().map(u32::from_be_bytes)),
            reply_message: all(AttributeType::REPLY_MESSAGE).map(text).collect(),
        }
    }
}

/// Rules end at NUL and may run on into the next attribute (RFC 4849 2); in the field one attribute is often one rule
/// without NUL, so an attribute that opens with an action starts a rule too.
fn nas_filter_rules<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut joined = Vec::new();
    for value in values {
        if value.starts_with(b"permit ") || value.starts_with(b"deny ") {
            joined.push(0);
        }
        joined.extend_from_slice(value);
    }
    joined
        .split(|octet| *octet == 0)
        .filter(|rule| !rule.is_empty())
        .map(|rule| String::from_utf8_lossy(rule).into_owned())
        .collect()
}

/// Every attribute of a reply, in order.
#[must_use]
pub fn shown(reply: &[(AttributeType, Vec<u8>)]) -> Vec<ShownAttribute> {
    reply.iter().map(|(ty, value)| show(*ty, value)).collect()
}

fn show(ty: AttributeType, value: &[u8]) -> ShownAttribute {
    let vendor = (ty == AttributeType::VENDOR_SPECIFIC).then(|| vendor_attribute(value)).flatten();
    let shown_value = vendor.map_or(value, |(_, _, inner)| inner);
    ShownAttribute {
        number: ty.0,
        vendor: vendor.map(|(vendor, _, _)| vendor),
        vendor_type: vendor.map(|(_, vendor_type, _)| vendor_type),
        name: name(ty),
        hex: hex(shown_value),
        text: std::str::from_utf8(shown_value)
            .ok()
            .filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
            .map(str::to_owned),
    }
}

/// (vendor, vendor's type, value) of a Vendor-Specific value that holds exactly one attribute (RFC 2865 5.26).
fn vendor_attribute(value: &[u8]) -> Option<(u32, u8, &[u8])> {
    let (vendor, rest) = value.split_first_chunk::<4>()?;
    let [ty, length, inner @ ..] = rest else { return None };
    (usize::from(*length) == rest.len()).then_some((u32::from_be_bytes(*vendor), *ty, inner))
}

/// RFC 2868 3.6: a first octet up to 0x1F is a tag.
fn without_tag(value: &[u8]) -> &[u8] {
    match value {
        [0..=0x1f, rest @ ..] => rest,
        whole => whole,
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn name(ty: AttributeType) -> Option<&'static str> {
    Some(match ty {
        AttributeType::USER_NAME => "User-Name",
        AttributeType::FILTER_ID => "Filter-Id",
        AttributeType::FRAMED_MTU => "Framed-MTU",
        AttributeType::REPLY_MESSAGE => "Reply-Message",
        AttributeType::STATE => "State",
        AttributeType::CLASS => "Class",
        AttributeType::VENDOR_SPECIFIC => "Vendor-Specific",
        AttributeType::SESSION_TIMEOUT => "Session-Timeout",
        AttributeType::TERMINATION_ACTION => "Termination-Action",
        AttributeType::TUNNEL_TYPE => "Tunnel-Type",
        AttributeType::TUNNEL_MEDIUM_TYPE => "Tunnel-Medium-Type",
        AttributeType::TUNNEL_PRIVATE_GROUP_ID => "Tunnel-Private-Group-ID",
        AttributeType::EAP_MESSAGE => "EAP-Message",
        AttributeType::MESSAGE_AUTHENTICATOR => "Message-Authenticator",
        AttributeType::NAS_FILTER_RULE => "NAS-Filter-Rule",
        AttributeType::EAP_KEY_NAME => "EAP-Key-Name",
        AttributeType::EGRESS_VLANID => "Egress-VLANID",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
