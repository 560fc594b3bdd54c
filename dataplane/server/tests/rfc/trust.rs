//! Whose certificate counts (RFC 5216 section 5, RFC 9190 section 5, RFC 5280), with its cause in words.

use nac_bench::supplicant::TlsVersion;
use nac_server::tls::RevocationMode;
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use serde_json::Value;

use crate::world::device::{Device, login};
use crate::world::nas::Session;
use crate::world::pki::{Authority, Certificate, DAY, Leaf, today};
use crate::world::server::{World, alice};

/// Who comes to `world` with `certificate`, over both TLS versions; the last event.
fn comes(world: &mut World, certificate: Option<&Certificate>, above: &[&[u8]]) -> Value {
    let mut last = Value::Null;
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let device = Device::speaking(&world.root.der, certificate, above, Some(version));
        let reply = login(world, &mut Session::on(1), &mut device.supplicant());
        let event = world.event();
        assert_eq!(reply.is_accept(), event["cause"] == "ok");
        assert!(last.is_null() || last["cause"] == event["cause"], "{last:#}\n{event:#}");
        last = event;
    }
    last
}

fn refused(world: &mut World, certificate: &Certificate, cause: &str) {
    let event = comes(world, Some(certificate), &[]);
    assert_eq!(event["cause"], cause, "{event:#}");
    assert!(event["certificate"]["fingerprint"].is_string(), "the record shows which certificate was refused");
    assert!(event["fix"].is_string());
    assert!(event["identity_user"].is_null() && event["identity_device"].is_null() && event["decision"].is_null());
}

#[test]
fn rfc9190_2_1_1_without_a_certificate_nobody_enters() {
    let mut world = World::new();
    assert_eq!(comes(&mut world, None, &[])["cause"], "no_client_certificate");
}

#[test]
fn rfc5280_6_validity_is_checked() {
    let mut world = World::new();
    let expired = world.issuing.issue(&Leaf { not_before: today() - 2 * DAY, not_after: today() - DAY, ..alice() });
    refused(&mut world, &expired, "certificate_expired");
    let future = world.issuing.issue(&Leaf { not_before: today() + DAY, not_after: today() + 2 * DAY, ..alice() });
    refused(&mut world, &future, "certificate_not_yet_valid");
}

#[test]
fn rfc5216_5_3_a_stranger_is_refused() {
    let mut world = World::new();
    let stranger = Authority::root("Stranger").issue(&alice());
    refused(&mut world, &stranger, "unknown_ca");
    let impostor = Authority::root("Example Issuing").issue(&alice());
    refused(&mut world, &impostor, "certificate_bad_signature");
}

#[test]
fn rfc5216_5_3_extended_key_usage_is_client_authentication() {
    let mut world = World::new();
    for usage in [vec![ExtendedKeyUsagePurpose::ServerAuth], vec![ExtendedKeyUsagePurpose::CodeSigning]] {
        let certificate = world.issuing.issue(&Leaf { usage, ..alice() });
        refused(&mut world, &certificate, "certificate_wrong_purpose");
    }
    let both = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    for usage in [both, vec![]] {
        let certificate = world.issuing.issue(&Leaf { usage, ..alice() });
        assert_eq!(comes(&mut world, Some(&certificate), &[])["cause"], "ok");
    }
}

#[test]
fn rfc5216_5_3_intermediates_come_from_the_peer() {
    let mut world = World::with(|estate| estate.trust.intermediates.clear());
    let certificate = world.alice.clone();
    refused(&mut world, &certificate, "unknown_ca");
    let issuing = world.issuing.der.clone();
    assert_eq!(comes(&mut world, Some(&certificate), &[&issuing])["cause"], "ok");
}

#[test]
fn rfc5216_5_4_a_revoked_certificate_is_refused() {
    let mut world = World::new();
    let certificate = world.alice.clone();
    world.estate.trust.revocation_lists[0] = world.issuing.list(&[&certificate]);
    world.publish();
    refused(&mut world, &certificate, "certificate_revoked");
}

#[test]
fn rfc9190_5_4_every_certificate_of_the_path_is_looked_up() {
    let mut world = World::with(|estate| estate.trust.intermediates.clear());
    let (certificate, issuing) = (world.alice.clone(), world.issuing.der.clone());
    let mut list = world.root.list(&[]);
    list.serials = vec![serial(&issuing)];
    world.estate.trust.revocation_lists[1] = list;
    world.publish();
    assert_eq!(comes(&mut world, Some(&certificate), &[&issuing])["cause"], "certificate_revoked");
}

#[test]
fn rfc5280_6_3_3_what_either_key_of_an_authority_has_revoked_is_revoked() {
    let mut world = World::new();
    let certificate = world.alice.clone();
    let (revoking, other) = (world.issuing.list(&[&certificate]), world.issuing.list(&[]));
    let of_root = world.root.list(&[]);
    for lists in [[&revoking, &other, &of_root], [&other, &revoking, &of_root]] {
        world.estate.trust.revocation_lists = lists.map(Clone::clone).to_vec();
        world.publish();
        refused(&mut world, &certificate, "certificate_revoked");
    }
    let mut stale = other.clone();
    stale.next_update = today() - 1;
    for lists in [[&stale, &other, &of_root], [&other, &stale, &of_root]] {
        world.estate.trust.revocation_lists = lists.map(Clone::clone).to_vec();
        world.publish();
        refused(&mut world, &certificate, "revocation_stale");
    }
}

/// The serial number of a certificate.
fn serial(der: &[u8]) -> Vec<u8> {
    use x509_parser::prelude::FromDer;
    x509_parser::prelude::X509Certificate::from_der(der).unwrap().1.raw_serial().to_vec()
}

#[test]
fn revocation_modes_say_what_a_missing_or_stale_list_means() {
    use RevocationMode::{Available, Require, StaleOk};
    for (mode, missing, stale) in [
        (Require, "revocation_unknown", "revocation_stale"),
        (Available, "ok", "revocation_stale"),
        (StaleOk, "ok", "ok"),
    ] {
        let mut world = World::with(|estate| {
            estate.trust.revocation = mode;
            estate.trust.revocation_lists.clear();
        });
        let certificate = world.alice.clone();
        assert_eq!(comes(&mut world, Some(&certificate), &[])["cause"], missing, "{mode:?}");
        let mut list = world.issuing.list(&[]);
        list.next_update = today() - 1;
        world.estate.trust.revocation_lists = vec![list.clone()];
        world.publish();
        assert_eq!(comes(&mut world, Some(&certificate), &[])["cause"], stale, "{mode:?}");
        list.serials = vec![certificate.serial.clone()];
        world.estate.trust.revocation_lists = vec![list];
        world.publish();
        assert_eq!(
            comes(&mut world, Some(&certificate), &[])["cause"],
            "certificate_revoked",
            "{mode:?}: stale or not"
        );
    }
}

#[test]
fn rfc9190_2_2_who_it_is_comes_from_the_certificate_alone() {
    let mut world = World::new();
    let eve = world.issuing.issue(&Leaf::client("eve"));
    let mut device = Device::new(&world.root.der, Some(&eve));
    device.identity = b"alice@corp.example".to_vec();
    let mut session = Session { user_name: Some("alice@corp.example".into()), ..Session::on(1) };
    assert!(login(&mut world, &mut session, &mut device.supplicant()).is_accept());
    let event = world.event();
    assert_eq!(event["user_name"], "alice@corp.example", "what was said");
    assert!(event["identity_user"].is_null(), "{event:#}");
    assert_eq!(event["facts"]["user.known"], false);
}

#[test]
fn a_pile_of_intermediates_is_refused_before_any_path_is_built() {
    let mut world = World::new();
    let certificate = world.issuing.issue(&alice());
    let issuing = world.issuing.der.clone();
    let above = vec![issuing.as_slice(); 5];
    assert_eq!(comes(&mut world, Some(&certificate), &above)["cause"], "handshake_too_large");
    assert_eq!(comes(&mut world, Some(&certificate), &above[..4])["cause"], "ok");
}

#[test]
fn a_common_name_does_not_override_the_alternative_names() {
    let mut world = World::new();
    let mallory = SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], "mallory@partner.example".into()));
    let leaf = Leaf { names: vec![mallory], ..Leaf::client("alice@corp.example") };
    let certificate = world.issuing.issue(&leaf);
    let event = comes(&mut world, Some(&certificate), &[]);
    assert_eq!(event["identity_user"], "mallory@partner.example");
    assert_eq!(event["facts"]["user.known"], false);
}
