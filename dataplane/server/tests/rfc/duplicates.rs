//! Retransmissions and State (RFC 5080 sections 2.1 and 2.2, RFC 2865 section 5.24).

use std::sync::Arc;
use std::time::Duration;

use nac_protocol::radius::{AttributeType, Code, Packet};
use nac_server::pipeline::{Admission, Datagram, Route, admit};
use nac_server::sessions::Filter;

use crate::world::device::{PeerStep, begin, enter, finish};
use crate::world::nas::{Reply, Session};
use crate::world::server::World;

#[test]
fn rfc5080_2_2_2_a_session_survives_the_loss_of_every_first_reply() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let mut eap = supplicant.identity_response();
    let mut rounds = 0;
    let last = loop {
        let asked = session.ask(&eap);
        let lost = world.send(&asked.octets, session.source).unwrap();
        let again = world.send(&asked.octets, session.source).unwrap();
        assert_eq!(lost, again, "octet for octet");
        let reply = Reply::of(again, &asked, &session.secret);
        rounds += 1;
        if reply.code == Code::ACCESS_CHALLENGE {
            session.state = Some(reply.one(AttributeType::STATE).to_vec());
        }
        match supplicant.receive(reply.eap()).unwrap() {
            PeerStep::Respond(next) => eap = next,
            _ => break reply,
        }
    };
    assert!(last.is_accept());
    assert_eq!(world.counter("duplicates"), rounds);
    assert_eq!(world.event()["rounds"], rounds, "one handshake, not two");
}

#[test]
fn rfc5080_2_2_2_a_duplicate_of_what_is_in_work_is_silent() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let asked = session.ask(&[]);
    let datagram = Datagram { octets: &asked.octets, source: session.source, socket: 0, local: None };
    let Admission::Dispatch(request, Route::New) = admit(&world.core, datagram, world.now) else { panic!() };
    for _ in 0..100 {
        assert!(matches!(admit(&world.core, datagram, world.now), Admission::Silent));
    }
    assert_eq!(world.counter("discard.duplicate_in_work"), 100);
    assert!(world.events().is_empty(), "a NAS that is impatient is no news");
    let reply = world.conversations.serve(&request, Route::New, world.now).unwrap();
    let Admission::Reply(again) = admit(&world.core, datagram, world.now) else { panic!() };
    assert_eq!(again, reply);
    assert_eq!(world.conversations.len(), 1);
}

#[test]
fn rfc5080_2_2_2_key_is_socket_address_port_identifier_and_authenticator() {
    let mut world = World::new();
    let asked = Session::on(1).ask(&[]);
    let mut answers: Vec<Arc<[u8]>> = Vec::new();
    for (address, port, socket) in
        [([192, 0, 2, 1], 1, 0), ([192, 0, 2, 1], 2, 0), ([192, 0, 2, 2], 1, 0), ([192, 0, 2, 1], 1, 1)]
    {
        let datagram = Datagram { octets: &asked.octets, source: (address, port).into(), socket, local: None };
        let Admission::Dispatch(request, route) = admit(&world.core, datagram, world.now) else { panic!("{socket}") };
        answers.push(world.conversations.serve(&request, route, world.now).unwrap());
    }
    let state = |octets: &Arc<[u8]>| Packet::parse(octets).unwrap().first(AttributeType::STATE).unwrap().to_vec();
    let mut states: Vec<_> = answers.iter().map(state).collect();
    states.sort();
    states.dedup();
    assert_eq!(states.len(), 4, "four requests, four conversations");
}

#[test]
fn rfc5080_2_2_2_a_new_authenticator_is_a_new_request() {
    let mut world = World::new();
    let first = Session::on(1);
    let (mut one, mut two) = (first.clone(), first);
    one.ask(&[]);
    let asked = one.ask(&[]);
    let mut other = two.ask(&[]);
    other.octets[1] = asked.octets[1];
    let other = crate::world::nas::sign(&other, crate::world::estate::SECRET);
    let earlier = world.send(&asked.octets, one.source).unwrap();
    let later = world.send(&other.octets, one.source).unwrap();
    assert_ne!(earlier, later);
    assert_eq!(world.send(&other.octets, one.source).unwrap(), later);
    assert_ne!(world.send(&asked.octets, one.source).unwrap(), earlier, "its entry was replaced");
}

#[test]
fn rfc5080_2_2_2_answers_are_kept_for_ten_seconds() {
    let mut world = World::new();
    let session = Session::on(1);
    let asked = session.clone().ask(&[]);
    let reply = world.send(&asked.octets, session.source).unwrap();
    world.pass(Duration::from_secs(10));
    assert_eq!(world.send(&asked.octets, session.source).unwrap(), reply);
    world.pass(Duration::from_millis(1));
    assert!(world.core.duplicates.is_empty(), "and their memory is returned");
    assert_ne!(world.send(&asked.octets, session.source).unwrap(), reply);
}

#[test]
fn rfc5080_2_1_1_state_finds_the_conversation_whatever_the_port() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 2);
    session.source.set_port(4_711);
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
}

#[test]
fn rfc5080_2_1_2_state_is_24_octets_and_unpredictable() {
    let mut world = World::new();
    let mut states: Vec<_> =
        (0..64).map(|port| Session::on(port).exchange(&mut world, &[]).one(AttributeType::STATE).to_vec()).collect();
    assert!(states.iter().all(|state| state.len() >= 24));
    states.sort();
    states.dedup();
    assert_eq!(states.len(), 64);
}

/// Sends the second request of a conversation with another State; the answer and its cause.
fn second_with(state: impl FnOnce(&mut World, &Session) -> Vec<u8>, from: Session) -> (World, Reply) {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 1);
    let state = state(&mut world, &session);
    let mut session = Session { state: Some(state), ..from };
    let reply = session.exchange(&mut world, &eap);
    (world, reply)
}

#[test]
fn rfc5080_2_1_1_state_of_another_client_is_rejected() {
    let (mut world, reply) = second_with(|_, session| session.state.clone().unwrap(), Session::at([192, 0, 2, 2], 9));
    assert!(reply.is_reject());
    assert_eq!(world.event()["cause"], "state_unknown");
    assert_eq!(world.conversations.len(), 1, "the rightful one goes on");
    world.pass(Duration::from_secs(1));
}

#[test]
fn rfc5080_2_1_1_forged_and_foreign_state_is_rejected() {
    for forge in [
        |state: &mut Vec<u8>| state[3] ^= 1,
        |state: &mut Vec<u8>| state[24] ^= 0x80,
        |state: &mut Vec<u8>| state[0] ^= 1,
        |state: &mut Vec<u8>| state.truncate(8),
        |state: &mut Vec<u8>| state.push(0),
        |state: &mut Vec<u8>| *state = vec![0; 253],
    ] {
        let forged = |_: &mut World, session: &Session| {
            let mut state = session.state.clone().unwrap();
            forge(&mut state);
            state
        };
        let (world, reply) = second_with(forged, Session::on(9));
        assert!(reply.is_reject());
        assert_eq!(world.event()["cause"], "state_unknown");
    }
}

#[test]
fn rfc5080_2_1_1_state_of_a_finished_conversation_is_rejected() {
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    let old = session.ask(&[2, 9, 0, 6, 13, 0]);
    assert!(session.answer(&mut world, &old).unwrap().is_reject());
    let restarted = World::new();
    let mut world = World { conversations: restarted.conversations, core: restarted.core, ..world };
    assert!(session.exchange(&mut world, &[2, 9, 0, 6, 13, 0]).is_reject(), "nor does it survive a restart");
}

#[test]
fn rfc5080_2_1_1_an_expired_conversation_is_rejected_and_the_next_try_works() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 2);
    world.pass(Duration::from_secs(31));
    assert!(session.exchange(&mut world, &eap).is_reject());
    session.state = None;
    assert!(enter(&mut world, &mut session).is_accept());
}

#[test]
fn a_request_that_is_sent_again_later_ends_no_session() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 2);
    let recorded = session.clone().ask(&eap);
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
    world.pass(Duration::from_secs(11));
    let reply = world.send(&recorded.octets, session.source).unwrap();
    assert!(Reply::of(reply, &recorded, &session.secret).is_reject());
    let open = world.core.sessions.find(&Filter::default(), None, usize::MAX);
    assert_eq!(open.len(), 1, "the device is still at its port");
}
