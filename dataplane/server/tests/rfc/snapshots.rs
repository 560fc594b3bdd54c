//! A new snapshot in the middle of a conversation: the conversation goes on, and the newest policy decides.

use nac_policy::DeviceFacts;
use zeroize::Zeroizing;

use crate::world::device::{begin, enter, finish};
use crate::world::nas::Session;
use crate::world::pki::{Authority, Leaf};
use crate::world::server::{World, laptop};

#[test]
fn a_reload_in_any_round_drops_no_conversation() {
    for rounds in 0..=3 {
        let mut world = World::new();
        let mut session = Session::on(1);
        let mut supplicant = world.laptop().supplicant();
        let eap = begin(&mut world, &mut session, &mut supplicant, rounds);
        world.publish();
        assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept(), "after {rounds} challenges");
        assert_eq!(world.event()["decision"]["generation"], 2);
    }
}

#[test]
fn the_newest_policy_decides() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 3);
    world.estate.policy.rules.retain(|rule| rule.location != "estate.policy:2");
    world.publish();
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_reject());
    let event = world.event();
    assert_eq!((&event["cause"], &event["decision"]["generation"]), (&"policy_default_deny".into(), &2.into()));
}

#[test]
fn facts_change_without_a_snapshot() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 3);
    world.core.facts.upsert_device(DeviceFacts { disabled: true, ..laptop() });
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_reject());
    assert_eq!(world.event()["cause"], "device_disabled");
}

#[test]
fn a_new_server_certificate_disturbs_nobody() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 2);
    let other = Authority::root("Next Root");
    let server = other.issue(&Leaf::server("radius.corp.example"));
    (world.estate.chain, world.estate.key) = (vec![server.der.clone()], server.key);
    world.publish();
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
    assert!(enter(&mut world, &mut Session::on(2)).is_reject(), "new conversations see the new one");
}

#[test]
fn a_client_that_is_gone_gets_no_answer_and_one_with_a_new_secret_goes_on() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let eap = begin(&mut world, &mut session, &mut supplicant, 2);
    let new: &[u8] = b"the secret that came with a reload";
    world.estate.clients[0].secrets = vec![Zeroizing::new(new.to_vec())];
    world.publish();
    session.secret = nac_protocol::radius::Secret::new(new).unwrap();
    assert!(finish(&mut world, &mut session, &mut supplicant, eap).is_accept());
    world.estate.clients.remove(0);
    world.publish();
    let asked = session.ask(&[]);
    assert!(world.send(&asked.octets, session.source).is_none());
    assert_eq!(world.counter("discard.unknown_client"), 1);
}
