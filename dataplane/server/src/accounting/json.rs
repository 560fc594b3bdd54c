//! An accounting record as the JSON that `nac/events/types.py` decodes.

use std::net::{Ipv4Addr, Ipv6Addr};

use nac_protocol::dictionary::Dictionary;
use nac_protocol::radius::{AttributeType, Attributes, Packet};
use serde::Serialize;
use smol_str::SmolStr;

use super::AccountingRecord;
use crate::origin::{NasPort, Said, integer, text};

/// Event-Timestamp is believed from this long before a request came: a NAS may have kept its records over an outage.
const OLDEST_TIMESTAMP: u64 = 7 * 86_400;
/// And until this long after: clocks differ.
const NEWEST_TIMESTAMP: u64 = 300;

/// Attributes that have a field of their own.
const READ: [AttributeType; 29] = [
    AttributeType::USER_NAME,
    AttributeType::NAS_IP_ADDRESS,
    AttributeType::NAS_IPV6_ADDRESS,
    AttributeType::NAS_IDENTIFIER,
    AttributeType::NAS_PORT,
    AttributeType::NAS_PORT_ID,
    AttributeType::NAS_PORT_TYPE,
    AttributeType::CALLED_STATION_ID,
    AttributeType::CALLING_STATION_ID,
    AttributeType::CLASS,
    AttributeType::FRAMED_IP_ADDRESS,
    AttributeType::FRAMED_IPV6_ADDRESS,
    AttributeType::MESSAGE_AUTHENTICATOR,
    AttributeType::PROXY_STATE,
    AttributeType::ACCT_STATUS_TYPE,
    AttributeType::ACCT_DELAY_TIME,
    AttributeType::ACCT_INPUT_OCTETS,
    AttributeType::ACCT_OUTPUT_OCTETS,
    AttributeType::ACCT_INPUT_GIGAWORDS,
    AttributeType::ACCT_OUTPUT_GIGAWORDS,
    AttributeType::ACCT_INPUT_PACKETS,
    AttributeType::ACCT_OUTPUT_PACKETS,
    AttributeType::ACCT_SESSION_ID,
    AttributeType::ACCT_SESSION_TIME,
    AttributeType::ACCT_MULTI_SESSION_ID,
    AttributeType::ACCT_TERMINATE_CAUSE,
    AttributeType::ACCT_AUTHENTIC,
    AttributeType::EVENT_TIMESTAMP,
    AttributeType::SERVICE_TYPE,
];

#[derive(Serialize)]
#[serde(tag = "type", rename = "accounting")]
struct AccountingJson<'a> {
    at: u64,
    happened_at: u64,
    client: &'a str,
    source: String,
    generation: u64,
    status: String,
    session_id: Option<SmolStr>,
    multi_session_id: Option<SmolStr>,
    decision: Option<SmolStr>,
    classes: Vec<String>,
    nas: NasPort,
    mac: Option<String>,
    user_name: Option<SmolStr>,
    addresses: Vec<String>,
    delay: Option<u32>,
    event_timestamp: Option<u32>,
    session_time: Option<u32>,
    input_octets: Option<u64>,
    output_octets: Option<u64>,
    input_packets: Option<u32>,
    output_packets: Option<u32>,
    terminate_cause: Option<String>,
    /// What has no field above, named and shown as the dictionary says.
    attributes: Vec<(String, String)>,
}

/// The JSON of a record that came at `at`, Unix microseconds.
pub(super) fn json_of(record: &AccountingRecord<'_>, at: u64, dictionary: &Dictionary) -> Vec<u8> {
    let packet = &record.packet;
    let number = |ty| packet.first(ty).and_then(integer);
    let named = |ty| packet.first(ty).map(text);
    let Said { nas, mac, user_name, .. } = Said::of(packet);
    let (delay, event_timestamp) = (number(AttributeType::ACCT_DELAY_TIME), number(AttributeType::EVENT_TIMESTAMP));
    let json = AccountingJson {
        at,
        happened_at: happened_at(at, event_timestamp, delay),
        client: record.client,
        source: record.source.to_string(),
        generation: record.generation,
        status: number(AttributeType::ACCT_STATUS_TYPE).map(status_word).unwrap_or_default(),
        session_id: named(AttributeType::ACCT_SESSION_ID),
        multi_session_id: named(AttributeType::ACCT_MULTI_SESSION_ID),
        decision: packet.all(AttributeType::CLASS).find_map(decision_of),
        classes: packet.all(AttributeType::CLASS).map(hex).collect(),
        nas,
        mac: mac.map(|mac| mac.to_string()),
        user_name,
        addresses: addresses(packet),
        delay,
        event_timestamp,
        session_time: number(AttributeType::ACCT_SESSION_TIME),
        input_octets: octets(packet, AttributeType::ACCT_INPUT_OCTETS, AttributeType::ACCT_INPUT_GIGAWORDS),
        output_octets: octets(packet, AttributeType::ACCT_OUTPUT_OCTETS, AttributeType::ACCT_OUTPUT_GIGAWORDS),
        input_packets: number(AttributeType::ACCT_INPUT_PACKETS),
        output_packets: number(AttributeType::ACCT_OUTPUT_PACKETS),
        terminate_cause: number(AttributeType::ACCT_TERMINATE_CAUSE).map(terminate_cause_word),
        attributes: others(packet, dictionary),
    };
    // Serialization of this type has no way to fail: no maps, no foreign types.
    serde_json::to_vec(&json).unwrap_or_default()
}

/// Acct-Status-Type (RFC 2866 section 5.1, RFC 2867 section 3): a word, or the number of one that has none here.
fn status_word(status: u32) -> String {
    match status {
        1 => "start".into(),
        2 => "stop".into(),
        3 => "interim-update".into(),
        7 => "accounting-on".into(),
        8 => "accounting-off".into(),
        other => format!("other-{other}"),
    }
}

/// Acct-Terminate-Cause (RFC 2866 section 5.10).
pub(crate) fn terminate_cause_word(cause: u32) -> String {
    const WORDS: [&str; 18] = [
        "user-request",
        "lost-carrier",
        "lost-service",
        "idle-timeout",
        "session-timeout",
        "admin-reset",
        "admin-reboot",
        "port-error",
        "nas-error",
        "nas-request",
        "nas-reboot",
        "port-unneeded",
        "port-preempted",
        "port-suspended",
        "service-unavailable",
        "callback",
        "user-error",
        "host-request",
    ];
    let index = cause.checked_sub(1).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| WORDS.get(index)).map_or_else(|| format!("other-{cause}"), ToString::to_string)
}

/// When it happened, Unix microseconds: Event-Timestamp (RFC 2869 section 5.3) when it can be true, else the time it came
/// less Acct-Delay-Time (RFC 2866 section 5.2).
pub(crate) fn happened_at(at: u64, event_timestamp: Option<u32>, delay: Option<u32>) -> u64 {
    let came = at / 1_000_000;
    let believed = came.saturating_sub(OLDEST_TIMESTAMP)..=came.saturating_add(NEWEST_TIMESTAMP);
    match event_timestamp.map(u64::from).filter(|said| believed.contains(said)) {
        Some(said) => said * 1_000_000,
        None => at.saturating_sub(u64::from(delay.unwrap_or_default()) * 1_000_000),
    }
}

/// 64 bits of two attributes (RFC 2869 sections 5.1 and 5.2); no more than a database counts.
fn octets(packet: &Packet<'_>, low: AttributeType, high: AttributeType) -> Option<u64> {
    let low = packet.first(low).and_then(integer).map(u64::from);
    let high = packet.first(high).and_then(integer).map(|gigawords| u64::from(gigawords) << 32);
    let octets = low.or(high.map(|_| 0))? | high.unwrap_or_default();
    Some(octets.min(i64::MAX.unsigned_abs()))
}

/// The id of the decision that opened the session: our own Class, 32 hexadecimal digits.
pub(crate) fn decision_of(class: &[u8]) -> Option<SmolStr> {
    let ours = class.len() == 32 && class.iter().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    ours.then(|| text(class))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn addresses(packet: &Packet<'_>) -> Vec<String> {
    let v4 = packet.all(AttributeType::FRAMED_IP_ADDRESS).filter_map(|value| <[u8; 4]>::try_from(value).ok());
    let v6 = packet.all(AttributeType::FRAMED_IPV6_ADDRESS).filter_map(|value| <[u8; 16]>::try_from(value).ok());
    let v4 = v4.map(|octets| Ipv4Addr::from(octets).to_string());
    v4.chain(v6.map(|octets| Ipv6Addr::from(octets).to_string())).collect()
}

fn others(packet: &Packet<'_>, dictionary: &Dictionary) -> Vec<(String, String)> {
    let mut octets = Vec::new();
    for attribute in packet.attributes().filter(|attribute| !READ.contains(&attribute.ty)) {
        let length = u8::try_from(attribute.value.len() + 2).unwrap_or(u8::MAX);
        octets.extend_from_slice(&[attribute.ty.0, length]);
        octets.extend_from_slice(attribute.value);
    }
    let described = dictionary.describe_attributes(Attributes::over(&octets).unwrap_or_default());
    described.into_iter().map(|one| (one.name.clone(), one.masked().into_owned())).collect()
}
