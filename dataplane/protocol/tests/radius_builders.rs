//! What the builders promise, by RFC section.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use nac_protocol::radius::*;
use proptest::prelude::*;

const AUTHENTICATOR: [u8; 16] = *b"0123456789abcdef";

fn secret() -> Secret {
    Secret::new(b"testing secret, 24 octets").unwrap()
}

fn accept() -> ReplyBuilder {
    ReplyBuilder::new(Code::ACCESS_ACCEPT, 7, AUTHENTICATOR)
}

/// CVE-2024-3596: the Message-Authenticator is the first attribute of every Access reply.
#[test]
fn cve_2024_3596_message_authenticator_is_first() {
    for code in [Code::ACCESS_ACCEPT, Code::ACCESS_REJECT, Code::ACCESS_CHALLENGE, Code::COA_ACK, Code::DISCONNECT_NAK]
    {
        let mut builder = ReplyBuilder::new(code, 7, AUTHENTICATOR);
        builder.text(AttributeType::REPLY_MESSAGE, "hello").unwrap();
        let octets = builder.finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!((packet.code(), packet.identifier()), (code, 7));
        assert_eq!(packet.attributes().next().unwrap().ty, AttributeType::MESSAGE_AUTHENTICATOR);
        assert_eq!(verify_response(&packet, &AUTHENTICATOR, &secret()), Ok(Presence::Valid));
    }
}

/// RFC 3579 3.3: none in accounting.
#[test]
fn rfc3579_3_3_no_message_authenticator_in_accounting() {
    let octets = ReplyBuilder::new(Code::ACCOUNTING_RESPONSE, 7, AUTHENTICATOR).finish(&secret());
    let packet = Packet::parse(&octets).unwrap();
    assert_eq!(octets.len(), 20);
    assert_eq!(verify_response(&packet, &AUTHENTICATOR, &secret()), Ok(Presence::Absent));
}

/// RFC 2866 3 and RFC 5176 2.3, 3.4: digests in the place of a random Request Authenticator.
#[test]
fn rfc5176_2_3_request_authenticators() {
    for (code, presence) in [
        (Code::ACCOUNTING_REQUEST, Presence::Absent),
        (Code::COA_REQUEST, Presence::Valid),
        (Code::DISCONNECT_REQUEST, Presence::Valid),
    ] {
        let octets = RequestBuilder::new(code, 1, AUTHENTICATOR).finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!(verify_accounting_request(&packet, &secret()), Ok(()));
        assert_eq!(verify_request_message_authenticator(&packet, &secret()), Ok(presence));
    }
}

#[test]
fn rfc3579_3_2_message_authenticator_is_refused_when_changed_misshapen_or_repeated() {
    let octets = RequestBuilder::new(Code::ACCESS_REQUEST, 1, AUTHENTICATOR).finish(&secret());
    for at in 4..octets.len() {
        let mut changed = octets.clone();
        changed[at] ^= 1;
        let Ok(packet) = Packet::parse(&changed) else { continue };
        let result = verify_request_message_authenticator(&packet, &secret());
        let of_another_type = packet.count(AttributeType::MESSAGE_AUTHENTICATOR) == 0;
        assert_eq!(result, if of_another_type { Ok(Presence::Absent) } else { Err(MessageAuthenticatorError::Wrong) });
    }
    for (attributes, error) in [
        (vec![80, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], MessageAuthenticatorError::WrongLength),
        (vec![80, 2], MessageAuthenticatorError::WrongLength),
        (octets[20..].repeat(2), MessageAuthenticatorError::Repeated),
        ([&[80, 2], &octets[20..]].concat(), MessageAuthenticatorError::Repeated),
    ] {
        let packet = [&octets[..2], &[0, u8::try_from(attributes.len() + 20).unwrap()], &octets[4..20], &attributes];
        let packet = packet.concat();
        let packet = Packet::parse(&packet).unwrap();
        assert_eq!(verify_request_message_authenticator(&packet, &secret()), Err(error));
    }
}

#[test]
fn rfc2865_3_length_is_at_most_4096_and_padding_is_ignored() {
    let mut builder = accept();
    while builder.attribute(AttributeType::REPLY_MESSAGE, &[b'a'; 253]).is_ok() {}
    let length = builder.length();
    let rest = 4096 - length;
    assert_eq!(builder.attribute(AttributeType::REPLY_MESSAGE, &[b'a'; 253]).err(), Some(BuildError::TooLong));
    assert_eq!(builder.length(), length);
    builder.attribute(AttributeType::REPLY_MESSAGE, &vec![b'a'; rest - 2]).unwrap();
    let mut octets = builder.finish(&secret());
    assert_eq!(octets.len(), MAX_PACKET_LENGTH);
    octets.extend_from_slice(b"padding");
    let packet = Packet::parse(&octets).unwrap();
    assert_eq!(packet.octets().len(), MAX_PACKET_LENGTH);
    assert_eq!(verify_response(&packet, &AUTHENTICATOR, &secret()), Ok(Presence::Valid));
}

#[test]
fn rfc2865_5_values_that_do_not_fit_are_refused() {
    let mut builder = accept();
    let start = builder.length();
    assert_eq!(builder.attribute(AttributeType::CLASS, &[]).err(), Some(BuildError::Empty));
    assert_eq!(builder.attribute(AttributeType::CLASS, &[1; 254]).err(), Some(BuildError::AttributeTooLong));
    assert_eq!(builder.vendor(VendorId::CISCO, 1, &[]).err(), Some(BuildError::Empty));
    assert_eq!(builder.vendor(VendorId::CISCO, 1, &[1; 248]).err(), Some(BuildError::AttributeTooLong));
    assert_eq!(builder.tagged_integer(AttributeType::TUNNEL_TYPE, 32, 13).err(), Some(BuildError::OutOfRange));
    assert_eq!(builder.tagged_integer(AttributeType::TUNNEL_TYPE, 1, 1 << 24).err(), Some(BuildError::OutOfRange));
    assert_eq!(builder.encoded(&[1, 1]).err(), Some(BuildError::Malformed));
    assert_eq!(builder.encoded(&[&[80, 18][..], &[0; 16]].concat()).err(), Some(BuildError::Reserved));
    assert_eq!(builder.attribute(AttributeType::MESSAGE_AUTHENTICATOR, &[0; 16]).err(), Some(BuildError::Reserved));
    assert_eq!(builder.length(), start);
    builder.vendor(VendorId::CISCO, 1, &[1; 247]).unwrap();
    assert_eq!(builder.length(), start + 255);
}

#[test]
fn rfc2865_3_secret_is_not_empty_and_prints_nothing() {
    assert_eq!(Secret::new(b"").err(), Some(SecretError::Empty));
    assert_eq!(format!("{:?}", secret()), "Secret(..)");
}

#[test]
fn rfc2868_3_tags() {
    for (tag, text, value) in
        [(0, "120", b"120".as_slice()), (1, "120", b"\x01120"), (0, "\x05x", b"\x00\x05x"), (31, "x", b"\x1fx")]
    {
        let mut builder = accept();
        builder.tagged_text(AttributeType::TUNNEL_PRIVATE_GROUP_ID, tag, text).unwrap();
        builder.tagged_integer(AttributeType::TUNNEL_TYPE, tag, 13).unwrap();
        let octets = builder.finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        assert_eq!(packet.first(AttributeType::TUNNEL_PRIVATE_GROUP_ID), Some(value));
        assert_eq!(packet.first(AttributeType::TUNNEL_TYPE), Some([tag, 0, 0, 13].as_slice()));
    }
}

#[test]
fn rfc2548_2_4_2_salts_differ_and_have_the_top_bit() {
    let msk: [u8; 64] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    for salts in [[[0, 0], [0, 0]], [[0x80, 1], [0, 1]], [[1, 2], [3, 4]]] {
        let mut builder = accept();
        builder.mppe_keys(&secret(), salts, &msk).unwrap();
        let octets = builder.finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        let recv = packet.vendor(VendorId::MICROSOFT, 17).next().unwrap();
        let send = packet.vendor(VendorId::MICROSOFT, 16).next().unwrap();
        assert!(recv[0] & send[0] & 0x80 != 0 && recv[..2] != send[..2]);
        assert_eq!(*decrypt_mppe_key(recv, &secret(), &AUTHENTICATOR).unwrap(), msk[..32]);
        assert_eq!(*decrypt_mppe_key(send, &secret(), &AUTHENTICATOR).unwrap(), msk[32..]);
    }
}

#[test]
fn rfc2548_2_4_2_values_that_hold_no_key() {
    for value in [&[][..], &[0x80], &[0x80, 1], &[0x80, 1, 2], &[0x80; 17], &[0x80; 35]] {
        assert_eq!(decrypt_mppe_key(value, &secret(), &AUTHENTICATOR), None);
    }
}

#[test]
fn rfc2865_5_2_user_password_lengths() {
    for (length, octets) in [(0, 16), (1, 16), (16, 16), (17, 32), (128, 128)] {
        let password = vec![b'p'; length];
        let value = encode_user_password(&password, &secret(), &AUTHENTICATOR).unwrap();
        assert_eq!(value.len(), octets);
        assert_eq!(*decode_user_password(&value, &secret(), &AUTHENTICATOR).unwrap(), password);
    }
    let too_long = encode_user_password(&[b'p'; 129], &secret(), &AUTHENTICATOR);
    assert_eq!(too_long, Err(PasswordError::TooLong));
    for length in [0, 15, 17, 144] {
        let refused = decode_user_password(&vec![0; length], &secret(), &AUTHENTICATOR);
        assert_eq!(refused, Err(PasswordError::BadLength));
    }
}

#[test]
fn rfc2865_5_33_proxy_states_come_back_in_order() {
    let mut request = RequestBuilder::new(Code::ACCESS_REQUEST, 7, AUTHENTICATOR);
    for state in [&b"first"[..], b"second", b"first"] {
        request.attribute(AttributeType::PROXY_STATE, state).unwrap();
    }
    let request = request.finish(&secret());
    let mut with_empty = [&request[..], &[33, 2]].concat();
    with_empty[3] += 2;
    let request = Packet::parse(&with_empty).unwrap();
    let mut reply = accept();
    reply.proxy_states_of(&request).unwrap();
    let reply = reply.finish(&secret());
    let reply = Packet::parse(&reply).unwrap();
    let states: Vec<_> = reply.all(AttributeType::PROXY_STATE).collect();
    assert_eq!(states, [&b"first"[..], b"second", b"first", b""]);
}

#[test]
fn rfc2865_5_26_bad_inner_lengths_are_opaque() {
    for content in [&[][..], &[1], &[1, 0], &[1, 1], &[1, 4, 5], &[1, 3, 5, 9]] {
        let value = [&9_u32.to_be_bytes(), content].concat();
        let specific = VendorSpecific::parse(&value).unwrap();
        assert_eq!((specific.vendor, specific.content), (VendorId::CISCO, content));
        assert!(specific.attributes().is_none());
    }
    assert_eq!(VendorSpecific::parse(&[0, 0, 9]), None);
}

#[test]
fn rfc3579_3_1_eap_message_parts_must_be_consecutive() {
    let mut request = RequestBuilder::new(Code::ACCESS_REQUEST, 7, AUTHENTICATOR);
    request.eap_message(b"one").unwrap().text(AttributeType::USER_NAME, "x").unwrap();
    let mut apart = RequestBuilder::new(Code::ACCESS_REQUEST, 7, AUTHENTICATOR);
    apart.encoded(&[79, 3, 1, 1, 3, 2, 79, 3, 3]).unwrap();
    let mut eap = vec![9];
    let request = request.finish(&secret());
    assert_eq!(Packet::parse(&request).unwrap().eap_message(&mut eap), Ok(true));
    assert_eq!(eap, b"one");
    let apart = apart.finish(&secret());
    assert_eq!(Packet::parse(&apart).unwrap().eap_message(&mut eap), Err(EapMessageError::NotConsecutive));
}

/// RFC 3579 2.1: an EAP-Start is an EAP-Message without data.
#[test]
fn rfc3579_2_1_eap_start() {
    let mut request = RequestBuilder::new(Code::ACCESS_REQUEST, 7, AUTHENTICATOR);
    request.eap_message(b"").unwrap();
    let (request, mut eap) = (request.finish(&secret()), vec![9]);
    let packet = Packet::parse(&request).unwrap();
    assert_eq!(packet.first(AttributeType::EAP_MESSAGE), Some(b"".as_slice()));
    assert_eq!(packet.eap_message(&mut eap), Ok(true));
    assert!(eap.is_empty());
}

proptest! {
    #[test]
    fn eap_messages_of_any_length_round_trip(eap in proptest::collection::vec(any::<u8>(), 1..4000)) {
        let mut builder = ReplyBuilder::new(Code::ACCESS_CHALLENGE, 1, AUTHENTICATOR);
        builder.eap_message(&eap).unwrap();
        let octets = builder.finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        let mut joined = Vec::new();
        prop_assert_eq!(packet.eap_message(&mut joined), Ok(true));
        prop_assert_eq!(joined, eap);
        prop_assert_eq!(verify_response(&packet, &AUTHENTICATOR, &secret()), Ok(Presence::Valid));
    }

    #[test]
    fn attributes_round_trip(
        attributes in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 1..=253)), 0..15),
        identifier: u8,
        authenticator: [u8; 16],
    ) {
        let mut builder = RequestBuilder::new(Code::ACCESS_REQUEST, identifier, authenticator);
        let kept: Vec<_> = attributes
            .iter()
            .filter(|(ty, value)| builder.attribute(AttributeType(*ty), value).is_ok())
            .collect();
        let octets = builder.finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        prop_assert_eq!(packet.authenticator(), &authenticator);
        prop_assert_eq!(verify_request_message_authenticator(&packet, &secret()), Ok(Presence::Valid));
        let found: Vec<_> = packet.attributes().skip(1).collect();
        prop_assert_eq!(found.len(), kept.len());
        for (found, (ty, value)) in found.iter().zip(kept) {
            prop_assert_eq!(found.ty.0, *ty);
            prop_assert_eq!(found.value, value.as_slice());
        }
    }

    #[test]
    fn hidden_values_round_trip(
        password in proptest::collection::vec(1..=u8::MAX, 0..=128),
        key in proptest::collection::vec(any::<u8>(), 0..=239),
        salt: [u8; 2],
        authenticator: [u8; 16],
    ) {
        let hidden = encode_user_password(&password, &secret(), &authenticator).unwrap();
        prop_assert_eq!(&*decode_user_password(&hidden, &secret(), &authenticator).unwrap(), &password);
        let hidden = encrypt_tunnel_password(&key, 5, salt, &secret(), &authenticator).unwrap();
        let (tag, found) = decrypt_tunnel_password(&hidden, &secret(), &authenticator).unwrap();
        prop_assert_eq!((tag, &*found), (5, &key));
    }

    #[test]
    fn long_extended_values_round_trip(value in proptest::collection::vec(any::<u8>(), 1..3000), extended_type: u8) {
        let ty = AttributeType::LONG_EXTENDED_TYPE_1;
        let mut laid_out = Vec::new();
        put_long_extended(&mut laid_out, ty, extended_type, &value).unwrap();
        let mut builder = RequestBuilder::new(Code::ACCESS_REQUEST, 1, AUTHENTICATOR);
        builder.encoded(&laid_out).unwrap().text(AttributeType::USER_NAME, "x").unwrap();
        let octets = builder.finish(&secret());
        let packet = Packet::parse(&octets).unwrap();
        let found: Vec<_> = extended_attributes(&packet).collect();
        prop_assert_eq!(found, [ExtendedAttribute::Valid { ty, extended_type, value: value.into() }]);
    }

    #[test]
    fn any_octets_are_parsed_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..200), length: u8) {
        let mut octets = octets;
        if let Some(low) = octets.get_mut(3) { *low = length; }
        if let Some(high) = octets.get_mut(2) { *high = 0; }
        if let Ok(packet) = Packet::parse(&octets) {
            let total: usize = packet.attributes().map(|attribute| attribute.value.len() + 2).sum();
            prop_assert_eq!(total + HEADER_LENGTH, packet.octets().len());
            let _ = verify_request_message_authenticator(&packet, &secret());
            let _ = packet.eap_message(&mut Vec::new());
            prop_assert!(extended_attributes(&packet).count() <= packet.attributes().count());
        }
    }
}
