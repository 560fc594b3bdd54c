//! The dictionaries of the project, and what is refused in a dictionary or a value.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

mod vectors;

use nac_protocol::dictionary::*;
use nac_protocol::radius::*;
use proptest::prelude::*;

/// One attribute of every data type, beside those in `dictionaries/`.
const TYPES: &str = "
VENDOR Example 32473
BEGIN-VENDOR Example
ATTRIBUTE Ex-Signed 1 signed
ATTRIBUTE Ex-Bool 2 bool
ATTRIBUTE Ex-Short 3 short
ATTRIBUTE Ex-Byte 4 byte
ATTRIBUTE Ex-Integer64 5 integer64
ATTRIBUTE Ex-Ether 6 ether
ATTRIBUTE Ex-Any 7 combo-ip
ATTRIBUTE Ex-Tlv 8 tlv
ATTRIBUTE Ex-Tlv-Text 8.1 string
ATTRIBUTE Ex-Tlv-Tlv 8.2 tlv
ATTRIBUTE Ex-Tlv-Tlv-Byte 8.2.7 byte
ATTRIBUTE Ex-Secret 9 string secret
END-VENDOR Example
VALUE Ex-Byte Low 1
VALUE Ex-Byte High 0xff
";

fn dictionary() -> Dictionary {
    let texts = vectors::dictionary_texts();
    let mut texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    texts.push(("types", TYPES));
    Dictionary::parse(&texts).unwrap()
}

/// A packet around attributes that are laid out already.
fn packet_of(attributes: &[u8]) -> Vec<u8> {
    let mut builder = RequestBuilder::new(Code::ACCOUNTING_REQUEST, 1, [0; 16]);
    builder.encoded(attributes).unwrap();
    builder.finish(&Secret::new(b"secret").unwrap())
}

fn describe(dictionary: &Dictionary, attributes: &[u8]) -> Vec<(String, String)> {
    let octets = packet_of(attributes);
    let described = dictionary.describe(&Packet::parse(&octets).unwrap());
    described.into_iter().map(|attribute| (attribute.name, attribute.value)).collect()
}

#[test]
fn errors_name_file_line_and_cause() {
    for (text, line, message) in [
        ("ATTRIBUTE A 1", 1, "wrong number of words after ATTRIBUTE"),
        ("\n\nATTRIBUTE A 0 string", 3, "\"0\" is not an attribute type"),
        ("ATTRIBUTE A 256 string", 1, "\"256\" is not an attribute type"),
        ("ATTRIBUTE A -1 string", 1, "\"-1\" is not an attribute type"),
        ("ATTRIBUTE A +1 string", 1, "\"+1\" is not an attribute type"),
        ("ATTRIBUTE A 1. string", 1, "\"1.\" is not an attribute type"),
        ("ATTRIBUTE A 0x string", 1, "\"0x\" is not an attribute type"),
        ("ATTRIBUTE A 1.2.3.4.5 string", 1, "more than four levels"),
        ("ATTRIBUTE A 1 strin", 1, "unknown data type \"strin\""),
        ("ATTRIBUTE A 1 octets[0]", 1, "unknown data type"),
        ("ATTRIBUTE A 1 octets[254]", 1, "unknown data type"),
        ("ATTRIBUTE A 1 string hidden", 1, "unknown flag \"hidden\""),
        ("ATTRIBUTE A 1 ipaddr has_tag", 1, "has_tag is for"),
        ("ATTRIBUTE A 1 string\nATTRIBUTE B 1 string", 2, "attribute 1 is defined as A already"),
        ("ATTRIBUTE A 1 string\nATTRIBUTE a 2 string", 2, "attribute a is defined already"),
        ("ATTRIBUTE A 1.1 string", 1, "attribute 1, which is to hold 1.1, is not defined before"),
        ("ATTRIBUTE A 1 string\nATTRIBUTE B 1.1 string", 2, "A cannot hold other attributes"),
        ("VALUE A B 1", 1, "attribute A is not defined"),
        ("VALUE A B", 1, "wrong number of words after VALUE"),
        ("ATTRIBUTE A 1 byte\nVALUE A B 256", 2, "\"256\" is no value of A"),
        ("ATTRIBUTE A 1 byte\nVALUE A B one", 2, "\"one\" is no value of A"),
        ("ATTRIBUTE A 1 string\nVALUE A B 1", 2, "A is not an integer"),
        ("ATTRIBUTE A 1 byte\nVALUE A B 1\nVALUE A b 2", 3, "value b of A is 1 already"),
        ("VENDOR V", 1, "wrong number of words after VENDOR"),
        ("VENDOR V 0", 1, "\"0\" is not a Vendor-Id"),
        ("VENDOR V 4294967296", 1, "\"4294967296\" is not a Vendor-Id"),
        ("VENDOR V 1 format=2,1", 1, "only vendors with format=1,1"),
        ("VENDOR V 1\nVENDOR V 2", 2, "vendor V is defined as 1 already"),
        ("VENDOR V 1\nVENDOR W 1", 2, "vendor 1 is named V already"),
        ("BEGIN-VENDOR V", 1, "vendor V is not defined"),
        ("VENDOR V 1\nBEGIN-VENDOR V\nBEGIN-VENDOR V", 3, "inside another vendor's block"),
        ("VENDOR V 1\nBEGIN-VENDOR V\n", 2, "the file ends before END-VENDOR"),
        ("VENDOR V 1\nEND-VENDOR V", 2, "no block of vendor V is open"),
        ("$INCLUDE dictionary.x", 1, "$INCLUDE is not supported"),
        ("ATTRIBUT A 1 string", 1, "unknown keyword \"ATTRIBUT\""),
    ] {
        let error = Dictionary::parse(&[("dictionary.x", text)]).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("dictionary.x", line), "{text}");
        assert!(error.message.contains(message), "{text}: {}", error.message);
        assert_eq!(error.to_string(), format!("dictionary.x:{line}: {}", error.message));
    }
}

/// name, text, tag, octets; the text is what comes back as well.
const VALUES: &[(&str, &str, u8, &str)] = &[
    ("User-Name", "alice", 0, "0107616c696365"),
    ("NAS-IP-Address", "192.0.2.7", 0, "0406c0000207"),
    ("NAS-Port", "4294967295", 0, "0506ffffffff"),
    ("Service-Type", "Framed", 0, "060600000002"),
    ("Class", "0x00ff0a", 0, "190500ff0a"),
    ("Event-Timestamp", "2026-02-28T23:59:59Z", 0, "370669a3817f"),
    ("Event-Timestamp", "2024-02-29T00:00:00Z", 0, "370665dfc900"),
    ("Event-Timestamp", "1970-01-01T00:00:00Z", 0, "370600000000"),
    ("Tunnel-Type", "VLAN", 0, "40060000000d"),
    ("Tunnel-Type:3", "VLAN", 3, "40060300000d"),
    ("Tunnel-Private-Group-Id", "120", 0, "5105313230"),
    ("Tunnel-Private-Group-Id:1", "120", 1, "510601313230"),
    ("NAS-IPv6-Address", "2001:db8::1", 0, "5f1220010db8000000000000000000000001"),
    ("Framed-IPv6-Prefix", "2001:db8::/32", 0, "6114002020010db8000000000000000000000000"),
    ("Framed-Interface-Id", "211:22ff:fe33:4455", 0, "600a021122fffe334455"),
    ("User-Priority-Table", "0x0001020304050607", 0, "3b0a0001020304050607"),
    ("PMIP6-Home-IPv4-HoA", "192.0.2.0/24", 0, "9b080018c0000200"),
    ("IPv6-6rd-BR-IPv4-Address", "192.0.2.1", 0, "ad080306c0000201"),
    ("Frag-Status", "More-Data-Pending", 0, "f1070100000002"),
    ("SAML-Assertion", "<a/>", 0, "f50801003c612f3e"),
    (
        "Cisco-AVPair",
        "ip:inacl#1=permit ip any any",
        0,
        "1a240000000901 1e69703a696e61636c23313d7065726d697420697020616e7920616e79",
    ),
    ("Ex-Signed", "-2", 0, "1a0c00007ed90106fffffffe"),
    ("Ex-Bool", "true", 0, "1a0900007ed9020301"),
    ("Ex-Short", "65535", 0, "1a0a00007ed90304ffff"),
    ("Ex-Byte", "High", 0, "1a0900007ed90403ff"),
    ("Ex-Byte", "2", 0, "1a0900007ed9040302"),
    ("Ex-Integer64", "18446744073709551615", 0, "1a1000007ed9050affffffffffffffff"),
    ("Ex-Ether", "00:11:22:aa:bb:cc", 0, "1a0e00007ed9060800112 2aabbcc"),
    ("Ex-Any", "192.0.2.1", 0, "1a0c00007ed90706c0000201"),
    ("Ex-Any", "::1", 0, "1a1800007ed9071200000000000000000000000000000001"),
    ("Ex-Tlv-Text", "x", 0, "1a0b00007ed90805010378"),
    ("Ex-Tlv-Tlv-Byte", "9", 0, "1a0d00007ed908070205070309"),
];

#[test]
fn values_of_every_type_are_encoded_and_shown() {
    let dictionary = dictionary();
    for (name, text, tag, hex) in VALUES {
        let plain = name.split(':').next().unwrap();
        let expected = vectors::octets(&hex.replace(' ', "").into());
        let encoded = dictionary.encode(plain, text, *tag).unwrap();
        assert_eq!(encoded, expected, "{name}");
        assert_eq!(describe(&dictionary, &encoded), [((*name).to_owned(), (*text).to_owned())]);
    }
}

#[test]
fn other_spellings_of_values_are_encoded() {
    let dictionary = dictionary();
    for (name, text, other) in [
        ("service-TYPE", "framed", "2"),
        ("Service-Type", "0x2", "Framed"),
        ("Event-Timestamp", "1772323199", "2026-02-28T23:59:59Z"),
        ("Framed-IPv6-Prefix", "2001:db8::1/32", "2001:db8::/32"),
        ("Framed-IPv6-Prefix", "2001:db8::1", "2001:db8::1/128"),
        ("Framed-IPv6-Prefix", "::/0", "2001:db8::/0"),
        ("PMIP6-Home-IPv4-HoA", "192.0.2.7/0", "0.0.0.0/0"),
        ("Ex-Ether", "0-11-22-AA-BB-CC", "00:11:22:aa:bb:cc"),
        ("Ex-Bool", "0", "false"),
        ("Class", "plain", "0x706c61696e"),
        ("Vendor-Specific", "0x00000009", "0x00000009"),
    ] {
        assert_eq!(dictionary.encode(name, text, 0).unwrap(), dictionary.encode(name, other, 0).unwrap(), "{text}");
    }
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let dictionary = dictionary();
    for (name, text) in [
        ("NAS-Port", "4294967296"),
        ("NAS-Port", "-1"),
        ("NAS-Port", "+1"),
        ("NAS-Port", ""),
        ("Service-Type", "Famed"),
        ("NAS-IP-Address", "192.0.2"),
        ("NAS-IP-Address", "2001:db8::1"),
        ("NAS-IPv6-Address", "192.0.2.1"),
        ("Framed-IPv6-Prefix", "2001:db8::/129"),
        ("Framed-IPv6-Prefix", "2001:db8::/"),
        ("Framed-Interface-Id", "1:2:3"),
        ("Framed-Interface-Id", "1:2:3:12345"),
        ("Framed-Interface-Id", "1:2:3:+4"),
        ("User-Priority-Table", "0x00"),
        ("Class", "0x0"),
        ("Class", "0xgg"),
        ("Event-Timestamp", "2026-02-29T00:00:00Z"),
        ("Event-Timestamp", "2026-13-01T00:00:00Z"),
        ("Event-Timestamp", "2026-01-01T24:00:00Z"),
        ("Event-Timestamp", "2026-01-01"),
        ("Event-Timestamp", "4294967296"),
        ("Event-Timestamp", "9999-01-01T00:00:00Z"),
        ("Ex-Short", "65536"),
        ("Ex-Byte", "256"),
        ("Ex-Signed", "2147483648"),
        ("Ex-Bool", "yes"),
        ("Ex-Ether", "00:11:22:33:44"),
        ("Ex-Any", "localhost"),
        ("Ex-Tlv", "x"),
        ("Vendor-Specific", "x"),
    ] {
        let error = dictionary.encode(name, text, 0).unwrap_err();
        assert!(matches!(error, EncodeError::Value { .. }), "{name} {text}: {error}");
        assert!(error.to_string().starts_with(&format!("{name}: {text:?} is not ")));
    }
    let layout = |name: &str, error| Err(EncodeError::Layout { name: name.to_owned(), error });
    assert_eq!(dictionary.encode("User-Name", "", 0), layout("User-Name", BuildError::Empty));
    assert_eq!(dictionary.encode("User-Name", &"a".repeat(254), 0), layout("User-Name", BuildError::AttributeTooLong));
    assert_eq!(
        dictionary.encode("Cisco-AVPair", &"a".repeat(248), 0),
        layout("Cisco-AVPair", BuildError::AttributeTooLong)
    );
    assert_eq!(dictionary.encode("Tunnel-Type", "VLAN", 32), layout("Tunnel-Type", BuildError::OutOfRange));
    assert_eq!(dictionary.encode("Tunnel-Type", "16777216", 1), layout("Tunnel-Type", BuildError::OutOfRange));
    assert_eq!(
        dictionary.encode("Extended-Attribute-1", "0x00", 0),
        layout("Extended-Attribute-1", BuildError::OutOfRange)
    );
    assert_eq!(dictionary.encode("Nobody", "1", 0), Err(EncodeError::UnknownName { name: "Nobody".to_owned() }));
    assert_eq!(dictionary.encode("NAS-Port", "1", 1), Err(EncodeError::NotTagged { name: "NAS-Port".to_owned() }));
    for name in ["User-Password", "Tunnel-Password", "MS-MPPE-Recv-Key"] {
        assert_eq!(dictionary.encode(name, "x", 0), Err(EncodeError::Encrypted { name: name.to_owned() }));
    }
}

#[test]
fn long_texts_of_long_extended_attributes_are_split_and_joined() {
    let dictionary = dictionary();
    let text = "a".repeat(1000);
    let encoded = dictionary.encode("SAML-Assertion", &text, 0).unwrap();
    assert_eq!(encoded.len(), 1000 + 4 * 4);
    assert_eq!(describe(&dictionary, &encoded), [("SAML-Assertion".to_owned(), text)]);
}

/// RFC 2865 5.26: one Vendor-Specific attribute may hold several of the vendor's, or something opaque.
#[test]
fn attributes_that_hold_others_are_split() {
    let dictionary = dictionary();
    let two = [&[26, 14, 0, 0, 0, 9][..], &[1, 4, b'a', b'b'], &[99, 4, 1, 2]].concat();
    let names = [("Cisco-AVPair", "ab"), ("Vendor-9-Attr-99", "0x0102")];
    assert_eq!(describe(&dictionary, &two), names.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let attribute = Attribute { ty: AttributeType::VENDOR_SPECIFIC, value: &two[2..] };
    let shown = dictionary.display(attribute);
    assert_eq!(shown.0, "Vendor-Specific");
    assert_eq!(shown.1, "Cisco-AVPair = ab, Vendor-9-Attr-99 = 0x0102");

    let opaque = [26, 9, 0, 0, 0, 9, 1, 9, 9];
    assert_eq!(describe(&dictionary, &opaque), [("Vendor-Specific".to_owned(), "0x00000009010909".to_owned())]);
    let tlvs = [173, 14, 1, 6, 0, 0, 0, 8, 3, 6, 192, 0, 2, 1];
    let names = [("IPv6-6rd-IPv4MaskLen", "8"), ("IPv6-6rd-BR-IPv4-Address", "192.0.2.1")];
    assert_eq!(describe(&dictionary, &tlvs), names.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let not_filled = [173, 9, 1, 6, 0, 0, 0, 8, 3];
    assert_eq!(
        describe(&dictionary, &not_filled),
        [("IPv6-6rd-Configuration".to_owned(), "0x0106000000 0803".replace(' ', ""))]
    );
}

#[test]
fn attributes_without_a_definition_or_with_a_wrong_length_are_shown_as_octets() {
    let dictionary = dictionary();
    for (attribute, name, value) in [
        (&[200, 3, 7][..], "Attr-200", "0x07"),
        (&[0, 2], "Attr-0", "0x"),
        (&[4, 5, 1, 2, 3], "NAS-IP-Address", "0x010203"),
        (&[5, 3, 1], "NAS-Port", "0x01"),
        (&[64, 6, 0x20, 0, 0, 13], "Tunnel-Type", "536870925"),
        (&[64, 3, 1], "Tunnel-Type", "0x01"),
        (&[97, 4, 0, 129], "Framed-IPv6-Prefix", "0x0081"),
        (&[97, 4, 0, 8], "Framed-IPv6-Prefix", "0x0008"),
        (&[97, 5, 0, 8, 0x20], "Framed-IPv6-Prefix", "2000::/8"),
        (&[241, 4, 99, 1], "Attr-241.99", "0x01"),
        (&[241, 4, 0, 1], "Extended-Attribute-1", "0x0001"),
        (&[241, 3, 1], "Extended-Attribute-1", "0x01"),
        (&[26, 9, 0, 0, 0x7e, 0xd9, 2, 3, 2], "Ex-Bool", "0x02"),
        (&[26, 8, 0, 0, 1, 0, 0, 2], "Vendor-256-Attr-0", "0x"),
    ] {
        assert_eq!(describe(&dictionary, attribute), [(name.to_owned(), value.to_owned())]);
    }
}

#[test]
fn text_is_shown_on_one_line_without_control_characters() {
    let dictionary = dictionary();
    for (value, shown) in [
        (&b"a\nb\r\t\x1b[0m\x00\x7f"[..], "a\\x0ab\\x0d\\x09\\x1b[0m\\x00\\x7f"),
        (b"back\\slash", "back\\\\slash"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("Zo\u{eb}".as_bytes(), "Zo\u{eb}"),
        ("\u{202e}txt.exe\u{200b}\u{85}".as_bytes(), "\\u{202e}txt.exe\\u{200b}\\u{85}"),
    ] {
        let attribute = Attribute { ty: AttributeType::USER_NAME, value };
        assert_eq!(dictionary.display(attribute).1, shown);
    }
}

/// The NUL between two rules is no part of either; anywhere else it is shown.
#[test]
fn rfc4849_2_a_filter_rule_is_shown_without_the_nul_behind_it() {
    let dictionary = dictionary();
    for (ty, value, shown) in [
        (AttributeType::NAS_FILTER_RULE, &b"permit in ip from any to any\x00"[..], "permit in ip from any to any"),
        (AttributeType::NAS_FILTER_RULE, b"to any\x00permit in", "to any\\x00permit in"),
        (AttributeType::USER_NAME, b"alice\x00", "alice\\x00"),
    ] {
        assert_eq!(dictionary.display(Attribute { ty, value }).1, shown);
    }
}

#[test]
fn sensitive_values_are_masked_with_any_dictionary() {
    let empty = Dictionary::default();
    for dictionary in [&dictionary(), &empty] {
        for ty in [2, 3, 24, 69, 70, 79] {
            let attribute = Attribute { ty: AttributeType(ty), value: b"hidden" };
            assert_eq!(dictionary.display_masked(attribute).1, "(6 octets)", "{ty}");
        }
        for ty in [12, 16, 17] {
            let value = [0, 0, 1, 55, ty, 4, 7, 8];
            let attribute = Attribute { ty: AttributeType::VENDOR_SPECIFIC, value: &value };
            assert_eq!(dictionary.display_masked(attribute).1, "(2 octets)", "{ty}");
        }
        let class = Attribute { ty: AttributeType::CLASS, value: &[1, 2] };
        assert_eq!(dictionary.display_masked(class).1, "0x0102");
    }
    let secret = dictionary().encode("Ex-Secret", "hidden", 0).unwrap();
    let attribute = Attribute { ty: AttributeType::VENDOR_SPECIFIC, value: &secret[2..] };
    assert_eq!(dictionary().display_masked(attribute), ("Ex-Secret".to_owned(), "(6 octets)".to_owned()));
}

/// Types that the code names are named the same in the dictionaries.
#[test]
fn dictionaries_know_what_the_code_names() {
    let dictionary = vectors::dictionary();
    for (ty, name) in [
        (AttributeType::USER_NAME, "User-Name"),
        (AttributeType::FRAMED_MTU, "Framed-MTU"),
        (AttributeType::STATE, "State"),
        (AttributeType::TERMINATION_ACTION, "Termination-Action"),
        (AttributeType::ACCT_INTERIM_INTERVAL, "Acct-Interim-Interval"),
        (AttributeType::NAS_FILTER_RULE, "NAS-Filter-Rule"),
        (AttributeType::EAP_KEY_NAME, "EAP-Key-Name"),
        (AttributeType::ERROR_CAUSE, "Error-Cause"),
        (AttributeType::MESSAGE_AUTHENTICATOR, "Message-Authenticator"),
    ] {
        assert_eq!(dictionary.attribute(ty).unwrap().name(), name);
    }
    assert_eq!(dictionary.vendor(VendorId::MICROSOFT), Some("Microsoft"));
    assert_eq!(dictionary.vendor_attribute(VendorId::MICROSOFT, 17).unwrap().encryption(), Encryption::Salted);
    assert!(dictionary.names().count() > 350);
}

proptest! {
    #[test]
    fn any_text_is_a_dictionary_or_refused(words in "(ATTRIBUTE|VALUE|VENDOR|BEGIN-VENDOR|END-VENDOR|[A-C]|[0-9.x]{0,5}|string|tlv|byte|[ \n#]){0,40}") {
        let _ = Dictionary::parse(&[("any", &words)]);
    }

    #[test]
    fn any_attributes_are_described(attributes in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 1..40)), 0..8)) {
        let mut laid_out = Vec::new();
        for (ty, value) in attributes.iter().filter(|(ty, _)| *ty != 80) {
            put_attribute(&mut laid_out, AttributeType(*ty), value).unwrap();
        }
        let octets = packet_of(&laid_out);
        for attribute in dictionary().describe(&Packet::parse(&octets).unwrap()) {
            prop_assert!(!attribute.value.chars().any(char::is_control));
        }
    }
}
