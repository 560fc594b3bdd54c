//! The posture agent of a device: what it reports, and what it is told (`docs/posture.md`).
//!
//! An [`Agent`] has the [`Identity`] of its device, whose key signs each report, and hands it in at a [`Desk`], as
//! `nac agent` does: mutual TLS 1.3, a nonce for each report, a counter that only grows. What it finds is made up.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use rustls::ClientConfig;
use webpki::EndEntityCert;

use crate::supplicant::{ConfigError, Credentials, TlsPreferences, TlsVersion, client_config};

mod answer;
mod base64url;
mod claims;
mod desk;
mod response;
mod signer;

pub use answer::{Refusal, Verdict};
pub use desk::{Desk, DeskError};

use answer::Nonce;
use base64url::base64url;
use claims::{Author, Freshness, claims};
use signer::Signer;

/// A nonce that ends sooner is not used: the report has to arrive before.
const MARGIN_S: u64 = 5;

/// RFC 9711 4.2.1.1: a UEID of type RAND.
const RANDOM_UEID: u8 = 1;

/// Refusals after which the same findings may be right with the nonce that came along.
const AGAIN: [&str; 2] = ["stale_nonce", "replayed"];

/// What an agent finds on its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Everything is as it should be.
    Sound,
    /// The firewall is off.
    FirewallOff,
}

/// Who a device is towards the posture service: the certificate of its logins, and the key that proves it.
pub struct Identity {
    name: String,
    thumbprint: [u8; 32],
    signer: Signer,
    tls: Arc<ClientConfig>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Identity {
    /// `server_name`: what the service's certificate must carry; it is verified by the credentials' anchors.
    ///
    /// # Errors
    /// [`ConfigError`] for a certificate without a DNS name, or a key that reports are not signed with.
    pub fn new(credentials: &Credentials, server_name: &str) -> Result<Self, ConfigError> {
        let refused = |cause: &str| ConfigError::Client(cause.to_owned());
        let (chain, key) = credentials.client().ok_or_else(|| refused("reports need a certificate"))?;
        let leaf = chain.first().ok_or_else(|| refused("reports need a certificate"))?;
        let parsed = EndEntityCert::try_from(leaf).map_err(|error| refused(&error.to_string()))?;
        let name = parsed.valid_dns_names().next().ok_or_else(|| refused("it names no device (dNSName)"))?.to_owned();
        let preferences = TlsPreferences {
            version: Some(TlsVersion::Tls13),
            server_name: Some(server_name.to_owned()),
            ..TlsPreferences::default()
        };
        Ok(Self {
            name,
            thumbprint: sha256(leaf),
            signer: Signer::new(key).ok_or_else(|| refused("its key is none that reports are signed with"))?,
            tls: Arc::new(client_config(credentials, &preferences)?),
        })
    }

    /// Header, claims and signature in compact form (RFC 7515 7.1); the header names the certificate (4.1.8).
    fn token(&self, claims: &serde_json::Value) -> Option<String> {
        let header = serde_json::json!({
            "alg": self.signer.algorithm(),
            "typ": "eat+jwt",
            "x5t#S256": base64url(self.thumbprint),
        });
        let message = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let signature = self.signer.sign(message.as_bytes())?;
        Some(format!("{message}.{}", base64url(signature)))
    }
}

/// Why a report was not taken.
#[derive(Debug)]
pub enum ReportError {
    /// The server refused it, and said why.
    Refused(Refusal),
    /// It could not be handed in.
    Desk(DeskError),
    /// It could not be signed.
    Sign,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "refused: {}", refusal.error),
            Self::Desk(error) => write!(f, "{error}"),
            Self::Sign => f.write_str("cannot be signed"),
        }
    }
}

impl std::error::Error for ReportError {}

impl From<DeskError> for ReportError {
    fn from(error: DeskError) -> Self {
        Self::Desk(error)
    }
}

/// The agent of one device, from one start of the device to the next.
#[derive(Debug)]
pub struct Agent {
    identity: Arc<Identity>,
    audience: Arc<str>,
    boot_id: String,
    started: Instant,
    counter: u64,
    nonce: Option<Nonce>,
}

impl Agent {
    /// The device has started just now, so its boot has an id that no other has. `audience`: whom its reports are for.
    #[must_use]
    pub fn new(identity: Arc<Identity>, audience: Arc<str>) -> Self {
        let boot_id = base64url(random_octets());
        Self { identity, audience, boot_id, started: Instant::now(), counter: 0, nonce: None }
    }

    /// How many reports it has signed, those among them that were refused.
    #[must_use]
    pub fn signed(&self) -> u64 {
        self.counter
    }

    /// Reports once, and a second time when the server refuses the nonce and gives another. Blocks.
    ///
    /// # Errors
    /// [`ReportError`]
    pub fn report(&mut self, desk: &Desk, condition: Condition) -> Result<Verdict, ReportError> {
        let identity = Arc::clone(&self.identity);
        let nonce = match self.kept_nonce() {
            Some(nonce) => nonce,
            None => desk.nonce(&identity.tls)?.map_err(ReportError::Refused)?.nonce,
        };
        let mut answered = desk.report(&identity.tls, self.next_report(&nonce, condition)?)?;
        if let Err(refusal) = &answered
            && let Some(nonce) = refusal.nonce.as_deref().filter(|_| AGAIN.contains(&refusal.error.as_str()))
        {
            answered = desk.report(&identity.tls, self.next_report(nonce, condition)?)?;
        }
        let verdict = answered.map_err(ReportError::Refused)?;
        self.nonce = verdict.next_nonce();
        Ok(verdict)
    }

    /// The nonce that came with the last verdict, for one use.
    fn kept_nonce(&mut self) -> Option<String> {
        self.nonce.take().filter(|kept| kept.expires_at > unix_now().as_secs() + MARGIN_S).map(|kept| kept.nonce)
    }

    fn next_report(&mut self, nonce: &str, condition: Condition) -> Result<String, ReportError> {
        self.counter += 1;
        let author = Author {
            subject: &self.identity.name,
            audience: &self.audience,
            boot_id: &self.boot_id,
            ueid: ueid(&self.identity.name),
            uptime: self.started.elapsed(),
        };
        let freshness = Freshness { counter: self.counter, nonce, jti: random_octets(), now: unix_now() };
        self.identity.token(&claims(&author, &freshness, condition)).ok_or(ReportError::Sign)
    }
}

/// The same device has the same in each run.
fn ueid(name: &str) -> [u8; 17] {
    let mut ueid = [RANDOM_UEID; 17];
    ueid.iter_mut().skip(1).zip(sha256(name.as_bytes())).for_each(|(to, from)| *to = from);
    ueid
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut whole = [0; 32];
    whole.iter_mut().zip(digest(&SHA256, octets).as_ref()).for_each(|(to, from)| *to = *from);
    whole
}

/// Without a random source TLS fails first.
fn random_octets() -> [u8; 16] {
    let mut octets = [0; 16];
    let _ = rand::fill(&mut octets);
    octets
}

fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
