//! Batches of accounting records as rows.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use nac_drain::{Batch, Hour, Known, Stored, Usage, Value, copy};

const NODE: &str = "abababababababababababababababab";
const SECOND: i64 = 1_000_000;
const NOON: i64 = 1_790_002_800 * SECOND;

fn event(session: &str, status: &str, minute: i64, octets: u64) -> Vec<u8> {
    let at = NOON + minute * 60 * SECOND;
    format!(
        r#"{{"type":"accounting","at":{at},"happened_at":{at},"client":"Switch-1","status":"{status}","session_id":"{session}",
            "decision":null,"mac":"02-00-5E-00-53-01","user_name":"B\u0000OB","session_time":{},"input_octets":{octets},
            "output_octets":null,"other":[1]}}"#,
        minute * 60
    )
    .into_bytes()
}

fn batch(events: &[Vec<u8>]) -> Batch {
    let numbered = (1..).zip(events.iter().map(Vec::as_slice));
    Batch::read(NODE.to_owned(), numbered, &str::to_lowercase).unwrap()
}

#[test]
fn a_row_has_what_was_told_in_the_form_that_is_searched_for() {
    let told = batch(&[event("2A", "start", 0, u64::MAX)]);
    let row = told.rows().next().unwrap();
    assert_eq!(row[..2], [Value::Text(NODE), Value::Int(1)]);
    assert_eq!(row[4], Value::Text("switch-1"));
    assert_eq!(row[7..10], [Value::Null, Value::Text("02:00:5e:00:53:01"), Value::Text("bob")]);
    assert_eq!(row[11..13], [Value::Int(i64::MAX), Value::Null]);
}

#[test]
fn a_session_is_counted_on_and_its_hours_go_when_they_are_over() {
    let key = ("switch-1".to_owned(), "2A".to_owned());
    let first = batch(&[event("2A", "start", 0, 0), event("2A", "interim-update", 30, 100)]);
    let nothing = Known::new();
    let counted = first.count(&nothing);
    assert_eq!(counted.hours().count(), 0);
    let row = counted.usages().next().unwrap();
    assert_eq!(row[10..], [Value::Int(NOON / SECOND), Value::Int(100), Value::Int(0)]);

    let usage = Usage {
        first_us: NOON,
        seen_us: NOON + 1800 * SECOND,
        session_time: Some(1800),
        input_counter: 100,
        input_octets: 100,
        newest: Hour { hour: NOON / SECOND, input_octets: 100, output_octets: 0 },
        ..Usage::default()
    };
    let known = Known::from([(key, Stored { usage, place: Some(b"place".to_vec()) })]);
    let second = batch(&[event("2A", "interim-update", 50, 150), event("2A", "stop", 70, 160)]);
    let counted = second.count(&known);
    let hour = counted.hours().next().unwrap();
    assert_eq!(hour[0], Value::Int(NOON / SECOND));
    assert_eq!(hour[3..], [Value::Int(150), Value::Int(0)]);
    let row = counted.usages().next().unwrap();
    assert_eq!(row[7..10], [Value::Int(160), Value::Int(0), Value::Bool(true)]);
    assert_eq!(row[10..], [Value::Int(NOON / SECOND + 3600), Value::Int(10), Value::Int(0)]);
    let [place, placed @ ..] = counted.placed().next().unwrap();
    assert_eq!((place, placed), (Value::Octets(b"place"), row));
}

#[test]
fn sessions_are_sorted_and_each_is_there_once() {
    let told = batch(&[event("2B", "start", 0, 0), event("2A", "start", 0, 0), event("2B", "stop", 1, 1)]);
    let sessions: Vec<_> = told.sessions().map(|[_, session]| session).collect();
    assert_eq!(sessions, [Value::Text("2A"), Value::Text("2B")]);
}

#[test]
fn what_is_no_session_s_is_not_counted() {
    let told = batch(&[event("2A", "accounting-on", 0, 5), event("", "start", 0, 5)]);
    assert_eq!((told.rows().count(), told.sessions().count()), (2, 0));
}

#[test]
fn a_record_that_is_none_is_named() {
    for wrong in [&b"{}"[..], b"\xff", b"[", br#"{"at":-1,"input_octets":-1}"#] {
        let read = Batch::read(NODE.to_owned(), [(7, wrong)].into_iter(), &str::to_lowercase);
        assert!(read.unwrap_err().to_string().starts_with("record 7 of the journal: "));
    }
}

#[test]
fn a_copy_is_signature_rows_and_trailer() {
    let rows = [[Value::Text("ab"), Value::Int(-2)], [Value::Null, Value::Bool(true)]];
    let expected = [
        &b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..],
        b"\0\x02\0\0\0\x02ab\0\0\0\x08\xff\xff\xff\xff\xff\xff\xff\xfe",
        b"\0\x02\xff\xff\xff\xff\0\0\0\x01\x01",
        b"\xff\xff",
    ]
    .concat();
    let copied = copy::encode(rows.into_iter());
    assert_eq!((copied.capacity(), copied), (expected.len(), expected));
    assert!(copy::encode(std::iter::empty::<[Value<'_>; 2]>()).is_empty());
}
