//! Anything at all in any packet of a conversation: no panic, no Accept without a verified certificate, no harm to the
//! conversation that comes next. The generator is proptest's; a failure is kept in `proptest-regressions`.

use std::cell::RefCell;

use nac_bench::supplicant::Supplicant;
use nac_protocol::radius::{AttributeType, Packet};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::world::device::{Device, PeerStep, enter};
use crate::world::estate::SECRET;
use crate::world::nas::{Asked, Session, sign};
use crate::world::pki::{Authority, Certificate, Leaf};
use crate::world::server::{World, alice};

/// What is done to one packet.
#[derive(Clone, Debug)]
enum Harm {
    /// Octets of the EAP packet, before the NAS signs: a hostile device.
    Eap(Vec<(prop::sample::Index, u8)>),
    /// Octets of the RADIUS packet, signed again: a broken or hostile NAS.
    Signed(Vec<(prop::sample::Index, u8)>),
    /// Octets of the datagram: the network.
    Datagram(Vec<(prop::sample::Index, u8)>),
    /// The EAP packet is cut.
    Cut(prop::sample::Index),
    /// Another EAP-TLS payload altogether.
    Payload(Vec<u8>),
    /// Sent twice.
    Twice,
    /// State left out.
    Stateless,
}

fn harm() -> impl Strategy<Value = Harm> {
    let changes = || prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    prop_oneof![
        4 => changes().prop_map(Harm::Eap),
        3 => changes().prop_map(Harm::Signed),
        1 => changes().prop_map(Harm::Datagram),
        1 => any::<prop::sample::Index>().prop_map(Harm::Cut),
        1 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Harm::Payload),
        1 => Just(Harm::Twice),
        1 => Just(Harm::Stateless),
    ]
}

fn change(octets: &mut [u8], changes: &[(prop::sample::Index, u8)]) {
    for (at, value) in changes {
        let at = at.index(octets.len());
        octets[at] = *value;
    }
}

impl Harm {
    /// The request that goes out in place of the right one.
    fn ask(&self, session: &mut Session, eap: &[u8]) -> Asked {
        match self {
            Self::Eap(changes) => {
                let mut eap = eap.to_vec();
                change(&mut eap, changes);
                session.ask(&eap)
            }
            Self::Cut(at) => session.ask(&eap[..at.index(eap.len())]),
            Self::Payload(octets) => {
                session.ask(&[&[2, eap[1]][..], &length(octets.len() + 5), &[13], octets].concat())
            }
            Self::Signed(changes) => {
                let mut asked = session.ask(eap);
                change(&mut asked.octets[38..], changes);
                sign(&asked, SECRET)
            }
            Self::Datagram(changes) => {
                let mut asked = session.ask(eap);
                change(&mut asked.octets, changes);
                asked
            }
            Self::Twice => session.ask(eap),
            Self::Stateless => {
                let state = session.state.take();
                let asked = session.ask(eap);
                session.state = state;
                asked
            }
        }
    }
}

fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets).unwrap().to_be_bytes()
}

/// One conversation in which packet number `at` is harmed; true when it ended in an Accept.
fn conversation(world: &mut World, supplicant: &mut Supplicant, at: usize, harm: &Harm) -> bool {
    let mut session = Session::on(7);
    let mut eap = supplicant.identity_response();
    for round in 0..40 {
        let asked = if round == at { harm.ask(&mut session, &eap) } else { session.ask(&eap) };
        let mut octets = world.send(&asked.octets, session.source);
        if matches!(harm, Harm::Twice) && round == at {
            let again = world.send(&asked.octets, session.source);
            assert_eq!(again, octets);
            octets = again;
        }
        let Some(octets) = octets else { return false };
        let Ok(packet) = Packet::parse(&octets) else { panic!("an answer that is no packet") };
        if packet.code().0 == 2 {
            return true;
        }
        let mut answer = Vec::new();
        packet.eap_message(&mut answer).unwrap();
        session.state = packet.first(AttributeType::STATE).map(<[u8]>::to_vec);
        match supplicant.receive(&answer) {
            Ok(PeerStep::Respond(next)) => eap = next,
            _ => return false,
        }
    }
    false
}

fn run(cases: u32, test: impl Fn(usize, &Harm)) {
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (0_usize..6, harm());
    runner
        .run(&strategy, |(at, harm)| {
            test(at, &harm);
            Ok(())
        })
        .unwrap();
}

/// Devices that must never get in, whatever happens to their packets.
fn outsiders(world: &World) -> Vec<(&'static str, Option<Certificate>)> {
    let stranger = Authority::root("Example Issuing").issue(&alice());
    let expired = Leaf { not_after: crate::world::pki::today() - 60, ..alice() };
    vec![("foreign", Some(stranger)), ("expired", Some(world.issuing.issue(&expired))), ("none", None)]
}

#[test]
fn no_change_to_any_packet_lets_an_outsider_in() {
    let world = RefCell::new(World::new());
    let outsiders = outsiders(&world.borrow());
    run(256, |at, harm| {
        let mut world = world.borrow_mut();
        for (what, certificate) in &outsiders {
            let device = Device::new(&world.root.der, certificate.as_ref());
            assert!(!conversation(&mut world, &mut device.supplicant(), at, harm), "{what}: {harm:?}");
        }
        world.pass(std::time::Duration::from_secs(31));
        for event in world.events() {
            assert_ne!(event["result"], "accept", "{event:#}");
        }
    });
}

#[test]
fn a_harmed_conversation_harms_no_other() {
    let world = RefCell::new(World::new());
    run(256, |at, harm| {
        let mut world = world.borrow_mut();
        let mut supplicant = world.laptop().supplicant();
        let accepted = conversation(&mut world, &mut supplicant, at, harm);
        for event in world.events().iter().filter(|event| event["result"] == "accept") {
            assert!(accepted, "an Accept that was not sent");
            assert_eq!(event["identity_user"], "alice@corp.example", "{harm:?}");
        }
        assert!(enter(&mut world, &mut Session::on(8)).is_accept(), "{harm:?}");
        world.events();
        world.pass(std::time::Duration::from_secs(61));
        assert!(world.conversations.is_empty());
        assert_eq!(world.counter("panics"), 0);
    });
}

#[test]
fn any_datagram_from_anyone_is_survived() {
    let world = RefCell::new(World::new());
    let mut runner = TestRunner::new(Config { cases: 2_000, failure_persistence: None, ..Config::default() });
    let strategy = (prop::collection::vec(any::<u8>(), 0..400), any::<bool>());
    runner
        .run(&strategy, |(mut octets, lengths_fit)| {
            if lengths_fit && octets.len() >= 20 {
                octets[0] = 1;
                let length = length(octets.len());
                octets[2..4].copy_from_slice(&length);
            }
            let mut world = world.borrow_mut();
            prop_assert!(world.send(&octets, ([192, 0, 2, 1], 9).into()).is_none());
            prop_assert!(world.send(&octets, ([203, 0, 113, 1], 9).into()).is_none());
            Ok(())
        })
        .unwrap();
}
