//! The claims of one report (RFC 9711), with each check that `nac agent` makes.

use std::time::Duration;

use serde_json::{Value, json};

use super::Condition;
use super::base64url::base64url;

/// Who reports. `ueid`: 17 octets that name the machine.
#[derive(Debug)]
pub(super) struct Author<'a> {
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
    pub(super) boot_id: &'a str,
    pub(super) ueid: [u8; 17],
    pub(super) uptime: Duration,
}

/// What makes a report this one and no other. `now`: since 1970.
#[derive(Debug)]
pub(super) struct Freshness<'a> {
    pub(super) counter: u64,
    pub(super) nonce: &'a str,
    pub(super) jti: [u8; 16],
    pub(super) now: Duration,
}

pub(super) fn claims(author: &Author<'_>, freshness: &Freshness<'_>, condition: Condition) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "iss": format!("nac-supplicant/{version}"),
        "sub": author.subject,
        "aud": author.audience,
        "iat": freshness.now.as_secs(),
        "jti": base64url(freshness.jti),
        "eat_nonce": freshness.nonce,
        "ueid": base64url(author.ueid),
        "uptime": author.uptime.as_secs(),
        "swname": "nac-supplicant",
        "swversion": version,
        "oemboot": true,
        "nac": {
            "counter": freshness.counter,
            "boot_id": author.boot_id,
            "platform": "linux",
            "os": {"id": "debian", "version": "12", "kernel": "6.1.0"},
            "checks": checks(condition),
            "listeners": [],
            "agent": {"digest": ""},
        },
    })
}

fn checks(condition: Condition) -> Vec<Value> {
    let is_denying = condition == Condition::Sound;
    let firewall = if is_denying {
        passed("firewall", json!(true))
    } else {
        json!({"name": "firewall", "result": "fail", "value": false, "detail": "no table drops what comes in"})
    };
    vec![
        passed("disk_encryption", json!(true)),
        firewall,
        passed("os_supported", json!("debian 12")),
        passed("patch_age_days", json!(3)),
        passed("kernel", json!("6.1.0-25-amd64")),
        passed("automatic_updates", json!(true)),
        passed("secure_boot", json!(true)),
        passed("screen_lock", json!(true)),
        passed("required_processes", json!([])),
        passed("forbidden_processes", json!([])),
        passed("listening_ports", json!(["tcp/127.0.0.1:631"])),
        passed("administrators", json!(["root"])),
        passed("agent_integrity", json!(true)),
        passed("rogue_notebook", json!([])),
        passed("local_model_server", json!([])),
        passed("gpu_driver", json!("550.90.07")),
        passed("cuda", json!("12.4")),
        passed("unapproved_models", json!([])),
        passed("plaintext_tokens", json!([])),
    ]
}

fn passed(name: &str, value: Value) -> Value {
    json!({"name": name, "result": "pass", "value": value, "detail": ""})
}
