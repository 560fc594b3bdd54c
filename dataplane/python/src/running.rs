//! The running data plane. Every call that may wait does so with the GIL released.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nac_journal::{Journal, NodeId};
use nac_policy::{MacAddressError, Text};
use nac_server::accounting::{recent, told};
use nac_server::core::Core;
use nac_server::event::Event;
use nac_server::hex;
use nac_server::limits::MAX_TOLD_EVENT;
use nac_server::listen::{Clock, Running, Sockets};
use nac_server::sessions::{self, Filter, Patience, SessionId, Sessions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{DataPlaneError, JournalError, ListenError, SnapshotError};
use crate::facts::{DeviceFacts, UserFacts};
use crate::journal::JournalState;
use crate::snapshot::Snapshot;

/// Receivers, shards and their state.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct DataPlane {
    core: Arc<Core>,
    clock: Clock,
    addresses: Vec<String>,
    accounting_addresses: Vec<String>,
    running: Mutex<Option<Running>>,
}

#[pymethods]
impl DataPlane {
    #[new]
    #[pyo3(signature = (*, listen, snapshot, devices = Vec::new(), users = Vec::new(), shards = 0, receivers = 1,
        event_capacity = 16384, journal = None, journal_octets = 1_073_741_824, accounting = Vec::new(),
        sessions = Vec::new(), sessions_until = 0, sessions_stale_after = 10_800, sessions_forget_after = 86_400))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only, as the stub shows")]
    fn new(
        py: Python<'_>,
        listen: Vec<String>,
        snapshot: &Snapshot,
        devices: Vec<PyRef<'_, DeviceFacts>>,
        users: Vec<PyRef<'_, UserFacts>>,
        shards: usize,
        receivers: usize,
        event_capacity: usize,
        journal: Option<PathBuf>,
        journal_octets: u64,
        accounting: Vec<String>,
        sessions: Vec<Vec<u8>>,
        sessions_until: u64,
        sessions_stale_after: u64,
        sessions_forget_after: u64,
    ) -> PyResult<Self> {
        let parse = |address: &String| {
            address
                .parse::<SocketAddr>()
                .map_err(|_| ListenError::new_err(format!("{address:?} is not address:port (IPv6 in brackets)")))
        };
        let listen = listen.iter().map(parse).collect::<PyResult<Vec<_>>>()?;
        let accounting = accounting.iter().map(parse).collect::<PyResult<Vec<_>>>()?;
        let shards = match shards {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            count => count,
        };
        let no_randomness = |_| DataPlaneError::new_err("the system gives no random numbers; refusing to run");
        let clock = Clock::start();
        let seconds = Duration::from_secs;
        let patience =
            Patience { stale_after: seconds(sessions_stale_after), forget_after: seconds(sessions_forget_after) };
        let core = Core::new(snapshot.take()?, event_capacity).map_err(no_randomness)?;
        let mut core = core.with_sessions(Sessions::new(patience));
        core.sessions.restore(sessions.iter().map(Vec::as_slice), clock.now());
        if let Some(folder) = journal {
            let node = NodeId(core.states.random().map_err(no_randomness)?);
            let opened = py.detach(|| Journal::open(&folder, node, journal_octets));
            let opened = opened.map_err(|why| JournalError::new_err(why.to_string()))?;
            core = py.detach(|| {
                let core = core.with_journal(opened, clock.now());
                sessions::replay(&core, sessions_until, clock.now());
                core
            });
        }
        devices.iter().for_each(|device| core.facts.upsert_device(device.inner.clone()));
        users.iter().for_each(|user| core.facts.upsert_user(user.inner.clone()));
        drop((devices, users));
        let core = Arc::new(core);
        let running = py
            .detach(|| {
                let sockets = Sockets { listen: &listen, receivers, accounting: &accounting };
                Running::start(&core, &sockets, shards, clock)
            })
            .map_err(|why| ListenError::new_err(why.to_string()))?;
        let addresses = running.addresses().iter().map(SocketAddr::to_string).collect();
        let accounting_addresses = running.accounting_addresses().iter().map(SocketAddr::to_string).collect();
        Ok(Self { core, clock, addresses, accounting_addresses, running: Mutex::new(Some(running)) })
    }

    fn addresses(&self) -> Vec<String> {
        self.addresses.clone()
    }

    fn accounting_addresses(&self) -> Vec<String> {
        self.accounting_addresses.clone()
    }

    fn publish(&self, snapshot: &Snapshot) -> PyResult<()> {
        let next = snapshot.take()?;
        let previous = self.core.snapshot.load();
        if next.generation <= previous.generation {
            let (next, previous) = (next.generation, previous.generation);
            let text = format!("generation {next} is not newer than the published generation {previous}");
            return Err(SnapshotError::new_err(text));
        }
        next.inherit(&previous);
        drop(previous);
        self.core.snapshot.store(next);
        sessions::policy_changed(&self.core, self.clock.now());
        Ok(())
    }

    fn generation(&self) -> u64 {
        self.core.snapshot.load().generation
    }

    fn upsert_devices(&self, devices: Vec<PyRef<'_, DeviceFacts>>) {
        let now = self.clock.now();
        for device in &devices {
            self.core.facts.upsert_device(device.inner.clone());
            sessions::device_changed(&self.core, &device.inner.name, Some(&device.inner), now);
        }
    }

    fn upsert_users(&self, users: Vec<PyRef<'_, UserFacts>>) {
        let now = self.clock.now();
        for user in &users {
            self.core.facts.upsert_user(user.inner.clone());
            sessions::user_changed(&self.core, &user.inner.name, now);
        }
    }

    fn remove_devices(&self, names: Vec<String>) {
        let now = self.clock.now();
        for name in &names {
            self.core.facts.remove_device(name);
            sessions::device_changed(&self.core, name, None, now);
        }
    }

    fn remove_users(&self, names: Vec<String>) {
        let now = self.clock.now();
        for name in &names {
            self.core.facts.remove_user(name);
            sessions::user_changed(&self.core, name, now);
        }
    }

    #[pyo3(signature = (*, timeout_ms, most))]
    fn wait_sessions(&self, py: Python<'_>, timeout_ms: u64, most: usize) -> Vec<Py<PyBytes>> {
        let timeout = Duration::from_millis(timeout_ms);
        let notes = py.detach(|| sessions::notes(&self.core, most, timeout, || self.clock.now()));
        notes.iter().map(|note| PyBytes::new(py, note).unbind()).collect()
    }

    fn session_applied(&self, py: Python<'_>, session: &str, authorization: &str) -> PyResult<bool> {
        let id = session_id(session)?;
        let authorization = hex::number(authorization)
            .ok_or_else(|| PyValueError::new_err(format!("{authorization:?} is not 32 lower-case hex digits")))?;
        Ok(py.detach(|| sessions::applied(&self.core, id, authorization, self.clock.now())))
    }

    fn follow_session(&self, py: Python<'_>, session: &str) -> PyResult<()> {
        let id = session_id(session)?;
        py.detach(|| sessions::follow(&self.core, id));
        Ok(())
    }

    fn unfollow_session(&self, py: Python<'_>, session: &str) -> PyResult<()> {
        let id = session_id(session)?;
        py.detach(|| sessions::unfollow(&self.core, id));
        Ok(())
    }

    fn end_session(&self, py: Python<'_>, session: &str, cause: &str) -> PyResult<bool> {
        let id = session_id(session)?;
        Ok(py.detach(|| sessions::end(&self.core, id, cause, self.clock.now())))
    }

    #[pyo3(signature = (*, after = "", most, client = None, mac = None, user = None, device = None, session_id = None,
        state = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only, as the stub shows")]
    fn find_sessions(
        &self,
        py: Python<'_>,
        after: &str,
        most: usize,
        client: Option<String>,
        mac: Option<&str>,
        user: Option<&str>,
        device: Option<&str>,
        session_id: Option<String>,
        state: Option<String>,
    ) -> PyResult<Vec<Py<PyBytes>>> {
        let after = if after.is_empty() { None } else { Some(self::session_id(after)?) };
        let not_a_mac = |why: MacAddressError| PyValueError::new_err(why.to_string());
        let filter = Filter {
            client,
            mac: mac.map(str::parse).transpose().map_err(not_a_mac)?,
            user: user.map(Text::new),
            device: device.map(Text::new),
            acct_session_id: session_id,
            state,
        };
        let found = py.detach(|| self.core.sessions.find(&filter, after, most));
        Ok(found.iter().map(|session| PyBytes::new(py, session).unbind()).collect())
    }

    fn session(&self, py: Python<'_>, id: &str) -> PyResult<Option<Py<PyBytes>>> {
        let view = self.core.sessions.view(session_id(id)?);
        Ok(view.map(|session| PyBytes::new(py, &session).unbind()))
    }

    fn record_event(&self, event: &[u8]) -> PyResult<()> {
        let event = Event::told(event).ok_or_else(|| {
            PyValueError::new_err(format!("an event is a JSON object of at most {MAX_TOLD_EVENT} octets"))
        })?;
        self.core.tell(event);
        Ok(())
    }

    #[pyo3(signature = (*, timeout_ms, gather_ms = 0, max_events = 4096))]
    fn wait_events(&self, py: Python<'_>, timeout_ms: u64, gather_ms: u64, max_events: usize) -> Vec<Py<PyBytes>> {
        let (timeout, gather) = (Duration::from_millis(timeout_ms), Duration::from_millis(gather_ms));
        let events = py.detach(|| self.core.events.wait(timeout, gather, max_events));
        events.iter().map(|event| PyBytes::new(py, event).unbind()).collect()
    }

    #[pyo3(signature = (*, after, most, timeout_ms))]
    fn read_journal(
        &self,
        py: Python<'_>,
        after: u64,
        most: usize,
        timeout_ms: u64,
    ) -> PyResult<Vec<(u64, Py<PyBytes>)>> {
        let records = py.detach(|| {
            let dictionary = Arc::clone(&self.core.snapshot.load().dictionary);
            let records = self.journal()?.read(after, most, Duration::from_millis(timeout_ms));
            let records = records.map_err(|why| JournalError::new_err(why.to_string()))?;
            let told = records.into_iter().map(|record| (record.sequence, told(record, &dictionary)));
            Ok::<Vec<_>, PyErr>(told.collect())
        })?;
        let bytes = |json: Vec<u8>| PyBytes::new(py, &json).unbind();
        Ok(records.into_iter().map(|(sequence, json)| (sequence, bytes(json))).collect())
    }

    fn acknowledge(&self, py: Python<'_>, sequence: u64) -> PyResult<()> {
        py.detach(|| {
            let journal = self.journal()?;
            journal.acknowledge(sequence, &recent(self.clock.now()));
            Ok(())
        })
    }

    fn retry_journal(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| {
            self.journal()?.retry(&recent(self.clock.now()));
            Ok(())
        })
    }

    fn oldest_in_journal(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        py.detach(|| self.journal().map(|journal| journal.oldest_waiting_at()))
    }

    fn journal_state(&self, py: Python<'_>) -> PyResult<JournalState> {
        py.detach(|| self.journal().map(|journal| journal.state().into()))
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        let mut counters: BTreeMap<_, _> = self.core.counters.read().into_iter().collect();
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let open = running.as_ref().map_or(0, Running::open_conversations);
        let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        counters.insert("conversations.open".into(), size(open));
        counters.extend(self.core.sessions.read().map(|(name, count)| (name.to_owned(), count)));
        counters.insert("duplicates.cached".into(), size(self.core.duplicates.len()));
        counters.insert("facts.devices".into(), size(self.core.facts.device_count()));
        counters.insert("facts.users".into(), size(self.core.facts.user_count()));
        counters
    }

    fn client_counters(&self) -> BTreeMap<String, BTreeMap<&'static str, u64>> {
        let snapshot = self.core.snapshot.load();
        let clients = snapshot.clients.iter();
        clients.map(|client| (client.name.to_string(), client.ledger().counters.read().into())).collect()
    }

    fn close(&self, py: Python<'_>) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| {
            drop(running);
            self.core.sessions.close();
            self.core.events.close();
            if let Some(journal) = &self.core.journal {
                journal.close();
            }
        });
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, pyo3::types::PyTuple>) {
        self.close(py);
    }
}

fn session_id(text: &str) -> PyResult<SessionId> {
    text.parse().map_err(|_| PyValueError::new_err(format!("{text:?} is no session: 32 lower-case hex digits")))
}

impl DataPlane {
    fn journal(&self) -> PyResult<&Journal> {
        self.core.journal.as_ref().ok_or_else(|| JournalError::new_err("this data plane was started without a journal"))
    }
}
