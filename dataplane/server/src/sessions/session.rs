//! A session: how a NAS names it, who it is, and what it was granted.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use nac_policy::{MacAddress, Text};
use nac_protocol::radius::{AttributeType, Packet, VendorId};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::transition::State;
use crate::client::RadiusClient;
use crate::event::{Decided, Method};
use crate::hex::{self, hex_number};
use crate::origin::{Connection, NasPort, Origin, Said, text};
use crate::pipeline::authorize::{Place, Session as TlsSession};
use crate::state_token::ConversationId;
use crate::tls::VerifiedChain;

/// Cisco-AVPair.
const CISCO_AV_PAIR: u8 = 1;
/// By which Cisco's switches name a session in a change of authorization.
const AUDIT_SESSION_ID: &[u8] = b"audit-session-id=";
/// Framed addresses kept of a session: one of version 4, and what a host has of version 6.
const MAX_ADDRESSES: usize = 8;

/// A session's identity: that of the Access-Accept which opened it, or random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(pub [u8; 16]);

impl From<ConversationId> for SessionId {
    fn from(id: ConversationId) -> Self {
        Self(id.0)
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        hex::write(self.0, f)
    }
}

/// The text is no session's identity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotASessionId;

impl FromStr for SessionId {
    type Err = NotASessionId;

    fn from_str(text: &str) -> Result<Self, NotASessionId> {
        hex::number(text).map(|number| Self(number.to_be_bytes())).ok_or(NotASessionId)
    }
}

/// What identifies a session to its NAS (RFC 5176 section 3), as it said it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Names {
    /// NAS-Identifier, NAS-IP(v6)-Address, NAS-Port and the like.
    pub nas: NasPort,
    /// Wired or wireless, when said.
    pub connection: Option<Connection>,
    /// Calling-Station-Id, when it is a MAC address.
    #[serde(with = "shown")]
    pub mac: Option<MacAddress>,
    /// Calling-Station-Id as said.
    pub calling_station: Option<SmolStr>,
    /// User-Name as said.
    pub user_name: Option<SmolStr>,
    /// Acct-Session-Id.
    pub acct_session_id: Option<SmolStr>,
    /// Acct-Multi-Session-Id.
    pub acct_multi_session_id: Option<SmolStr>,
    /// Cisco's `audit-session-id`.
    pub audit_session_id: Option<SmolStr>,
    /// Framed-IP-Address, Framed-IPv6-Address.
    pub addresses: Box<[IpAddr]>,
}

impl Names {
    /// Read them from a verified request.
    #[must_use]
    pub fn of(packet: &Packet<'_>) -> Self {
        let Said { nas, connection, mac, user_name } = Said::of(packet);
        let calling_station = packet.first(AttributeType::CALLING_STATION_ID).map(text);
        Self { nas, connection, mac, calling_station, user_name, ..Self::of_session(packet) }
    }

    /// Of a login: where it comes from is what was decided on.
    #[must_use]
    pub fn of_login(packet: &Packet<'_>, origin: &Origin) -> Self {
        let calling_station = packet.first(AttributeType::CALLING_STATION_ID).map(text);
        let user_name = packet.first(AttributeType::USER_NAME).map(text);
        let Origin { connection, mac, .. } = *origin;
        Self { nas: origin.nas.clone(), connection, mac, calling_station, user_name, ..Self::of_session(packet) }
    }

    /// Only what may change in the course of a session.
    pub(super) fn of_session(packet: &Packet<'_>) -> Self {
        let said = |ty| packet.first(ty).map(text);
        let audit = |pair: &[u8]| pair.strip_prefix(AUDIT_SESSION_ID).map(text);
        Self {
            acct_session_id: said(AttributeType::ACCT_SESSION_ID),
            acct_multi_session_id: said(AttributeType::ACCT_MULTI_SESSION_ID),
            audit_session_id: packet.vendor(VendorId::CISCO, CISCO_AV_PAIR).find_map(audit),
            addresses: addresses(packet),
            ..Self::default()
        }
    }

    /// Take over what `later` says of the session itself; where the port is stays as it was decided on. True when something
    /// is new.
    pub(super) fn learn(names: &mut Arc<Self>, later: Self) -> bool {
        if !names.has_news(&later) {
            return false;
        }
        let place = Self { nas: names.nas.clone(), connection: names.connection, mac: names.mac, ..later };
        let calling_station = names.calling_station.clone().or_else(|| place.calling_station.clone());
        let user_name = names.user_name.clone().or_else(|| place.user_name.clone());
        *names = Arc::new(Self { calling_station, user_name, ..place }.or(names));
        true
    }

    fn has_news(&self, later: &Self) -> bool {
        let changes = |new: &Option<SmolStr>, old: &Option<SmolStr>| new.is_some() && new != old;
        let first = |new: &Option<SmolStr>, old: &Option<SmolStr>| new.is_some() && old.is_none();
        changes(&later.acct_session_id, &self.acct_session_id)
            || changes(&later.acct_multi_session_id, &self.acct_multi_session_id)
            || changes(&later.audit_session_id, &self.audit_session_id)
            || first(&later.calling_station, &self.calling_station)
            || first(&later.user_name, &self.user_name)
            || !later.addresses.is_empty() && later.addresses != self.addresses
    }

    /// With what `earlier` says, and this does not.
    pub(super) fn or(self, earlier: &Self) -> Self {
        Self {
            calling_station: self.calling_station.or_else(|| earlier.calling_station.clone()),
            user_name: self.user_name.or_else(|| earlier.user_name.clone()),
            acct_session_id: self.acct_session_id.or_else(|| earlier.acct_session_id.clone()),
            acct_multi_session_id: self.acct_multi_session_id.or_else(|| earlier.acct_multi_session_id.clone()),
            audit_session_id: self.audit_session_id.or_else(|| earlier.audit_session_id.clone()),
            addresses: if self.addresses.is_empty() { earlier.addresses.clone() } else { self.addresses },
            ..self
        }
    }

    /// Whether `other` names another NAS: what both say of one differs.
    pub(super) fn is_another_nas(&self, other: &NasPort) -> bool {
        differ(&self.nas.identifier, &other.identifier) || differ(&self.nas.address, &other.address)
    }

    /// Whether `other` names another NAS, or another port of the same one.
    pub(super) fn is_another_port(&self, other: &NasPort) -> bool {
        let nas = &self.nas;
        let ids = nas.port_id.is_some() && other.port_id.is_some();
        let port = if ids { nas.port_id != other.port_id } else { differ(&nas.port, &other.port) };
        self.is_another_nas(other) || port
    }
}

/// Both are known, and not the same.
pub(super) fn differ<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_some() && other.is_some() && one != other
}

fn addresses(packet: &Packet<'_>) -> Box<[IpAddr]> {
    let v4 = packet.all(AttributeType::FRAMED_IP_ADDRESS).filter_map(|value| <[u8; 4]>::try_from(value).ok());
    let v6 = packet.all(AttributeType::FRAMED_IPV6_ADDRESS).filter_map(|value| <[u8; 16]>::try_from(value).ok());
    v4.map(IpAddr::from).chain(v6.map(IpAddr::from)).take(MAX_ADDRESSES).collect()
}

/// `1.2` or `1.3`.
type TlsVersion = &'static str;

/// Who a session is, as the newest Access-Accept found it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Authorized {
    /// The decision: what Class says.
    #[serde(with = "decision_id")]
    pub decision: ConversationId,
    /// Unix microseconds of the Accept.
    pub at: u64,
    /// How it was proven.
    pub method: Method,
    /// The certificate and what vouched for it, for EAP-TLS.
    pub chain: Option<Arc<VerifiedChain>>,
    /// The user it is.
    pub user: Option<SmolStr>,
    /// The device it is.
    pub device: Option<SmolStr>,
    /// TLS version, for EAP-TLS.
    #[serde(deserialize_with = "known_version")]
    pub tls_version: Option<TlsVersion>,
    /// Whether the TLS session was resumed.
    pub tls_resumed: bool,
    /// Where the device was placed before this.
    #[serde(with = "folded")]
    pub previous: Option<Text>,
}

impl Authorized {
    /// The TLS session as policies see it.
    #[must_use]
    pub fn tls(&self) -> Option<TlsSession> {
        (self.method == Method::EapTls).then_some(TlsSession { version: self.tls_version, resumed: self.tls_resumed })
    }
}

/// What the port was given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// Digest of the attributes that the policy laid out.
    #[serde(with = "hex_number")]
    pub authorization: u128,
    /// Generation of the snapshot that decided.
    pub generation: u64,
    /// Segment.
    pub segment: Option<SmolStr>,
    /// `file:line` of the rule that placed it.
    pub rule: Option<SmolStr>,
    /// Session-Timeout as sent, seconds.
    pub session_timeout: Option<u32>,
}

impl Granted {
    /// What was decided, laid out as `authorization` names it.
    #[must_use]
    pub fn of(decided: &Decided, authorization: u128) -> Self {
        let policy = &decided.snapshot.policy;
        let decision = decided.decision.as_ref();
        Self {
            authorization,
            generation: decided.snapshot.generation,
            segment: decision.and_then(|decision| decision.segment).map(|segment| policy.segment_name(segment).into()),
            rule: decision.and_then(|decision| decision.rule).map(|rule| policy.rule_location(rule).into()),
            session_timeout: None,
        }
    }
}

/// One session. Cheap to clone: what is large is shared, and replaced when it changes. As JSON it is what restores it after
/// a restart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its identity.
    #[serde(with = "session_id")]
    pub id: SessionId,
    /// Name of the RADIUS client.
    pub client: Arc<str>,
    /// Where its requests come from.
    pub source: IpAddr,
    /// Where it stands.
    pub state: State,
    /// How its NAS names it.
    pub names: Arc<Names>,
    /// Who it is; `None` when only accounting told of it.
    pub authorized: Option<Arc<Authorized>>,
    /// What it has; likewise.
    pub granted: Option<Arc<Granted>>,
    /// Acct-Interim-Interval as sent, seconds.
    pub interim: Option<u32>,
    /// Unix microseconds.
    pub opened_at: u64,
    /// Unix microseconds of the last sign of it.
    pub seen_at: u64,
    /// The same by the monotonic clock, which ends with the process.
    #[serde(skip)]
    pub seen: Duration,
    /// Unix microseconds by the NAS's clock: the report that named it last.
    pub named_at: u64,
    /// Unix microseconds.
    #[serde(skip)]
    pub closed_at: Option<u64>,
    /// Whether a change is wanted that the port does not have yet.
    #[serde(skip)]
    pub differs: bool,
}

impl Session {
    /// Unix microseconds: it lives at least since then.
    pub(super) fn since(&self) -> u64 {
        self.authorized.as_ref().map_or(self.opened_at, |authorized| authorized.at)
    }
}

/// The place of a port.
#[must_use]
pub(super) fn place<'a>(names: &'a Names, client: &'a RadiusClient) -> Place<'a> {
    Place { client, nas: &names.nas, connection: names.connection, mac: names.mac }
}

/// As text, both ways.
macro_rules! as_text {
    ($name:ident, $type:ty, $to:expr, $from:expr) => {
        mod $name {
            use super::*;
            use serde::de::Error;
            use serde::{Deserializer, Serializer};

            pub(super) fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                $to(value).serialize(serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                $from(Deserialize::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not as it is written"))
            }
        }
    };
}

as_text!(session_id, SessionId, |id: &SessionId| id.to_string(), |text: String| text.parse().ok());
as_text!(decision_id, ConversationId, |id: &ConversationId| id.to_string(), |text: String| {
    hex::number(&text).map(|number| ConversationId(number.to_be_bytes()))
});
as_text!(shown, Option<MacAddress>, |mac: &Option<MacAddress>| mac.map(|mac| mac.to_string()), |text: Option<
    String,
>| text
    .map_or(Some(None), |text| text.parse().ok().map(Some)));
as_text!(
    folded,
    Option<Text>,
    |name: &Option<Text>| name.as_ref().map(|name| name.as_str().to_owned()),
    |text: Option<String>| Some(text.as_deref().map(Text::new))
);

fn known_version<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<TlsVersion>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| ["1.2", "1.3"].into_iter().find(|version| *version == text)))
}
