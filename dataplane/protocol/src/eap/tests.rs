//! RFC 3748 and RFC 5216 packet tables, and fragments both ways.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::tls::{Fragment, FragmentError, Outgoing, Reassembled, Reassembly, ReassemblyError};
use super::{EapCode, EapError, EapPacket, EapType, failure, request, success};
use proptest::prelude::*;

#[test]
fn rfc3748_4_malformed_packets_are_refused() {
    for (octets, error) in [
        (&[][..], EapError::TooShort),
        (&[2, 1, 0][..], EapError::TooShort),
        (&[2, 1, 0, 3, 1][..], EapError::BadLength),
        (&[2, 1, 0, 6, 1][..], EapError::BadLength),
        (&[2, 1, 0, 4][..], EapError::NoType),
        (&[2, 1, 0, 8, 254, 0, 0, 0][..], EapError::NoType),
    ] {
        assert_eq!(EapPacket::parse(octets), Err(error), "{octets:?}");
    }
}

#[test]
fn rfc3748_4_octets_after_length_are_padding() {
    let packet = EapPacket::parse(&[2, 7, 0, 7, 1, b'h', b'i', 0, 0]).unwrap();
    assert_eq!((packet.code(), packet.identifier()), (EapCode::RESPONSE, 7));
    assert_eq!((packet.ty(), packet.data()), (Some(EapType::IDENTITY), &b"hi"[..]));
}

#[test]
fn rfc3748_5_7_expanded_ietf_type_reads_as_the_plain_type() {
    let identity = EapPacket::parse(&[2, 1, 0, 13, 254, 0, 0, 0, 0, 0, 0, 1, 97]).unwrap();
    assert_eq!((identity.ty(), identity.data()), (Some(EapType::IDENTITY), &b"a"[..]));
    let vendor = EapPacket::parse(&[2, 1, 0, 12, 254, 0, 0, 9, 0, 0, 0, 1]).unwrap();
    assert_eq!(vendor.ty(), Some(EapType::EXPANDED));
}

#[test]
fn rfc3748_5_3_2_an_expanded_nak_lists_expanded_types() {
    let tls = [254, 0, 0, 0, 0, 0, 0, 13];
    let vendor = [254, 0, 1, 55, 0, 0, 0, 13];
    let none = [254, 0, 0, 0, 0, 0, 0, 0];
    let nak = [&[2, 1, 0, 36, 254, 0, 0, 0, 0, 0, 0, 3][..], &vendor, &none, &tls].concat();
    let packet = EapPacket::parse(&nak).unwrap();
    assert_eq!(packet.nak().unwrap().desired().collect::<Vec<_>>(), [EapType::EXPANDED, EapType::TLS]);
}

#[test]
fn rfc3748_4_2_success_and_failure_have_no_type() {
    assert_eq!(EapPacket::parse(&success(9)).unwrap().code(), EapCode::SUCCESS);
    assert_eq!(EapPacket::parse(&failure(9)).unwrap().ty(), None);
}

#[test]
fn rfc5216_3_1_malformed_fragments_are_refused() {
    assert_eq!(Fragment::parse(&[]), Err(FragmentError::Empty));
    assert_eq!(Fragment::parse(&[0x80, 0, 0, 1]), Err(FragmentError::NoLength));
}

#[test]
fn rfc5216_2_1_5_lengths_are_compared_and_bounded() {
    for (parts, error) in [
        (vec![&[0x80, 0, 1, 0, 1][..]], ReassemblyError::TooLarge),
        (vec![&[0x80, 0, 0, 0, 9, 1, 2][..]], ReassemblyError::LengthMismatch),
        (vec![&[0xC0, 0, 0, 0, 3, 1][..], &[0x80, 0, 0, 0, 4, 2][..]], ReassemblyError::LengthMismatch),
        (vec![&[0x40][..]], ReassemblyError::EmptyFragment),
    ] {
        let mut reassembly = Reassembly::default();
        let last = parts.iter().map(|part| reassembly.add(&Fragment::parse(part).unwrap(), 65_536)).last();
        assert_eq!(last, Some(Err(error)), "{parts:?}");
    }
}

#[test]
fn rfc9190_2_1_9_an_unfragmented_message_has_no_length() {
    let mut outgoing = Outgoing::new(vec![5; 100]);
    let packet = outgoing.next(1, 1000).unwrap();
    assert_eq!(packet[5], 0);
    assert!(outgoing.next(2, 1000).is_none());
}

proptest! {
    #[test]
    fn any_flight_survives_any_fragment_size(flight in proptest::collection::vec(any::<u8>(), 1..9000), size in 0usize..1500) {
        let mut outgoing = Outgoing::new(flight.clone());
        let mut reassembly = Reassembly::default();
        let mut got = None;
        while let Some(octets) = outgoing.next(3, size) {
            prop_assert!(octets.len() <= size.max(60));
            prop_assert_eq!(&octets, &outgoing.again(3));
            let packet = EapPacket::parse(&octets).unwrap();
            match reassembly.add(&Fragment::parse(packet.data()).unwrap(), 65_536).unwrap() {
                Reassembled::More => prop_assert!(outgoing.more()),
                Reassembled::Flight(flight) => got = Some(flight),
            }
        }
        prop_assert_eq!(got, Some(flight));
    }

    #[test]
    fn any_octets_parse_or_are_refused(octets in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(packet) = EapPacket::parse(&octets) {
            let again = packet.ty().map(|ty| request(packet.identifier(), ty, packet.data()));
            prop_assert!(again.is_none_or(|octets| EapPacket::parse(&octets).is_ok()) );
        }
    }
}
