//! The server without sockets and threads: datagrams in, datagrams out, time as the test says.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use nac_policy::{DeviceFacts, Text, TextSet, UserFacts};
use nac_server::clock::Now;
use nac_server::core::Core;
use nac_server::pipeline::conversation::Conversations;
use nac_server::pipeline::{Admission, Datagram, admit};
use rcgen::SanType;
use serde_json::Value;

use super::device::Device;
use super::estate::Estate;
use super::pki::{Authority, Certificate, Leaf, today};

/// The MAC address of the printer on record.
pub(crate) const PRINTER: &str = "02-00-00-00-00-99";

/// A server with its estate, and the CA that its devices and its own certificate come from.
pub(crate) struct World {
    pub(crate) core: Arc<Core>,
    pub(crate) conversations: Conversations,
    pub(crate) now: Now,
    pub(crate) estate: Estate,
    pub(crate) root: Authority,
    pub(crate) issuing: Authority,
    pub(crate) alice: Certificate,
    pub(crate) laid_out: RefCell<HashMap<Value, Value>>,
    pub(crate) changes: RefCell<Vec<Value>>,
}

impl World {
    /// With the estate as it is.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With a change to the estate.
    pub(crate) fn with(change: impl FnOnce(&mut Estate)) -> Self {
        let root = Authority::root("Example Root");
        let issuing = root.issuing("Example Issuing");
        let server = issuing.issue(&Leaf::server("radius.corp.example"));
        let alice = issuing.issue(&alice());
        let mut estate = Estate::new(&root.der, issuing.list(&[]), &server, &[&issuing.der]);
        estate.trust.revocation_lists.push(root.list(&[]));
        estate.trust.intermediates.push(issuing.der.clone());
        change(&mut estate);
        let core = Arc::new(Core::new(estate.compile(), 65_536).unwrap());
        core.facts.upsert_user(UserFacts {
            name: "alice@corp.example".into(),
            groups: TextSet::new(["ml-engineers"]),
            disabled: false,
            access_until: None,
        });
        core.facts.upsert_device(laptop());
        let printer = DeviceFacts { macs: [PRINTER.parse().unwrap()].into(), ..DeviceFacts::named("printer-1") };
        core.facts.upsert_device(printer);
        let conversations = Conversations::new(Arc::clone(&core), 0);
        let changes = RefCell::default();
        let now = Now { monotonic: Duration::from_secs(1_000), unix_micros: today() * 1_000_000 };
        Self { core, conversations, now, estate, root, issuing, alice, laid_out: RefCell::default(), changes }
    }

    /// Publish the estate as it is now, as the next generation.
    pub(crate) fn publish(&mut self) {
        self.estate.generation += 1;
        let next = self.estate.compile();
        next.inherit(&self.core.snapshot.load_full());
        self.core.snapshot.store(next);
    }

    /// Alice's laptop.
    pub(crate) fn laptop(&self) -> Device {
        Device::new(&self.root.der, Some(&self.alice))
    }

    /// One datagram, to the end of what it causes. Profilers know it by its name.
    #[inline(never)]
    pub(crate) fn send(&mut self, octets: &[u8], source: SocketAddr) -> Option<Arc<[u8]>> {
        let datagram = Datagram { octets, source, socket: 0, local: None };
        match admit(&self.core, datagram, self.now) {
            Admission::Silent => None,
            Admission::Reply(reply) => Some(reply),
            Admission::Dispatch(request, route) => self.conversations.serve(&request, route, self.now),
        }
    }

    /// Time passes, and what a second's tick does is done.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.unix_micros += u64::try_from(time.as_micros()).unwrap();
        self.core.tick(self.now);
        self.conversations.expire(self.now);
    }

    /// What the control plane would get, since it last asked.
    pub(crate) fn events(&self) -> Vec<Value> {
        let events = self.core.events.wait(Duration::ZERO, Duration::ZERO, usize::MAX);
        let events = events.iter().map(|event| serde_json::from_slice::<Value>(event).unwrap());
        let (sessions, events): (Vec<_>, Vec<_>) = events.partition(|event| event["type"] == "session");
        self.changes.borrow_mut().extend(sessions);
        let events = events.into_iter();
        joined(events, &mut self.laid_out.borrow_mut())
    }

    /// What became of sessions, since the control plane last asked.
    pub(crate) fn session_events(&self) -> Vec<Value> {
        let _ = self.events();
        self.changes.take()
    }

    /// The only event since the control plane last asked.
    pub(crate) fn event(&self) -> Value {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:#?}");
        events.remove(0)
    }

    /// A counter of the data plane.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.core.counters.read().into_iter().find(|(known, _)| known == name).unwrap().1
    }

    /// A counter of a RADIUS client.
    pub(crate) fn client_counter(&self, client: &str, name: &str) -> u64 {
        let snapshot = self.core.snapshot.load();
        let client = snapshot.clients.iter().find(|known| &*known.name == client).unwrap();
        client.ledger().counters.read().into_iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// What Alice's certificate says.
pub(crate) fn alice() -> Leaf {
    Leaf {
        names: vec![
            SanType::OtherName((vec![1, 3, 6, 1, 4, 1, 311, 20, 2, 3], "alice@corp.example".into())),
            SanType::DnsName("laptop-17.corp.example".try_into().unwrap()),
        ],
        ..Leaf::client("Alice")
    }
}

/// Alice's laptop on record.
pub(crate) fn laptop() -> DeviceFacts {
    DeviceFacts { kind: Some(Text::new("laptop")), managed: true, ..DeviceFacts::named("laptop-17.corp.example") }
}

/// Events as a reader of the records sees them: each reply with what the policy laid out for it, told once before.
fn joined(events: impl Iterator<Item = Value>, laid_out: &mut HashMap<Value, Value>) -> Vec<Value> {
    let mut seen = Vec::new();
    for mut event in events {
        if event["type"] == "authorization" {
            laid_out.insert(event["digest"].clone(), event["attributes"].clone());
            continue;
        }
        let attributes = laid_out.get(&event["reply"]["authorization"]).and_then(Value::as_array).cloned();
        if let (Some(own), Some(attributes)) =
            (event.pointer_mut("/reply/attributes").and_then(Value::as_array_mut), attributes)
        {
            own.extend(attributes);
        }
        seen.push(event);
    }
    seen
}
