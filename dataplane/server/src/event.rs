//! Events for the control plane: kept as they happened, turned into JSON only when they are fetched.
//!
//! `nac/events/types.py` is the other side of this file; a test decodes one of each with unknown fields refused. The
//! reply is described from the octets that were sent, never from what was intended.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nac_policy::{Decision, FactSet, Value, Verdict};
use nac_protocol::radius::Packet;
use serde::Serialize;
use serde_json::json;

use crate::cause::Cause;
use crate::discard::DiscardReport;
use crate::eap_tls::TlsSummary;
use crate::origin::Origin;
use crate::snapshot::Snapshot;
use crate::state_token::ConversationId;
use crate::tls::PeerCertificate;

/// How a device proves itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// EAP-TLS.
    EapTls,
    /// MAC Authentication Bypass.
    Mab,
    /// Neither; only seen in rejects.
    None,
}

impl Method {
    /// The word policies use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::EapTls => "eap-tls",
            Self::Mab => "mab",
            Self::None => "none",
        }
    }
}

/// How a conversation ended on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Access-Accept was sent.
    Accept,
    /// Access-Reject was sent.
    Reject,
    /// The client stopped, or was evicted.
    Abandoned,
}

/// What was decided, and over what.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The snapshot that decided.
    pub snapshot: Arc<Snapshot>,
    /// Its decision; `None` when a check before the policy refused.
    pub decision: Option<Decision>,
    /// The facts it read.
    pub facts: Box<FactSet>,
}

/// One conversation, whole.
#[derive(Debug)]
#[expect(missing_docs, reason = "documented with nac.events.types.AuthenticationEvent")]
pub struct AuthenticationRecord {
    pub id: ConversationId,
    pub at: u64,
    pub ended_at: u64,
    pub server: Duration,
    pub rounds: u16,
    pub origin: Origin,
    pub method: Method,
    pub outcome: Outcome,
    pub cause: Cause,
    pub tls: Option<TlsSummary>,
    pub resumed: bool,
    pub certificate: Option<PeerCertificate>,
    pub user: Option<String>,
    pub device: Option<String>,
    pub decided: Option<Decided>,
    pub reply: Option<Arc<[u8]>>,
}

/// An event.
#[derive(Debug)]
pub enum Event {
    /// A conversation ended.
    Authentication(Box<AuthenticationRecord>),
    /// Packets were not answered.
    Discard {
        /// Unix microseconds.
        at: u64,
        /// What and how many.
        report: DiscardReport,
    },
}

/// A bounded queue: the data plane never waits for its reader.
pub struct EventQueue {
    inner: Mutex<Inner>,
    filled: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<(u64, Event)>,
    sequence: u64,
    closed: bool,
    /// How many events the reader waits for; zero when it does not wait.
    awaited: usize,
}

impl EventQueue {
    /// With room for `capacity` events.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { inner: Mutex::default(), filled: Condvar::new(), capacity: capacity.max(1) }
    }

    /// Append; false when the queue was full and its oldest event had to go.
    pub fn push(&self, event: Event) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = inner.events.len() < self.capacity;
        if !fits {
            inner.events.pop_front();
        }
        inner.sequence += 1;
        let sequence = inner.sequence;
        inner.events.push_back((sequence, event));
        if inner.events.len() == inner.awaited {
            self.filled.notify_one();
        }
        fits
    }

    /// Up to `most` events as JSON, oldest first; waits at most `timeout` for the first, then `gather` for more.
    pub fn wait(&self, timeout: Duration, gather: Duration, most: usize) -> Vec<Vec<u8>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = self.wait_for(inner, 1, timeout);
        let gather = if inner.events.is_empty() { Duration::ZERO } else { gather };
        let mut inner = self.wait_for(inner, most, gather);
        let count = inner.events.len().min(most);
        let events: Vec<_> = inner.events.drain(..count).collect();
        if inner.events.is_empty() && inner.events.capacity() > 1_024 {
            inner.events = VecDeque::new();
        }
        drop(inner);
        events.iter().map(|(sequence, event)| to_json(*sequence, event)).collect()
    }

    fn wait_for<'a>(&self, mut inner: MutexGuard<'a, Inner>, count: usize, timeout: Duration) -> MutexGuard<'a, Inner> {
        inner.awaited = count;
        let (mut inner, _) = self
            .filled
            .wait_timeout_while(inner, timeout, |inner| inner.events.len() < count && !inner.closed)
            .unwrap_or_else(PoisonError::into_inner);
        inner.awaited = 0;
        inner
    }

    /// Wake the reader for good.
    pub fn close(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.filled.notify_all();
    }
}

fn to_json(sequence: u64, event: &Event) -> Vec<u8> {
    match event {
        Event::Authentication(record) => serde_json::to_vec(&AuthenticationJson::of(sequence, record)),
        Event::Discard { at, report } => serde_json::to_vec(&json!({
            "type": "discard",
            "sequence": sequence,
            "at": at,
            "reason": report.reason.word(),
            "detail": report.reason.detail(),
            "client": report.client,
            "source": report.source.to_string(),
            "count": report.count,
        })),
    }
    // Serialization of these types has no way to fail: no maps with keys that are not text, no foreign types.
    .unwrap_or_default()
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "authentication")]
struct AuthenticationJson<'a> {
    id: String,
    sequence: u64,
    at: u64,
    ended_at: u64,
    server_us: u128,
    rounds: u16,
    client: &'a str,
    source: String,
    nas: &'a crate::origin::NasPort,
    mac: Option<String>,
    user_name: Option<&'a str>,
    method: Method,
    result: Outcome,
    cause: &'static str,
    detail: &'a str,
    fix: Option<&'static str>,
    tls: Option<TlsJson>,
    certificate: Option<CertificateJson<'a>>,
    identity_user: Option<&'a str>,
    identity_device: Option<&'a str>,
    facts: BTreeMap<&'static str, serde_json::Value>,
    decision: Option<DecisionJson<'a>>,
    reply: Option<ReplyJson>,
}

impl<'a> AuthenticationJson<'a> {
    fn of(sequence: u64, record: &'a AuthenticationRecord) -> Self {
        let decided = record.decided.as_ref();
        Self {
            id: record.id.to_string(),
            sequence,
            at: record.at,
            ended_at: record.ended_at,
            server_us: record.server.as_micros(),
            rounds: record.rounds,
            client: &record.origin.client.name,
            source: record.origin.source.to_string(),
            nas: &record.origin.nas,
            mac: record.origin.mac.map(|mac| mac.to_string()),
            user_name: record.origin.user_name.as_deref(),
            method: record.method,
            result: record.outcome,
            cause: record.cause.word,
            detail: &record.cause.detail,
            fix: record.cause.fix,
            tls: record.tls.as_ref().map(|tls| TlsJson::of(tls, record.resumed)),
            certificate: record.certificate.as_ref().map(CertificateJson::of),
            identity_user: record.user.as_deref(),
            identity_device: record.device.as_deref(),
            facts: decided.map(|decided| facts_json(&decided.facts)).unwrap_or_default(),
            decision: decided.and_then(DecisionJson::of),
            reply: decided.zip(record.reply.as_deref()).and_then(|(decided, reply)| ReplyJson::of(decided, reply)),
        }
    }
}

fn facts_json(facts: &FactSet) -> BTreeMap<&'static str, serde_json::Value> {
    facts
        .iter_known()
        .map(|(name, value)| {
            let value = match value {
                Value::Text(text) => json!(text.as_str()),
                Value::Boolean(boolean) => json!(boolean),
                Value::Integer(integer) => json!(integer),
                Value::Set(set) => json!(set.iter().collect::<Vec<_>>()),
            };
            (name.name(), value)
        })
        .collect()
}

#[derive(Serialize)]
struct TlsJson {
    version: Option<&'static str>,
    cipher_suite: Option<&'static str>,
    resumed: bool,
    octets_in: usize,
    octets_out: usize,
}

impl TlsJson {
    fn of(tls: &TlsSummary, resumed: bool) -> Self {
        let (octets_in, octets_out) = tls.octets;
        Self { version: tls.version, cipher_suite: tls.cipher_suite, resumed, octets_in, octets_out }
    }
}

#[derive(Serialize)]
struct CertificateJson<'a> {
    subject: &'a str,
    issuer: &'a str,
    serial: &'a str,
    fingerprint: &'a str,
    not_before: u64,
    not_after: u64,
    names: Vec<String>,
}

impl<'a> CertificateJson<'a> {
    fn of(certificate: &'a PeerCertificate) -> Self {
        Self {
            subject: &certificate.subject,
            issuer: &certificate.issuer,
            serial: &certificate.serial,
            fingerprint: &certificate.fingerprint,
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            names: certificate.names(),
        }
    }
}

#[derive(Serialize)]
struct DecisionJson<'a> {
    generation: u64,
    digest: &'a str,
    verdict: &'static str,
    segment: Option<&'a str>,
    rule: Option<&'a str>,
    grants: Vec<&'a str>,
    reasons: Vec<(&'a str, String)>,
}

impl<'a> DecisionJson<'a> {
    fn of(decided: &'a Decided) -> Option<Self> {
        let decision = decided.decision.as_ref()?;
        let policy = &decided.snapshot.policy;
        Some(Self {
            generation: decided.snapshot.generation,
            digest: policy.digest(),
            verdict: match decision.verdict {
                Verdict::Accept => "accept",
                Verdict::Reject => "reject",
            },
            segment: decision.segment.map(|segment| policy.segment_name(segment)),
            rule: decision.rule.map(|rule| policy.rule_location(rule)),
            grants: decision.grants.iter().map(|grant| policy.resource_name(*grant)).collect(),
            reasons: policy.reasons(decision).collect(),
        })
    }
}

#[derive(Serialize)]
struct ReplyJson {
    code: &'static str,
    attributes: Vec<(String, String)>,
}

impl ReplyJson {
    fn of(decided: &Decided, reply: &[u8]) -> Option<Self> {
        let packet = Packet::parse(reply).ok()?;
        let dictionary = &decided.snapshot.dictionary;
        let described = dictionary.describe(&packet).into_iter();
        let attributes = described.map(|one| (one.masked().into_owned(), one.name)).map(|(value, name)| (name, value));
        Some(Self { code: packet.code().name(), attributes: attributes.collect() })
    }
}

/// The address part of a source, for reports.
#[must_use]
pub fn address_of(source: std::net::SocketAddr) -> IpAddr {
    source.ip().to_canonical()
}
