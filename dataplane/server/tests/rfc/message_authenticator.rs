//! Message-Authenticator (RFC 3579 section 3, CVE-2024-3596), Status-Server (RFC 5997).

use nac_protocol::radius::{AttributeType, Code, Secret};
use nac_server::client::MessageAuthenticatorMode;
use zeroize::Zeroizing;

use crate::world::estate::SECRET;
use crate::world::nas::{Asked, Session, describe_port, mab, sign, with_octets, without_message_authenticator};
use crate::world::server::{PRINTER, World};

fn observing() -> World {
    World::with(|estate| estate.clients[0].message_authenticator = MessageAuthenticatorMode::Observe)
}

/// Octets that must not be answered, and how they were counted.
fn discarded(world: &mut World, session: &Session, asked: &Asked, reason: &str) {
    let counter = format!("discard.{reason}");
    let before = world.counter(&counter);
    assert!(world.send(&asked.octets, session.source).is_none(), "{reason}: answered");
    assert_eq!(world.counter(&counter), before + 1, "{reason}: not counted");
}

#[test]
fn rfc3579_3_1_eap_message_without_message_authenticator_is_discarded_in_every_mode() {
    for mut world in [World::new(), observing()] {
        let mut session = Session::on(1);
        let asked = without_message_authenticator(&session.ask(&[]));
        discarded(&mut world, &session, &asked, "eap_unprotected");
    }
}

#[test]
fn rfc3579_3_2_a_wrong_long_or_repeated_message_authenticator_is_discarded() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let good = session.ask(&[]);
    for at in [22, 30, 37, 19, 1] {
        let mut wrong = good.clone();
        wrong.octets[at] ^= 1;
        discarded(&mut world, &session, &wrong, "bad_message_authenticator");
    }
    let repeated = sign(&with_octets(&session.ask(&[]), &[&[80, 18][..], &[0; 16]].concat()), SECRET);
    discarded(&mut world, &session, &repeated, "malformed_message_authenticator");
    let short = with_octets(&without_message_authenticator(&session.ask(&[])), &[80, 4, 1, 2]);
    discarded(&mut world, &session, &short, "malformed_message_authenticator");
    assert_eq!(world.client_counter("switch-1", "bad_message_authenticator"), 5);
    assert!(session.answer(&mut world, &good).is_some());
}

#[test]
fn rfc3579_3_2_message_authenticator_may_stand_anywhere() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let asked = session.ask(&[]);
    let moved = with_octets(&without_message_authenticator(&asked), &[&[80, 18][..], &[0; 16]].concat());
    assert!(session.answer(&mut world, &sign(&moved, SECRET)).is_some());
}

#[test]
fn rfc3579_3_3_eap_message_beside_a_password_is_discarded() {
    let mut world = World::new();
    let mut session = Session::on(1);
    for ty in [AttributeType::USER_PASSWORD, AttributeType::CHAP_PASSWORD, AttributeType::ARAP_PASSWORD] {
        session.also = vec![(ty, vec![1; 16])];
        let asked = session.ask(&[]);
        discarded(&mut world, &session, &asked, "eap_with_password");
    }
}

#[test]
fn rfc3579_3_3_neither_password_nor_eap_needs_a_message_authenticator_in_every_mode() {
    for mut world in [World::new(), observing()] {
        let mut session = Session::on(1);
        let asked = session.bare(Code::ACCESS_REQUEST, |request| {
            request.text(AttributeType::USER_NAME, PRINTER)?.integer(AttributeType::SERVICE_TYPE, 10)?;
            request.text(AttributeType::CALLING_STATION_ID, PRINTER)?;
            request.text(AttributeType::NAS_IDENTIFIER, "access-switch").map(|_| ())
        });
        discarded(&mut world, &session, &without_message_authenticator(&asked), "missing_message_authenticator");
        assert!(session.answer(&mut world, &asked).unwrap().is_accept(), "Call-Check");
    }
}

#[test]
fn cve_2024_3596_message_authenticator_is_required_unless_the_client_is_only_observed() {
    let mut session = Session::on(1);
    let asked = without_message_authenticator(&mab(&mut session, PRINTER));
    let mut world = World::new();
    discarded(&mut world, &session, &asked, "missing_message_authenticator");
    let mut world = observing();
    assert!(session.answer(&mut world, &asked).unwrap().is_accept());
    assert_eq!(world.client_counter("switch-1", "without_message_authenticator"), 1);
}

/// MAC authentication with a CHAP-Password, which no shared secret goes into, and without Message-Authenticator.
fn chap(session: &mut Session) -> Asked {
    let asked = session.bare(Code::ACCESS_REQUEST, |request| {
        request.text(AttributeType::USER_NAME, PRINTER)?.attribute(AttributeType::CHAP_PASSWORD, &[9; 17])?;
        request.text(AttributeType::CALLING_STATION_ID, PRINTER)?;
        request.text(AttributeType::NAS_IDENTIFIER, "access-switch").map(|_| ())
    });
    without_message_authenticator(&asked)
}

/// The observed switch-1 during a rotation, and a session with each secret: the new one, the old one.
fn rotating() -> (World, [Session; 2]) {
    let new: &[u8] = b"the secret that will come after";
    let world = World::with(|estate| {
        estate.clients[0].message_authenticator = MessageAuthenticatorMode::Observe;
        estate.clients[0].secrets.insert(0, Zeroizing::new(new.to_vec()));
    });
    let rotated = Session { secret: Secret::new(new).unwrap(), ..Session::on(2) };
    (world, [rotated, Session::on(1)])
}

#[test]
fn rfc2865_5_2_a_hidden_password_tells_which_of_two_secrets_the_nas_has() {
    let (mut world, mut sessions) = rotating();
    for turn in [0, 1, 0, 0, 1, 1] {
        let asked = without_message_authenticator(&mab(&mut sessions[turn], PRINTER));
        assert!(sessions[turn].answer(&mut world, &asked).unwrap().is_accept(), "signed with what the NAS has");
    }
    assert_eq!(world.client_counter("switch-1", "second_secret"), 3);
}

#[test]
fn rfc2865_2_2_with_chap_the_secret_proven_last_signs_the_reply() {
    let (mut world, [mut new, mut old]) = rotating();
    let asked = chap(&mut old);
    assert!(old.answer(&mut world, &asked).unwrap().is_accept(), "a NAS has the old one until it is changed");
    let asked = mab(&mut new, PRINTER);
    assert!(new.answer(&mut world, &asked).unwrap().is_accept(), "with Message-Authenticator");
    for _ in 0..2 {
        let asked = chap(&mut new);
        assert!(new.answer(&mut world, &asked).unwrap().is_accept(), "it has been changed");
        world.publish();
    }
    world.estate.clients[0].secrets.truncate(1);
    world.publish();
    let asked = chap(&mut new);
    assert!(new.answer(&mut world, &asked).unwrap().is_accept());
}

#[test]
fn cve_2024_3596_proxy_state_without_message_authenticator_is_discarded() {
    let mut world = observing();
    let mut session = Session::on(1);
    session.also = vec![(AttributeType::PROXY_STATE, vec![1; 10])];
    let asked = mab(&mut session, PRINTER);
    discarded(&mut world, &session, &without_message_authenticator(&asked), "proxy_state_unprotected");
    assert!(session.answer(&mut world, &asked).unwrap().is_accept());
}

#[test]
fn rfc5080_2_2_2_a_forged_packet_does_not_touch_the_duplicate_cache() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let asked = session.ask(&[]);
    let first = world.send(&asked.octets, session.source).unwrap();
    let mut forged = asked.clone();
    forged.octets[4] ^= 1;
    discarded(&mut world, &session, &forged, "bad_message_authenticator");
    assert_eq!(world.send(&asked.octets, session.source).unwrap(), first);
    assert_eq!(world.counter("duplicates"), 1);
}

#[test]
fn rfc5997_3_status_server_is_answered_with_nothing_but_an_accept() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let asked = session.bare(Code::STATUS_SERVER, describe_port);
    let reply = session.answer(&mut world, &asked).unwrap();
    assert!(reply.is_accept());
    let types: Vec<_> = reply.attributes.iter().map(|(ty, _)| *ty).collect();
    assert_eq!(types, [AttributeType::MESSAGE_AUTHENTICATOR]);
    let asked = session.bare(Code::STATUS_SERVER, |_| Ok(()));
    assert!(session.answer(&mut world, &asked).is_some(), "no NAS identity is asked for");
    assert_eq!((world.counter("status_server"), world.counter("accepts")), (2, 0));
    assert_eq!(world.client_counter("switch-1", "accepts"), 0);
    assert!(world.events().is_empty() && world.conversations.is_empty() && world.core.duplicates.is_empty());
}

#[test]
fn rfc5997_2_status_server_needs_a_message_authenticator() {
    for mut world in [World::new(), observing()] {
        let mut session = Session::on(1);
        let asked = session.bare(Code::STATUS_SERVER, describe_port);
        discarded(&mut world, &session, &without_message_authenticator(&asked), "missing_message_authenticator");
        let mut wrong = asked.clone();
        wrong.octets[25] ^= 1;
        discarded(&mut world, &session, &wrong, "bad_message_authenticator");
    }
}
