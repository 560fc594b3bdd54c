//! Every bound of `limits.rs`, reached (RFC 5080 section 2.3.5; RFC 3748 section 4.3), and what a flood leaves behind.

use std::time::Duration;

use nac_protocol::radius::{AttributeType, Code};
use nac_server::limits::{
    CONVERSATION_IDLE, CONVERSATION_LIFETIME, DISCARD_REPORT_INTERVAL, MAX_CONVERSATIONS, MAX_FRAGMENT_OCTETS,
    MAX_HANDSHAKES,
};

use crate::world::device::{almost, begin, enter, finish};
use crate::world::eap::{fragment, identity, response};
use crate::world::nas::{Reply, Session};
use crate::world::server::World;

/// A conversation of switch-2 that goes no further than its first answer.
fn half_open(world: &mut World, number: usize) -> (Session, Reply) {
    let port = u16::try_from(number % 60_000).unwrap();
    let mut session = Session::at([192, 0, 2, 2], port);
    session.sent = u8::try_from(number / 60_000).unwrap();
    let start = session.exchange(world, &identity(1, b"flood"));
    (session, start)
}

/// A conversation of switch-2 that stops in the middle of its ClientHello.
fn half_said(world: &mut World, number: usize) {
    let (mut session, start) = half_open(world, number);
    session.exchange(world, &response(start.eap()[1], 13, &[0x40, 22]));
}

#[test]
fn a_full_table_gives_up_its_oldest_and_serves_who_answers_promptly() {
    let mut world = World::new();
    for number in 0..MAX_CONVERSATIONS {
        half_open(&mut world, number);
    }
    assert_eq!(world.conversations.len(), MAX_CONVERSATIONS);
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 3);
    for number in 0..MAX_CONVERSATIONS / 2 {
        half_open(&mut world, MAX_CONVERSATIONS + number);
    }
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
    assert_eq!(world.counter("conversations.evicted"), u64::try_from(MAX_CONVERSATIONS / 2 + 1).unwrap());
    let events = world.events();
    assert_eq!(events[0]["cause"], "evicted_flood");
    assert_eq!((&events[0]["result"], &events[0]["client"]), (&"abandoned".into(), &"switch-2".into()));
    assert_eq!(events.last().unwrap()["cause"], "ok");
}

#[test]
fn handshakes_under_way_are_bounded_and_the_oldest_of_the_client_goes_first() {
    let mut world = World::new();
    let mut oldest = Session::at([192, 0, 2, 2], 0);
    let mut supplicant = world.laptop().supplicant();
    let stale = begin(&mut world, &mut oldest, &mut supplicant, 2);
    for number in 1..=MAX_HANDSHAKES {
        half_said(&mut world, number);
    }
    assert_eq!(world.conversations.len(), MAX_HANDSHAKES);
    assert_eq!(world.event()["cause"], "evicted_flood");
    assert!(oldest.exchange(&mut world, &stale).is_reject(), "and starts again at once");
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
}

#[test]
fn a_client_that_floods_costs_no_other_client_a_conversation() {
    let mut world = World::new();
    let mut waiting = Vec::new();
    for rounds in [1, 2, 3, 1, 2, 3] {
        let mut session = Session::on(100 + u16::try_from(waiting.len()).unwrap());
        let mut supplicant = world.laptop().supplicant();
        let eap = begin(&mut world, &mut session, &mut supplicant, rounds);
        waiting.push((session, supplicant, eap));
    }
    let part = [&[0x40][..], &[7; 3_900]].concat();
    let parts = MAX_FRAGMENT_OCTETS / (MAX_HANDSHAKES / 2) / 3_900;
    for number in 0..MAX_CONVERSATIONS + MAX_HANDSHAKES {
        let (mut session, mut reply) = half_open(&mut world, number);
        let parts = if number < MAX_HANDSHAKES { parts } else { usize::from(number > MAX_CONVERSATIONS) };
        for _ in 0..parts {
            reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &part));
        }
    }
    let events = world.events();
    assert!(events.len() > MAX_HANDSHAKES);
    assert!(events.iter().all(|event| event["client"] == "switch-2" && event["cause"] == "evicted_flood"));
    for (mut session, mut supplicant, eap) in waiting {
        assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
    }
}

#[test]
fn who_got_further_is_given_up_later() {
    let mut world = World::new();
    let (mut certified, mut begun) = (Session::at([192, 0, 2, 2], 60_000), Session::at([192, 0, 2, 2], 60_001));
    let mut supplicants = [world.laptop().supplicant(), world.laptop().supplicant()];
    let last = almost(&mut world, &mut certified, &mut supplicants[0]);
    let next = begin(&mut world, &mut begun, &mut supplicants[1], 2);
    for number in 0..MAX_CONVERSATIONS {
        half_open(&mut world, number);
    }
    assert_eq!(world.events().len(), 2, "two that had only begun");
    assert_eq!(world.conversations.len(), MAX_CONVERSATIONS);
    for number in MAX_CONVERSATIONS..MAX_CONVERSATIONS + MAX_HANDSHAKES {
        half_said(&mut world, number);
    }
    assert!(begun.exchange(&mut world, &next).is_reject(), "the oldest handshake of those without a certificate");
    assert!(finish(&mut world, &mut certified, &mut supplicants[0], last).is_accept());
}

#[test]
fn incomplete_flights_are_bounded_over_all_conversations() {
    let mut world = World::new();
    let part = [&[0x40][..], &[7; 3_900]].concat();
    let parts = 16;
    let needed = MAX_FRAGMENT_OCTETS / (parts * 3_900) + 8;
    for number in 0..needed {
        let mut session = Session::at([192, 0, 2, 2], u16::try_from(number).unwrap());
        let mut reply = session.exchange(&mut world, &identity(1, b"flood"));
        for _ in 0..parts {
            reply = session.exchange(&mut world, &response(reply.eap()[1], 13, &part));
            assert_eq!(reply.code, Code::ACCESS_CHALLENGE);
        }
    }
    let held = MAX_FRAGMENT_OCTETS / (parts * 3_900);
    assert!(world.conversations.len() <= held && world.conversations.len() >= held - 1);
    assert!(world.counter("conversations.evicted") >= 8);
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
}

#[test]
fn a_client_that_opens_too_fast_is_slowed_and_no_other() {
    let mut world = World::with(|estate| {
        estate.clients[1].conversations_per_second = 2;
        estate.clients[1].burst = 5;
    });
    let mut first = Session::at([192, 0, 2, 2], 0);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut first, &mut supplicant, 1);
    let opened = (1..=100).filter(|port| {
        let mut session = Session::at([192, 0, 2, 2], *port);
        let asked = session.ask(&identity(1, b"flood"));
        world.send(&asked.octets, session.source).is_some()
    });
    assert_eq!(opened.count(), 4);
    assert_eq!(world.counter("discard.rate_limited"), 96);
    assert_eq!(world.client_counter("switch-2", "rate_limited"), 96);
    assert!(finish(&mut world, &mut first, &mut supplicant, eap).is_accept(), "what is under way goes on");
    assert!(enter(&mut world, &mut Session::on(1)).is_accept(), "other clients do not notice");
    let mut late = Session::at([192, 0, 2, 2], 200);
    let asked = late.ask(&identity(1, b"late"));
    assert!(late.answer(&mut world, &asked).is_none());
    world.pass(Duration::from_millis(500));
    assert!(late.answer(&mut world, &asked).is_some(), "its retransmission counts as new");
}

/// A conversation that stops after `rounds` challenges; its event when it has been silent for long enough.
fn silent_after(rounds: usize, change: impl FnOnce(&mut Session, Vec<u8>, &mut World)) -> serde_json::Value {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, rounds);
    change(&mut session, eap, &mut world);
    world.pass(CONVERSATION_IDLE - Duration::from_millis(1));
    assert_eq!((world.conversations.len(), world.events().len()), (1, 0));
    world.pass(Duration::from_millis(1));
    assert!(world.conversations.is_empty());
    assert_eq!(world.counter("conversations.abandoned"), 1);
    let event = world.event();
    assert_eq!(event["result"], "abandoned");
    assert!(event["reply"].is_null());
    event
}

#[test]
fn silence_has_its_own_cause_in_every_state() {
    let nothing = |_: &mut Session, _: Vec<u8>, _: &mut World| {};
    let event = silent_after(0, |session, _, world| {
        session.exchange(world, &[]);
    });
    assert!(event["detail"].as_str().unwrap().contains("before it said its identity"), "{event:#}");
    let event = silent_after(1, nothing);
    assert_eq!(event["cause"], "client_stopped");
    assert!(event["detail"].as_str().unwrap().contains("when EAP-TLS was offered"));
    let event = silent_after(1, |session, hello, world| {
        session.exchange(world, &response(hello[1], 13, &[0x40, 22]));
    });
    assert!(event["detail"].as_str().unwrap().contains("in the middle of its own fragments"));
    for rounds in [2, 3] {
        let event = silent_after(rounds, nothing);
        assert_eq!(event["cause"], "client_stopped_after_server_certificate", "after {rounds} challenges");
        assert!(event["fix"].as_str().unwrap().contains("root CA"));
    }
    let event = silent_after(3, |session, certificate, world| {
        let last = session.exchange(world, &certificate);
        assert!(!fragment(last.eap()).data.is_empty());
    });
    assert_eq!(event["cause"], "client_stopped");
    assert!(event["detail"].as_str().unwrap().contains("just before the end"));
    assert_eq!(event["identity_user"], "alice@corp.example", "it had proven who it is");
}

#[test]
fn a_conversation_has_a_lifetime_however_busy_it_is() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.exchange(&mut world, &identity(1, b"@corp.example"));
    let mut passed = Duration::ZERO;
    while passed + Duration::from_secs(10) < CONVERSATION_LIFETIME {
        world.pass(Duration::from_secs(10));
        passed += Duration::from_secs(10);
        assert_eq!(session.exchange(&mut world, &[]).code, Code::ACCESS_CHALLENGE);
    }
    world.pass(Duration::from_secs(10));
    assert!(world.conversations.is_empty());
    assert!(session.exchange(&mut world, &[]).is_reject());
}

#[test]
fn rfc2865_1_2_discards_are_counted_each_and_told_once_a_minute() {
    let mut world = World::new();
    let mut stranger = Session::at([203, 0, 113, 9], 1);
    for _ in 0..100 {
        let asked = stranger.ask(&[]);
        assert!(world.send(&asked.octets, stranger.source).is_none());
    }
    assert_eq!(world.counter("discard.unknown_client"), 100);
    let event = world.event();
    assert_eq!(
        (&event["type"], &event["reason"], &event["count"]),
        (&"discard".into(), &"unknown_client".into(), &1.into())
    );
    assert_eq!((&event["source"], event["client"].is_null()), (&"203.0.113.9".into(), true));
    world.pass(DISCARD_REPORT_INTERVAL - Duration::from_millis(1));
    assert!(world.events().is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!(world.event()["count"], 99);

    let mut session = Session::on(1);
    session.secret = nac_protocol::radius::Secret::new(b"not the secret of this switch").unwrap();
    let asked = session.ask(&[]);
    assert!(world.send(&asked.octets, session.source).is_none());
    let event = world.event();
    assert_eq!((&event["reason"], &event["client"]), (&"bad_message_authenticator".into(), &"switch-1".into()));
    assert!(event["detail"].as_str().unwrap().contains("shared secret"));
}

#[test]
fn rfc5080_2_3_5_requests_are_counted_before_they_are_checked() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let good = session.ask(&[]).octets;
    for octets in [&good[..10], &good[..25], &[][..]] {
        assert!(world.send(octets, session.source).is_none());
    }
    assert_eq!((world.counter("requests"), world.client_counter("switch-1", "requests")), (3, 3));
    assert_eq!(world.client_counter("switch-1", "discarded"), 3);
}

#[test]
fn events_that_nobody_fetches_are_bounded_and_their_loss_is_counted() {
    let mut world = World::new();
    world.core = std::sync::Arc::new(nac_server::core::Core::new(world.estate.compile(), 10).unwrap());
    let mut session = Session::on(1);
    for _ in 0..25 {
        let asked = crate::world::nas::mab(&mut session, "02-00-00-00-00-77");
        assert!(session.answer(&mut world, &asked).unwrap().is_reject());
    }
    let events = world.events();
    assert_eq!(events.len(), 10);
    assert_eq!(events.last().unwrap()["sequence"], 25, "the newest are kept");
    assert_eq!(world.counter("events.dropped"), 15);
}

#[test]
fn rfc2865_3_the_largest_packet_is_served() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.also = vec![(AttributeType(200), vec![9; 253]); 15];
    let room = 4_096 - session.clone().ask(&[]).octets.len();
    session.also.push((AttributeType(200), vec![9; room - 2]));
    let asked = session.ask(&[]);
    assert_eq!(asked.octets.len(), 4_096);
    assert!(session.answer(&mut world, &asked).is_some());
}
