//! Sessions, their events and notes as JSON (`nac/events/types.py`, `nac/_dataplane.pyi`).

use nac_policy::Verdict;
use serde::{Deserialize, Serialize};

use super::evaluate::Wanted;
use super::notes::{Pending, Sign};
use super::session::{Names, Session, SessionId};
use super::table::{Due, SessionChange};
use super::transition::{Change, State};
use crate::event::described;
use crate::hex;
use crate::origin::NasPort;

/// What people and the control plane see of a session.
#[derive(Serialize)]
struct View<'a> {
    session: String,
    state: State,
    client: &'a str,
    source: String,
    nas: &'a NasPort,
    user_name: Option<&'a str>,
    calling_station: Option<&'a str>,
    mac: Option<String>,
    acct_session_id: Option<&'a str>,
    acct_multi_session_id: Option<&'a str>,
    audit_session_id: Option<&'a str>,
    addresses: Vec<String>,
    method: Option<&'static str>,
    identity_user: Option<&'a str>,
    identity_device: Option<&'a str>,
    certificate: Option<&'a str>,
    tls: Option<&'static str>,
    decision: Option<String>,
    generation: Option<u64>,
    segment: Option<&'a str>,
    rule: Option<&'a str>,
    authorization: Option<String>,
    session_timeout: Option<u32>,
    opened_at: u64,
    authorized_at: Option<u64>,
    seen_at: u64,
    closed_at: Option<u64>,
    differs: bool,
}

impl<'a> View<'a> {
    fn of(session: &'a Session) -> Self {
        let Names { nas, mac, addresses, .. } = &*session.names;
        let names = &*session.names;
        let authorized = session.authorized.as_deref();
        let granted = session.granted.as_deref();
        let chain = authorized.and_then(|authorized| authorized.chain.as_deref());
        Self {
            session: session.id.to_string(),
            state: session.state,
            client: &session.client,
            source: session.source.to_canonical().to_string(),
            nas,
            user_name: names.user_name.as_deref(),
            calling_station: names.calling_station.as_deref(),
            mac: mac.map(|mac| mac.to_string()),
            acct_session_id: names.acct_session_id.as_deref(),
            acct_multi_session_id: names.acct_multi_session_id.as_deref(),
            audit_session_id: names.audit_session_id.as_deref(),
            addresses: addresses.iter().map(ToString::to_string).collect(),
            method: authorized.map(|authorized| authorized.method.word()),
            identity_user: authorized.and_then(|authorized| authorized.user.as_deref()),
            identity_device: authorized.and_then(|authorized| authorized.device.as_deref()),
            certificate: chain.map(|chain| chain.certificate().fingerprint.as_str()),
            tls: authorized.and_then(|authorized| authorized.tls_version),
            decision: authorized.map(|authorized| authorized.decision.to_string()),
            generation: granted.map(|granted| granted.generation),
            segment: granted.and_then(|granted| granted.segment.as_deref()),
            rule: granted.and_then(|granted| granted.rule.as_deref()),
            authorization: granted.map(|granted| digest_text(granted.authorization)),
            session_timeout: granted.and_then(|granted| granted.session_timeout),
            opened_at: session.opened_at,
            authorized_at: authorized.map(|authorized| authorized.at),
            seen_at: session.seen_at,
            closed_at: session.closed_at,
            differs: session.differs,
        }
    }
}

fn digest_text(digest: u128) -> String {
    format!("{digest:032x}")
}

/// Serialization of these types has no way to fail: no maps with keys that are not text, no foreign types.
fn to_json(told: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(told).unwrap_or_default()
}

/// A session as it is shown.
#[must_use]
pub fn view(session: &Session) -> Vec<u8> {
    to_json(&View::of(session))
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "session")]
struct EventJson<'a> {
    sequence: u64,
    at: u64,
    change: Change,
    cause: Option<&'a str>,
    #[serde(flatten)]
    view: View<'a>,
    record: Option<&'a Session>,
}

/// The event of a transition.
#[must_use]
pub fn event(sequence: u64, change: &SessionChange) -> Vec<u8> {
    let SessionChange { at, change, cause, session } = change;
    let record = Some(session).filter(|session| session.state != State::Closed);
    to_json(&EventJson { sequence, at: *at, change: *change, cause: cause.as_deref(), view: View::of(session), record })
}

/// A session from the `record` of an event.
#[must_use]
pub fn restored(record: &[u8]) -> Option<Session> {
    serde_json::from_slice(record).ok().filter(|session: &Session| session.state != State::Closed)
}

/// How the JSON of every session event begins.
const EVENT_BEGINS: &[u8] = br#"{"type":"session","#;

/// What a session event left behind.
#[derive(Deserialize)]
pub(super) struct Replayed {
    session: String,
    /// `None`: it ended.
    pub(super) record: Option<Session>,
}

impl Replayed {
    pub(super) fn id(&self) -> Option<SessionId> {
        self.session.parse().ok()
    }
}

/// What an event of the journal says of a session; `None` for events of anything else.
pub(super) fn replayed(event: &[u8]) -> Option<Replayed> {
    event.starts_with(EVENT_BEGINS).then(|| serde_json::from_slice(event).ok()).flatten()
}

#[derive(Serialize)]
#[serde(tag = "note", rename = "differs")]
struct DiffersJson<'a> {
    session: View<'a>,
    wanted: WantedJson<'a>,
    due_at: u64,
    why: &'static str,
}

#[derive(Serialize)]
struct WantedJson<'a> {
    verdict: &'static str,
    cause: &'a str,
    detail: &'a str,
    fix: Option<&'a str>,
    generation: u64,
    segment: Option<&'a str>,
    rule: Option<&'a str>,
    reasons: Vec<(&'a str, String)>,
    grants: Vec<&'a str>,
    attributes: Vec<(String, String)>,
    encoded: String,
    session_timeout: Option<u32>,
    authorization: Option<String>,
}

impl<'a> WantedJson<'a> {
    fn of(wanted: &'a Wanted) -> Self {
        let snapshot = &wanted.decided.snapshot;
        let policy = &snapshot.policy;
        let decision = wanted.decided.decision.as_ref();
        let accepted = decision.filter(|decision| decision.verdict == Verdict::Accept && wanted.verdict.is_ok());
        let (laid_out, cause) = (wanted.verdict.as_ref().ok(), wanted.verdict.as_ref().err());
        let encoded = laid_out.map(|laid_out| laid_out.encoded.as_slice()).unwrap_or_default();
        Self {
            verdict: if laid_out.is_some() { "accept" } else { "reject" },
            cause: cause.map_or("ok", |cause| cause.word),
            detail: cause.map_or("placed by policy", |cause| &cause.detail),
            fix: cause.and_then(|cause| cause.fix),
            generation: snapshot.generation,
            segment: accepted.and_then(|decision| decision.segment).map(|segment| policy.segment_name(segment)),
            rule: decision.and_then(|decision| decision.rule).map(|rule| policy.rule_location(rule)),
            reasons: decision.map(|decision| policy.reasons(decision).collect()).unwrap_or_default(),
            grants: accepted
                .map(|decision| &decision.grants)
                .into_iter()
                .flatten()
                .map(|grant| policy.resource_name(*grant))
                .collect(),
            attributes: described(&snapshot.dictionary, encoded),
            encoded: hex::text(encoded),
            session_timeout: laid_out.and_then(|laid_out| laid_out.session_timeout),
            authorization: wanted.authorization().map(digest_text),
        }
    }
}

/// The note that a session differs.
#[must_use]
pub fn differs(session: &Session, wanted: &Wanted, due: Due) -> Vec<u8> {
    let Due { at, why } = due;
    to_json(&DiffersJson { session: View::of(session), wanted: WantedJson::of(wanted), due_at: at, why: why.word() })
}

#[derive(Serialize)]
#[serde(tag = "note", rename_all = "lowercase")]
enum ShortNote<'a> {
    Settled { session: String, by: &'a str },
    Seen { session: String, by: Sign, at: u64 },
}

/// What is told of a session before anything that still differs.
pub(super) fn signs(id: SessionId, pending: &Pending) -> Vec<Vec<u8>> {
    let session = || id.to_string();
    let seen = pending.seen.map(|(by, at)| ShortNote::Seen { session: session(), by, at });
    let settled = pending.settled.as_deref().map(|by| ShortNote::Settled { session: session(), by });
    seen.into_iter().chain(settled).map(|note| to_json(&note)).collect()
}
