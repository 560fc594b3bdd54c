//! Accounting (RFC 2866, RFC 2869, RFC 5080, RFC 5997): from the datagram over a journal on disk to the answer and the
//! record.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use nac_journal::{Batch, Journal, NodeId};
use nac_protocol::radius::{
    AttributeType, Code, Packet, RequestBuilder, Secret, put_attribute, verify_accounting_request, verify_response,
};
use nac_server::accounting::{ACCOUNTING, told};
use nac_server::core::Core;
use nac_server::pipeline::Datagram;
use nac_server::pipeline::accounting::{Admission, admit, recorded, unrecorded};
use serde_json::{Value, json};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::world::estate::SECRET;
use crate::world::nas::{Asked, Session, with_octets};
use crate::world::server::World;

const START: u32 = 1;
const STOP: u32 = 2;
const INTERIM_UPDATE: u32 = 3;

/// A world with a journal, and its accounting without sockets.
struct Books {
    world: World,
    folder: TempDir,
}

impl Books {
    fn open() -> Self {
        let mut books = Self { world: World::new(), folder: TempDir::new().unwrap() };
        books.start();
        books
    }

    /// Start, or start again after a crash: the shared state is new, the journal is what is on disk.
    fn start(&mut self) {
        let journal = Journal::open(self.folder.path(), NodeId([7; 16]), 1 << 20).unwrap();
        let now = self.world.now;
        let core = Core::new(self.world.estate.compile(), 16).unwrap();
        self.world.core = Arc::new(core.with_journal(journal, now));
    }

    fn journal(&self) -> &Journal {
        self.world.core.journal.as_ref().unwrap()
    }

    /// One datagram, to the end.
    fn send(&self, octets: &[u8], session: &Session) -> Option<Vec<u8>> {
        let core = &self.world.core;
        let datagram = Datagram { octets, source: session.source, socket: 0, local: None };
        match admit(core, datagram, self.world.now) {
            Admission::Silent => None,
            Admission::Reply(reply) => Some(reply.to_vec()),
            Admission::Record(request) => {
                let mut batch = Batch::default();
                let at = self.world.now.unix_micros;
                batch.push(ACCOUNTING, at, |out| out.extend_from_slice(request.payload())).unwrap();
                if self.journal().commit(&mut batch).is_err() {
                    unrecorded(core, &request);
                    return None;
                }
                recorded(core, &request).map(|reply| reply.to_vec())
            }
        }
    }

    /// Ask, and hold the answer against what each must be: an Accounting-Response, signed, with nothing in it.
    fn account(&self, session: &mut Session, asked: &Asked) -> Vec<u8> {
        let reply = self.send(&asked.octets, session).expect("an answer");
        let packet = Packet::parse(&reply).unwrap();
        assert_eq!((packet.code(), packet.identifier()), (Code::ACCOUNTING_RESPONSE, asked.octets[1]));
        assert!(verify_response(&packet, authenticator(&asked.octets), &session.secret).is_ok());
        reply
    }

    fn records(&self) -> Vec<Value> {
        let dictionary = self.world.core.snapshot.load().dictionary.clone();
        let records = self.journal().read(0, usize::MAX, Duration::ZERO).unwrap();
        records.into_iter().map(|record| serde_json::from_slice(&told(record, &dictionary)).unwrap()).collect()
    }

    fn record(&self) -> Value {
        let mut records = self.records();
        assert_eq!(records.len(), 1, "{records:#?}");
        records.remove(0)
    }
}

/// An Accounting-Request of a session on a port; `more` attributes after the usual ones.
fn ask(session: &mut Session, status: u32, more: &[(AttributeType, &[u8])]) -> Asked {
    session.bare(Code::ACCOUNTING_REQUEST, |request| {
        request
            .integer(AttributeType::ACCT_STATUS_TYPE, status)?
            .text(AttributeType::ACCT_SESSION_ID, "0000002A")?
            .text(AttributeType::NAS_IDENTIFIER, "access-switch")?
            .text(AttributeType::CALLING_STATION_ID, "02-00-00-00-00-01")?;
        more.iter().try_for_each(|(ty, value)| request.attribute(*ty, value).map(|_| ()))
    })
}

fn authenticator(octets: &[u8]) -> &[u8; 16] {
    octets[4..20].try_into().unwrap()
}

fn number(value: u32) -> [u8; 4] {
    value.to_be_bytes()
}

#[test]
fn rfc2866_4_1_the_answer_comes_when_the_record_is_in_the_journal() {
    let books = Books::open();
    let mut session = Session::on(1);
    let asked = ask(&mut session, START, &[(AttributeType::PROXY_STATE, b"one"), (AttributeType::PROXY_STATE, b"two")]);
    let reply = books.account(&mut session, &asked);
    let reply = Packet::parse(&reply).unwrap();
    let attributes: Vec<_> = reply.attributes().map(|attribute| (attribute.ty, attribute.value)).collect();
    let proxy = AttributeType::PROXY_STATE;
    assert_eq!(attributes, [(proxy, &b"one"[..]), (proxy, b"two")], "RFC 2866 section 4.2: nothing else");
    let again = Journal::open(books.folder.path(), NodeId([1; 16]), 1 << 20).unwrap();
    assert_eq!(again.read(0, 9, Duration::ZERO).unwrap().len(), 1);
}

#[test]
fn rfc2866_4_1_without_a_record_there_is_no_answer_and_the_next_try_is_fresh() {
    let books = Books::open();
    let mut session = Session::on(1);
    let asked = ask(&mut session, START, &[]);
    fs::remove_dir_all(books.folder.path()).unwrap();
    assert_eq!(books.send(&asked.octets, &session), None);
    assert_eq!(books.send(&asked.octets, &session), None);
    assert_eq!(books.world.counter("accounting.unrecorded"), 2);
    fs::create_dir(books.folder.path()).unwrap();
    books.account(&mut session, &asked);
    assert_eq!(books.record()["status"], "start");
}

#[test]
fn rfc2866_3_a_wrong_request_authenticator_is_silently_discarded() {
    let books = Books::open();
    let mut session = Session::on(1);
    let asked = ask(&mut session, START, &[]);
    for at in [2 + 2, 19, 25, asked.octets.len() - 1] {
        let mut octets = asked.octets.clone();
        octets[at] ^= 1;
        assert_eq!(books.send(&octets, &session), None);
    }
    let stranger = Session { secret: Secret::new(b"not the secret").unwrap(), ..Session::on(2) };
    let forged = ask(&mut stranger.clone(), START, &[]);
    assert_eq!(books.send(&forged.octets, &stranger), None);
    assert_eq!(books.world.counter("discard.bad_request_authenticator"), 5);
    assert_eq!(books.world.client_counter("switch-1", "bad_message_authenticator"), 5);
    assert!(books.records().is_empty());
}

#[test]
fn rfc2866_3_padding_is_no_part_of_the_packet() {
    let books = Books::open();
    let mut session = Session::on(1);
    let asked = ask(&mut session, START, &[]);
    let padded = [&asked.octets[..], &[0; 9]].concat();
    assert!(books.send(&padded, &session).is_some());
}

#[test]
fn rfc2866_3_either_live_secret_signs_and_the_answer_is_signed_with_the_same() {
    let mut books = Books::open();
    books.world.estate.clients[0].secrets.insert(0, Zeroizing::new(b"the new one".to_vec()));
    books.world.publish();
    for secret in [&b"the new one"[..], SECRET] {
        let mut session = Session { secret: Secret::new(secret).unwrap(), ..Session::on(1) };
        let asked = ask(&mut session, START, &[]);
        books.account(&mut session, &asked);
    }
    assert_eq!(books.world.client_counter("switch-1", "second_secret"), 1);
}

#[test]
fn rfc2865_3_an_unknown_source_is_silently_discarded() {
    let books = Books::open();
    let mut session = Session::at([198, 51, 100, 9], 1);
    let asked = ask(&mut session, START, &[]);
    assert_eq!(books.send(&asked.octets, &session), None);
    assert_eq!(books.world.counter("discard.unknown_client"), 1);
}

/// The same request with a Message-Authenticator (RFC 5176 section 3.4 has the computation: over zeros), signed anew.
fn with_message_authenticator(session: &mut Session, right: bool) -> Vec<u8> {
    use hmac::{Hmac, KeyInit, Mac};
    use md5::{Digest, Md5};
    let asked = with_octets(&ask(session, START, &[]), &[[80, 18].as_slice(), &[0; 16]].concat());
    let mut octets = asked.octets;
    octets[4..20].fill(0);
    let mut hmac = <Hmac<Md5> as KeyInit>::new_from_slice(SECRET).unwrap();
    hmac.update(&octets);
    let at = octets.len() - 16;
    octets[at..].copy_from_slice(&hmac.finalize().into_bytes());
    octets[at] ^= u8::from(!right);
    let digest = Md5::new().chain_update(&octets).chain_update(SECRET).finalize();
    octets[4..20].copy_from_slice(&digest);
    assert!(verify_accounting_request(&Packet::parse(&octets).unwrap(), &session.secret).is_ok());
    octets
}

#[test]
fn rfc3579_3_3_a_message_authenticator_is_not_needed_but_must_be_right() {
    let books = Books::open();
    let mut session = Session::on(1);
    let right = with_message_authenticator(&mut session, true);
    assert!(books.send(&right, &session).is_some());
    let wrong = with_message_authenticator(&mut session, false);
    assert_eq!(books.send(&wrong, &session), None);
    assert_eq!(books.world.counter("discard.bad_message_authenticator"), 1);
}

#[test]
fn rfc2866_4_1_a_request_names_its_nas_and_its_status() {
    let books = Books::open();
    let mut session = Session::on(1);
    let nameless = session.bare(Code::ACCOUNTING_REQUEST, |request| {
        request.integer(AttributeType::ACCT_STATUS_TYPE, START)?.text(AttributeType::ACCT_SESSION_ID, "1")?;
        Ok(())
    });
    assert_eq!(books.send(&nameless.octets, &session), None);
    let pointless = session.bare(Code::ACCOUNTING_REQUEST, |request| {
        request.text(AttributeType::NAS_IDENTIFIER, "access-switch")?.text(AttributeType::ACCT_SESSION_ID, "1")?;
        Ok(())
    });
    assert_eq!(books.send(&pointless.octets, &session), None);
    assert_eq!(books.world.counter("discard.no_nas_identity"), 1);
    assert_eq!(books.world.counter("discard.no_accounting_status"), 1);
}

#[test]
fn rfc2866_4_1_what_belongs_to_authentication_is_not_kept() {
    let books = Books::open();
    let mut session = Session::on(1);
    let secret = b"never to be seen";
    let asked = ask(
        &mut session,
        START,
        &[
            (AttributeType::USER_PASSWORD, secret),
            (AttributeType::STATE, secret),
            (AttributeType::REPLY_MESSAGE, secret),
            (AttributeType::CHAP_PASSWORD, secret),
            (AttributeType::CLASS, b"opaque"),
        ],
    );
    books.account(&mut session, &asked);
    let records = books.journal().read(0, 1, Duration::ZERO).unwrap();
    assert!(!records[0].payload.windows(secret.len()).any(|window| window == secret));
    assert_eq!(books.record()["classes"], json!(["6f7061717565"]));
}

#[test]
fn rfc2866_5_1_every_status_type_is_answered_and_recorded() {
    let books = Books::open();
    let mut session = Session::on(1);
    let words = [
        (1, "start"),
        (2, "stop"),
        (3, "interim-update"),
        (7, "accounting-on"),
        (8, "accounting-off"),
        (9, "other-9"),
        (15, "other-15"),
        (u32::MAX, "other-4294967295"),
    ];
    for (status, _) in words {
        let asked = ask(&mut session, status, &[]);
        books.account(&mut session, &asked);
    }
    let recorded: Vec<_> = books.records().iter().map(|record| record["status"].clone()).collect();
    assert_eq!(recorded, words.map(|(_, word)| json!(word)));
}

#[test]
fn rfc2866_5_the_record_says_what_the_request_said() {
    let books = Books::open();
    let mut session = Session::on(1);
    let class = b"00112233445566778899aabbccddeeff";
    let asked = ask(
        &mut session,
        STOP,
        &[
            (AttributeType::USER_NAME, b"alice@corp.example"),
            (AttributeType::CLASS, b"another server's"),
            (AttributeType::CLASS, class),
            (AttributeType::NAS_PORT_ID, b"Gi1/0/17"),
            (AttributeType::FRAMED_IP_ADDRESS, &[198, 51, 100, 7]),
            (AttributeType::ACCT_SESSION_TIME, &number(3_600)),
            (AttributeType::ACCT_INPUT_OCTETS, &number(1_000)),
            (AttributeType::ACCT_INPUT_PACKETS, &number(10)),
            (AttributeType::ACCT_TERMINATE_CAUSE, &number(2)),
            (AttributeType::ACCT_MULTI_SESSION_ID, b"multi"),
            (AttributeType::FILTER_ID, b"guest"),
        ],
    );
    books.account(&mut session, &asked);
    let record = books.record();
    for (field, expected) in [
        ("type", json!("accounting")),
        ("at", json!(books.world.now.unix_micros)),
        ("happened_at", json!(books.world.now.unix_micros)),
        ("client", json!("switch-1")),
        ("source", json!("192.0.2.1:1")),
        ("generation", json!(1)),
        ("session_id", json!("0000002A")),
        ("multi_session_id", json!("multi")),
        ("decision", json!("00112233445566778899aabbccddeeff")),
        ("mac", json!("02-00-00-00-00-01")),
        ("user_name", json!("alice@corp.example")),
        ("addresses", json!(["198.51.100.7"])),
        ("session_time", json!(3_600)),
        ("input_octets", json!(1_000)),
        ("output_octets", Value::Null),
        ("input_packets", json!(10)),
        ("terminate_cause", json!("lost-carrier")),
        ("attributes", json!([["Filter-Id", "guest"]])),
    ] {
        assert_eq!(record[field], expected, "{field}");
    }
    assert_eq!(
        (&record["nas"]["identifier"], &record["nas"]["port_id"]),
        (&json!("access-switch"), &json!("Gi1/0/17"))
    );
}

#[test]
fn rfc2869_5_1_gigawords_make_64_bits() {
    for (octets, gigawords, total) in [
        (Some(5), Some(3), json!(3 * (1_u64 << 32) + 5)),
        (Some(5), None, json!(5)),
        (None, Some(1), json!(1_u64 << 32)),
        (Some(u32::MAX), Some(u32::MAX), json!(i64::MAX)),
        (None, None, Value::Null),
    ] {
        let books = Books::open();
        let mut session = Session::on(1);
        let (low, high) = (octets.map(number), gigawords.map(number));
        let mut more: Vec<(AttributeType, &[u8])> = Vec::new();
        more.extend(low.as_ref().map(|low| (AttributeType::ACCT_OUTPUT_OCTETS, &low[..])));
        more.extend(high.as_ref().map(|high| (AttributeType::ACCT_OUTPUT_GIGAWORDS, &high[..])));
        let asked = ask(&mut session, INTERIM_UPDATE, &more);
        books.account(&mut session, &asked);
        assert_eq!(books.record()["output_octets"], total);
    }
}

#[test]
fn rfc2869_5_3_event_timestamp_when_it_can_be_true_else_delay_time() {
    let came = World::new().now.unix();
    let seconds = |seconds: u64| u32::try_from(seconds).unwrap();
    for (timestamp, delay, happened) in [
        (None, None, came),
        (None, Some(20), came - 20),
        (Some(came - 90), Some(20), came - 90),
        (Some(came + 120), None, came + 120),
        (Some(86_400), Some(20), came - 20),
        (Some(came + 86_400), None, came),
        (None, Some(u32::MAX), came.saturating_sub(u64::from(u32::MAX))),
    ] {
        let books = Books::open();
        let mut session = Session::on(1);
        let (timestamp, delay) = (timestamp.map(seconds).map(number), delay.map(number));
        let mut more: Vec<(AttributeType, &[u8])> = Vec::new();
        more.extend(timestamp.as_ref().map(|value| (AttributeType::EVENT_TIMESTAMP, &value[..])));
        more.extend(delay.as_ref().map(|value| (AttributeType::ACCT_DELAY_TIME, &value[..])));
        let asked = ask(&mut session, START, &more);
        books.account(&mut session, &asked);
        assert_eq!(books.record()["happened_at"].as_u64().unwrap() / 1_000_000, happened);
    }
}

#[test]
fn rfc5080_2_2_2_a_retransmission_is_answered_the_same_and_recorded_once() {
    let mut books = Books::open();
    let mut session = Session::on(1);
    let asked = ask(&mut session, START, &[]);
    let reply = books.account(&mut session, &asked);
    assert_eq!(books.account(&mut session, &asked), reply);
    books.world.pass(Duration::from_secs(9));
    assert_eq!(books.account(&mut session, &asked), reply);
    assert_eq!(books.world.counter("accounting.duplicates"), 2);
    books.record();
    let later = ask(&mut session, START, &[(AttributeType::ACCT_DELAY_TIME, &number(5))]);
    books.account(&mut session, &later);
    assert_eq!(books.records().len(), 2, "RFC 2866 section 5.2: another Identifier, another request");
}

#[test]
fn rfc5080_2_2_2_a_retransmission_over_a_restart_is_answered_and_not_recorded_again() {
    let mut books = Books::open();
    let mut session = Session::on(1);
    let asked = ask(&mut session, STOP, &[(AttributeType::PROXY_STATE, b"hop")]);
    let reply = books.account(&mut session, &asked);
    books.start();
    assert_eq!(books.account(&mut session, &asked), reply, "as if nothing had been");
    assert_eq!(books.account(&mut session, &asked), reply);
    books.record();
    books.start();
    books.world.pass(Duration::from_secs(11));
    books.account(&mut session, &asked);
    assert_eq!(books.records().len(), 2, "after ten seconds it is a new request");
}

#[test]
fn rfc5997_3_status_server_gets_an_accounting_response_and_leaves_no_record() {
    let books = Books::open();
    let mut session = Session::on(1);
    let asked = session
        .bare(Code::STATUS_SERVER, |request| request.text(AttributeType::NAS_IDENTIFIER, "access-switch").map(|_| ()));
    books.account(&mut session, &asked);
    assert!(books.records().is_empty());
    let unproven = crate::world::nas::without_message_authenticator(&asked);
    assert_eq!(books.send(&unproven.octets, &session), None);
}

#[test]
fn rfc2866_3_other_codes_are_silently_discarded() {
    let books = Books::open();
    let mut session = Session::on(1);
    for code in [Code::ACCESS_REQUEST, Code::ACCOUNTING_RESPONSE, Code::COA_REQUEST, Code(99)] {
        let asked = session.bare(code, |request: &mut RequestBuilder| {
            request.text(AttributeType::NAS_IDENTIFIER, "access-switch").map(|_| ())
        });
        assert_eq!(books.send(&asked.octets, &session), None);
    }
    assert_eq!(books.world.counter("discard.unexpected_code"), 4);
}

#[test]
fn hostile_attributes_are_recorded_as_they_are_and_break_nothing() {
    let books = Books::open();
    let mut session = Session::on(1);
    let mut vendor = Vec::new();
    put_attribute(&mut vendor, AttributeType::VENDOR_SPECIFIC, &[0, 0, 0, 9, 1]).unwrap();
    let asked = ask(
        &mut session,
        START,
        &[
            (AttributeType::USER_NAME, b"\xff\x00'; DROP TABLE accounting; --\x1b[2J"),
            (AttributeType::ACCT_SESSION_TIME, b"abc"),
            (AttributeType::ACCT_INPUT_OCTETS, b"12345"),
            (AttributeType::FRAMED_IP_ADDRESS, b"7"),
            (AttributeType::VENDOR_SPECIFIC, &vendor[2..]),
            (AttributeType::EXTENDED_TYPE_1, b"\x01"),
            (AttributeType(250), &[0; 253]),
        ],
    );
    books.account(&mut session, &asked);
    let record = books.record();
    assert_eq!((&record["session_time"], &record["input_octets"]), (&Value::Null, &Value::Null));
    assert!(record["user_name"].as_str().unwrap().contains("DROP TABLE"));
}
