//! EAP-TLS (RFC 5216, RFC 9190): the course of a handshake, keys, versions, alerts.

use std::sync::{Arc, Mutex};

use nac_bench::authentication::{KeyCheck, KeyNameCheck};
use nac_bench::supplicant::{AlertDirection, Supplicant, TlsVersion};
use nac_protocol::radius::{AttributeType, Code, Packet, VendorSpecific, decrypt_mppe_key};
use nac_server::tls::MaximumVersion;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use crate::world::device::{Device, PeerStep, almost, begin, enter, finish, login};
use crate::world::eap::{flags, fragment, identity, request, response};
use crate::world::nas::{Reply, Session};
use crate::world::pki::{Authority, Leaf};
use crate::world::server::World;

/// The laptop with one TLS version.
fn speaking(world: &World, version: TlsVersion) -> Device {
    Device::speaking(&world.root.der, Some(&world.alice), &[], Some(version))
}

/// A whole conversation with every EAP-Request that the server sent.
fn recorded(world: &mut World, session: &mut Session, supplicant: &mut Supplicant) -> (Vec<Vec<u8>>, Reply) {
    let mut requests = Vec::new();
    let mut eap = supplicant.identity_response();
    loop {
        let reply = session.exchange(world, &eap);
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => {
                requests.push(reply.eap().to_vec());
                eap = next;
            }
            _ => return (requests, reply),
        }
    }
}

#[test]
fn rfc5216_2_1_1_start_has_its_flag_and_nothing_else() {
    let mut world = World::new();
    let start = Session::on(1).exchange(&mut world, &identity(250, b"@corp.example"));
    let (id, ty, data) = request(start.eap());
    assert_eq!((id, ty, data), (251, 13, &[0x20][..]));
}

#[test]
fn rfc5216_2_1_1_the_identifier_changes_with_every_request() {
    let mut world = World::with(|estate| estate.clients[0].fragment_size = 200);
    let mut supplicant = world.laptop().supplicant();
    let mut session = Session::on(1);
    let (requests, reply) = recorded(&mut world, &mut session, &mut supplicant);
    assert!(reply.is_accept() && requests.len() > 8);
    for pair in requests.windows(2) {
        assert_eq!(pair[1][1], pair[0][1].wrapping_add(1));
    }
    assert_eq!(reply.eap()[1], requests.last().unwrap()[1], "EAP-Success repeats the last");
}

#[test]
fn rfc5216_3_2_reserved_flags_are_ignored() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let mut eap = supplicant.identity_response();
    let reply = loop {
        if eap[4] == 13 {
            eap[5] |= 0x1f;
        }
        let reply = session.exchange(&mut world, &eap);
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            _ => break reply,
        }
    };
    assert!(reply.is_accept());
}

#[test]
fn rfc9190_2_5_the_commitment_octet_comes_before_success() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = speaking(&world, TlsVersion::Tls13).supplicant();
    let reply = login(&mut world, &mut session, &mut supplicant);
    assert!(reply.is_accept());
    let handshake = supplicant.handshake().unwrap();
    assert_eq!((handshake.version, handshake.committed), (Some(TlsVersion::Tls13), true));
    let mut supplicant = speaking(&world, TlsVersion::Tls12).supplicant();
    let mut session = Session::on(2);
    assert!(login(&mut world, &mut session, &mut supplicant).is_accept());
    let handshake = supplicant.handshake().unwrap();
    assert_eq!((handshake.version, handshake.committed), (Some(TlsVersion::Tls12), false), "TLS 1.3 only");
}

#[test]
fn rfc9190_2_5_success_waits_for_the_empty_answer() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let finished = begin(&mut world, &mut session, &mut supplicant, 3);
    let commitment = session.exchange(&mut world, &finished);
    assert_eq!(commitment.code, Code::ACCESS_CHALLENGE);
    let (id, _, _) = request(commitment.eap());
    let not_yet = session.exchange(&mut world, &response(id.wrapping_sub(1), 13, &[0]));
    assert_eq!(not_yet.code, Code::ACCESS_CHALLENGE, "an answer to the request before is none");
    assert!(session.exchange(&mut world, &response(id, 13, &[0])).is_accept());
}

#[test]
fn rfc9190_2_5_data_after_the_handshake_is_no_answer() {
    for extra in [&[21, 3, 3, 0, 2, 2, 48][..], &[22, 3, 3, 0, 4, 1, 0, 0, 0], &[23, 3, 3, 0, 1, 0]] {
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let mut world = World::new();
            let mut session = Session::on(1);
            let mut supplicant = speaking(&world, version).supplicant();
            let last = almost(&mut world, &mut session, &mut supplicant);
            let data = [&[0][..], extra].concat();
            assert!(session.exchange(&mut world, &response(last[1], 13, &data)).is_reject());
        }
    }
}

#[test]
fn rfc5216_2_3_and_rfc2548_2_4_keys_are_the_exported_msk() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut world = World::new();
        let device = speaking(&world, version);
        for (port, resumed) in [(1, false), (2, true)] {
            let mut session = Session::on(port);
            session.also = vec![(AttributeType::EAP_KEY_NAME, vec![0])];
            let mut supplicant = device.supplicant();
            let reply = login(&mut world, &mut session, &mut supplicant);
            let handshake = supplicant.handshake().unwrap();
            assert_eq!((handshake.version, handshake.resumed), (Some(version), resumed));
            let packet = Packet::parse(&reply.octets).unwrap();
            let decrypt = |value: &[u8]| decrypt_mppe_key(value, &session.secret, &reply.request_authenticator);
            assert_eq!(KeyCheck::of(&packet, handshake.keys.as_ref(), decrypt), KeyCheck::Match);
            assert_eq!(KeyNameCheck::of(&packet, handshake.keys.as_ref()), KeyNameCheck::Match);
            let salts: Vec<_> =
                reply.all(AttributeType::VENDOR_SPECIFIC).iter().map(|value| [value[6], value[7]]).collect();
            assert!(salts.len() == 2 && salts[0] != salts[1] && salts.iter().all(|salt| salt[0] & 0x80 != 0));
        }
    }
}

#[test]
fn rfc4072_eap_key_name_comes_only_when_asked_for() {
    let mut world = World::new();
    let reply = enter(&mut world, &mut Session::on(1));
    assert!(reply.all(AttributeType::EAP_KEY_NAME).is_empty());
    assert!(VendorSpecific::parse(reply.all(AttributeType::VENDOR_SPECIFIC)[0]).is_some());
}

/// A ClientHello of a version that has no place here: TLS 1.0 and 1.1 have no supported_versions extension.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([0x5a; 32]);
    body.extend([0, 0, 4, 0xc0, 0x13, 0x00, 0x2f, 1, 0]);
    let mut record =
        vec![22, 3, 1, 0, u8::try_from(body.len() + 4).unwrap(), 1, 0, 0, u8::try_from(body.len()).unwrap()];
    record.extend(body);
    record
}

#[test]
fn rfc8996_tls_1_0_and_1_1_are_refused_with_an_alert() {
    for version in [[3, 1], [3, 2]] {
        let mut world = World::new();
        let mut session = Session::on(1);
        let start = session.exchange(&mut world, &identity(1, b"@corp.example"));
        let data = [&[0][..], &client_hello(version)].concat();
        let alert = session.exchange(&mut world, &response(start.eap()[1], 13, &data));
        let sent = fragment(alert.eap()).data.to_vec();
        assert_eq!((sent[0], &sent[5..]), (21, &[2, 70][..]), "fatal protocol_version");
        let failure = session.exchange(&mut world, &response(alert.eap()[1], 13, &[0]));
        assert!(failure.is_reject());
        assert_eq!(world.event()["cause"], "tls_version_mismatch");
    }
}

#[test]
fn rfc9190_1_the_version_cap_of_a_client_is_kept() {
    let mut world = World::with(|estate| estate.clients[0].maximum_tls = MaximumVersion::Tls12);
    let mut supplicant = world.laptop().supplicant();
    assert!(login(&mut world, &mut Session::on(1), &mut supplicant).is_accept());
    assert_eq!(supplicant.handshake().unwrap().version, Some(TlsVersion::Tls12));
    let mut supplicant = speaking(&world, TlsVersion::Tls13).supplicant();
    assert!(login(&mut world, &mut Session::on(2), &mut supplicant).is_reject());
    assert_eq!(world.events().last().unwrap()["cause"], "tls_version_mismatch");
}

#[test]
fn rfc9190_2_1_early_data_is_not_offered() {
    let mut world = World::new();
    let mut device = speaking(&world, TlsVersion::Tls13);
    let mut config = (*device.config).clone();
    config.enable_early_data = true;
    device.config = Arc::new(config);
    for port in 1..3 {
        let mut supplicant = device.supplicant();
        assert!(login(&mut world, &mut Session::on(port), &mut supplicant).is_accept());
    }
    let mut tls =
        rustls::ClientConnection::new(Arc::clone(&device.config), "eap-tls.invalid".try_into().unwrap()).unwrap();
    assert!(tls.early_data().is_none(), "no ticket of ours lets a client send early data");
}

#[test]
fn rfc5216_2_1_3_a_refused_client_gets_the_alert_and_then_failure() {
    let stranger = Authority::root("Stranger").issue(&Leaf::client("mallory"));
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut world = World::new();
        let mut supplicant = Device::speaking(&world.root.der, Some(&stranger), &[], Some(version)).supplicant();
        let mut session = Session::on(1);
        let (requests, reply) = recorded(&mut world, &mut session, &mut supplicant);
        assert!(reply.is_reject());
        assert!(fragment(requests.last().unwrap()).data.len() >= 7, "the alert left in an EAP-Request");
        let alert = supplicant.handshake().unwrap().alert.clone().unwrap();
        assert_eq!((alert.direction, alert.description.as_str()), (AlertDirection::Received, "UnknownCA"));
        assert_eq!(world.event()["cause"], "unknown_ca");
    }
}

#[test]
fn rfc5216_2_1_3_whatever_answers_an_alert_failure_follows() {
    let stranger = Authority::root("Stranger").issue(&Leaf::client("mallory"));
    for data in [&[0][..], &[0, 21, 3, 3, 0, 2, 2, 48], &[0, 22, 3, 3, 0, 1, 1]] {
        let mut world = World::new();
        let mut session = Session::on(1);
        let mut supplicant = Device::new(&world.root.der, Some(&stranger)).supplicant();
        let certificate = begin(&mut world, &mut session, &mut supplicant, 3);
        let alert = session.exchange(&mut world, &certificate);
        assert!(session.exchange(&mut world, &response(alert.eap()[1], 13, data)).is_reject());
        assert_eq!(world.event()["cause"], "unknown_ca", "the first reason stays");
    }
}

#[test]
fn rfc5216_2_1_3_an_alert_of_the_client_is_told_in_words() {
    let other = Authority::root("Some other root");
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut world = World::new();
        let device = Device::speaking(&other.der, Some(&world.alice), &[], Some(version));
        let reply = login(&mut world, &mut Session::on(1), &mut device.supplicant());
        assert!(reply.is_reject());
        let event = world.event();
        assert_eq!(event["cause"], "client_alert_unknown_ca", "{event:#}");
        assert!(event["fix"].as_str().unwrap().contains("root CA"));
    }
}

#[test]
fn rfc5216_5_3_the_server_sends_its_chain() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept(), "the laptop has the root only");
    world.estate.chain.truncate(1);
    world.publish();
    assert!(enter(&mut world, &mut Session::on(2)).is_reject());
    assert_eq!(world.events().last().unwrap()["cause"], "client_alert_unknown_ca");
}

/// Takes any certificate and keeps the OCSP response.
#[derive(Debug, Default)]
struct Stapled(Mutex<Vec<u8>>);

impl ServerCertVerifier for Stapled {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.0.lock().unwrap() = ocsp_response.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[test]
fn rfc9190_5_4_the_ocsp_response_is_stapled() {
    let mut world = World::with(|estate| estate.ocsp_response = Some(vec![0x30, 3, 10, 1, 0]));
    let mut device = world.laptop();
    let seen = Arc::new(Stapled::default());
    let mut config = (*device.config).clone();
    config.dangerous().set_certificate_verifier(Arc::clone(&seen) as Arc<_>);
    device.config = Arc::new(config);
    assert!(login(&mut world, &mut Session::on(1), &mut device.supplicant()).is_accept());
    assert_eq!(*seen.0.lock().unwrap(), [0x30, 3, 10, 1, 0]);
}

#[test]
fn rfc9190_2_1_9_an_unfragmented_message_has_no_length_flag() {
    let mut world = World::with(|estate| estate.clients[0].fragment_size = 1_400);
    let mut supplicant = world.laptop().supplicant();
    let (requests, _) = recorded(&mut world, &mut Session::on(1), &mut supplicant);
    let whole: Vec<_> = requests.iter().skip(1).filter(|eap| fragment(eap).announced.is_none()).collect();
    assert!(!whole.is_empty());
    for eap in requests.iter().skip(1) {
        let fragment = fragment(eap);
        assert_eq!(fragment.announced.is_some(), fragment.more, "L only on the first of several: {:02x}", flags(eap));
    }
}

#[test]
fn rfc9190_2_1_9_a_client_may_send_the_length_or_not() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    let length = u32::try_from(hello.len() - 6).unwrap().to_be_bytes();
    let data = [&[0x80][..], &length, &hello[6..]].concat();
    let flight = session.exchange(&mut world, &response(hello[1], 13, &data));
    let PeerStep::Respond(next) = supplicant.receive(flight.eap()).unwrap() else { panic!() };
    assert!(finish(&mut world, &mut session, &mut supplicant, next).is_accept());
}
