//! Events as the JSON that `nac/events/types.py` decodes; a test decodes one of each with unknown fields refused.
//!
//! A reply is described from the octets that were sent, never from what was intended.

use std::collections::{BTreeMap, HashSet};

use nac_policy::{FactSet, Value, Verdict};
use nac_protocol::dictionary::Dictionary;
use nac_protocol::radius::{Attributes, Code, HEADER_LENGTH};
use serde::Serialize;
use serde_json::json;

use super::{AuthenticationRecord, Decided, Event, Method, Outcome, SentReply, authorization_digest};
use crate::discard::DiscardReport;
use crate::eap_tls::TlsSummary;
use crate::sessions;
use crate::tls::PeerCertificate;

/// Digests that are remembered as told; beyond, all are told again.
const MAX_TOLD: usize = 4_096;

/// Writes events. What a policy lays out is long and the same for many devices, so it is an event of its own, told before
/// the first authentication that refers to it.
#[derive(Default)]
pub(super) struct Writer {
    told: HashSet<u128>,
}

impl Writer {
    /// Append the JSON of an event to `out`, and before it what it refers to for the first time.
    pub(super) fn write(&mut self, sequence: u64, event: &Event, out: &mut Vec<Vec<u8>>) {
        let json = match event {
            Event::Authentication(record) => to_json(&self.authentication(sequence, record, out)),
            Event::Session(change) => sessions::json::event(sequence, change),
            Event::Told(event) => event.to_vec(),
            Event::Discard { at, report } => to_json(&DiscardJson::of(sequence, *at, report)),
        };
        out.push(json);
    }

    fn authentication<'a>(
        &mut self,
        sequence: u64,
        record: &'a AuthenticationRecord,
        out: &mut Vec<Vec<u8>>,
    ) -> AuthenticationJson<'a> {
        let described = record.reply.as_ref().zip(record.decided.as_ref());
        let reply = described.and_then(|(reply, decided)| {
            let dictionary = &decided.snapshot.dictionary;
            let authorization = self.authorization(reply, dictionary, out);
            ReplyJson::of(reply, dictionary, authorization)
        });
        AuthenticationJson::of(sequence, record, reply)
    }

    /// The name of what the policy laid out in this reply; told first if it is new.
    fn authorization(&mut self, reply: &SentReply, dictionary: &Dictionary, out: &mut Vec<Vec<u8>>) -> Option<String> {
        let octets = reply.octets.get(reply.authorization.clone()).filter(|octets| !octets.is_empty())?;
        let named = authorization_digest(octets);
        let digest = format!("{named:032x}");
        if !self.told.contains(&named) {
            if self.told.len() >= MAX_TOLD {
                self.told.clear();
            }
            self.told.insert(named);
            let attributes = described(dictionary, octets);
            out.push(to_json(&AuthorizationJson { digest: &digest, attributes }));
        }
        Some(digest)
    }
}

/// Serialization of these types has no way to fail: no maps with keys that are not text, no foreign types.
fn to_json(event: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(event).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "discard")]
struct DiscardJson<'a> {
    sequence: u64,
    at: u64,
    reason: &'a str,
    detail: &'a str,
    client: Option<&'a str>,
    source: String,
    count: u64,
}

impl<'a> DiscardJson<'a> {
    fn of(sequence: u64, at: u64, report: &'a DiscardReport) -> Self {
        Self {
            sequence,
            at,
            reason: report.reason.word(),
            detail: report.reason.detail(),
            client: report.client.as_deref(),
            source: report.source.to_string(),
            count: report.count,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "authorization")]
struct AuthorizationJson<'a> {
    digest: &'a str,
    attributes: Vec<(String, String)>,
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
    fn of(sequence: u64, record: &'a AuthenticationRecord, reply: Option<ReplyJson>) -> Self {
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
            certificate: record.certificate.as_deref().map(CertificateJson::of),
            identity_user: record.user.as_deref(),
            identity_device: record.device.as_deref(),
            facts: decided.map(|decided| facts_json(&decided.facts)).unwrap_or_default(),
            decision: decided.and_then(DecisionJson::of),
            reply,
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
            subject: certificate.subject.shown(),
            issuer: certificate.issuer.shown(),
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
    /// Digest of the attributes that the policy laid out; they are not among `attributes`.
    authorization: Option<String>,
}

impl ReplyJson {
    fn of(reply: &SentReply, dictionary: &Dictionary, authorization: Option<String>) -> Option<Self> {
        let SentReply { octets, authorization: place } = reply;
        let (before, after) = match authorization {
            Some(_) => (octets.get(HEADER_LENGTH..place.start)?, octets.get(place.end..)?),
            None => (octets.get(HEADER_LENGTH..)?, Default::default()),
        };
        let attributes = [before, after].into_iter().flat_map(|octets| described(dictionary, octets)).collect();
        Some(Self { code: octets.first().copied().map(Code)?.name(), attributes, authorization })
    }
}

/// Names and values of encoded attributes, secrets masked.
pub(crate) fn described(dictionary: &Dictionary, octets: &[u8]) -> Vec<(String, String)> {
    let attributes = Attributes::over(octets).unwrap_or_default();
    let described = dictionary.describe_attributes(attributes).into_iter();
    described.map(|one| (one.masked().into_owned(), one.name)).map(|(value, name)| (name, value)).collect()
}
