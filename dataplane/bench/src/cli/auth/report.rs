//! What `nac-supplicant auth` prints. The JSON keys are an interface: scripts and the demo read them.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use crate::authentication::{Authentication, Verdict};
use crate::exchange::ExchangeError;
use crate::nas_port::MacAddress;
use crate::reply_attributes::{Grant, ShownAttribute, shown};
use crate::supplicant::{AlertDirection, Handshake};

/// The outcome of one authentication.
#[derive(Debug, Serialize)]
pub(super) struct AuthReport {
    /// `accept`, `reject`, `timeout` or `error`.
    result: &'static str,
    /// What went wrong, in words; null on accept.
    detail: Option<String>,
    /// `eap-tls` or `mab`.
    method: &'static str,
    /// Calling-Station-Id.
    mac: String,
    /// Outer identity; null for `mab`.
    identity: Option<String>,
    /// Round trips to the server.
    rounds: u32,
    /// Requests sent again.
    retransmits: u32,
    /// Wall time in milliseconds.
    elapsed_ms: f64,
    /// The TLS handshake; null before one began and for `mab`.
    tls: Option<TlsReport>,
    /// The TLS alert that ended it; null when there was none.
    alert: Option<AlertReport>,
    /// `match`, `mismatch`, `missing` or `not-applicable`.
    msk: &'static str,
    /// EAP-Key-Name: `match`, `mismatch` or `absent`.
    key_name: &'static str,
    /// What the reply means for the port.
    grant: Grant,
    /// Every attribute of the last reply.
    attributes: Vec<ShownAttribute>,
}

#[derive(Debug, Serialize)]
struct TlsReport {
    version: Option<String>,
    cipher_suite: Option<String>,
    group: Option<String>,
    resumed: bool,
    octets_in: usize,
    octets_out: usize,
}

#[derive(Debug, Serialize)]
struct AlertReport {
    /// `received` from the server or `sent` by the supplicant.
    direction: &'static str,
    description: String,
}

#[derive(Serialize)]
struct Printed<'a> {
    result: &'static str,
    authentications: &'a [AuthReport],
}

impl AuthReport {
    pub(super) fn new(
        authentication: &Authentication,
        outcome: &Result<Verdict, ExchangeError>,
        elapsed: Duration,
        retransmits: u32,
    ) -> Self {
        let handshake = authentication.handshake();
        let (result, detail) = match outcome {
            Ok(Verdict::Accept) => ("accept", None),
            Ok(Verdict::Reject) => ("reject", Some("Access-Reject".to_owned())),
            Err(error @ ExchangeError::Timeout(_)) => ("timeout", Some(error.to_string())),
            Err(error) => ("error", Some(error.to_string())),
        };
        Self {
            result,
            detail,
            method: "eap-tls",
            mac: String::new(),
            identity: None,
            rounds: authentication.rounds(),
            retransmits,
            elapsed_ms: elapsed.as_secs_f64() * 1000.0,
            tls: handshake.map(TlsReport::of),
            alert: handshake.and_then(AlertReport::of),
            msk: authentication.keys().word(),
            key_name: authentication.key_name().word(),
            grant: Grant::of(authentication.reply()),
            attributes: shown(authentication.reply()),
        }
    }

    pub(super) fn of_device(mut self, mac: MacAddress, identity: &str, is_mab: bool) -> Self {
        self.mac = mac.to_string();
        self.method = if is_mab { "mab" } else { "eap-tls" };
        self.identity = (!is_mab).then(|| identity.to_owned());
        self
    }

    pub(super) fn is_accept(&self) -> bool {
        self.exit_code() == 0
    }

    /// An Accept whose keys are not the peer's is an error: the port would open and carry no traffic.
    pub(super) fn exit_code(&self) -> u8 {
        match (self.result, self.msk) {
            ("accept", "mismatch" | "missing") => 3,
            ("accept", _) => 0,
            ("reject", _) => 1,
            ("timeout", _) => 2,
            _ => 3,
        }
    }
}

impl TlsReport {
    fn of(handshake: &Handshake) -> Self {
        Self {
            version: handshake.version.map(|version| version.to_string()),
            cipher_suite: handshake.cipher_suite.clone(),
            group: handshake.group.clone(),
            resumed: handshake.resumed,
            octets_in: handshake.octets_in,
            octets_out: handshake.octets_out,
        }
    }
}

impl AlertReport {
    fn of(handshake: &Handshake) -> Option<Self> {
        handshake.alert.as_ref().map(|alert| Self {
            direction: match alert.direction {
                AlertDirection::Received => "received",
                AlertDirection::Sent => "sent",
            },
            description: alert.description.clone(),
        })
    }
}

/// `{"result": ..., "authentications": [...]}`; `result` is the last one's.
pub(super) fn json(reports: &[AuthReport]) -> serde_json::Result<String> {
    serde_json::to_string(&Printed {
        result: reports.last().map_or("error", |report| report.result),
        authentications: reports,
    })
}

/// One paragraph per authentication.
pub(super) fn lines(reports: &[AuthReport]) -> String {
    let paragraphs: Vec<String> = reports.iter().map(paragraph).collect();
    paragraphs.join("\n")
}

fn paragraph(report: &AuthReport) -> String {
    let mut text = format!(
        "{}  {} {}  {} rounds, {:.1} ms",
        report.result,
        report.method,
        report.identity.as_deref().unwrap_or(&report.mac),
        report.rounds,
        report.elapsed_ms
    );
    let mut line = |label: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = write!(text, "\n  {label:<16}{value}");
    };
    if let Some(tls) = &report.tls {
        let version = tls.version.as_deref().unwrap_or("not negotiated");
        let suite = tls.cipher_suite.as_deref().unwrap_or("");
        let resumed = if tls.resumed { "resumed" } else { "full handshake" };
        line("TLS", &format!("{version} {suite} {resumed}, keys: {}", report.msk));
    }
    if let Some(alert) = &report.alert {
        line("alert", &format!("{}: {}", alert.direction, alert.description));
    }
    if let Some(detail) = &report.detail {
        line("detail", detail);
    }
    if let Some(vlan) = &report.grant.vlan {
        line("VLAN", vlan);
    }
    for filter in &report.grant.filter_id {
        line("Filter-Id", filter);
    }
    for rule in &report.grant.filter_rules {
        line("access list", rule);
    }
    if let Some(seconds) = report.grant.session_timeout {
        line("session timeout", &format!("{seconds} s"));
    }
    for message in &report.grant.reply_message {
        line("message", message);
    }
    text
}
