//! Resumption: tickets of our own, and every check again (RFC 9190 sections 2.1.2 and 5.7).

use std::sync::Arc;
use std::time::Duration;

use nac_bench::supplicant::TlsVersion;
use nac_policy::{DeviceFacts, TextSet, UserFacts};
use nac_server::tls::TicketSealer;
use rustls::client::{Resumption, Tls12Resumption};
use rustls::pki_types::UnixTime;
use rustls::server::ProducesTickets;
use rustls::time_provider::TimeProvider;
use serde_json::Value;

use crate::world::device::{Device, login};
use crate::world::estate::ticket_key;
use crate::world::nas::Session;
use crate::world::pki::DAY;
use crate::world::server::{World, laptop};

/// One device that was here before, for each way of resuming.
fn returning() -> Vec<(World, Device)> {
    let by_session_id = |device: &Device| {
        let mut config = (*device.config).clone();
        config.resumption = Resumption::in_memory_sessions(4).tls12_resumption(Tls12Resumption::SessionIdOnly);
        Device { config: Arc::new(config), ..device.clone() }
    };
    [(TlsVersion::Tls13, false), (TlsVersion::Tls12, false), (TlsVersion::Tls12, true)]
        .into_iter()
        .map(|(version, session_id)| {
            let mut world = World::new();
            let mut device = Device::speaking(&world.root.der, Some(&world.alice), &[], Some(version));
            if session_id {
                device = by_session_id(&device);
            }
            let (event, resumed) = comes(&mut world, &device);
            assert_eq!((event["cause"].as_str(), resumed), (Some("ok"), false));
            (world, device)
        })
        .collect()
}

/// The device comes; the event, and whether TLS was resumed.
fn comes(world: &mut World, device: &Device) -> (Value, bool) {
    let reply = login(world, &mut Session::on(1), &mut device.supplicant());
    let event = world.event();
    assert_eq!(reply.is_accept(), event["cause"] == "ok");
    let resumed = event["tls"]["resumed"].as_bool().unwrap();
    (event, resumed)
}

#[test]
fn rfc9190_2_1_2_a_known_device_resumes() {
    for (mut world, device) in returning() {
        for _ in 0..3 {
            let (event, resumed) = comes(&mut world, &device);
            assert_eq!((event["cause"].as_str(), resumed), (Some("ok"), true));
            assert_eq!(event["identity_user"], "alice@corp.example");
            assert_eq!(event["identity_device"], "laptop-17.corp.example");
            assert_eq!(event["facts"]["tls.resumed"], true);
        }
        assert_eq!(world.counter("resumed"), 3);
    }
}

#[test]
fn rfc9190_5_7_revocation_is_checked_again() {
    for (mut world, device) in returning() {
        world.estate.trust.revocation_lists[0] = world.issuing.list(&[&world.alice]);
        world.publish();
        let (event, resumed) = comes(&mut world, &device);
        assert_eq!((event["cause"].as_str(), resumed), (Some("certificate_revoked"), true));
        assert!(event["certificate"]["serial"].is_string());
    }
}

#[test]
fn rfc9190_5_7_expiry_is_checked_again() {
    for (mut world, device) in returning() {
        world.now.unix_micros += (DAY + 60) * 1_000_000;
        let (event, resumed) = comes(&mut world, &device);
        assert_eq!((event["cause"].as_str(), resumed), (Some("certificate_expired"), true));
    }
}

#[test]
fn rfc9190_5_7_a_stale_list_is_noticed_again() {
    for (mut world, device) in returning() {
        world.estate.trust.revocation_lists[0].next_update = world.now.unix() - 1;
        world.publish();
        let (event, resumed) = comes(&mut world, &device);
        assert_eq!((event["cause"].as_str(), resumed), (Some("revocation_stale"), true));
    }
}

#[test]
fn rfc9190_5_7_the_state_of_user_and_device_is_checked_again() {
    for (mut world, device) in returning() {
        world.core.facts.upsert_device(DeviceFacts { disabled: true, ..laptop() });
        assert_eq!(comes(&mut world, &device).0["cause"], "device_disabled");
    }
    for (mut world, device) in returning() {
        let alice = UserFacts {
            name: "alice@corp.example".into(),
            groups: TextSet::new::<&str>([]),
            disabled: true,
            access_until: None,
        };
        world.core.facts.upsert_user(alice);
        assert_eq!(comes(&mut world, &device).0["cause"], "user_disabled");
    }
}

#[test]
fn rfc9190_5_7_the_policy_decides_again() {
    for (mut world, device) in returning() {
        world.core.facts.upsert_device(DeviceFacts { tags: TextSet::new(["quarantine"]), ..laptop() });
        let (event, resumed) = comes(&mut world, &device);
        assert_eq!((event["cause"].as_str(), resumed), (Some("policy_reject"), true));
        assert_eq!(event["decision"]["rule"], "estate.policy:1");
    }
}

#[test]
fn rfc9190_5_7_a_ticket_of_alice_is_alice_whatever_is_said() {
    for (mut world, mut device) in returning() {
        device.identity = b"eve@corp.example".to_vec();
        let mut session = Session { user_name: Some("eve@corp.example".into()), ..Session::on(2) };
        let reply = login(&mut world, &mut session, &mut device.supplicant());
        assert_eq!(reply.one(nac_protocol::radius::AttributeType::USER_NAME), b"alice@corp.example");
        let event = world.event();
        assert_eq!((&event["identity_user"], &event["tls"]["resumed"]), (&"alice@corp.example".into(), &true.into()));
    }
}

#[test]
fn a_ticket_does_not_outlive_the_trust_it_came_from() {
    for (mut world, device) in returning() {
        let another = crate::world::pki::Authority::root("Another Root");
        world.estate.trust.anchors.push(another.der);
        world.publish();
        let (event, resumed) = comes(&mut world, &device);
        assert_eq!((event["cause"].as_str(), resumed), (Some("ok"), false), "a full handshake");
        assert!(comes(&mut world, &device).1);
    }
}

#[test]
fn ticket_keys_rotate_without_a_full_handshake_for_anyone() {
    let mut world = World::new();
    let device = Device::speaking(&world.root.der, Some(&world.alice), &[], Some(TlsVersion::Tls13));
    for (keys, resumed) in [
        (vec![ticket_key(1)], false),
        (vec![ticket_key(2), ticket_key(1)], true),
        (vec![ticket_key(3), ticket_key(2)], true),
        (vec![ticket_key(5), ticket_key(4)], false),
        (vec![], false),
        (vec![ticket_key(5)], false),
        (vec![ticket_key(5)], true),
    ] {
        world.estate.ticket_keys = keys.clone();
        world.publish();
        assert_eq!(
            comes(&mut world, &device).1,
            resumed,
            "{:?}",
            keys.iter().map(|key| key.name[0]).collect::<Vec<_>>()
        );
    }
}

#[derive(Debug)]
struct At(u64);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

#[test]
fn rfc8446_4_6_1_ticket_age_is_enforced_and_at_most_seven_days() {
    let sealer = |lifetime, at| TicketSealer::new(&[ticket_key(1)], lifetime, [7; 32], Arc::new(At(at))).unwrap();
    let ticket = sealer(3_600, 10_000).encrypt(b"state").unwrap();
    for (at, opens) in [(10_000, true), (13_600, true), (13_601, false), (9_999, false)] {
        assert_eq!(sealer(3_600, at).decrypt(&ticket).is_some(), opens, "{at}");
    }
    assert_eq!(sealer(u32::MAX, 0).lifetime(), 604_800);
    assert!(!TicketSealer::new(&[], 3_600, [7; 32], Arc::new(At(0))).unwrap().enabled());
}

#[test]
fn a_ticket_that_was_changed_does_not_open() {
    let sealer = TicketSealer::new(&[ticket_key(1)], 3_600, [7; 32], Arc::new(At(5))).unwrap();
    let ticket = sealer.encrypt(b"state").unwrap();
    assert_eq!(sealer.decrypt(&ticket).as_deref(), Some(&b"state"[..]));
    for at in 0..ticket.len() {
        let mut changed = ticket.clone();
        changed[at] ^= 1;
        assert_eq!(sealer.decrypt(&changed), None);
        assert_eq!(sealer.decrypt(&ticket[..at]), None);
    }
    let other_trust = TicketSealer::new(&[ticket_key(1)], 3_600, [8; 32], Arc::new(At(5))).unwrap();
    assert_eq!(other_trust.decrypt(&ticket), None);
}
