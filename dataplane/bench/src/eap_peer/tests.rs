//! EAP packets and EAP-TLS fragments as RFC 3748 and RFC 5216 draw them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use super::*;

#[test]
fn rfc3748_4_packets() {
    let vectors: [(&[u8], Result<EapPacket<'_>, EapError>); 9] = [
        (&[3, 7, 0, 4], Ok(EapPacket::Success)),
        (&[4, 7, 0, 4], Ok(EapPacket::Failure)),
        (
            &[1, 9, 0, 6, 13, 0x20],
            Ok(EapPacket::Request { identifier: EapIdentifier(9), eap_type: EapType::EAP_TLS, data: &[0x20] }),
        ),
        (
            &[1, 9, 0, 5, 1],
            Ok(EapPacket::Request { identifier: EapIdentifier(9), eap_type: EapType::IDENTITY, data: &[] }),
        ),
        (&[1, 9, 0], Err(EapError::Truncated)),
        (&[1, 9, 0, 4], Err(EapError::Truncated)),
        (&[1, 9, 0, 5, 1, 0], Err(EapError::LengthMismatch)),
        (&[3, 9, 0, 5, 1], Err(EapError::LengthMismatch)),
        (&[2, 9, 0, 5, 1], Err(EapError::UnexpectedCode(2))),
    ];
    for (bytes, expected) in vectors {
        assert_eq!(EapPacket::parse(bytes), expected, "{bytes:02x?}");
    }
}

#[test]
fn rfc3748_4_1_response() {
    assert_eq!(response(EapIdentifier(5), EapType::IDENTITY, b"bob"), [2, 5, 0, 8, 1, b'b', b'o', b'b']);
}

#[test]
fn rfc5216_3_1_flags() {
    let start = TlsFragment::parse(&[0x20]).unwrap();
    assert!(start.start && !start.more && start.data.is_empty());
    let first = TlsFragment::parse(&[0xc0, 0, 0, 1, 2, 9]).unwrap();
    assert_eq!((first.announced, first.more, first.data), (Some(258), true, &[9_u8][..]));
    let reserved_bits_ignored = TlsFragment::parse(&[0x1f, 1]).unwrap();
    assert_eq!(reserved_bits_ignored.data, [1]);
    assert_eq!(TlsFragment::parse(&[]), Err(EapError::Truncated));
    assert_eq!(TlsFragment::parse(&[0x80, 0, 0, 1]), Err(EapError::Truncated));
    assert_eq!(TlsFragment::parse(&[0x60]), Err(EapError::Flags(0x60)));
}

#[test]
fn rfc5216_2_1_5_fragments_rejoin_at_every_size() {
    let message: Vec<u8> = (0..3000_u32).map(|n| (n % 251) as u8).collect();
    for size in [1, 2, 199, 200, 500, 1398, 2999, 3000, 3001] {
        let mut fragmenter = Fragmenter::new(size);
        fragmenter.load(message.clone());
        let mut reassembly = Reassembly::default();
        let mut fragments = 0;
        let joined = loop {
            let type_data = fragmenter.next_fragment();
            fragments += 1;
            let fragment = TlsFragment::parse(&type_data).unwrap();
            assert_eq!(fragment.announced.is_some(), fragments == 1 && size < 3000, "L on the first of several");
            assert_eq!(fragment.more, fragmenter.has_more());
            match reassembly.accept(&fragment).unwrap() {
                TlsProgress::Acknowledge => assert!(fragment.more),
                TlsProgress::Message(joined) => break joined,
            }
        };
        assert_eq!(joined, message);
        assert_eq!(fragments, 3000_usize.div_ceil(size));
        assert_eq!(fragmenter.next_fragment(), [0], "then an acknowledgement");
    }
}

#[test]
fn rfc5216_2_1_5_lengths_that_lie() {
    let lies: [(&[&[u8]], EapError); 5] = [
        (&[&[0xc0, 0, 0, 0, 2, 1, 2, 3]], EapError::TlsLength { announced: 2, received: 3 }),
        (&[&[0xc0, 0, 0, 0, 9, 1], &[0x00, 2]], EapError::TlsLength { announced: 9, received: 2 }),
        (&[&[0xc0, 0, 1, 0, 1, 1]], EapError::TooLarge),
        (&[&[0xc0, 0xff, 0xff, 0xff, 0xff, 1]], EapError::TooLarge),
        (&[&[0x40]], EapError::Flags(0x40)),
    ];
    for (fragments, expected) in lies {
        let mut reassembly = Reassembly::default();
        let outcome = fragments
            .iter()
            .map(|type_data| reassembly.accept(&TlsFragment::parse(type_data).unwrap()))
            .find_map(Result::err);
        assert_eq!(outcome, Some(expected), "{fragments:02x?}");
    }
}

#[test]
fn endless_fragments_without_a_length_are_bounded() {
    let mut reassembly = Reassembly::default();
    let mut type_data = vec![0x40];
    type_data.resize(1001, 7);
    let fragment = TlsFragment::parse(&type_data).unwrap();
    let refused = (0..100).find_map(|_| reassembly.accept(&fragment).err());
    assert_eq!(refused, Some(EapError::TooLarge));
}
