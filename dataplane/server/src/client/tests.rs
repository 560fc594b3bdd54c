#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail loudly")]

use super::*;

fn spec(name: &str, network: &str, prefix_length: u8) -> ClientSpec {
    ClientSpec {
        name: name.into(),
        network: network.parse().unwrap(),
        prefix_length,
        secrets: vec![Zeroizing::new(b"a secret of some length".to_vec())],
        message_authenticator: MessageAuthenticatorMode::Require,
        fragment_size: 1024,
        maximum_tls: MaximumVersion::Tls13,
        dialect: "rfc4849".into(),
        site: None,
        region: None,
        conversations_per_second: 10,
        burst: 5,
    }
}

#[test]
fn the_longest_prefix_wins() {
    let specs = [
        spec("all", "0.0.0.0", 0),
        spec("site", "10.1.0.0", 16),
        spec("switch", "10.1.2.3", 32),
        spec("floor", "10.1.2.0", 24),
        spec("six", "2001:db8::", 32),
        spec("six-host", "2001:db8::1", 128),
    ];
    let table = ClientTable::compile(&specs).unwrap();
    for (source, name) in [
        ("10.1.2.3", Some("switch")),
        ("10.1.2.4", Some("floor")),
        ("10.1.9.9", Some("site")),
        ("192.0.2.1", Some("all")),
        ("::ffff:10.1.2.3", Some("switch")),
        ("2001:db8::1", Some("six-host")),
        ("2001:db8::2", Some("six")),
        ("2001:db9::2", None),
    ] {
        assert_eq!(table.find(source.parse().unwrap()).map(|client| &*client.name), name, "{source}");
    }
}

#[test]
fn clients_that_cannot_be_are_refused_by_name() {
    let empty = ClientSpec { secrets: vec![Zeroizing::new(Vec::new())], ..spec("a", "10.0.0.1", 32) };
    let none = ClientSpec { secrets: Vec::new(), ..spec("b", "10.0.0.1", 32) };
    let small = ClientSpec { fragment_size: 100, ..spec("c", "10.0.0.1", 32) };
    let long = spec("d", "10.0.0.1", 33);
    for (spec, name) in [(empty, "\"a\""), (none, "\"b\""), (small, "\"c\""), (long, "\"d\"")] {
        assert!(ClientTable::compile(&[spec]).unwrap_err().to_string().contains(name));
    }
    let twice = [spec("e", "10.0.0.1", 24), spec("f", "10.0.0.2", 24)];
    assert!(ClientTable::compile(&twice).unwrap_err().to_string().contains("same prefix"));
}

#[test]
fn the_token_bucket_refills_and_outlives_a_snapshot() {
    let first = ClientTable::compile(&[spec("a", "10.0.0.1", 32)]).unwrap();
    let client = first.iter().next().unwrap();
    let at = |tenths: u64| Duration::from_millis(100 * tenths);
    assert_eq!((0..9).filter(|_| client.take_token(at(1))).count(), 5);
    assert_eq!((0..9).filter(|_| client.take_token(at(3))).count(), 2);
    let second = ClientTable::compile(&[spec("a", "10.0.0.1", 32)]).unwrap();
    second.inherit(&first);
    assert!(!second.iter().next().unwrap().take_token(at(3)));
}
