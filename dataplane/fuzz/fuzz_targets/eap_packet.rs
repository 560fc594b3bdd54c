//! Any octets are an EAP packet or are refused (RFC 3748 4); a request of ours reads as what it was made from.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nac_protocol::eap::tls::Fragment;
use nac_protocol::eap::{EapCode, EapPacket, EapType, request};

fuzz_target!(|octets: &[u8]| {
    let Ok(packet) = EapPacket::parse(octets) else { return };
    assert!(packet.data().len() + 4 <= octets.len());
    if let Some(nak) = packet.nak() {
        assert!(nak.desired().all(|ty| ty != EapType(0)));
    }
    let Some(ty) = packet.ty() else { return };
    let _ = ty.name();
    let _ = Fragment::parse(packet.data());
    if ty == EapType::EXPANDED {
        return;
    }
    let again = request(packet.identifier(), ty, packet.data());
    let again = EapPacket::parse(&again).expect("what we build parses");
    assert_eq!((again.code(), again.identifier()), (EapCode::REQUEST, packet.identifier()));
    assert_eq!((again.ty(), again.data()), (Some(ty), packet.data()));
});
