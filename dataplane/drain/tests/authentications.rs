//! Batches of authentications as rows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use std::collections::HashMap;

use nac_drain::{Authentications, Value};

/// As the data plane writes it; `changes` are replacements in its text.
fn event(changes: &[(&str, &str)]) -> Vec<u8> {
    let text = r#"{"type":"authentication","id":"0a","sequence":7,"at":1000,"client":"Switch-1","mac":"02-00-5E-00-53-01",
        "user_name":"B\u0000OB","result":"accept","cause":"ok","identity_user":"BOB@corp.example","identity_device":"Laptop",
        "certificate":{"fingerprint":"c0ffee","subject":"CN=x"},
        "facts":{"certificate.days_left":29,"device.tags":["a","b"],"mac.oui":"02-00-5e","posture.age":12,"time":1000},
        "decision":{"generation":3,"reasons":[["a","b"]]},"reply":{"code":"Access-Accept","authorization":"d1"}}"#;
    changes.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).into_bytes()
}

fn batch(events: &[Vec<u8>]) -> Authentications {
    let numbered = (1..).zip(events.iter().map(Vec::as_slice));
    Authentications::read(numbered, &str::to_lowercase).unwrap()
}

fn digest(batch: &Authentications) -> String {
    match batch.fact_sets().next().unwrap()[0] {
        Value::Text(digest) => digest.to_owned(),
        other => unreachable!("a digest is text, not {other:?}"),
    }
}

#[test]
fn a_row_has_what_was_told_in_the_form_that_is_searched_for() {
    let told = event(&[]);
    let text = String::from_utf8(told.clone()).unwrap();
    let batch = batch(&[told]);
    let numbers = HashMap::from([(digest(&batch), 42)]);
    let row = batch.rows(&numbers).next().unwrap();
    assert_eq!(row[..3], [Value::Text("0a"), Value::Int(1000), Value::Text("02:00:5e:00:53:01")]);
    assert_eq!(row[3..6], [Value::Text("bob@corp.example"), Value::Text("bob"), Value::Text("laptop")]);
    assert_eq!(row[6..9], [Value::Text("switch-1"), Value::Text("accept"), Value::Text("ok")]);
    assert_eq!(row[9..], [Value::Text(&text), 42.into(), 29.into(), 12.into(), 3.into(), Value::Text("d1")]);
}

#[test]
fn what_is_not_told_is_null() {
    let told = event(&[
        (r#""02-00-5E-00-53-01""#, "null"),
        (r#""B\u0000OB""#, r#""""#),
        (r#"{"generation":3,"reasons":[["a","b"]]}"#, "null"),
        (r#""authorization":"d1""#, r#""authorization":null"#),
        (
            r#"{"certificate.days_left":29,"device.tags":["a","b"],"mac.oui":"02-00-5e","posture.age":12,"time":1000}"#,
            "{}",
        ),
    ]);
    let batch = batch(&[told]);
    assert_eq!(batch.fact_sets().count(), 0);
    let numbers = HashMap::new();
    let row = batch.rows(&numbers).next().unwrap();
    assert_eq!([row[2], row[4]], [Value::Null; 2]);
    assert_eq!(row[10..], [Value::Null; 5]);
}

#[test]
fn facts_that_change_by_themselves_are_in_no_set() {
    let later = [("\"time\":1000", "\"time\":2000"), ("days_left\":29", "days_left\":28"), ("age\":12", "age\":99")];
    let sets: Vec<_> = [event(&[]), event(&later)].map(|told| digest(&batch(&[told]))).into();
    assert_eq!(sets[0], sets[1]);
    let both = batch(&[event(&[]), event(&later)]);
    let facts: Vec<_> = both.fact_sets().map(|[_, facts]| facts).collect();
    assert_eq!(facts, [Value::Text(r#"{"device.tags":["a","b"],"mac.oui":"02-00-5e"}"#)]);
    assert_ne!(digest(&batch(&[event(&[("\"b\"]", "\"c\"]")])])), sets[0]);
}

#[test]
fn a_device_is_seen_first_and_last_behind_each_address() {
    let seen = batch(&[
        event(&[("\"at\":1000", "\"at\":3000")]),
        event(&[]),
        event(&[("\"accept\"", "\"reject\""), ("\"at\":1000", "\"at\":9000")]),
        event(&[("53-01", "53-02")]),
        event(&[("\"Laptop\"", "null"), (r#"{"fingerprint":"c0ffee","subject":"CN=x"}"#, "null")]),
    ]);
    let place = |mac| [Value::Text("laptop"), Value::Text("c0ffee"), Value::Text(mac), Value::Text("switch-1")];
    let rows = seen.sightings();
    assert_eq!(rows.len(), 2, "who has no name was not seen, and who was refused was not there");
    assert_eq!((&rows[0][..4], &rows[0][4..]), (&place("02:00:5e:00:53:01")[..], &[1000.into(), 3000.into()][..]));
    assert_eq!((&rows[1][..4], &rows[1][4..]), (&place("02:00:5e:00:53:02")[..], &[1000.into(), 1000.into()][..]));
}

#[test]
fn a_record_of_another_kind_is_named() {
    let events: [(i64, &[u8]); 2] = [(8, &event(&[])), (9, br#"{"type":"accounting","at":1}"#)];
    let refused = Authentications::read(events.into_iter(), &str::to_lowercase).unwrap_err();
    assert!(refused.to_string().starts_with("record 9 of the journal: missing field"), "{refused}");
}
