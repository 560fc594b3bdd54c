//! Any sequence of EAP-TLS fragments is joined or refused within the limit (RFC 5216 2.1.5), and a flight that we cut is
//! joined again whatever the fragment size.
//!
//! Input: two octets of fragment size, then fragments, each with one octet of length before it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nac_protocol::eap::EapPacket;
use nac_protocol::eap::tls::{Fragment, Outgoing, Reassembled, Reassembly};

const LIMIT: usize = 1024;

fuzz_target!(|input: &[u8]| {
    let Some((size, fragments)) = input.split_first_chunk::<2>() else { return };
    join(fragments);
    cut(fragments, usize::from(u16::from_be_bytes(*size)));
});

fn join(mut input: &[u8]) {
    let mut reassembly = Reassembly::default();
    while let Some((length, rest)) = input.split_first() {
        let (type_data, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        input = rest;
        let Ok(fragment) = Fragment::parse(type_data) else { continue };
        match reassembly.add(&fragment, LIMIT) {
            Ok(Reassembled::Flight(flight)) => assert!(flight.len() <= LIMIT && reassembly.held() == 0),
            Ok(Reassembled::More) => assert!(reassembly.held() <= LIMIT),
            Err(_) => return,
        }
    }
}

fn cut(flight: &[u8], size: usize) {
    let mut outgoing = Outgoing::new(flight.to_vec());
    let mut reassembly = Reassembly::default();
    let mut identifier = 0_u8;
    while let Some(request) = outgoing.next(identifier, size) {
        assert!(request.len() <= size.max(64));
        assert_eq!(outgoing.again(identifier), request);
        let packet = EapPacket::parse(&request).expect("what we build parses");
        let fragment = Fragment::parse(packet.data()).expect("what we build parses");
        match reassembly.add(&fragment, flight.len()).expect("our own fragments fit") {
            Reassembled::Flight(joined) => assert!(joined == flight && !outgoing.more()),
            Reassembled::More => assert!(outgoing.more()),
        }
        identifier = identifier.wrapping_add(1);
    }
}
