//! The running data plane. Every call that may wait does so with the GIL released.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nac_journal::{Journal, NodeId};
use nac_server::accounting::{recent, told};
use nac_server::core::Core;
use nac_server::listen::{Clock, Running, Sockets};
use pyo3::prelude::*;

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
        event_capacity = 16384, journal = None, journal_octets = 1_073_741_824, accounting = Vec::new()))]
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
        let mut core = Core::new(snapshot.take()?, event_capacity).map_err(no_randomness)?;
        if let Some(folder) = journal {
            let node = NodeId(core.states.random().map_err(no_randomness)?);
            let opened = py.detach(|| Journal::open(&folder, node, journal_octets));
            let opened = opened.map_err(|why| JournalError::new_err(why.to_string()))?;
            core = py.detach(|| core.with_journal(opened, clock.now()));
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
        Ok(())
    }

    fn generation(&self) -> u64 {
        self.core.snapshot.load().generation
    }

    fn upsert_devices(&self, devices: Vec<PyRef<'_, DeviceFacts>>) {
        devices.iter().for_each(|device| self.core.facts.upsert_device(device.inner.clone()));
    }

    fn upsert_users(&self, users: Vec<PyRef<'_, UserFacts>>) {
        users.iter().for_each(|user| self.core.facts.upsert_user(user.inner.clone()));
    }

    fn remove_devices(&self, names: Vec<String>) {
        names.iter().for_each(|name| self.core.facts.remove_device(name));
    }

    fn remove_users(&self, names: Vec<String>) {
        names.iter().for_each(|name| self.core.facts.remove_user(name));
    }

    #[pyo3(signature = (*, timeout_ms, gather_ms = 0, max_events = 4096))]
    fn wait_events(
        &self,
        py: Python<'_>,
        timeout_ms: u64,
        gather_ms: u64,
        max_events: usize,
    ) -> Vec<Py<pyo3::types::PyBytes>> {
        let (timeout, gather) = (Duration::from_millis(timeout_ms), Duration::from_millis(gather_ms));
        let events = py.detach(|| self.core.events.wait(timeout, gather, max_events));
        events.iter().map(|event| pyo3::types::PyBytes::new(py, event).unbind()).collect()
    }

    #[pyo3(signature = (*, after, most, timeout_ms))]
    fn read_journal(
        &self,
        py: Python<'_>,
        after: u64,
        most: usize,
        timeout_ms: u64,
    ) -> PyResult<Vec<(u64, Py<pyo3::types::PyBytes>)>> {
        let records = py.detach(|| {
            let dictionary = Arc::clone(&self.core.snapshot.load().dictionary);
            let records = self.journal()?.read(after, most, Duration::from_millis(timeout_ms));
            let records = records.map_err(|why| JournalError::new_err(why.to_string()))?;
            let told = records.into_iter().map(|record| (record.sequence, told(record, &dictionary)));
            Ok::<Vec<_>, PyErr>(told.collect())
        })?;
        let bytes = |json: Vec<u8>| pyo3::types::PyBytes::new(py, &json).unbind();
        Ok(records.into_iter().map(|(sequence, json)| (sequence, bytes(json))).collect())
    }

    fn acknowledge(&self, py: Python<'_>, sequence: u64) -> PyResult<()> {
        py.detach(|| {
            let journal = self.journal()?;
            journal.acknowledge(sequence, &recent(self.clock.now()));
            Ok(())
        })
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

impl DataPlane {
    fn journal(&self) -> PyResult<&Journal> {
        self.core.journal.as_ref().ok_or_else(|| JournalError::new_err("this data plane was started without a journal"))
    }
}
