#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

use rustls::RootCertStore;

use super::*;
use crate::supplicant::{Credentials, TlsPreferences, client_config};

const SECOND: Duration = Duration::from_secs(1);

fn device() -> Life {
    let mut roots = RootCertStore::empty();
    let key = rcgen::KeyPair::generate().unwrap();
    let anchor = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    roots.add(anchor.der().clone()).unwrap();
    Life::new(7, &client_config(&Credentials::new(roots, None), &TlsPreferences::default()).unwrap())
}

fn itinerary(moves: u32) -> Itinerary {
    Itinerary { stay: 25 * SECOND, interim: 10 * SECOND, moves, restart_after: 5 * SECOND, attempts: 3 }
}

fn session(since: Instant) -> Session {
    Session { class: Some(b"c".to_vec()), user_name: b"u".to_vec(), since }
}

fn status(deed: Option<Deed>) -> AccountingStatus {
    match deed {
        Some(Deed::Report { status, .. }) => status,
        other => panic!("{other:?}"),
    }
}

/// Logs in at `now`, and lives until its switch reports the end; the times of its records since then.
fn visit(life: &mut Life, mut now: Instant, itinerary: &Itinerary) -> (Vec<(AccountingStatus, u64)>, Option<Instant>) {
    let begun = now;
    assert!(life.is_outside());
    assert!(matches!(life.deed(now), Some(Deed::LogIn { .. })));
    let mut next = life.ended(Outcome::Admitted(session(now)), now, itinerary);
    let mut records = Vec::new();
    loop {
        now = next.unwrap();
        let status = status(life.deed(now));
        records.push((status, (now - begun).as_secs()));
        next = life.ended(Outcome::Reported, now, itinerary);
        if status == AccountingStatus::Stop {
            return (records, next);
        }
    }
}

#[test]
fn a_stay_is_start_updates_and_stop() {
    let (records, next) = visit(&mut device(), Instant::now(), &itinerary(0));
    let expected = [
        (AccountingStatus::Start, 0),
        (AccountingStatus::InterimUpdate, 10),
        (AccountingStatus::InterimUpdate, 20),
        (AccountingStatus::Stop, 25),
    ];
    assert_eq!((records.as_slice(), next), (expected.as_slice(), None));
}

#[test]
fn rfc5176_a_device_that_is_put_off_logs_in_again_and_stays_no_longer() {
    let (mut life, itinerary, begun) = (device(), itinerary(0), Instant::now());
    let _ = life.deed(begun);
    let _ = life.ended(Outcome::Admitted(session(begun)), begun, &itinerary);
    assert_eq!(status(life.deed(begun)), AccountingStatus::Start);
    assert!(!life.put_off(0), "of an earlier login");
    assert!(life.put_off(1) && !life.is_back());
    let next = life.ended(Outcome::Reported, begun, &itinerary);
    assert_eq!((next, life.terminate_cause()), (Some(begun), TerminateCause::AdminReset));
    assert_eq!(status(life.deed(begun)), AccountingStatus::Stop);
    assert!(!life.put_off(1), "it ends already");
    assert_eq!(life.ended(Outcome::Reported, begun, &itinerary), Some(begun));
    assert!(life.is_back() && life.visit() == 0);
    let (records, next) = visit(&mut life, begun + 20 * SECOND, &itinerary);
    assert_eq!(records, [(AccountingStatus::Start, 0), (AccountingStatus::Stop, 5)]);
    assert_eq!((next, life.login(), life.terminate_cause()), (None, 2, TerminateCause::LostCarrier));
}

#[test]
fn a_device_that_moves_logs_in_where_it_goes() {
    let (mut life, itinerary) = (device(), itinerary(1));
    let (_, next) = visit(&mut life, Instant::now(), &itinerary);
    assert_eq!(life.visit(), 1);
    let (_, next) = visit(&mut life, next.unwrap(), &itinerary);
    assert_eq!((life.visit(), next, life.deed(Instant::now())), (1, None, None));
}

#[test]
fn a_refused_device_begins_again_and_gives_up_in_the_end() {
    let (mut life, itinerary, begun) = (device(), itinerary(0), Instant::now());
    let mut now = begun;
    for _ in 0..2 {
        assert_eq!(life.deed(now), Some(Deed::LogIn { wanted_since: begun }));
        let next = life.ended(Outcome::Refused, now, &itinerary).unwrap();
        assert_eq!(next, now + 5 * SECOND);
        now = next;
    }
    assert_eq!(life.deed(now), Some(Deed::LogIn { wanted_since: begun }));
    assert_eq!(life.ended(Outcome::Refused, now, &itinerary), None);
    assert_eq!(life.deed(now), None);
}
