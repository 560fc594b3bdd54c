//! What is on record about devices and users, and how it becomes facts.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::fact::{FactName, FactSet, Value};
use crate::text::{Text, TextSet};

/// A MAC address (EUI-48). Shown as RFC 3580 3.21 wants it: upper-case hex, octets apart by `-`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddress(pub [u8; 6]);

/// The text is not a MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacAddressError;

impl fmt::Display for MacAddressError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a MAC address: 12 hex digits, optionally apart by '-', ':' or '.'")
    }
}

impl std::error::Error for MacAddressError {}

impl FromStr for MacAddress {
    type Err = MacAddressError;

    /// `00-11-22-33-44-55`, `00:11:22:33:44:55`, `0011.2233.4455`, `001122-334455` or `001122334455`, in any case.
    fn from_str(text: &str) -> Result<Self, MacAddressError> {
        let (separator, group) = match text.len() {
            12 => (None, 12),
            13 | 14 | 17 => {
                let group = [(13, 6), (14, 4), (17, 2)].iter().find(|(length, _)| *length == text.len());
                let group = group.map_or(2, |(_, group)| *group);
                (text.as_bytes().get(group).copied(), group)
            }
            _ => return Err(MacAddressError),
        };
        if separator.is_some_and(|octet| !matches!(octet, b'-' | b':' | b'.')) {
            return Err(MacAddressError);
        }
        let mut octets = [0_u8; 6];
        let mut digits = 0_usize;
        for (position, octet) in text.bytes().enumerate() {
            if separator.is_some() && position % (group + 1) == group {
                if Some(octet) != separator {
                    return Err(MacAddressError);
                }
                continue;
            }
            let digit = hex_digit(octet).ok_or(MacAddressError)?;
            let slot = octets.get_mut(digits / 2).ok_or(MacAddressError)?;
            *slot = *slot << 4 | digit;
            digits += 1;
        }
        if digits == 12 { Ok(Self(octets)) } else { Err(MacAddressError) }
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(str::from_utf8(&self.shown()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl MacAddress {
    /// Its text, in ASCII.
    fn shown(self) -> [u8; 17] {
        let mut text = *b"00-00-00-00-00-00";
        for (digits, octet) in text.chunks_mut(3).zip(self.0) {
            if let [high, low, ..] = digits {
                (*high, *low) = (digit(octet >> 4), digit(octet & 15));
            }
        }
        text
    }
}

/// Adds the facts of the MAC address: itself, and its first three octets, e.g. `00-11-22`.
pub fn describe_mac(mac: MacAddress, facts: &mut FactSet) {
    let shown = mac.shown();
    let whole = str::from_utf8(&shown).unwrap_or_default();
    facts.set_text(FactName::Mac, whole);
    facts.set_text(FactName::MacOui, whole.get(..8).unwrap_or_default());
}

fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' - 10 + value }
}

/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// The text is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FingerprintError;

impl fmt::Display for FingerprintError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a certificate fingerprint: 64 hex digits (SHA-256)")
    }
}

impl std::error::Error for FingerprintError {}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        if text.len() != 64 {
            return Err(FingerprintError);
        }
        let mut octets = [0_u8; 32];
        for (slot, pair) in octets.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            for digit in pair {
                *slot = *slot << 4 | hex_digit(*digit).ok_or(FingerprintError)?;
            }
        }
        Ok(Self(octets))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(formatter, "{octet:02x}"))
    }
}

fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What a posture report says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Posture {
    /// E.g. `healthy`.
    pub status: Option<Text>,
    /// Its score.
    pub score: Option<i32>,
    /// Names of the checks that passed in it.
    pub passed: Option<TextSet>,
    /// Names of the checks that failed in it.
    pub failed: Option<TextSet>,
}

/// Unix seconds or none, in eight octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(i64);

impl Moment {
    /// No moment.
    pub const NONE: Self = Self(i64::MIN);

    /// Unix seconds.
    pub fn unix(self) -> Option<i64> {
        (self != Self::NONE).then_some(self.0)
    }
}

impl From<Option<i64>> for Moment {
    /// The first moment that 64 bits have reads as the second one: it is spent on none.
    fn from(unix: Option<i64>) -> Self {
        unix.map_or(Self::NONE, |unix| Self(unix.max(i64::MIN + 1)))
    }
}

/// What is on record about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFacts {
    /// Its name, as it is shown.
    pub name: Box<str>,
    /// Its MAC addresses.
    pub macs: Box<[MacAddress]>,
    /// Certificates bound to it, beside those that carry its name.
    pub certificates: Box<[Fingerprint]>,
    /// E.g. `printer`.
    pub kind: Option<Text>,
    /// Who it belongs to.
    pub owner: Option<Text>,
    /// Whether the organisation manages it.
    pub managed: bool,
    /// Whether it is shut out.
    pub disabled: bool,
    /// Free words of the administrators.
    pub tags: TextSet,
    /// What the last posture report said; many devices have the same.
    pub posture: Arc<Posture>,
    /// Unix seconds of that report.
    pub posture_at: Moment,
    /// Unix seconds until which the report is fresh; none: until it expires.
    pub posture_fresh_until: Moment,
    /// Unix seconds until which it is ageing, and after which it is stale; none: until it expires.
    pub posture_ageing_until: Moment,
    /// Unix seconds after which the report reads as `unknown`; none never expires.
    pub posture_expires_at: Moment,
    /// Whether its identity was seen on two machines at once.
    pub shared_identity: bool,
    /// Risk, 0 to 100.
    pub risk_score: Option<u8>,
}

impl DeviceFacts {
    /// A device of which only the name is on record.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            macs: Box::default(),
            certificates: Box::default(),
            kind: None,
            owner: None,
            managed: false,
            disabled: false,
            tags: TextSet::new::<&str>([]),
            posture: Arc::default(),
            posture_at: Moment::NONE,
            posture_fresh_until: Moment::NONE,
            posture_ageing_until: Moment::NONE,
            posture_expires_at: Moment::NONE,
            shared_identity: false,
            risk_score: None,
        }
    }

    /// Whether what the last posture report said has expired at `now` (Unix seconds).
    fn posture_expired(&self, now: i64) -> bool {
        self.posture_expires_at.unix().is_some_and(|expires_at| expires_at <= now)
    }

    /// The posture status at `now` (Unix seconds); `None` reads as `unknown`: never reported, or expired.
    pub fn current_posture(&self, now: i64) -> Option<&Text> {
        self.posture.status.as_ref().filter(|_| !self.posture_expired(now))
    }

    /// How fresh the last posture report is at `now` (Unix seconds).
    fn freshness(&self, now: i64) -> &'static str {
        let passed = |until: Moment| until.unix().is_some_and(|until| until <= now);
        if self.current_posture(now).is_none() {
            "unknown"
        } else if passed(self.posture_ageing_until) {
            "stale"
        } else if passed(self.posture_fresh_until) {
            "ageing"
        } else {
            "fresh"
        }
    }

    /// The first moment after `after` (Unix seconds) at which the facts of the posture become others by the clock alone,
    /// `posture.age` aside; `None` when there is none.
    pub fn next_change(&self, after: i64) -> Option<i64> {
        self.current_posture(after)?;
        [self.posture_fresh_until, self.posture_ageing_until, self.posture_expires_at]
            .into_iter()
            .filter_map(Moment::unix)
            .filter(|moment| *moment > after)
            .min()
    }

    /// `managed`, `byod` (somebody's own, on record) or `unknown`.
    fn ownership(&self) -> &'static str {
        match (self.managed, &self.owner) {
            (true, _) => "managed",
            (false, Some(_)) => "byod",
            (false, None) => "unknown",
        }
    }
}

/// What is on record about a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFacts {
    /// The name, as it is shown.
    pub name: Box<str>,
    /// Groups of the directory.
    pub groups: TextSet,
    /// Whether the user is shut out.
    pub disabled: bool,
    /// Unix seconds at which the user's access ends; `None` never ends.
    pub access_until: Option<i64>,
}

/// Adds the facts of the device, at `now` in Unix seconds. Without a record the flags are known to be false, the ownership
/// is `unknown`, and all else is not known.
pub fn describe_device(device: Option<&DeviceFacts>, now: i64, facts: &mut FactSet) {
    facts.set(FactName::DeviceKnown, Value::Boolean(device.is_some()));
    facts.set(FactName::DeviceManaged, Value::Boolean(device.is_some_and(|device| device.managed)));
    facts.set(FactName::DeviceDisabled, Value::Boolean(device.is_some_and(|device| device.disabled)));
    let shared = device.is_some_and(|device| device.shared_identity);
    facts.set(FactName::DeviceSharedIdentity, Value::Boolean(shared));
    facts.set_text(FactName::DeviceOwnership, device.map_or("unknown", DeviceFacts::ownership));
    let Some(device) = device else { return };
    facts.set_text(FactName::DeviceName, &device.name);
    facts.set(FactName::DeviceTags, Value::Set(device.tags.clone()));
    if let Some(kind) = &device.kind {
        facts.set(FactName::DeviceKind, Value::Text(kind.clone()));
    }
    if let Some(owner) = &device.owner {
        facts.set(FactName::DeviceOwner, Value::Text(owner.clone()));
    }
    if let Some(risk) = device.risk_score {
        facts.set(FactName::RiskScore, Value::Integer(risk.into()));
    }
    describe_posture(device, now, facts);
}

fn describe_posture(device: &DeviceFacts, now: i64, facts: &mut FactSet) {
    let status = device.current_posture(now).cloned().unwrap_or_else(|| Text::new("unknown"));
    facts.set(FactName::PostureStatus, Value::Text(status));
    facts.set_text(FactName::PostureFreshness, device.freshness(now));
    if let Some(at) = device.posture_at.unix() {
        facts.set(FactName::PostureAge, Value::Integer(now.saturating_sub(at).max(0)));
    }
    if device.posture_expired(now) {
        return;
    }
    if let Some(score) = device.posture.score {
        facts.set(FactName::PostureScore, Value::Integer(score.into()));
    }
    for (name, checks) in
        [(FactName::PosturePassed, &device.posture.passed), (FactName::PostureFailed, &device.posture.failed)]
    {
        if let Some(checks) = checks {
            facts.set(name, Value::Set(checks.clone()));
        }
    }
}

/// Adds the facts of the user on record, at `now` in Unix seconds. Without a record the flags are known to be false and the
/// groups stay unknown. `user.name` is the caller's to set: it comes from the certificate, not from the record.
pub fn describe_user(user: Option<&UserFacts>, now: i64, facts: &mut FactSet) {
    let ended = user.and_then(|user| user.access_until).is_some_and(|until| until <= now);
    facts.set(FactName::UserKnown, Value::Boolean(user.is_some()));
    facts.set(FactName::UserDisabled, Value::Boolean(user.is_some_and(|user| user.disabled)));
    facts.set(FactName::UserAccessEnded, Value::Boolean(ended));
    if let Some(user) = user {
        facts.set(FactName::UserGroups, Value::Set(user.groups.clone()));
    }
}

#[cfg(test)]
mod tests;
