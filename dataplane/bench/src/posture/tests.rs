#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;

use super::*;

fn agent() -> Agent {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(["laptop-7".to_owned()]).unwrap().self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let client = (vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
    let identity = Identity::new(&Credentials::new(roots, Some(client)), "posture.corp.example").unwrap();
    Agent::new(Arc::new(identity), "nac-posture".into())
}

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).unwrap();
    let digit = |sign: u8| -> u32 {
        match sign {
            b'A'..=b'Z' => u32::from(sign - b'A'),
            b'a'..=b'z' => u32::from(sign - b'a') + 26,
            b'0'..=b'9' => u32::from(sign - b'0') + 52,
            b'-' => 62,
            _ => 63,
        }
    };
    let decode = |group: &[u8]| {
        let bits = group.iter().fold(0, |bits, sign| bits << 6 | digit(*sign)) << (6 * (4 - group.len()));
        bits.to_be_bytes()[1..group.len()].to_vec()
    };
    serde_json::from_slice(&text.as_bytes().chunks(4).flat_map(decode).collect::<Vec<u8>>()).unwrap()
}

#[test]
fn each_report_is_another_of_the_same_boot() {
    let mut agent = agent();
    let [first, second] = ["A", "B"].map(|nonce| agent.next_report(nonce, Condition::Sound).unwrap());
    assert_eq!(part(&first, 0)["typ"], "eat+jwt");
    let (first, second) = (part(&first, 1), part(&second, 1));
    assert_eq!((&first["sub"], &first["aud"]), (&"laptop-7".into(), &"nac-posture".into()));
    assert_eq!((&first["eat_nonce"], &second["eat_nonce"]), (&"A".into(), &"B".into()));
    assert_eq!((&first["nac"]["counter"], &second["nac"]["counter"]), (&1.into(), &2.into()));
    assert_eq!(first["nac"]["boot_id"], second["nac"]["boot_id"]);
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!(agent.signed(), 2);
}

#[test]
fn a_firewall_that_is_off_is_the_only_difference() {
    let mut agent = agent();
    let failing = |token: &str| -> Vec<Value> {
        let checks = part(token, 1)["nac"]["checks"].as_array().unwrap().clone();
        assert_eq!(checks.len(), 19);
        checks.into_iter().filter(|check| check["result"] != "pass").map(|check| check["name"].clone()).collect()
    };
    assert!(failing(&agent.next_report("A", Condition::Sound).unwrap()).is_empty());
    assert_eq!(failing(&agent.next_report("B", Condition::FirewallOff).unwrap()), ["firewall"]);
}

#[test]
fn a_nonce_counts_once_and_not_for_long() {
    let mut agent = agent();
    let now = unix_now().as_secs();
    agent.nonce = Some(Nonce { nonce: "A".to_owned(), expires_at: now + 60 });
    assert_eq!((agent.kept_nonce().as_deref(), agent.kept_nonce()), (Some("A"), None));
    agent.nonce = Some(Nonce { nonce: "B".to_owned(), expires_at: now + 1 });
    assert_eq!(agent.kept_nonce(), None);
}

#[test]
fn a_certificate_without_a_device_reports_nothing() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    let client = (vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
    let refused = Identity::new(&Credentials::new(RootCertStore::empty(), Some(client)), "posture.corp.example");
    assert!(refused.unwrap_err().to_string().contains("names no device"));
}
