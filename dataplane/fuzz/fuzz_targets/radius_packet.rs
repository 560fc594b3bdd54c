//! Any octets are a RADIUS packet or are refused (RFC 2865 3); what is accepted survives everything done with it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nac_protocol::dictionary::Dictionary;
use nac_protocol::radius::*;

static SECRET: LazyLock<Secret> = LazyLock::new(|| Secret::new(b"fuzzing secret").expect("not empty"));

static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let texts = [
        ("rfc2865", include_str!("../../../dictionaries/dictionary.rfc2865")),
        ("rfc2868", include_str!("../../../dictionaries/dictionary.rfc2868")),
        ("rfc2869", include_str!("../../../dictionaries/dictionary.rfc2869")),
        ("rfc3162", include_str!("../../../dictionaries/dictionary.rfc3162")),
        ("rfc6572", include_str!("../../../dictionaries/dictionary.rfc6572")),
        ("rfc6929", include_str!("../../../dictionaries/dictionary.rfc6929")),
        ("rfc6930", include_str!("../../../dictionaries/dictionary.rfc6930")),
        ("rfc7833", include_str!("../../../dictionaries/dictionary.rfc7833")),
        ("microsoft", include_str!("../../../dictionaries/dictionary.microsoft")),
    ];
    Dictionary::parse(&texts).expect("the project's own dictionaries parse")
});

fuzz_target!(|octets: &[u8]| {
    let Ok(packet) = Packet::parse(octets) else { return };
    let walked: usize = packet.attributes().map(|attribute| attribute.value.len() + 2).sum();
    assert_eq!(walked + HEADER_LENGTH, packet.octets().len());
    verify(&packet);
    show(&packet);
    rebuild(&packet);
});

fn verify(packet: &Packet<'_>) {
    let authenticator = packet.authenticator();
    let _ = verify_request_message_authenticator(packet, &SECRET);
    let _ = verify_response(packet, authenticator, &SECRET);
    let _ = verify_accounting_request(packet, &SECRET);
    for value in packet.vendor(VendorId::MICROSOFT, 16).chain(packet.all(AttributeType::TUNNEL_PASSWORD)) {
        let _ = decrypt_mppe_key(value, &SECRET, authenticator);
        let _ = decrypt_tunnel_password(value, &SECRET, authenticator);
    }
    if let Some(value) = packet.first(AttributeType::USER_PASSWORD) {
        let _ = decode_user_password(value, &SECRET, authenticator);
    }
}

fn show(packet: &Packet<'_>) {
    for described in DICTIONARY.describe(packet) {
        assert!(!described.value.chars().any(char::is_control));
        assert!(!described.masked().chars().any(char::is_control));
    }
    for attribute in packet.attributes() {
        let _ = DICTIONARY.display_masked(attribute);
    }
}

/// Joined EAP-Messages and extended attributes are the same after they were laid out again.
fn rebuild(packet: &Packet<'_>) {
    let mut eap = Vec::new();
    let mut builder = RequestBuilder::new(Code::ACCESS_REQUEST, packet.identifier(), *packet.authenticator());
    let has_eap = packet.eap_message(&mut eap) == Ok(true) && builder.eap_message(&eap).is_ok();
    let mut extended = Vec::new();
    for attribute in extended_attributes(packet) {
        let ExtendedAttribute::Valid { ty, extended_type, value } = &attribute else { continue };
        let mut laid_out = Vec::new();
        let put = if ty.0 < 245 { put_extended } else { put_long_extended };
        put(&mut laid_out, *ty, *extended_type, value).expect("a received value can be sent");
        if builder.encoded(&laid_out).is_ok() {
            extended.push(attribute);
        }
    }
    let octets = builder.finish(&SECRET);
    let rebuilt = Packet::parse(&octets).expect("what we build parses");
    assert_eq!(verify_request_message_authenticator(&rebuilt, &SECRET), Ok(Presence::Valid));
    assert_eq!(extended_attributes(&rebuilt).collect::<Vec<_>>(), extended);
    let mut again = Vec::new();
    assert_eq!(rebuilt.eap_message(&mut again), Ok(has_eap));
    assert!(!has_eap || again == eap);
}
