//! Fragments in both directions (RFC 5216 section 2.1.5, RFC 3579 section 2.4), and what a hostile peer does with them.

use nac_protocol::radius::{AttributeType, Code};
use nac_server::limits::{MAX_FLIGHT, MAX_ROUNDS};

use crate::world::device::{Device, PeerStep, begin, enter, finish, login};
use crate::world::eap::{fragment, identity, request, response};
use crate::world::nas::{Reply, Session};
use crate::world::pki::Leaf;
use crate::world::server::{World, alice};

/// A conversation to its end, and the longest EAP packet that the server sent in it.
fn longest(world: &mut World, session: &mut Session) -> (usize, Reply) {
    let mut supplicant = world.laptop().supplicant();
    let mut eap = supplicant.identity_response();
    let mut longest = 0;
    loop {
        let reply = session.exchange(world, &eap);
        longest = longest.max(reply.eap().len());
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            _ => return (longest, reply),
        }
    }
}

#[test]
fn rfc3579_2_4_no_eap_packet_is_longer_than_framed_mtu() {
    let integer = |value: u32| value.to_be_bytes().to_vec();
    // Framed-MTU, the longest EAP packet over IEEE 802.1X (4 octets of its header), and over anything else.
    for (mtu, wired, virtual_port) in
        [(64, 60, 64), (204, 200, 204), (500, 496, 500), (1_024, 1_020, 1_024), (65_535, 1_024, 1_024)]
    {
        for (port_type, expected) in [(15, wired), (19, wired), (5, virtual_port)] {
            let mut world = World::new();
            let mut session = Session::on(1);
            session.also =
                vec![(AttributeType::FRAMED_MTU, integer(mtu)), (AttributeType::NAS_PORT_TYPE, integer(port_type))];
            let (longest, reply) = longest(&mut world, &mut session);
            assert!(reply.is_accept());
            assert_eq!(longest, expected, "Framed-MTU {mtu}, NAS-Port-Type {port_type}");
        }
    }
}

#[test]
fn rfc3579_2_4_framed_mtu_holds_for_the_whole_conversation() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.also = vec![(AttributeType::FRAMED_MTU, 300_u32.to_be_bytes().to_vec())];
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    session.also.clear();
    let flight = session.exchange(&mut world, &hello);
    assert_eq!(flight.eap().len(), 296);
}

#[test]
fn a_framed_mtu_that_cannot_be_does_not_stop_the_server() {
    for value in [vec![0, 0, 0, 0], vec![0, 0, 0, 3], vec![0xff; 4], vec![5], vec![1; 8]] {
        let mut world = World::new();
        let mut session = Session::on(1);
        session.also = vec![(AttributeType::FRAMED_MTU, value)];
        assert!(enter(&mut world, &mut session).is_accept());
    }
}

#[test]
fn rfc5216_2_1_5_any_fragment_size_in_both_directions() {
    for (ours, theirs) in [(200, 100), (200, 1_400), (500, 333), (1_400, 64), (1_400, 1_400)] {
        let mut world = World::with(|estate| estate.clients[0].fragment_size = ours);
        let mut device = world.laptop();
        device.fragment_size = theirs;
        let mut supplicant = device.supplicant();
        assert!(login(&mut world, &mut Session::on(1), &mut supplicant).is_accept(), "{ours}, {theirs}");
    }
}

#[test]
fn rfc5216_2_1_5_flags_of_our_fragments() {
    let mut world = World::with(|estate| estate.clients[0].fragment_size = 200);
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    let mut reply = session.exchange(&mut world, &hello);
    let announced = fragment(reply.eap()).announced.unwrap();
    let mut received = 0;
    loop {
        let part = fragment(reply.eap());
        assert_eq!(part.announced.is_some(), received == 0);
        received += part.data.len();
        if !part.more {
            break;
        }
        reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &[0]));
    }
    assert_eq!(received, announced);
}

#[test]
fn rfc5216_2_1_5_certificates_of_tens_of_kilobytes_pass() {
    let mut world = World::with(|estate| estate.clients[0].fragment_size = 1_400);
    let large = world.issuing.issue(&Leaf { padding: 40_000, ..alice() });
    let mut device = Device::new(&world.root.der, Some(&large));
    device.fragment_size = 250;
    let reply = login(&mut world, &mut Session::on(1), &mut device.supplicant());
    assert!(reply.is_accept(), "{:#?}", world.events());
}

#[test]
fn rfc5216_2_1_5_a_flight_beyond_64_kib_is_refused() {
    let mut world = World::new();
    let large = world.issuing.issue(&Leaf { padding: 22_000, ..alice() });
    let above = [large.der.as_slice(), &large.der];
    let mut device = Device::speaking(&world.root.der, Some(&large), &above, None);
    device.fragment_size = 1_400;
    assert!(login(&mut world, &mut Session::on(1), &mut device.supplicant()).is_reject());
    assert_eq!(world.event()["cause"], "handshake_too_large");
}

/// A conversation in which the client's ClientHello comes in fragments of 64 octets; the first is sent.
fn fragmenting() -> (World, Session, Vec<u8>, Reply) {
    let mut world = World::new();
    let mut device = world.laptop();
    device.fragment_size = 64;
    let mut session = Session::on(1);
    let first = begin(&mut world, &mut session, &mut device.supplicant(), 1);
    let acknowledged = session.exchange(&mut world, &first);
    assert_eq!(request(acknowledged.eap()).2, [0], "an acknowledgement");
    (world, session, first, acknowledged)
}

#[test]
fn rfc5216_2_1_5_a_repeated_fragment_is_not_taken_twice() {
    let mut world = World::new();
    let mut device = world.laptop();
    device.fragment_size = 64;
    let mut supplicant = device.supplicant();
    let mut session = Session::on(1);
    let mut eap = supplicant.identity_response();
    let mut before: Option<Vec<u8>> = None;
    let reply = loop {
        if let Some(before) = before.replace(eap.clone()).filter(|before| before[4] == 13) {
            let again = session.exchange(&mut world, &before);
            assert_eq!(again.one(AttributeType::ERROR_CAUSE), [0, 0, 0, 202]);
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
fn rfc5216_2_1_5_fragments_out_of_order_never_pass() {
    let mut world = World::new();
    let mut device = world.laptop();
    device.fragment_size = 64;
    let mut session = Session::on(1);
    let mut supplicant = device.supplicant();
    let first = begin(&mut world, &mut session, &mut supplicant, 1);
    let PeerStep::Respond(second) = supplicant.receive(&[1, first[1] + 1, 0, 6, 13, 0]).unwrap() else { panic!() };
    let reply = session.exchange(&mut world, &response(first[1], 13, &second[5..]));
    let mut reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &first[5..]));
    while reply.code == Code::ACCESS_CHALLENGE {
        reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &[0]));
    }
    assert!(reply.is_reject());
}

#[test]
fn rfc5216_2_1_5_lengths_that_lie_end_the_conversation() {
    for lie in [
        &[0xc0, 0xff, 0xff, 0xff, 0xff, 1][..],
        &[0xc0, 0, 1, 0, 1, 1],
        &[0x80, 0, 0, 0, 9, 1, 2],
        &[0x80, 0, 0, 0, 0, 1],
        &[0x40],
        &[0xc0, 0, 0, 0, 100],
    ] {
        let mut world = World::new();
        let mut session = Session::on(1);
        let start = session.exchange(&mut world, &identity(1, b"@corp.example"));
        let reply = session.exchange(&mut world, &response(start.eap()[1], 13, lie));
        assert!(reply.is_reject(), "{lie:02x?}");
        assert_eq!(world.event()["cause"], "handshake_too_large", "{lie:02x?}");
    }
}

#[test]
fn rfc5216_2_1_5_the_announcement_must_not_change() {
    let (mut world, mut session, _, acknowledged) = fragmenting();
    let reply = session.exchange(&mut world, &response(acknowledged.eap()[1], 13, &[0xc0, 0, 0, 1, 1, 22]));
    assert!(reply.is_reject());
}

#[test]
fn rfc5216_2_1_5_endless_more_flags_end_at_64_kib() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut reply = session.exchange(&mut world, &identity(1, b"@corp.example"));
    let data = [&[0x40][..], &[7; 3_000]].concat();
    let mut fragments = 0;
    while reply.code == Code::ACCESS_CHALLENGE {
        reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &data));
        fragments += 1;
    }
    assert!(reply.is_reject());
    assert_eq!(fragments, MAX_FLIGHT / 3_000 + 1);
    assert_eq!(world.event()["cause"], "handshake_too_large");
}

#[test]
fn rfc5216_2_1_5_endless_small_fragments_end_at_the_round_limit() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut reply = session.exchange(&mut world, &identity(1, b"@corp.example"));
    let mut rounds = 1;
    while reply.code == Code::ACCESS_CHALLENGE {
        reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &[0x40, 7]));
        rounds += 1;
    }
    assert!(reply.is_reject());
    assert_eq!(rounds, MAX_ROUNDS + 1);
    assert_eq!(world.event()["cause"], "handshake_too_large");
}

#[test]
fn rfc3748_4_3_rounds_that_lead_nowhere_are_bounded() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut reply = session.exchange(&mut world, &identity(1, b"@corp.example"));
    let mut rounds = 1;
    while reply.code == Code::ACCESS_CHALLENGE {
        reply = session.exchange(&mut world, &[]);
        rounds += 1;
    }
    assert_eq!(rounds, MAX_ROUNDS + 1);
    assert!(world.conversations.is_empty());
}

#[test]
fn rfc5216_2_1_5_empty_acknowledgements_lead_nowhere() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    let mut reply = session.exchange(&mut world, &hello);
    while reply.code == Code::ACCESS_CHALLENGE {
        reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &[0]));
    }
    assert!(reply.is_reject());
    assert_eq!(world.event()["cause"], "tls_protocol_error");

    let mut session = Session::on(2);
    let start = session.exchange(&mut world, &identity(1, b"@corp.example"));
    assert!(session.exchange(&mut world, &response(start.eap()[1], 13, &[0])).is_reject(), "Start wants a ClientHello");
}

#[test]
fn rfc5216_2_1_5_a_flight_inside_our_flight_is_taken_as_the_answer() {
    let mut world = World::with(|estate| estate.clients[0].fragment_size = 200);
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let hello = begin(&mut world, &mut session, &mut supplicant, 1);
    let part = session.exchange(&mut world, &hello);
    assert!(fragment(part.eap()).more);
    let mut reply = session.exchange(&mut world, &response(part.eap()[1], 13, &hello[5..]));
    while reply.code == Code::ACCESS_CHALLENGE {
        reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &[0]));
    }
    assert!(reply.is_reject());
    let mut session = Session::on(2);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 2);
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
}
