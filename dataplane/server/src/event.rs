//! Events for the control plane: kept as they happened, turned into JSON only when they are fetched.

mod json;
mod queue;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use nac_policy::{Decision, FactSet};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::cause::Cause;
use crate::discard::DiscardReport;
use crate::eap_tls::TlsSummary;
use crate::limits::MAX_TOLD_EVENT;
use crate::origin::Origin;
use crate::sessions::SessionChange;
use crate::snapshot::Snapshot;
use crate::state_token::ConversationId;
use crate::tls::PeerCertificate;

pub(crate) use json::described;
pub use queue::EventQueue;

/// How a device proves itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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

/// An answer as it went out.
#[derive(Clone, Debug)]
pub struct SentReply {
    /// The packet.
    pub octets: Arc<[u8]>,
    /// Where in it the attributes stand that the policy laid out: segment and access list, the same for many devices.
    pub authorization: Range<usize>,
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
    pub certificate: Option<Arc<PeerCertificate>>,
    pub user: Option<SmolStr>,
    pub device: Option<SmolStr>,
    pub decided: Option<Decided>,
    pub reply: Option<SentReply>,
}

/// An event.
#[derive(Debug)]
pub enum Event {
    /// Something became of a session.
    Session(Box<SessionChange>),
    /// The control plane's own, as JSON.
    Told(Box<[u8]>),
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

impl Event {
    /// An event of the control plane: a JSON object, not too long; `None` when it is none.
    #[must_use]
    pub fn told(json: &[u8]) -> Option<Self> {
        let object =
            json.len() <= MAX_TOLD_EVENT && serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(json).is_ok();
        object.then(|| Self::Told(json.into()))
    }
}

/// What names encoded attributes that a policy laid out: the first half of a SHA-256 over them.
#[must_use]
pub fn authorization_digest(octets: &[u8]) -> u128 {
    digest(&SHA256, octets).as_ref().first_chunk().copied().map_or(0, u128::from_be_bytes)
}

/// The address part of a source, for reports.
#[must_use]
pub fn address_of(source: std::net::SocketAddr) -> IpAddr {
    source.ip().to_canonical()
}
