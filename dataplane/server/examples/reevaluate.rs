//! What 100,000 live sessions cost: memory, a transition, deciding again about all of them under a thousand rules, and what
//! logins notice of that.
//!
//! `cargo run --release -p nac-server --example reevaluate [SESSIONS] [RULES]`
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a measurement")]

#[path = "../tests/world/mod.rs"]
mod world;

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use nac_policy::{Condition, DeviceFacts, Effect, FactName, Operand, Operator, RuleSpec, TextSet, UserFacts};
use nac_protocol::radius::{AttributeType, Code, Packet, RequestBuilder};
use nac_server::sessions::json::restored;
use nac_server::sessions::{self, Accepted, Report};
use serde_json::{Value, json};

use world::device::enter;
use world::nas::{Session, mab};
use world::server::{PRINTER, World};

/// As the extension has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const LOGINS: usize = 10_000;
const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>().unwrap());
    let (sessions, rules) = (arguments.next().unwrap_or(100_000), arguments.next().unwrap_or(1_000));
    let mut world = World::with(|estate| estate.policy.rules.extend((0..rules).map(rule)));
    let records = records(&mut world, sessions);
    put_facts(&world, sessions);

    let again: Vec<_> = records.iter().take(LOGINS).cloned().collect();
    let before = resident();
    world.core.sessions.restore(records.iter().map(Vec::as_slice), world.now);
    drop(records);
    assert_eq!(world.core.sessions.counts().open, u64::from(sessions) + 1);
    let octets = resident().saturating_sub(before);
    println!("{sessions} sessions: {} MiB, {} octets each", octets >> 20, octets / u64::from(sessions));

    let took = all(&world);
    println!("deciding again about all, under {} rules: {took:?}, {:?} each", rules + 4, took / sessions);
    println!("differing: {}", world.core.sessions.counts().differing);

    println!("keeping the table, for each login: {:?}", keeping(&world, &again));
    let (one, _) = logins(&mut world);
    println!("a whole MAC authentication: {one:?}");
    interference(&mut world);

    let user = UserFacts { disabled: true, ..user(7) };
    let begun = Instant::now();
    world.core.facts.upsert_user(user);
    sessions::user_changed(&world.core, "user-7@corp.example", world.now);
    while sessions::work(&world.core, world.now) {}
    let notes = sessions::notes(&world.core, 10, Duration::ZERO, || world.now);
    println!("one user disabled, to the note: {:?} ({} note)", begun.elapsed(), notes.len());

    world.estate.policy.rules.retain(|rule| rule.effect != Effect::Allow);
    world.publish();
    sessions::policy_changed(&world.core, world.now);
    let took = all(&world);
    let differing = world.core.sessions.counts().differing;
    println!("a policy that changes them all: {took:?}, {:?} each; differing: {differing}", took / sessions);

    println!("an Interim-Update: {:?}", interims(&world, sessions));
    println!("resident: {} MiB", resident() >> 20);
}

/// Logins of devices that are there already, told to the table once more.
fn keeping(world: &World, records: &[Vec<u8>]) -> Duration {
    let again: Vec<_> = records.iter().filter_map(|record| restored(record)).collect();
    let logins = u32::try_from(again.len()).unwrap();
    let as_of = world.core.facts.revision();
    let begun = cpu();
    for session in again {
        sessions::accepted(&world.core, Accepted { session, boundary: None, outdated: None }, as_of, world.now);
    }
    let took = cpu().saturating_sub(begun);
    forget_events(world);
    took / logins
}

/// The processor time of a login, and the 99th percentile of what it takes by the clock.
fn logins(world: &mut World) -> (Duration, Duration) {
    let mut took = Vec::with_capacity(LOGINS);
    let mut cost = Duration::ZERO;
    let mut session = Session::on(1);
    for number in 0..LOGINS {
        let asked = mab(&mut session, PRINTER);
        let (begun, at) = (cpu(), Instant::now());
        let answered = world.send(&asked.octets, session.source);
        took.push(at.elapsed());
        cost += cpu().saturating_sub(begun);
        assert!(answered.is_some());
        if number % 1_000 == 0 {
            forget_events(world);
        }
    }
    took.sort_unstable();
    (cost / u32::try_from(LOGINS).unwrap(), took[LOGINS * 99 / 100])
}

/// Logins while nothing else happens, and while all sessions are decided on again without end; in turn, as the machine may
/// have other work.
fn interference(world: &mut World) {
    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
    let mut sweeps = 0;
    for _ in 0..ROUNDS {
        quiet.push(logins(world).1);
        let (stop, core, now) = (AtomicBool::new(false), Arc::clone(&world.core), world.now);
        thread::scope(|scope| {
            let sweeping = scope.spawn(|| {
                let mut sweeps = 0;
                while !stop.load(Ordering::Relaxed) {
                    sessions::policy_changed(&core, now);
                    while sessions::work(&core, now) && !stop.load(Ordering::Relaxed) {
                        thread::yield_now();
                    }
                    sweeps += 1;
                }
                sweeps
            });
            busy.push(logins(world).1);
            stop.store(true, Ordering::Relaxed);
            sweeps += sweeping.join().unwrap();
        });
    }
    all(world);
    quiet.sort_unstable();
    busy.sort_unstable();
    let (quiet, busy) = (quiet[ROUNDS / 2], busy[ROUNDS / 2]);
    let ratio = busy.as_secs_f64() / quiet.as_secs_f64();
    println!("p99 of a login: {quiet:?}; while all are decided on again ({sweeps} times): {busy:?}, {ratio:.1} times");
}

fn forget_events(world: &World) {
    drop(world.core.events.wait(Duration::ZERO, Duration::ZERO, usize::MAX));
}

/// Decide again about all that are due.
fn all(world: &World) -> Duration {
    let begun = cpu();
    while sessions::work(&world.core, world.now) {}
    cpu().saturating_sub(begun)
}

fn interims(world: &World, sessions: u32) -> Duration {
    let asked: Vec<_> = (0..10_000.min(sessions))
        .map(|number| {
            let mut request = RequestBuilder::new(Code::ACCOUNTING_REQUEST, 1, [7; 16]);
            request.integer(AttributeType::ACCT_STATUS_TYPE, 3).unwrap();
            request.text(AttributeType::ACCT_SESSION_ID, &format!("{number:08X}")).unwrap();
            request.text(AttributeType::NAS_IDENTIFIER, "access-switch").unwrap();
            request.finish(&Session::on(1).secret)
        })
        .collect();
    let source: IpAddr = [192, 0, 2, 1].into();
    let begun = cpu();
    for octets in &asked {
        let packet = Packet::parse(octets).unwrap();
        sessions::accounted(&world.core, &Report { client: "switch-1".into(), source, packet, came: world.now });
    }
    cpu().saturating_sub(begun) / u32::try_from(asked.len()).unwrap()
}

/// Records of sessions as after as many logins, each with a user, a device and a certificate of its own.
fn records(world: &mut World, sessions: u32) -> Vec<Vec<u8>> {
    assert!(enter(world, &mut Session::on(1)).is_accept());
    let record = world.session_events().remove(0)["record"].clone();
    (0..sessions).map(|number| serde_json::to_vec(&of(&record, number)).unwrap()).collect()
}

fn of(record: &Value, number: u32) -> Value {
    let mut record = record.clone();
    let [.., a, b, c] = number.to_be_bytes();
    let name = format!("device-{number}.corp.example");
    let user = format!("user-{number}@corp.example");
    record["id"] = json!(format!("{number:032x}"));
    record["names"]["mac"] = json!(format!("02-01-00-{a:02X}-{b:02X}-{c:02X}"));
    record["names"]["acct_session_id"] = json!(format!("{number:08X}"));
    record["names"]["nas"]["port_id"] = json!(format!("Gi{a}/{b}/{c}"));
    record["authorized"]["decision"] = record["id"].clone();
    record["authorized"]["user"] = json!(user);
    record["authorized"]["device"] = json!(name);
    let certificate = &mut record["authorized"]["chain"]["certificate"];
    certificate["fingerprint"] = json!(format!("{number:064x}"));
    certificate["dns"] = json!([name]);
    certificate["upn"] = json!([user]);
    record
}

fn put_facts(world: &World, sessions: u32) {
    for number in 0..sessions {
        world.core.facts.upsert_user(user(number));
        let name = format!("device-{number}.corp.example");
        world.core.facts.upsert_device(DeviceFacts { managed: true, ..DeviceFacts::named(&name) });
    }
}

fn user(number: u32) -> UserFacts {
    let groups = TextSet::new([format!("group-{}", number % 1_000), "ml-engineers".into()]);
    UserFacts { name: format!("user-{number}@corp.example").into(), groups, disabled: false, access_until: None }
}

/// `allow cluster` to one group, if the device is managed.
fn rule(number: u32) -> RuleSpec {
    let group = Operand::Text(format!("group-{number}"));
    let parts = [
        Condition::compare(FactName::UserGroups, Operator::Has, group),
        Condition::compare(FactName::DeviceManaged, Operator::Equal, Operand::Boolean(true)),
    ];
    RuleSpec {
        effect: Effect::Allow,
        targets: vec!["cluster".into()],
        condition: Condition::all(parts.map(Result::unwrap).into()).unwrap(),
        monitor: false,
        label: format!("allow cluster {number}"),
        location: format!("more.policy:{number}"),
    }
}

/// Time that this thread ran: what others do at the same time does not count.
fn cpu() -> Duration {
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedstat.split_whitespace().next().unwrap().parse().unwrap())
}

/// Octets of memory in use.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}
