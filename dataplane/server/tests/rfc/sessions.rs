//! Live sessions: what opens, names and ends them (RFC 2866, RFC 5176 section 3), and what the control plane is told when
//! one should have something else than it has.

use std::time::Duration;

use nac_journal::{Batch, Journal, NodeId};
use nac_policy::{Condition, DeviceFacts, Effect, FactName, Operand, Operator, RuleSpec, UserFacts};
use nac_protocol::radius::{AttributeType, Code, Packet, put_attribute, put_vendor};
use nac_server::accounting::{ACCOUNTING, AccountingRecord, EVENT};
use nac_server::core::Core;
use nac_server::sessions::{self, Filter, Report, SessionId, Sessions};
use serde_json::{Value, json};

use crate::world::device::{almost, enter, finish};
use crate::world::nas::{Asked, MAC, Session, mab};
use crate::world::pki::Leaf;
use crate::world::server::{PRINTER, World, laptop};

const START: u32 = 1;
const STOP: u32 = 2;
const INTERIM_UPDATE: u32 = 3;
const ACCOUNTING_ON: u32 = 7;

/// The sessions of a world.
trait Live {
    fn sessions(&self) -> Vec<Value>;
    fn the_session(&self) -> Value;
    fn notes(&self) -> Vec<Value>;
    fn account(&self, asked: &Asked, session: &Session);
    fn changes(&self) -> Vec<(String, Value)>;
}

impl Live for World {
    fn sessions(&self) -> Vec<Value> {
        let found = self.core.sessions.find(&Filter::default(), None, usize::MAX);
        found.iter().map(|session| serde_json::from_slice(session).unwrap()).collect()
    }

    fn the_session(&self) -> Value {
        let mut sessions = self.sessions();
        assert_eq!(sessions.len(), 1, "{sessions:#?}");
        sessions.remove(0)
    }

    /// What the thread of the sessions and a reader of notes do.
    fn notes(&self) -> Vec<Value> {
        sessions::tick(&self.core, None, self.now);
        while sessions::work(&self.core, self.now) {}
        let notes = sessions::notes(&self.core, usize::MAX, Duration::ZERO, || self.now);
        notes.iter().map(|note| serde_json::from_slice(note).unwrap()).collect()
    }

    fn account(&self, asked: &Asked, session: &Session) {
        let packet = Packet::parse(&asked.octets).unwrap();
        let source = session.source.ip();
        let snapshot = self.core.snapshot.load();
        let client = snapshot.clients.find(source).unwrap().name.clone();
        sessions::accounted(&self.core, &Report { client, source, packet, came: self.now });
    }

    /// What became of sessions, and why.
    fn changes(&self) -> Vec<(String, Value)> {
        let changes = self.session_events().into_iter();
        changes.map(|event| (event["change"].as_str().unwrap().to_owned(), event["cause"].clone())).collect()
    }
}

fn told(change: &str, cause: Value) -> (String, Value) {
    (change.to_owned(), cause)
}

/// An Accounting-Request about the session `name` of Alice's laptop.
fn report(session: &mut Session, status: u32, name: &str, more: &[(AttributeType, &[u8])]) -> Asked {
    session.bare(Code::ACCOUNTING_REQUEST, |request| {
        request
            .integer(AttributeType::ACCT_STATUS_TYPE, status)?
            .text(AttributeType::ACCT_SESSION_ID, name)?
            .text(AttributeType::NAS_IDENTIFIER, "access-switch")?
            .text(AttributeType::NAS_PORT_ID, "Gi1/0/17")?
            .text(AttributeType::CALLING_STATION_ID, MAC)?;
        more.iter().try_for_each(|(ty, value)| request.attribute(*ty, value).map(|_| ()))
    })
}

fn quarantine(world: &World) {
    let device = DeviceFacts { tags: nac_policy::TextSet::new(["quarantine"]), ..laptop() };
    put_device(world, device);
}

fn put_device(world: &World, device: DeviceFacts) {
    world.core.facts.upsert_device(device.clone());
    sessions::device_changed(&world.core, &device.name, Some(&device), world.now);
}

fn put_user(world: &World, user: UserFacts) {
    let name = user.name.clone();
    world.core.facts.upsert_user(user);
    sessions::user_changed(&world.core, &name, world.now);
}

fn alice() -> UserFacts {
    UserFacts {
        name: "alice@corp.example".into(),
        groups: nac_policy::TextSet::new(["ml-engineers"]),
        disabled: false,
        access_until: None,
    }
}

fn publish(world: &mut World) {
    world.publish();
    sessions::policy_changed(&world.core, world.now);
}

#[test]
fn rfc5176_3_a_session_keeps_what_names_it_to_its_nas() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut pair = Vec::new();
    put_vendor(&mut pair, nac_protocol::radius::VendorId::CISCO, 1, b"audit-session-id=0A0000010000001C").unwrap();
    session.also = vec![
        (AttributeType::NAS_IP_ADDRESS, vec![192, 0, 2, 1]),
        (AttributeType::ACCT_SESSION_ID, b"0000002A".to_vec()),
        (AttributeType::ACCT_MULTI_SESSION_ID, b"multi".to_vec()),
        (AttributeType::FRAMED_IP_ADDRESS, vec![198, 51, 100, 7]),
        (AttributeType::VENDOR_SPECIFIC, pair[2..].to_vec()),
    ];
    assert!(enter(&mut world, &mut session).is_accept());
    let view = world.the_session();
    for (field, expected) in [
        ("state", json!("active")),
        ("client", json!("switch-1")),
        ("source", json!("192.0.2.1")),
        ("user_name", json!("@corp.example")),
        ("calling_station", json!(MAC)),
        ("mac", json!(MAC)),
        ("acct_session_id", json!("0000002A")),
        ("acct_multi_session_id", json!("multi")),
        ("audit_session_id", json!("0A0000010000001C")),
        ("addresses", json!(["198.51.100.7"])),
        ("method", json!("eap-tls")),
        ("identity_user", json!("alice@corp.example")),
        ("identity_device", json!("laptop-17.corp.example")),
        ("segment", json!("corp")),
        ("rule", json!("estate.policy:2")),
        ("generation", json!(1)),
        ("session_timeout", json!(3_600)),
        ("tls", json!("1.3")),
        ("differs", json!(false)),
    ] {
        assert_eq!(view[field], expected, "{field}");
    }
    let nas = &view["nas"];
    assert_eq!((&nas["identifier"], &nas["address"]), (&json!("access-switch"), &json!("192.0.2.1")));
    assert_eq!((&nas["port"], &nas["port_id"]), (&json!(17), &json!("Gi1/0/17")));
    let login = world.event();
    assert_eq!((&view["decision"], &view["session"]), (&login["id"], &login["id"]));
    assert_eq!(view["authorization"], login["reply"]["authorization"]);
    assert_eq!(view["certificate"], login["certificate"]["fingerprint"]);
    assert_eq!(world.notes(), Vec::<Value>::new());
}

#[test]
fn a_login_again_goes_on_with_the_session_and_a_reject_ends_it() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    let first = world.the_session();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    let again = world.the_session();
    assert_eq!(first["session"], again["session"]);
    assert_ne!(first["decision"], again["decision"]);
    quarantine(&world);
    assert!(enter(&mut world, &mut Session::on(1)).is_reject());
    assert!(world.sessions().is_empty());
    let null = || Value::Null;
    let expected = [told("opened", null()), told("reauthorized", null()), told("closed", json!("rejected"))];
    assert_eq!(world.changes(), expected);
}

#[test]
fn a_device_that_is_accepted_elsewhere_has_left_where_it_was() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    assert!(enter(&mut world, &mut Session::at([192, 0, 2, 2], 1)).is_accept());
    assert_eq!(world.the_session()["client"], "switch-2");
    assert_eq!(
        world.changes(),
        [told("opened", Value::Null), told("moved", json!("moved")), told("opened", Value::Null)]
    );
}

#[test]
fn a_change_of_facts_is_told_and_taken_back() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    assert!(world.notes().is_empty());
    let id = world.the_session()["session"].clone();
    quarantine(&world);
    let changed_at = world.now.unix_micros;
    let notes = world.notes();
    assert_eq!(notes.len(), 1, "{notes:#?}");
    let note = &notes[0];
    assert_eq!(
        (&note["note"], &note["why"], &note["due_at"]),
        (&json!("differs"), &json!("facts"), &json!(changed_at))
    );
    assert_eq!((&note["session"]["session"], &note["session"]["differs"]), (&id, &json!(true)));
    let wanted = &note["wanted"];
    assert_eq!((&wanted["verdict"], &wanted["cause"]), (&json!("reject"), &json!("policy_reject")));
    assert_eq!((&wanted["authorization"], &wanted["encoded"]), (&Value::Null, &json!("")));
    assert!(world.notes().is_empty(), "told once");
    quarantine(&world);
    assert!(world.notes().is_empty(), "what is wanted is still the same");
    put_device(&world, laptop());
    assert_eq!(world.notes(), [json!({"note": "settled", "session": id, "by": "facts"})]);
    assert_eq!(world.the_session()["differs"], false);
}

#[test]
fn a_disabled_user_or_device_and_a_revoked_certificate_end_sessions() {
    let disabled = |world: &mut World| put_user(world, UserFacts { disabled: true, ..alice() });
    let locked = |world: &mut World| put_device(world, DeviceFacts { disabled: true, ..laptop() });
    let revoked = |world: &mut World| {
        world.estate.trust.revocation_lists[0] = world.issuing.list(&[&world.alice]);
        publish(world);
    };
    let distrusted = |world: &mut World| {
        let other = crate::world::pki::Authority::root("Other");
        world.estate.trust.anchors = vec![other.der.clone()];
        world.estate.trust.intermediates.clear();
        publish(world);
    };
    let expired = |world: &mut World| world.pass(Duration::from_secs(400 * 86_400));
    type Act<'a> = &'a dyn Fn(&mut World);
    let acts: [(Act<'_>, &str, &str); 5] = [
        (&disabled, "user_disabled", "facts"),
        (&locked, "device_disabled", "facts"),
        (&revoked, "certificate_revoked", "policy"),
        (&distrusted, "unknown_ca", "policy"),
        (&expired, "certificate_expired", "time"),
    ];
    for (act, cause, why) in acts {
        let mut world = World::new();
        assert!(enter(&mut world, &mut Session::on(1)).is_accept());
        act(&mut world);
        let keeps = world.the_session();
        world.account(&report(&mut Session::on(1), INTERIM_UPDATE, "A", &[]), &Session::on(1));
        let notes = world.notes();
        let note = notes.iter().find(|note| note["note"] == "differs").unwrap_or_else(|| panic!("{cause}: {keeps}"));
        assert_eq!((&note["wanted"]["cause"], &note["why"]), (&json!(cause), &json!(why)));
    }
}

#[test]
fn a_list_that_is_past_its_time_ends_nobody() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    for list in &mut world.estate.trust.revocation_lists {
        list.next_update = world.now.unix() - 1;
    }
    publish(&mut world);
    assert!(world.notes().is_empty());
    assert!(enter(&mut world, &mut Session::at([192, 0, 2, 2], 1)).is_reject(), "new logins are refused");
}

#[test]
fn a_new_policy_is_told_with_what_the_port_should_have() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    world.estate.policy.rules.retain(|rule| rule.location != "estate.policy:4");
    publish(&mut world);
    let notes = world.notes();
    let wanted = &notes[0]["wanted"];
    assert_eq!(
        (&wanted["verdict"], &wanted["cause"], &wanted["segment"]),
        (&json!("accept"), &json!("ok"), &json!("corp"))
    );
    assert_eq!((&wanted["grants"], &wanted["generation"]), (&json!([]), &json!(2)));
    let names: Vec<_> = wanted["attributes"].as_array().unwrap().iter().map(|pair| pair[0].clone()).collect();
    assert_eq!(names, ["Tunnel-Type", "Tunnel-Medium-Type", "Tunnel-Private-Group-Id", "NAS-Filter-Rule"]);
    let id: SessionId = notes[0]["session"]["session"].as_str().unwrap().parse().unwrap();
    let digest = u128::from_str_radix(wanted["authorization"].as_str().unwrap(), 16).unwrap();
    assert!(sessions::applied(&world.core, id, digest, world.now));
    assert_eq!(world.notes(), [json!({"note": "settled", "session": id.to_string(), "by": "applied"})]);
    let view = world.the_session();
    assert_eq!((&view["authorization"], &view["generation"]), (&wanted["authorization"], &json!(2)));
    assert_eq!(world.changes(), [told("opened", Value::Null), told("applied", Value::Null)]);
    let again = enter(&mut world, &mut Session::on(1));
    assert!(again.is_accept());
    assert_eq!(world.the_session()["authorization"], wanted["authorization"], "the same octets, the same digest");
}

#[test]
fn signs_of_a_session_that_is_followed_are_told() {
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    let id = world.the_session()["session"].clone();
    let follow: SessionId = id.as_str().unwrap().parse().unwrap();
    world.account(&report(&mut session, START, "A", &[]), &session);
    assert!(world.notes().is_empty(), "nobody follows it");
    sessions::follow(&world.core, follow);
    world.pass(Duration::from_millis(300));
    let at = world.now.unix_micros;
    let second = at / 1_000_000 * 1_000_000;
    let stamp = u32::try_from(world.now.unix()).unwrap().to_be_bytes();
    assert!(second < at, "an Event-Timestamp of this second is before this moment");
    let stamped = [(AttributeType::EVENT_TIMESTAMP, &stamp[..])];
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &stamped), &session);
    assert_eq!(world.notes(), [json!({"note": "seen", "session": id, "by": "interim", "at": at})]);
    let late = [(AttributeType::ACCT_DELAY_TIME, &60_u32.to_be_bytes()[..])];
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &late), &session);
    assert_eq!(world.notes(), [json!({"note": "seen", "session": id, "by": "interim", "at": at - 60_000_000})]);
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    let logged_in = world.notes();
    assert_eq!((&logged_in[0]["by"], &logged_in[1]["by"]), (&json!("accept"), &json!("authentication")));
    let at = world.now.unix_micros;
    world.account(&report(&mut session, STOP, "A", &[(AttributeType::ACCT_TERMINATE_CAUSE, &[0, 0, 0, 6])]), &session);
    assert_eq!(
        world.notes(),
        [
            json!({"note": "seen", "session": id, "by": "stop", "at": at}),
            json!({"note": "settled", "session": id, "by": "admin-reset"})
        ]
    );
}

#[test]
fn what_is_no_longer_followed_is_told_no_longer() {
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    let id: SessionId = world.the_session()["session"].as_str().unwrap().parse().unwrap();
    sessions::follow(&world.core, id);
    sessions::unfollow(&world.core, id);
    world.account(&report(&mut session, START, "A", &[]), &session);
    world.account(&report(&mut session, STOP, "A", &[]), &session);
    assert!(world.notes().is_empty());
}

#[test]
fn rfc2866_accounting_names_and_ends_a_session() {
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    world.account(&report(&mut session, START, "A", &[]), &session);
    assert_eq!(world.the_session()["acct_session_id"], "A");
    let address: (AttributeType, &[u8]) = (AttributeType::FRAMED_IP_ADDRESS, &[198, 51, 100, 7]);
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[address]), &session);
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[address]), &session);
    assert_eq!(world.the_session()["addresses"], json!(["198.51.100.7"]));
    let late = (AttributeType::ACCT_DELAY_TIME, &60_u32.to_be_bytes()[..]);
    world.account(&report(&mut session, STOP, "B", &[late]), &session);
    assert_eq!(world.sessions().len(), 1, "the Stop of the session before");
    world.account(&report(&mut session, STOP, "A", &[(AttributeType::ACCT_TERMINATE_CAUSE, &[0, 0, 0, 2])]), &session);
    for overtaken in [STOP, INTERIM_UPDATE, START] {
        world.account(&report(&mut session, overtaken, "A", &[]), &session);
    }
    assert!(world.sessions().is_empty());
    let null = || Value::Null;
    let expected =
        [told("opened", null()), told("bound", null()), told("bound", null()), told("closed", json!("lost-carrier"))];
    assert_eq!(world.changes(), expected);
}

#[test]
fn rfc2866_5_1_accounting_on_ends_the_sessions_of_its_nas_and_no_other() {
    let mut world = World::new();
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    let asked = mab(&mut Session::at([192, 0, 2, 2], 1), PRINTER);
    assert!(Session::at([192, 0, 2, 2], 1).answer(&mut world, &asked).unwrap().is_accept());
    world.pass(Duration::from_secs(5));
    let mut session = Session::on(1);
    let on = |session: &mut Session, nas: &str, delay: u32| {
        session.bare(Code::ACCOUNTING_REQUEST, |request| {
            request
                .integer(AttributeType::ACCT_STATUS_TYPE, ACCOUNTING_ON)?
                .integer(AttributeType::ACCT_DELAY_TIME, delay)?
                .text(AttributeType::NAS_IDENTIFIER, nas)
                .map(|_| ())
        })
    };
    world.account(&on(&mut session, "another-switch", 0), &session);
    world.account(&on(&mut session, "access-switch", 10), &session);
    world.notes();
    assert_eq!(world.sessions().len(), 2, "another NAS of this client, and a restart before the logins");
    world.account(&on(&mut session, "access-switch", 0), &session);
    world.notes();
    assert_eq!(world.the_session()["client"], "switch-2");
    assert_eq!(world.changes().last(), Some(&told("closed", json!("nas-reboot"))));
}

#[test]
fn accounting_alone_opens_a_session_that_is_listed_and_left_alone() {
    let mut world = World::new();
    let mut session = Session::on(1);
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[]), &session);
    let known = world.the_session();
    assert_eq!((&known["state"], &known["identity_user"]), (&json!("accounted"), &Value::Null));
    quarantine(&world);
    assert!(world.notes().is_empty());
    put_device(&world, laptop());
    assert!(enter(&mut world, &mut session).is_accept());
    let view = world.the_session();
    assert_eq!((&view["session"], &view["state"]), (&known["session"], &json!("active")));
    assert_eq!(view["acct_session_id"], "A");
}

/// A rule that rejects, above all others.
fn reject_when(condition: Condition) -> impl FnOnce(&mut crate::world::estate::Estate) {
    move |estate| {
        estate.policy.rules.insert(
            0,
            RuleSpec {
                effect: Effect::Reject,
                targets: Vec::new(),
                condition,
                monitor: false,
                label: "reject".into(),
                location: "time.policy:1".into(),
            },
        );
    }
}

#[test]
fn what_time_alone_changes_is_told_in_its_second() {
    let compare = |fact, operator, operand| Condition::compare(fact, operator, operand).unwrap();
    let known = compare(FactName::DeviceKnown, Operator::Equal, Operand::Boolean(true));
    let is_unknown = compare(FactName::PostureStatus, Operator::Equal, Operand::Text("unknown".into()));
    let is_old = compare(FactName::PostureAge, Operator::Greater, Operand::Integer(600));
    let is_ageing = compare(FactName::PostureFreshness, Operator::Equal, Operand::Text("ageing".into()));
    let is_stale = compare(FactName::PostureFreshness, Operator::Equal, Operand::Text("stale".into()));
    let has_ended = compare(FactName::UserAccessEnded, Operator::Equal, Operand::Boolean(true));
    let ends_soon = compare(FactName::CertificateDaysLeft, Operator::Less, Operand::Integer(10));
    let with = |condition| Condition::all(vec![known.clone(), condition]).unwrap();
    let reported = |now: i64| DeviceFacts {
        posture: std::sync::Arc::new(nac_policy::Posture {
            status: Some("healthy".into()),
            ..nac_policy::Posture::default()
        }),
        posture_at: Some(now - 100).into(),
        posture_fresh_until: Some(now + 200).into(),
        posture_ageing_until: Some(now + 400).into(),
        posture_expires_at: Some(now + 900).into(),
        ..laptop()
    };
    let turns = [(with(is_ageing), 200), (with(is_stale), 400), (with(is_unknown), 900), (with(is_old), 501)];
    for (condition, turns) in turns.into_iter().chain([(has_ended, 700)]) {
        let mut world = World::with(reject_when(condition));
        let now = i64::try_from(world.now.unix()).unwrap();
        put_device(&world, reported(now));
        put_user(&world, UserFacts { access_until: Some(now + 700), ..alice() });
        assert!(enter(&mut world, &mut Session::on(1)).is_accept());
        world.pass(Duration::from_secs(turns - 1));
        assert!(world.notes().is_empty(), "before {turns} s");
        world.pass(Duration::from_secs(1));
        let notes = world.notes();
        assert_eq!((&notes[0]["note"], &notes[0]["why"]), (&json!("differs"), &json!("time")), "after {turns} s");
        assert_eq!(notes[0]["due_at"].as_u64().unwrap() / 1_000_000, world.now.unix());
    }
    let mut world = World::with(reject_when(ends_soon));
    let lasting = Leaf { not_after: world.now.unix() + 30 * 86_400, ..crate::world::server::alice() };
    world.alice = world.issuing.issue(&lasting);
    for list in &mut world.estate.trust.revocation_lists {
        list.next_update = lasting.not_after;
    }
    publish(&mut world);
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    let not_after = world.event()["certificate"]["not_after"].as_u64().unwrap();
    let turns = not_after - 10 * 86_400 + 1;
    world.pass(Duration::from_secs(turns - world.now.unix() - 1));
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[]), &session);
    assert!(world.notes().is_empty(), "ten whole days are left");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.notes()[0]["note"], "differs");
}

#[test]
fn a_session_that_nobody_hears_of_is_stale_then_forgotten() {
    let hour = Duration::from_secs(3_600);
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    world.account(&report(&mut session, START, "A", &[]), &session);
    quarantine(&world);
    let id = world.notes()[0]["session"]["session"].clone();
    let followed: SessionId = id.as_str().unwrap().parse().unwrap();
    sessions::follow(&world.core, followed);
    world.pass(2 * hour);
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[]), &session);
    world.pass(2 * hour);
    let at = world.now.unix_micros - 2 * 3_600_000_000;
    assert_eq!(world.notes(), [json!({"note": "seen", "session": id, "by": "interim", "at": at})]);
    assert_eq!(world.the_session()["state"], "active", "an Interim-Update is a sign");
    world.pass(hour);
    assert_eq!(world.notes(), [json!({"note": "settled", "session": id, "by": "stale"})]);
    assert_eq!(world.the_session()["state"], "stale");
    sessions::unfollow(&world.core, followed);
    put_device(&world, DeviceFacts { disabled: true, ..laptop() });
    assert!(world.notes().is_empty(), "nothing is sent to a port that may be empty");
    world.pass(hour);
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[]), &session);
    assert_eq!(world.notes()[0]["wanted"]["cause"], "device_disabled");
    world.pass(3 * hour);
    world.notes();
    world.pass(24 * hour);
    world.notes();
    assert!(world.sessions().is_empty());
    let changes = world.changes();
    let words: Vec<_> = changes.iter().map(|(change, _)| change.as_str()).collect();
    assert_eq!(words, ["opened", "bound", "stale", "resumed", "stale", "closed"]);
    assert_eq!(changes.last().unwrap().1, "forgotten");
}

#[test]
fn rfc2869_5_16_three_missed_interim_intervals_are_silence() {
    let mut world = World::with(|estate| {
        let reply = &mut estate.policy.segments[0].replies[0].1;
        put_attribute(reply, AttributeType::ACCT_INTERIM_INTERVAL, &600_u32.to_be_bytes()).unwrap();
    });
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    world.pass(Duration::from_secs(1_799));
    world.notes();
    assert_eq!(world.the_session()["state"], "active");
    world.pass(Duration::from_secs(1));
    world.notes();
    assert_eq!(world.the_session()["state"], "stale");
}

#[test]
fn a_login_that_was_decided_before_a_change_is_decided_on_again() {
    let mut world = World::new();
    let mut session = Session::on(1);
    let mut supplicant = world.laptop().supplicant();
    let last = almost(&mut world, &mut session, &mut supplicant);
    put_device(&world, DeviceFacts { disabled: true, ..laptop() });
    assert!(finish(&mut world, &mut session, &mut supplicant, last).is_accept(), "decided before");
    assert_eq!(world.notes()[0]["wanted"]["cause"], "device_disabled");
}

#[test]
fn a_session_is_decided_on_with_where_its_device_was_before_it() {
    let was = |segment: &str| {
        Condition::compare(FactName::PreviousSegment, Operator::Equal, Operand::Text(segment.into())).unwrap()
    };
    let mut world = World::with(|estate| {
        let rules = &mut estate.policy.rules;
        let first = RuleSpec { effect: Effect::Place, targets: vec!["printers".into()], ..rules[0].clone() };
        rules.insert(0, RuleSpec { condition: was("corp"), location: "again.policy:1".into(), ..first });
    });
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    publish(&mut world);
    assert!(world.notes().is_empty(), "the session itself is not what was before it");
    assert!(enter(&mut world, &mut Session::on(1)).is_accept());
    assert_eq!(world.the_session()["segment"], "printers", "the next login comes after it");
}

#[test]
fn a_record_restores_a_session_as_it_was() {
    let mut world = World::new();
    let mut session = Session::on(1);
    session.also = vec![(AttributeType::FRAMED_IP_ADDRESS, vec![198, 51, 100, 7])];
    assert!(enter(&mut world, &mut session).is_accept());
    let known = world.the_session();
    let record = serde_json::to_vec(&world.session_events()[0]["record"]).unwrap();
    let restarted = Sessions::default();
    restarted.restore([&record[..], b"{}", b"null", b"\xff", b""], world.now);
    assert_eq!((restarted.counts().open, restarted.unreadable.get()), (1, 4));
    let found = restarted.find(&Filter::default(), None, 9);
    assert_eq!(serde_json::from_slice::<Value>(&found[0]).unwrap(), known);
    let core = Core::new(world.estate.compile(), 99).unwrap().with_sessions(restarted);
    core.facts.upsert_device(DeviceFacts { disabled: true, ..laptop() });
    world.core = std::sync::Arc::new(core);
    assert_eq!(world.notes()[0]["wanted"]["cause"], "device_disabled", "all are decided on after a restart");
}

#[test]
fn the_journal_completes_what_was_restored() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    let raw = world.core.events.wait(Duration::ZERO, Duration::ZERO, 9);
    let opened = raw.iter().find(|event| event.starts_with(b"{\"type\":\"session\"")).unwrap();
    world.pass(Duration::from_secs(60));
    let stop = report(&mut session, STOP, "A", &[]);
    let record = AccountingRecord {
        source: session.source,
        socket: 0,
        generation: 1,
        client: "switch-1",
        packet: Packet::parse(&stop.octets).unwrap(),
    };
    let mut lives = Vec::new();
    for stopped in [false, true] {
        let journal = Journal::open(&folder.path().join(stopped.to_string()), NodeId([7; 16]), 1 << 20).unwrap();
        let mut batch = Batch::default();
        let at = world.now.unix_micros;
        batch.push(EVENT, at, |out| out.extend_from_slice(opened)).unwrap();
        if stopped {
            batch.push(ACCOUNTING, at, |out| out.extend_from_slice(&record.octets())).unwrap();
        }
        journal.commit(&mut batch).unwrap();
        let core = Core::new(world.estate.compile(), 99).unwrap().with_journal(journal, world.now);
        sessions::replay(&core, 0, world.now);
        lives.push(core.sessions.counts().open);
    }
    assert_eq!(lives, [1, 0], "its Stop was recorded, what became of it was not");
}

#[test]
fn a_session_that_seemed_to_be_over_is_known_again_when_its_nas_still_reports_it() {
    let mut world = World::new();
    let mut session = Session::on(1);
    assert!(enter(&mut world, &mut session).is_accept());
    world.account(&report(&mut session, START, "A", &[]), &session);
    let known = world.the_session();
    assert!(enter(&mut world, &mut Session::at([192, 0, 2, 2], 1)).is_accept());
    assert_eq!(world.the_session()["client"], "switch-2");
    world.pass(Duration::from_secs(30));
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[]), &session);
    assert_eq!(world.the_session()["client"], "switch-2", "its last reports may still come");
    world.pass(Duration::from_secs(60));
    world.account(&report(&mut session, INTERIM_UPDATE, "A", &[]), &session);
    let sessions = world.sessions();
    let survivor = sessions.iter().find(|session| session["client"] == "switch-1").unwrap();
    for field in ["session", "identity_user", "certificate", "authorization"] {
        assert_eq!(survivor[field], known[field], "{field}");
    }
    assert_eq!(survivor["state"], "active");
    quarantine(&world);
    assert_eq!(world.notes().len(), 2, "both are decided on");
}

#[test]
fn a_reject_at_another_access_point_ends_nothing() {
    let mut world = World::new();
    let at = |station: &str| {
        let mut session = Session::on(1);
        session.also = vec![(AttributeType::CALLED_STATION_ID, station.as_bytes().to_vec())];
        session
    };
    assert!(enter(&mut world, &mut at("00-10-A4-23-19-C0:corp")).is_accept());
    put_device(&world, DeviceFacts { disabled: true, ..laptop() });
    assert!(enter(&mut world, &mut at("00-10-A4-23-19-C1:corp")).is_reject());
    assert_eq!(world.sessions().len(), 1);
    assert!(enter(&mut world, &mut at("00-10-A4-23-19-C0:corp")).is_reject());
    assert!(world.sessions().is_empty());
}
