//! Does the Accept carry the keys that the peer derived (RFC 2548 2.4, RFC 3580 3.16, RFC 7268 2.2)?

use nac_protocol::radius::{AttributeType, Packet};

use crate::supplicant::KeyMaterial;

const MICROSOFT: u32 = 311;
const MS_MPPE_SEND_KEY: u8 = 16;
const MS_MPPE_RECV_KEY: u8 = 17;

/// The MS-MPPE keys of an Accept against the peer's MSK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCheck {
    /// The method derives no keys, or there was no Accept.
    NotApplicable,
    /// Both keys are there and right.
    Match,
    /// A key is wrong, or cannot be decrypted.
    Mismatch,
    /// A key is missing.
    Missing,
}

/// The EAP-Key-Name of an Accept against the peer's Session-Id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNameCheck {
    /// None was sent, or none is known.
    Absent,
    /// It is right.
    Match,
    /// It is something else.
    Mismatch,
}

impl KeyCheck {
    /// `decrypt` takes the salted value of one key attribute.
    pub fn of<K: AsRef<[u8]>>(
        packet: &Packet<'_>,
        derived: Option<&KeyMaterial>,
        decrypt: impl Fn(&[u8]) -> Option<K>,
    ) -> Self {
        let Some(derived) = derived else {
            return Self::NotApplicable;
        };
        let recv = microsoft(packet, MS_MPPE_RECV_KEY);
        let send = microsoft(packet, MS_MPPE_SEND_KEY);
        let (Some(recv), Some(send)) = (recv, send) else {
            return Self::Missing;
        };
        let same = |value: &[u8], key: &[u8]| decrypt(value).is_some_and(|plain| plain.as_ref() == key);
        if same(recv, derived.recv_key()) && same(send, derived.send_key()) { Self::Match } else { Self::Mismatch }
    }

    /// A stable word for machine-readable output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::Missing => "missing",
        }
    }
}

impl KeyNameCheck {
    /// Compares the packet's EAP-Key-Name.
    #[must_use]
    pub fn of(packet: &Packet<'_>, derived: Option<&KeyMaterial>) -> Self {
        let sent = packet.first(AttributeType::EAP_KEY_NAME);
        match (sent, derived.and_then(KeyMaterial::session_id)) {
            (Some(sent), Some(session_id)) if sent == session_id => Self::Match,
            (Some(_), Some(_)) => Self::Mismatch,
            _ => Self::Absent,
        }
    }

    /// A stable word for machine-readable output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Match => "match",
            Self::Mismatch => "mismatch",
        }
    }
}

/// The first Microsoft attribute of that type, in a Vendor-Specific of its own or among others (RFC 2865 5.26).
fn microsoft<'a>(packet: &Packet<'a>, wanted: u8) -> Option<&'a [u8]> {
    packet.all(AttributeType::VENDOR_SPECIFIC).find_map(|value| {
        let (vendor, mut rest) = value.split_first_chunk::<4>()?;
        if u32::from_be_bytes(*vendor) != MICROSOFT {
            return None;
        }
        loop {
            let [ty, length, ..] = rest else { return None };
            let (attribute, following) = rest.split_at_checked(usize::from(*length).max(2))?;
            if *ty == wanted {
                return attribute.get(2..);
            }
            rest = following;
        }
    })
}
