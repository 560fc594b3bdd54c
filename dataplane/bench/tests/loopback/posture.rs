//! The posture agent over real TLS: what it asks, and what it makes of each answer.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use nac_bench::posture::{Agent, Condition, Desk, DeskError, Identity, ReportError};
use rustls::pki_types::ServerName;
use rustls::{ProtocolVersion, ServerConfig, ServerConnection, StreamOwned};

use super::pki::Pki;

const NAME: &str = "radius.example";
const NONCE: &str = r#"{"nonce": "first", "expires_at": 99999999999, "server_time": 1}"#;
const STALE: &str = r#"{"error": "stale_nonce", "detail": "too old", "fix": "again", "nonce": "second"}"#;
const HEALTHY: &str = r#"{"status": "healthy", "score": 100, "nonce": "third", "nonce_expires_at": 99999999999}"#;
const REVOKED: &str = r#"{"error": "revoked", "detail": "the certificate is revoked", "fix": ""}"#;

/// Answers one connection after the other with these; the requests, for who joins it.
fn serve(config: Arc<ServerConfig>, replies: &'static [(u16, &'static str)]) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let answered = |(status, body): &(u16, &str)| answer(listener.accept().unwrap().0, &config, *status, body);
        replies.iter().map(answered).collect()
    });
    (address, serving)
}

/// The request of one connection; empty when its handshake failed.
fn answer(plain: TcpStream, config: &Arc<ServerConfig>, status: u16, body: &str) -> String {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), plain);
    let Some(request) = read_request(&mut stream) else { return String::new() };
    assert_eq!(stream.conn.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert!(stream.conn.peer_certificates().is_some());
    write!(stream, "HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    stream.flush().unwrap();
    request
}

fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut octets = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).ok()?;
        octets.extend_from_slice(&part[..count]);
        let text = String::from_utf8(octets.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() == length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
    }
}

fn agent(pki: &Pki, address: SocketAddr, name: &str) -> (Agent, Desk) {
    let identity = Identity::new(&pki.credentials(&pki.ca), name).unwrap();
    let desk = Desk::new(address, ServerName::try_from(name.to_owned()).unwrap());
    (Agent::new(Arc::new(identity), "nac-posture".into()), desk)
}

#[test]
fn a_report_with_a_stale_nonce_is_made_anew_with_the_one_that_came_along() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let replies = &[(200, NONCE), (409, STALE), (200, HEALTHY), (200, HEALTHY)];
    let (address, serving) = serve(pki.server_config(), replies);
    let (mut agent, desk) = agent(&pki, address, NAME);
    for signed in [2, 3] {
        assert_eq!(agent.report(&desk, Condition::Sound).unwrap().status, "healthy");
        assert_eq!(agent.signed(), signed);
    }
    let requests = serving.join().unwrap();
    assert!(requests[0].starts_with("GET /v1/nonce HTTP/1.1\r\nHost: radius.example\r\n"), "{}", requests[0]);
    for report in &requests[1..] {
        assert!(report.starts_with("POST /v1/report HTTP/1.1\r\n"), "{report}");
        assert!(report.contains("\r\nContent-Type: application/eat+jwt\r\n"), "{report}");
    }
}

#[test]
fn a_refusal_is_told_and_not_repeated() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let (address, serving) = serve(pki.server_config(), &[(200, NONCE), (403, REVOKED), (403, REVOKED)]);
    let (mut agent, desk) = agent(&pki, address, NAME);
    for signed in [1, 1] {
        let refused = agent.report(&desk, Condition::FirewallOff).unwrap_err();
        assert!(matches!(&refused, ReportError::Refused(refusal) if refusal.error == "revoked"), "{refused}");
        assert_eq!(agent.signed(), signed);
    }
    assert!(serving.join().unwrap()[2].starts_with("GET /v1/nonce"), "a nonce is used once");
}

#[test]
fn what_is_not_the_service_gets_no_report() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let (address, serving) = serve(pki.server_config(), &[(200, NONCE), (200, "<html>"), (302, "")]);
    let (mut elsewhere, desk) = agent(&pki, address, "posture.example");
    let refused = elsewhere.report(&desk, Condition::Sound).unwrap_err();
    assert!(matches!(refused, ReportError::Desk(DeskError::Connection(_))), "{refused}");
    let (mut agent, desk) = agent(&pki, address, NAME);
    for status in [200, 302] {
        let strange = agent.report(&desk, Condition::Sound).unwrap_err();
        assert!(matches!(strange, ReportError::Desk(DeskError::Strange(said)) if said == status), "{strange}");
    }
    assert_eq!(serving.join().unwrap()[0], "");
    let gone = agent.report(&desk, Condition::Sound).unwrap_err();
    assert!(matches!(gone, ReportError::Desk(DeskError::Connection(_))), "{gone}");
}
