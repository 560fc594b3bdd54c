//! What the posture service answers (`nac/posture/answer.py`).

use serde::Deserialize;

/// How the server judges a device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Verdict {
    /// `healthy`, `degraded`, `unhealthy` or `unknown`.
    pub status: String,
    nonce: Option<String>,
    #[serde(default)]
    nonce_expires_at: u64,
}

/// Why it does not take a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Refusal {
    /// A word for it.
    pub error: String,
    /// What was wrong, for people.
    #[serde(default)]
    pub detail: String,
    /// For the next try, where one helps.
    pub nonce: Option<String>,
}

/// Makes one report fresh (RFC 9711 4.1), until `expires_at`, Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Nonce {
    pub(super) nonce: String,
    pub(super) expires_at: u64,
}

impl Verdict {
    /// The nonce of the next report.
    pub(super) fn next_nonce(&self) -> Option<Nonce> {
        Some(Nonce { nonce: self.nonce.clone()?, expires_at: self.nonce_expires_at })
    }
}
