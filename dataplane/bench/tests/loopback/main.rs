//! The supplicant and the load generator against a small EAP-TLS server in this process, over real UDP; the posture agent
//! against a small HTTPS server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]
#![allow(missing_docs, unreachable_pub, reason = "a test, not a library")]

mod pki;
mod posture;
mod server;

use std::sync::Arc;
use std::time::Duration;

use nac_bench::authentication::{
    Authentication, AuthenticationError, DroppedReply, KeyCheck, Method, ReplyProtection, ServerTrust, Verdict,
};
use nac_bench::exchange::{Backoff, Exchange, ExchangeError, Retransmission};
use nac_bench::load::{self, Extent, LoadMode, LoadPlan, Pace};
use nac_bench::nas_port::NasPort;
use nac_bench::supplicant::{
    AlertDirection, Commitment, EapSettings, KeyExchange, PeerError, Supplicant, TlsPreferences, TlsVersion,
};
use nac_bench::swarm::{self, Expectation, Profile, SwarmPlan};
use nac_protocol::radius::{ResponseError, Secret};
use rustls::ClientConfig;

use pki::Pki;
use server::{Fault, SECRET, Server};

const PATIENT: Retransmission =
    Retransmission { timeout: Duration::from_secs(20), transmissions: 1, backoff: Backoff::Even };
const HASTY: Retransmission =
    Retransmission { timeout: Duration::from_millis(100), transmissions: 3, backoff: Backoff::Even };

fn trust() -> ServerTrust {
    ServerTrust { secret: Secret::new(SECRET).unwrap(), protection: ReplyProtection::First }
}

fn settings(fragment_size: usize) -> Arc<EapSettings> {
    Arc::new(EapSettings { identity: b"@example.org".to_vec(), fragment_size, commitment: Commitment::Required })
}

fn eap_tls(config: &Arc<ClientConfig>, fragment_size: usize) -> Authentication {
    let supplicant = Supplicant::new(Arc::clone(config), settings(fragment_size));
    let method = Method::EapTls { supplicant: Box::new(supplicant), request_key_name: false };
    Authentication::new(NasPort::wired("02:00:00:00:00:01".parse().unwrap()), method)
}

fn run(
    server: &Server,
    retransmission: Retransmission,
    authentication: &mut Authentication,
) -> Result<Verdict, ExchangeError> {
    Exchange::open(server.address, trust(), retransmission).unwrap().run(authentication)
}

#[test]
fn rfc9190_and_rfc5216_full_then_resumed_with_every_key_and_fragment_size() {
    let algorithms =
        [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519, &rcgen::PKCS_RSA_SHA256];
    for algorithm in algorithms {
        let pki = Pki::new(algorithm);
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            for fragment_size in [200, 500, 1398] {
                let server = Server::start(pki.server_config(), fragment_size, Fault::None);
                let preferences = TlsPreferences { version: Some(version), ..TlsPreferences::default() };
                let config = Arc::new(pki.device(&pki.ca, &preferences));
                for resumed in [false, true, true] {
                    let mut authentication = eap_tls(&config, fragment_size);
                    assert_eq!(run(&server, PATIENT, &mut authentication).unwrap(), Verdict::Accept);
                    assert_eq!(authentication.keys(), KeyCheck::Match);
                    let handshake = authentication.handshake().unwrap();
                    assert_eq!((handshake.version, handshake.resumed), (Some(version), resumed));
                    assert_eq!(handshake.committed, version == TlsVersion::Tls13);
                }
            }
        }
    }
}

#[test]
fn every_group_is_the_one_asked_for() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = Server::start(pki.server_config(), 1024, Fault::None);
    let groups = [
        (KeyExchange::X25519, "X25519"),
        (KeyExchange::P256, "secp256r1"),
        (KeyExchange::P384, "secp384r1"),
        (KeyExchange::X25519MlKem768, "X25519MLKEM768"),
    ];
    for (group, name) in groups {
        let preferences = TlsPreferences { group: Some(group), ..TlsPreferences::default() };
        let mut authentication = eap_tls(&Arc::new(pki.device(&pki.ca, &preferences)), 1024);
        assert_eq!(run(&server, PATIENT, &mut authentication).unwrap(), Verdict::Accept);
        assert_eq!(authentication.handshake().unwrap().group.as_deref(), Some(name));
    }
}

#[test]
fn rfc5216_2_1_3_alerts_in_both_directions() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let stranger = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = Server::start(pki.server_config(), 1024, Fault::None);
    let any = TlsPreferences::default();
    let named = TlsPreferences { server_name: Some("other.example".to_owned()), ..any.clone() };
    let devices = [
        (pki.device(&stranger.ca, &any), AlertDirection::Sent, "UnknownIssuer"),
        (pki.device(&pki.ca, &named), AlertDirection::Sent, "not valid for name"),
        (stranger.device(&pki.ca, &any), AlertDirection::Received, "UnknownCA"),
        (pki.bare_device(), AlertDirection::Received, "CertificateRequired"),
    ];
    for (config, direction, description) in devices {
        let mut authentication = eap_tls(&Arc::new(config), 1024);
        assert_eq!(run(&server, PATIENT, &mut authentication).unwrap(), Verdict::Reject);
        let alert = authentication.handshake().unwrap().alert.clone().unwrap();
        assert_eq!(alert.direction, direction);
        assert!(alert.description.contains(description), "{}", alert.description);
        assert_eq!(authentication.keys(), KeyCheck::NotApplicable);
    }
}

#[test]
fn servers_that_break_the_protocol_are_found_out() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let run_with = |fault, retransmission| {
        let server = Server::start(pki.server_config(), 1024, fault);
        let mut authentication = eap_tls(&Arc::new(pki.device(&pki.ca, &TlsPreferences::default())), 1024);
        let outcome = run(&server, retransmission, &mut authentication);
        (outcome, authentication.keys())
    };
    let (outcome, keys) = run_with(Fault::WrongKeys, PATIENT);
    assert_eq!((outcome.unwrap(), keys), (Verdict::Accept, KeyCheck::Mismatch));
    let broken = |fault| match run_with(fault, PATIENT).0 {
        Err(ExchangeError::Broken(AuthenticationError::Peer(error))) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(broken(Fault::NoCommitment), PeerError::NoCommitment);
    assert_eq!(broken(Fault::EarlySuccess), PeerError::EarlySuccess);
    let dropped = |fault| match run_with(fault, HASTY).0 {
        Err(ExchangeError::Timeout(Some(dropped))) => dropped,
        other => panic!("{other:?}"),
    };
    assert_eq!(dropped(Fault::WrongSecret), DroppedReply::Response(ResponseError::Authenticator));
    assert_eq!(dropped(Fault::MessageAuthenticatorLast), DroppedReply::MessageAuthenticator(ReplyProtection::First));
}

#[test]
fn rfc5080_2_2_1_lost_requests_are_sent_again() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = Server::start(pki.server_config(), 1024, Fault::DropsEveryFirstTransmission);
    let mut exchange = Exchange::open(server.address, trust(), HASTY).unwrap();
    let mut authentication = eap_tls(&Arc::new(pki.device(&pki.ca, &TlsPreferences::default())), 1024);
    assert_eq!(exchange.run(&mut authentication).unwrap(), Verdict::Accept);
    assert_eq!(exchange.retransmits(), authentication.rounds());
}

#[test]
fn mab_and_status_server() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = Server::start(pki.server_config(), 1024, Fault::None);
    let ask = |mac: &str, method| {
        let mut authentication = Authentication::new(NasPort::wired(mac.parse().unwrap()), method);
        run(&server, PATIENT, &mut authentication).unwrap()
    };
    assert_eq!(ask("0200.0000.0001", Method::Mab), Verdict::Accept);
    assert_eq!(ask("0200.0000.0002", Method::Mab), Verdict::Reject);
    assert_eq!(ask("0200.0000.0002", Method::Status), Verdict::Accept);
}

#[test]
fn load_counts_what_happened() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = Server::start(pki.server_config(), 1024, Fault::None);
    let config = Arc::new(pki.device(&pki.ca, &TlsPreferences::default()));
    let plan = |mode, pace| LoadPlan {
        server: server.address,
        trust: trust(),
        retransmission: PATIENT,
        mode,
        pace,
        extent: Extent::Count(40),
        warm_up: 0,
        threads: 2,
        sockets: 2,
        macs: 10,
        devices: 8,
        eap: settings(1024),
        server_process: Some(load::ProcessId(std::process::id())),
        awake: matches!(pace, Pace::Closed { .. }),
        linger: Duration::ZERO,
    };
    let closed = Pace::Closed { concurrency: 8 };
    let open = Pace::Open { rate: 400.0 };
    let full = load::run(&plan(LoadMode::EapTls(Arc::clone(&config)), closed)).unwrap();
    assert_eq!((full.accepts, full.msk_verified, full.rounds % 40, full.timeouts), (40, 40, 0, 0));
    for pace in [closed, open] {
        let resumed = load::run(&plan(LoadMode::Resumed(Arc::clone(&config)), pace)).unwrap();
        assert_eq!((resumed.accepts, resumed.handshakes_resumed, resumed.handshakes_full), (40, 40, 0));
        assert_eq!(resumed.latency_us.authentication.samples, 40);
    }
    let half_open = load::run(&plan(LoadMode::HalfOpen(config), closed)).unwrap();
    assert_eq!((half_open.held, half_open.rounds, half_open.completed), (40, 80, 0));
    let mab = load::run(&plan(LoadMode::Mab, closed)).unwrap();
    assert_eq!((mab.accepts, mab.rejects), (4, 36));
    assert!(mab.server.unwrap().rss_peak_kib > 0);
}

fn swarm_plan(server: &Server, config: &Arc<ClientConfig>, profile: Profile) -> SwarmPlan {
    SwarmPlan {
        server: server.address,
        accounting: server.address,
        trust: trust(),
        retransmission: PATIENT,
        lose_every: None,
        supplicants: 60,
        profile,
        rate: 1000.0,
        certificates: vec![Arc::clone(config)],
        eap: settings(1024),
        sources: ["127.0.0.2", "127.0.0.3"].map(|source| source.parse().unwrap()).to_vec(),
        with_ticket: 0.5,
        stay: Duration::from_millis(300),
        interim: Duration::from_millis(20),
        moves: 2,
        restart_after: Duration::from_millis(1),
        attempts: 3,
        expectation: Expectation::Anything,
        posture: None,
        coa_port: None,
        threads: 2,
        server_process: None,
        linger: Duration::ZERO,
        progress: false,
    }
}

#[test]
fn a_swarm_lives_its_days() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = Server::start(pki.server_config(), 1024, Fault::None);
    let config = Arc::new(pki.device(&pki.ca, &TlsPreferences::default()));
    for (profile, visits, announced) in
        [(Profile::MorningRush, 1, 0), (Profile::PowerCut, 1, 2), (Profile::Roaming, 3, 0)]
    {
        let report = swarm::run(&swarm_plan(&server, &config, profile)).unwrap();
        assert!(report.all_right, "{:?}", report.causes);
        assert_eq!((report.devices_in, report.switches, report.moves), (60, 2, 60 * (visits - 1)));
        let logins = &report.logins;
        assert_eq!((logins.accepts, logins.msk_verified), (60 * visits, 60 * visits));
        assert_eq!((logins.handshakes_full, logins.handshakes_resumed), (30, 60 * visits - 30));
        let accounting = &report.accounting;
        assert_eq!((accounting.on, accounting.start, accounting.stop), (announced, 60 * visits, 60 * visits));
        assert!(accounting.interim > 0);
        assert_eq!(report.latency_us.admission.samples, usize::try_from(60 * visits).unwrap());
    }
}

#[test]
fn a_swarm_sees_what_is_wrong() {
    let pki = Pki::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let config = Arc::new(pki.device(&pki.ca, &TlsPreferences::default()));
    let hasty = Retransmission { backoff: Backoff::Doubling, ..HASTY };
    let run_with = |fault, expectation| {
        let server = Server::start(pki.server_config(), 1024, fault);
        let plan = swarm_plan(&server, &config, Profile::PowerCut);
        swarm::run(&SwarmPlan { supplicants: 4, with_ticket: 0.0, retransmission: hasty, expectation, ..plan }).unwrap()
    };
    let wrong_keys = run_with(Fault::WrongKeys, Expectation::Anything);
    assert_eq!((wrong_keys.all_right, wrong_keys.logins.msk_wrong, wrong_keys.devices_in), (false, 4, 4));
    let forged = run_with(Fault::WrongSecret, Expectation::Anything);
    assert_eq!((forged.all_right, forged.devices_in, forged.logins.given_up), (false, 0, 4));
    assert!(forged.dropped_replies > 0 && forged.duplicate_replies == 0);
    let segments = Expectation::Segments([("120".to_owned(), "ml".to_owned())].into());
    let elsewhere = run_with(Fault::None, segments);
    assert_eq!((elsewhere.all_right, elsewhere.granted_wrong), (false, 4));
    let lossy = run_with(Fault::DropsEveryFirstTransmission, Expectation::Anything);
    assert!(lossy.all_right && lossy.retransmits > 0, "{:?}", lossy.causes);
}
