//! The life of sessions against a plain model: devices come, ask again, move and go, NASes restart, and what accounting
//! says of it is late, twice and out of order. Once everything has come, the table has the sessions that are open, and no
//! other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use nac_policy::MacAddress;
use nac_protocol::radius::{AttributeType, Code, Packet, RequestBuilder, Secret};
use nac_server::clock::Now;
use nac_server::event::Method;
use nac_server::limits::MAX_SESSIONS;
use nac_server::origin::NasPort;
use nac_server::sessions::{
    Accepted, Authorized, Filter, Granted, Names, Patience, Report, Session, SessionId, State, Table, json,
};
use nac_server::state_token::ConversationId;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000;
/// Between two things that happen: clocks and whole seconds of Event-Timestamp do not blur their order.
const STEP: u64 = 4 * SECOND;
const BEGIN: u64 = 1_795_000_000 * SECOND;

#[derive(Clone, Copy, Debug)]
enum Act {
    Connect { device: u8, nas: u8, stop_is_lost: bool },
    AskAgain { device: u8 },
    Interim { device: u8 },
    Refuse { device: u8 },
    Leave { device: u8 },
    RestartNas { nas: u8 },
    RestartServer,
}

/// One thing that happens, and how its report travels: after how many others, and how often.
#[derive(Clone, Copy, Debug)]
struct Step {
    act: Act,
    delay: u8,
    again: Option<u8>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let act = prop_oneof![
        4 => (0..3_u8, 0..4_u8, any::<bool>())
            .prop_map(|(device, nas, stop_is_lost)| Act::Connect { device, nas, stop_is_lost }),
        2 => (0..3_u8).prop_map(|device| Act::AskAgain { device }),
        3 => (0..3_u8).prop_map(|device| Act::Interim { device }),
        1 => (0..3_u8).prop_map(|device| Act::Refuse { device }),
        2 => (0..3_u8).prop_map(|device| Act::Leave { device }),
        1 => (0..4_u8).prop_map(|nas| Act::RestartNas { nas }),
        1 => Just(Act::RestartServer),
    ];
    let step = (act, 0..6_u8, proptest::option::of(0..8_u8)).prop_map(|(act, delay, again)| Step { act, delay, again });
    proptest::collection::vec(step, 1..40)
}

/// A session as it really is.
#[derive(Clone, Debug)]
struct Real {
    nas: u8,
    name: String,
    decision: ConversationId,
}

struct Model {
    table: Table,
    now: Now,
    real: BTreeMap<u8, Real>,
    sessions: u32,
    decisions: u8,
    fresh: u8,
    /// Reports under way: when they come, how they go, and from which NAS.
    travelling: Vec<(usize, u8, Vec<u8>)>,
    step: usize,
    /// NASes say Acct-Session-Id in an Access-Request, or Class in accounting, or not.
    says_session: bool,
    says_class: bool,
}

impl Model {
    fn new(says_session: bool, says_class: bool) -> Self {
        Self {
            table: Table::new(Patience::default()),
            now: Now { monotonic: Duration::from_secs(1_000), unix_micros: BEGIN },
            real: BTreeMap::new(),
            sessions: 0,
            decisions: 0,
            fresh: 0,
            travelling: Vec::new(),
            step: 0,
            says_session,
            says_class,
        }
    }

    fn take(&mut self, step: Step) {
        self.step += 1;
        self.pass();
        match step.act {
            Act::Connect { device, nas, stop_is_lost } => {
                if let Some(before) = self.real.remove(&device)
                    && !stop_is_lost
                {
                    self.report(step, device, &before, 2);
                    self.pass();
                }
                self.sessions += 1;
                let name = format!("{:08X}", self.sessions);
                let decision = self.accept(device, nas, &name);
                let real = Real { nas, name, decision };
                self.report(step, device, &real, 1);
                self.real.insert(device, real);
            }
            Act::AskAgain { device } => {
                if let Some(Real { nas, name, .. }) = self.real.get(&device).cloned() {
                    let decision = self.accept(device, nas, &name);
                    self.real.insert(device, Real { nas, name, decision });
                }
            }
            Act::Interim { device } => {
                if let Some(real) = self.real.get(&device).cloned() {
                    self.report(step, device, &real, 3);
                }
            }
            Act::Refuse { device } => {
                if let Some(real) = self.real.remove(&device) {
                    let names = self.names(device, real.nas, &real.name);
                    self.table.reject(&client(real.nas), source(real.nas), &names, self.now);
                    self.report(step, device, &real, 2);
                }
            }
            Act::Leave { device } => {
                if let Some(real) = self.real.remove(&device) {
                    self.report(step, device, &real, 2);
                }
            }
            Act::RestartNas { nas } => {
                self.real.retain(|_, real| real.nas != nas);
                let octets = self.request(7, nas, |_| {});
                self.send(step, nas, octets);
            }
            Act::RestartServer => {
                self.everything_comes();
                self.restart();
            }
        }
        self.deliver();
        self.work();
    }

    fn pass(&mut self) {
        self.now.unix_micros += STEP;
        self.now.monotonic += Duration::from_micros(STEP);
    }

    fn work(&mut self) {
        self.table.tick(self.now);
        while self.table.has_due() {
            self.table.end_restarted(1, self.now);
            self.table.take_due(1);
        }
    }

    fn names(&self, device: u8, nas: u8, name: &str) -> Names {
        Names {
            nas: NasPort {
                identifier: Some(format!("nas-{nas}").into()),
                port: Some(device.into()),
                ..NasPort::default()
            },
            mac: Some(mac(device)),
            acct_session_id: self.says_session.then(|| name.into()),
            ..Names::default()
        }
    }

    fn accept(&mut self, device: u8, nas: u8, name: &str) -> ConversationId {
        self.decisions += 1;
        let decision = ConversationId([self.decisions; 16]);
        let (at, seen) = (self.now.unix_micros, self.now.monotonic);
        let authorized = Authorized {
            decision,
            at,
            method: Method::Mab,
            chain: None,
            user: None,
            device: None,
            tls_version: None,
            tls_resumed: false,
            previous: None,
        };
        let granted = Granted { authorization: 1, generation: 1, segment: None, rule: None, session_timeout: None };
        let session = Session {
            id: decision.into(),
            client: client(nas),
            source: source(nas),
            state: State::Active,
            names: Arc::new(self.names(device, nas, name)),
            authorized: Some(Arc::new(authorized)),
            granted: Some(Arc::new(granted)),
            interim: None,
            opened_at: at,
            seen_at: at,
            seen,
            named_at: 0,
            closed_at: None,
            differs: false,
        };
        self.table.accept(Accepted { session, boundary: None, outdated: None }, self.now);
        decision
    }

    fn report(&mut self, step: Step, device: u8, real: &Real, status: u32) {
        let class = self.says_class.then(|| real.decision.to_string());
        let octets = self.request(status, real.nas, |request| {
            request.text(AttributeType::ACCT_SESSION_ID, &real.name).unwrap();
            request.text(AttributeType::CALLING_STATION_ID, &mac(device).to_string()).unwrap();
            request.integer(AttributeType::NAS_PORT, device.into()).unwrap();
            if let Some(class) = &class {
                request.text(AttributeType::CLASS, class).unwrap();
            }
        });
        self.send(step, real.nas, octets);
    }

    fn request(&self, status: u32, nas: u8, fill: impl FnOnce(&mut RequestBuilder)) -> Vec<u8> {
        let mut request = RequestBuilder::new(Code::ACCOUNTING_REQUEST, 1, [0; 16]);
        let seconds = u32::try_from(self.now.unix_micros / SECOND).unwrap();
        request.integer(AttributeType::ACCT_STATUS_TYPE, status).unwrap();
        request.integer(AttributeType::EVENT_TIMESTAMP, seconds).unwrap();
        request.text(AttributeType::NAS_IDENTIFIER, &format!("nas-{nas}")).unwrap();
        fill(&mut request);
        request.finish(&Secret::new(b"secret").unwrap())
    }

    fn send(&mut self, step: Step, nas: u8, octets: Vec<u8>) {
        let arrivals = std::iter::once(step.delay).chain(step.again);
        self.travelling.extend(arrivals.map(|delay| (self.step + usize::from(delay), nas, octets.clone())));
    }

    /// What is due comes, the latest sent first.
    fn deliver(&mut self) {
        let step = self.step;
        let (come, travelling) = std::mem::take(&mut self.travelling).into_iter().partition(|(due, ..)| *due <= step);
        self.travelling = travelling;
        for (_, nas, octets) in Vec::into_iter(come).rev() {
            let packet = Packet::parse(&octets).unwrap();
            let report = Report { client: client(nas), source: source(nas), packet, came: self.now };
            self.fresh += 1;
            let fresh = SessionId([0xf0, self.fresh, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            self.table.account(&report, || Some(fresh));
        }
    }

    fn everything_comes(&mut self) {
        while !self.travelling.is_empty() {
            self.step += 1;
            self.pass();
            self.deliver();
            self.work();
        }
    }

    /// The newest record of each session that has not ended goes into a new table.
    fn restart(&mut self) {
        let sessions = self.table.find(&Filter::default(), None, usize::MAX).0;
        self.table = Table::new(Patience::default());
        for session in sessions {
            let record = serde_json::to_vec(&session).unwrap();
            self.table.restore(json::restored(&record).unwrap(), self.now);
        }
    }

    fn check(&self) {
        let open = self.table.find(&Filter::default(), None, usize::MAX).0;
        let known: BTreeSet<_> =
            open.iter().map(|session| (session.client.to_string(), session.names.mac, session.state.word())).collect();
        let real: BTreeSet<_> = self
            .real
            .iter()
            .map(|(device, real)| (client(real.nas).to_string(), Some(mac(*device)), "active"))
            .collect();
        assert_eq!(known, real);
        assert_eq!(open.len(), real.len(), "one session for each device");
        assert_eq!(self.table.counts().open, open.len() as u64);
        for session in &open {
            let device = session.names.mac.unwrap().0[5];
            let real = &self.real[&device];
            assert_eq!(session.names.acct_session_id.as_deref(), Some(real.name.as_str()), "as accounting calls it");
            assert_eq!(session.authorized.as_ref().unwrap().decision, real.decision);
            assert_eq!(self.table.get(session.id), Some(session));
        }
    }
}

/// Two NASes share a client, and each has an address of its own.
fn client(nas: u8) -> Arc<str> {
    format!("client-{}", nas / 2).into()
}

fn source(nas: u8) -> IpAddr {
    [192, 0, 2, nas].into()
}

fn mac(device: u8) -> MacAddress {
    MacAddress([2, 0, 0, 0, 0, device])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn when_everything_has_come_the_table_has_what_is_open(
        steps in steps(),
        says_session in any::<bool>(),
        says_class in any::<bool>(),
    ) {
        let mut model = Model::new(says_session, says_class);
        steps.into_iter().for_each(|step| model.take(step));
        model.everything_comes();
        model.check();
    }
}

#[test]
fn the_table_is_bounded_and_the_quietest_session_goes_first() {
    let mut model = Model::new(false, false);
    model.accept(0, 0, "");
    let quietest = model.table.find(&Filter::default(), None, 1).0.remove(0);
    for number in 1..=u32::try_from(MAX_SESSIONS).unwrap() {
        model.now.monotonic += Duration::from_millis(1);
        let [_, a, b, c] = number.to_be_bytes();
        let (mut id, mut names) = ([1; 16], Names::clone(&quietest.names));
        id[..4].copy_from_slice(&number.to_be_bytes());
        names.mac = Some(MacAddress([2, 1, 0, a, b, c]));
        let authorized = quietest.authorized.as_deref().cloned().unwrap();
        let authorized = Authorized { decision: ConversationId(id), ..authorized };
        let session = Session {
            id: SessionId(id),
            names: Arc::new(names),
            authorized: Some(Arc::new(authorized)),
            seen: model.now.monotonic,
            ..quietest.clone()
        };
        model.table.accept(Accepted { session, boundary: None, outdated: None }, model.now);
        model.table.take_changes();
    }
    let counts = model.table.counts();
    assert_eq!((counts.open, counts.evicted), (MAX_SESSIONS as u64, 1));
    assert_eq!(model.table.get(quietest.id), None);
    let octets = model.request(3, 0, |request| {
        request.text(AttributeType::ACCT_SESSION_ID, "one more").unwrap();
    });
    let packet = Packet::parse(&octets).unwrap();
    let report = Report { client: client(0), source: source(0), packet, came: model.now };
    model.table.account(&report, || Some(SessionId([9; 16])));
    assert_eq!(model.table.counts().open, MAX_SESSIONS as u64, "accounting alone displaces nobody");
}
