//! What is over, as accounting called it, so that a report that was overtaken does not open it again.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;

use nac_policy::MacAddress;
use smol_str::SmolStr;

use super::notes::Sign;
use super::session::Session;
use crate::limits::{MAX_ENDED_SESSIONS, MAX_KEPT_SESSIONS};

/// Event-Timestamp has whole seconds: microseconds.
const SECOND: u64 = 1_000_000;
/// A session that this server ended by itself, and of which the NAS reports this much later, is open after all: microseconds.
const SURVIVES: u64 = 60 * SECOND;

/// Who said that a session is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum By {
    /// Its Stop, or another session of the same port.
    Accounting,
    /// Its NAS restarted, and may count from one again.
    Restart,
    /// This server, from what it saw.
    Here,
}

/// When a session ended, in Unix microseconds, and by whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct End {
    pub(super) at: u64,
    pub(super) by: By,
}

impl End {
    /// Whether it overtook a Start or Interim-Update of that moment.
    pub(super) fn overtook(self, sign: Sign, happened: u64) -> bool {
        match (self.by, sign) {
            (By::Accounting, Sign::Start) => happened <= self.at,
            (By::Accounting, _) => true,
            (By::Restart, _) => happened.saturating_add(SECOND) <= self.at,
            (By::Here, _) => happened < self.at.saturating_add(SURVIVES),
        }
    }
}

/// Bounded: when the younger half is full, the older one is forgotten.
#[derive(Debug)]
struct Remembered<K, V, const MOST: usize = MAX_ENDED_SESSIONS> {
    younger: HashMap<K, V>,
    older: HashMap<K, V>,
}

impl<K, V, const MOST: usize> Default for Remembered<K, V, MOST> {
    fn default() -> Self {
        Self { younger: HashMap::new(), older: HashMap::new() }
    }
}

impl<K: Hash + Eq, V: Clone, const MOST: usize> Remembered<K, V, MOST> {
    fn add(&mut self, key: K, value: V) {
        if self.younger.len() >= MOST / 2 {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(key, value);
    }

    fn get(&self, key: &K) -> Option<V> {
        self.younger.get(key).or_else(|| self.older.get(key)).cloned()
    }
}

/// Sessions that are over, by address of the NAS and Acct-Session-Id; when a device was last known to be gone, and when each
/// NAS restarted last. All in Unix microseconds.
#[derive(Debug, Default)]
pub(super) struct Ended {
    sessions: Remembered<(IpAddr, SmolStr), End>,
    /// Those that this server ended by itself, as they were.
    kept: Remembered<(IpAddr, SmolStr), Box<Session>, MAX_KEPT_SESSIONS>,
    devices: Remembered<MacAddress, u64>,
    restarts: Remembered<IpAddr, u64>,
}

impl Ended {
    pub(super) fn add(&mut self, source: IpAddr, session: SmolStr, end: End) {
        self.sessions.add((source, session), end);
    }

    /// What this server saw says less than what the NAS said before.
    pub(super) fn add_unless_told(&mut self, session: &Session, at: u64) {
        let Some(id) = &session.names.acct_session_id else { return };
        let key = (session.source, id.clone());
        if self.sessions.get(&key).is_none_or(|end| end.by == By::Here) {
            self.kept.add(key.clone(), Box::new(session.clone()));
            self.sessions.add(key, End { at, by: By::Here });
        }
    }

    /// A session that this server ended by itself, and that its NAS still reports.
    pub(super) fn kept(&self, source: IpAddr, session: &str) -> Option<Session> {
        let key = (source, session.into());
        let here = self.sessions.get(&key).is_some_and(|end| end.by == By::Here);
        self.kept.get(&key).filter(|_| here).map(|session| *session)
    }

    pub(super) fn get(&self, source: IpAddr, session: &str) -> Option<End> {
        self.sessions.get(&(source, session.into()))
    }

    pub(super) fn gone(&mut self, mac: MacAddress, at: u64) {
        self.devices.add(mac, at);
    }

    /// Whether the device was known to be gone after that moment.
    pub(super) fn gone_since(&self, mac: MacAddress, moment: u64) -> bool {
        self.devices.get(&mac).is_some_and(|at| moment <= at)
    }

    pub(super) fn restarted(&mut self, source: IpAddr, at: u64) {
        let latest = self.restarts.get(&source).unwrap_or_default().max(at);
        self.restarts.add(source, latest);
    }

    /// Whether the NAS restarted after that moment.
    pub(super) fn restarted_since(&self, source: IpAddr, moment: u64) -> bool {
        self.restarts.get(&source).is_some_and(|at| moment.saturating_add(SECOND) <= at)
    }
}
