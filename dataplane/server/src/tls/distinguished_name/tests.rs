#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use super::*;

/// DER of one value: tag, length below 128, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

const CN: &[u8] = &[0x55, 4, 3];
const O: &[u8] = &[0x55, 4, 10];
const OU: &[u8] = &[0x55, 4, 11];
const DC: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25];
const SN: &[u8] = &[0x55, 4, 4];
const UTF8: u8 = 0x0c;

/// Type, tag of the value, value.
type Attribute<'a> = (&'a [u8], u8, &'a [u8]);

fn name(rdns: &[&[Attribute<'_>]]) -> Vec<u8> {
    let attribute = |(oid, tag, value): &Attribute<'_>| der(0x30, &[der(6, oid), der(*tag, value)].concat());
    let rdn = |rdn: &&[Attribute<'_>]| der(0x31, &rdn.iter().flat_map(attribute).collect::<Vec<_>>());
    der(0x30, &rdns.iter().flat_map(rdn).collect::<Vec<_>>())
}

fn text(rdns: &[&[Attribute<'_>]]) -> String {
    distinguished_name(&name(rdns)).unwrap()
}

#[test]
fn rfc4514_4_examples() {
    let net: Attribute<'_> = (DC, 0x16, b"net");
    let example: Attribute<'_> = (DC, 0x16, b"example");
    assert_eq!(
        text(&[&[net], &[example], &[(&[9, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], UTF8, b"jsmith")]]),
        "UID=jsmith,DC=example,DC=net"
    );
    let sales: [Attribute<'_>; 2] = [(OU, UTF8, b"Sales"), (CN, UTF8, b"J.  Smith")];
    assert_eq!(text(&[&[net], &[example], &sales]), "OU=Sales+CN=J.  Smith,DC=example,DC=net");
    let quoted: Attribute<'_> = (CN, UTF8, b"James \"Jim\" Smith, III");
    assert_eq!(text(&[&[net], &[quoted]]), r"CN=James \22Jim\22 Smith\2C III,DC=net");
    assert_eq!(text(&[&[net], &[(CN, UTF8, b"Before\rAfter")]]), "CN=Before\rAfter,DC=net");
    let unknown: Attribute<'_> = (&[0x2b, 6, 1, 4, 1, 0x8b, 0x3a, 0], 4, b"Hi");
    assert_eq!(text(&[&[unknown]]), "1.3.6.1.4.1.1466.0=#04024869");
    assert_eq!(text(&[&[(CN, UTF8, "Lučić".as_bytes())]]), "CN=Lučić");
}

#[test]
fn rfc4514_2_4_what_is_special_where() {
    for (value, shown) in [
        (&b""[..], ""),
        (b" ", r"\20"),
        (b"  ", r"\20\20"),
        (b" a b ", r"\20a b\20"),
        (b"#a#", r"\23a#"),
        (b"a\0b", r"a\00b"),
        (br#""+,;<>\"#, r"\22\2B\2C\3B\3C\3E\5C"),
        (b"a=b", "a=b"),
    ] {
        assert_eq!(text(&[&[(CN, UTF8, value)]]), format!("CN={shown}"));
    }
}

#[test]
fn a_comma_in_a_value_does_not_begin_another_part() {
    let forged = text(&[&[(CN, UTF8, b"alice,O=Corp")]]);
    assert_ne!(forged, text(&[&[(O, UTF8, b"Corp")], &[(CN, UTF8, b"alice")]]));
    assert!(!forged.ends_with(",O=Corp"), "{forged}: what `matches \"*,O=Corp\"` asks for");
    assert!(!text(&[&[(CN, UTF8, b"alice+O=Corp")]]).contains('+'));
}

#[test]
fn every_string_type_is_read_and_what_is_none_is_hex() {
    for (tag, value) in [
        (0x0c, &b"ab"[..]),
        (0x12, b"12"),
        (0x13, b"ab"),
        (0x14, b"ab"),
        (0x16, b"ab"),
        (0x1a, b"ab"),
        (0x1c, b"\0\0\0a\0\0\0b"),
        (0x1e, b"\0a\0b"),
    ] {
        let shown = if tag == 0x12 { "12" } else { "ab" };
        assert_eq!(text(&[&[(CN, tag, value)]]), format!("CN={shown}"), "tag {tag:#x}");
    }
    for (tag, value, shown) in [
        (0x0c, &b"\xff"[..], "#0c01ff"),
        (0x14, b"\xe9", "#1401e9"),
        (0x1e, b"\0a\0", "#1e03006100"),
        (0x1e, b"\xd8\0", "#1e02d800"),
        (0x1c, b"\0\x11\0\0", "#1c0400110000"),
        (0x03, b"\0\x01", "#03020001"),
    ] {
        assert_eq!(text(&[&[(CN, tag, value)]]), format!("CN={shown}"));
    }
    assert_eq!(text(&[&[(SN, UTF8, b"Smith")]]), "2.5.4.4=#0c05536d697468");
}

#[test]
fn a_name_that_is_too_long_is_shown_cut_and_compared_with_nothing() {
    let part: Attribute<'_> = (O, UTF8, b"Corp,");
    let rdns = vec![std::slice::from_ref(&part); 5];
    let short = name(&rdns);
    let (_, parsed) = X509Name::from_der(&short).unwrap();
    let short = NameText::of(&parsed);
    assert_eq!(short.whole(), Some(short.shown()));
    let rdns = vec![parsed.iter_rdn().next().unwrap().clone(); 200];
    let long = NameText::of(&X509Name::new(rdns, &[]));
    assert_eq!(long.whole(), None);
    assert!(long.shown().ends_with('…') && long.shown().len() <= MAX_DISTINGUISHED_NAME + 3);
}

#[test]
fn what_is_no_name_has_no_text() {
    for octets in [&[][..], &[0x30], &[0x31, 0], &[0x30, 0, 0]] {
        assert_eq!(distinguished_name(octets), Err(CertificateError));
    }
    assert_eq!(distinguished_name(&[0x30, 0]).unwrap(), "");
}
