//! EAP over RADIUS (RFC 3579), EAP itself (RFC 3748).

use nac_protocol::radius::{AttributeType, Code};

use crate::world::device::{PeerStep, begin, enter, finish};
use crate::world::eap::{identity, request, response};
use crate::world::nas::{Asked, Reply, Session, sign, with_octets};
use crate::world::server::World;

/// Error-Cause 202, Invalid EAP Packet.
const INVALID_EAP_PACKET: &[u8] = &[0, 0, 0, 202];

/// A conversation whose EAP-TLS Start is out.
fn started() -> (World, Session, Reply) {
    let mut world = World::new();
    let mut session = Session::on(1);
    let start = session.exchange(&mut world, &identity(7, b"@corp.example"));
    (world, session, start)
}

/// The last request again, octet for octet, and the word that the answer did not fit.
fn assert_again(reply: &Reply, last: &Reply) {
    assert_eq!(reply.code, Code::ACCESS_CHALLENGE);
    assert_eq!(reply.one(AttributeType::ERROR_CAUSE), INVALID_EAP_PACKET);
    assert_eq!(reply.eap(), last.eap());
}

#[test]
fn rfc3579_2_1_eap_start_is_answered_with_an_identity_request() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let reply = session.exchange(&mut world, &[]);
    let (id, ty, data) = request(reply.eap());
    assert_eq!((reply.code, ty, data), (Code::ACCESS_CHALLENGE, 1, &[][..]));
    let start = session.exchange(&mut world, &identity(id, b"@corp.example"));
    assert_eq!(request(start.eap()).1, 13);
}

#[test]
fn rfc3579_2_1_a_nak_without_a_common_method_is_rejected() {
    for (wanted, said) in [
        (&[25, 26][..], "PEAP, EAP-MSCHAPv2"),
        (&[0], "nothing"),
        (&[], "nothing"),
        (&[4], "EAP-MD5"),
        (&[200], "EAP type 200"),
    ] {
        let (mut world, mut session, start) = started();
        let (id, _, _) = request(start.eap());
        let reply = session.exchange(&mut world, &response(id, 3, wanted));
        assert!(reply.is_reject());
        assert_eq!(reply.eap(), [4, id, 0, 4], "EAP-Failure with the last identifier");
        let event = world.event();
        assert_eq!(event["cause"], "no_common_eap_method");
        assert!(event["detail"].as_str().unwrap().ends_with(said), "{event:#}");
    }
}

#[test]
fn rfc3748_5_3_1_a_nak_that_wants_eap_tls_gets_it() {
    let (mut world, mut session, start) = started();
    let (id, _, _) = request(start.eap());
    let again = session.exchange(&mut world, &response(id, 3, &[25, 13]));
    let (next, ty, data) = request(again.eap());
    assert_eq!((ty, data), (13, &[0x20][..]));
    assert_ne!(next, id);
    let mut supplicant = world.laptop().supplicant();
    let PeerStep::Respond(hello) = supplicant.receive(again.eap()).unwrap() else { panic!() };
    assert!(finish(&mut world, &mut session, &mut supplicant, hello).is_accept());
}

#[test]
fn rfc3748_5_3_1_a_nak_in_the_middle_ends_the_conversation() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    let flight = session.exchange(&mut world, &hello);
    let (id, _, _) = request(flight.eap());
    assert!(session.exchange(&mut world, &response(id, 3, &[25])).is_reject());
    assert_eq!(world.event()["cause"], "eap_malformed");
}

#[test]
fn rfc3748_5_7_expanded_types_and_the_expanded_nak_are_understood() {
    let (mut world, mut session, start) = started();
    let (id, _, _) = request(start.eap());
    let nak = [&[0, 0, 0, 0, 0, 0, 3][..], &[254, 0, 0, 0, 0, 0, 0, 25], &[254, 0, 1, 55, 0, 0, 0, 13]].concat();
    assert!(session.exchange(&mut world, &response(id, 254, &nak)).is_reject());
    let event = world.event();
    assert_eq!(event["cause"], "no_common_eap_method");
    assert!(event["detail"].as_str().unwrap().ends_with("PEAP, EAP type 254"), "{event:#}");

    let mut session = Session::on(2);
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    let expanded = [&[0, 0, 0, 0, 0, 0, 13][..], &hello[5..]].concat();
    let flight = session.exchange(&mut world, &response(hello[1], 254, &expanded));
    assert_eq!(request(flight.eap()).1, 13, "an expanded type of vendor 0 is the plain type");
}

#[test]
fn rfc3579_2_2_a_response_that_does_not_fit_gets_the_same_request_and_error_cause_202() {
    let (mut world, mut session, start) = started();
    let (id, _, _) = request(start.eap());
    for unfit in [
        response(id.wrapping_add(1), 13, &[0]),
        response(id.wrapping_sub(1), 13, &[0]),
        response(id, 13, &[]),
        response(id, 13, &[0x80, 0, 0]),
        response(id, 25, &[0]),
        response(id, 2, &[]),
        identity(id, b"someone else"),
        vec![],
        vec![2, id, 0],
        vec![2, id, 0, 3],
        vec![2, id, 0, 4],
        vec![2, id, 0, 99, 13],
        vec![2, id, 0, 8, 254, 0, 0, 0],
        vec![3, id, 0, 4],
        vec![4, id, 0, 4],
        vec![9, id, 0, 4],
    ] {
        assert_again(&session.exchange(&mut world, &unfit), &start);
    }
    let mut supplicant = world.laptop().supplicant();
    let PeerStep::Respond(hello) = supplicant.receive(start.eap()).unwrap() else { panic!() };
    assert!(finish(&mut world, &mut session, &mut supplicant, hello).is_accept(), "not fatal");
}

#[test]
fn rfc3579_2_2_the_first_packet_must_be_an_identity() {
    let mut world = World::new();
    for (port, (first, cause)) in (1..).zip([
        (response(1, 13, &[0]), "state_unknown"),
        (response(1, 3, &[13]), "state_unknown"),
        (vec![1, 1, 0, 5, 1], "eap_malformed"),
        (vec![3, 1, 0, 4], "eap_malformed"),
        (vec![2, 1, 0, 99, 1], "eap_malformed"),
        (vec![2, 1], "eap_malformed"),
        (vec![2, 1, 0, 4], "eap_malformed"),
    ]) {
        let reply = Session::on(port).exchange(&mut world, &first);
        assert!(reply.is_reject(), "{first:?}");
        assert_eq!(reply.eap().len(), 4, "with EAP-Failure");
        assert_eq!(world.event()["cause"], cause, "{first:?}");
    }
    assert!(world.conversations.is_empty());
}

#[test]
fn rfc3579_2_6_2_an_eap_request_is_rejected() {
    let (mut world, mut session, start) = started();
    let (id, _, _) = request(start.eap());
    assert!(session.exchange(&mut world, &[1, id, 0, 5, 1]).is_reject());
    assert_eq!(world.event()["cause"], "eap_malformed");
}

#[test]
fn rfc3579_3_1_eap_messages_that_are_torn_apart_are_discarded() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let torn = with_octets(&session.ask(&identity(1, b"@corp.example")), &[1, 3, b'x', 79, 3, 0]);
    let torn: Asked = sign(&torn, crate::world::estate::SECRET);
    assert!(world.send(&torn.octets, session.source).is_none());
    assert_eq!(world.counter("discard.malformed_eap_message"), 1);
    assert!(world.conversations.is_empty());
    assert!(enter(&mut world, &mut session).is_accept());
}

#[test]
fn rfc3748_4_1_octets_after_length_are_padding() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut padded = identity(7, b"@corp.example");
    padded.extend([0xee; 300]);
    let start = session.exchange(&mut world, &padded);
    assert_eq!(request(start.eap()).1, 13);
}

#[test]
fn rfc3579_2_6_3_each_end_has_its_eap_packet() {
    let mut world = World::new();
    let accept = enter(&mut world, &mut Session::on(1));
    assert_eq!((accept.eap()[0], accept.eap().len()), (3, 4));
    let (_, _, last) = started();
    let (id, _, _) = request(last.eap());
    let (mut world, mut session, _) = started();
    let reject = session.exchange(&mut world, &response(id, 3, &[25]));
    assert_eq!(reject.eap(), [4, id, 0, 4]);
}

#[test]
fn rfc5080_2_9_a_zero_length_identity_still_has_to_prove_itself() {
    let mut world = World::new();
    let mut session = Session { user_name: None, ..Session::on(1) };
    let start = session.exchange(&mut world, &identity(7, b""));
    let mut supplicant = world.laptop().supplicant();
    let PeerStep::Respond(hello) = supplicant.receive(start.eap()).unwrap() else { panic!() };
    assert!(finish(&mut world, &mut session, &mut supplicant, hello).is_accept());
    let event = world.event();
    assert_eq!((event["identity_user"].as_str(), event["user_name"].as_str()), (Some("alice@corp.example"), None));
}

#[test]
fn rfc7542_anonymous_odd_and_hostile_identities_are_only_what_was_said() {
    let mut world = World::new();
    for (port, nai) in (1..).zip([
        &b"@corp.example"[..],
        b"anonymous@corp.example",
        b"eve@corp.example",
        b"\xff\xfe\x00\x80",
        b"<script>alert(1)</script>",
        b"'; drop table events; --",
        &[b'a'; 1_000],
    ]) {
        let mut session = Session { user_name: None, ..Session::on(port) };
        let start = session.exchange(&mut world, &identity(7, nai));
        let mut supplicant = world.laptop().supplicant();
        let PeerStep::Respond(hello) = supplicant.receive(start.eap()).unwrap() else { panic!() };
        assert!(finish(&mut world, &mut session, &mut supplicant, hello).is_accept());
        let event = world.event();
        assert_eq!(event["identity_user"], "alice@corp.example");
        assert_eq!(event["user_name"], String::from_utf8_lossy(&nai[..nai.len().min(253)]).as_ref());
    }
}
