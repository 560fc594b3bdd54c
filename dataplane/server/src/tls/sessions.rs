//! TLS 1.2 sessions by session id, for supplicants that offer no ticket: wpa_supplicant leaves tickets out of EAP-TLS
//! under TLS 1.2 unless told otherwise. TLS 1.3 has tickets only.
//!
//! Bounded, in memory, and bound to the trust store like tickets are. The store outlives snapshots.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustls::server::StoresServerSessions;
use rustls::time_provider::TimeProvider;
use zeroize::Zeroizing;

use crate::limits::{MAX_STORED_SESSION_OCTETS, MAX_STORED_SESSIONS};

type Key = Box<[u8]>;

struct Stored {
    issued: u64,
    state: Zeroizing<Vec<u8>>,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<Key, Stored>,
    order: VecDeque<Key>,
    octets: usize,
}

/// The sessions as one snapshot sees them.
pub(super) struct SessionStore {
    table: OnceLock<Arc<Mutex<Table>>>,
    lifetime: u32,
    trust: [u8; 32],
    time: Arc<dyn TimeProvider>,
}

impl std::fmt::Debug for SessionStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionStore").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl SessionStore {
    /// An empty store; a `lifetime` of zero seconds keeps nothing.
    pub(super) fn new(lifetime: u32, trust: [u8; 32], time: Arc<dyn TimeProvider>) -> Self {
        Self { table: OnceLock::new(), lifetime, trust, time }
    }

    /// Go on with the sessions of the snapshot before.
    pub(super) fn inherit(&self, previous: &Self) {
        // A store that was used before keeps its own table; a snapshot inherits before it is published.
        let _ = self.table.set(Arc::clone(previous.shared()));
    }

    fn shared(&self) -> &Arc<Mutex<Table>> {
        self.table.get_or_init(Arc::default)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.shared().lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, id: &[u8]) -> Key {
        [&self.trust[..], id].concat().into()
    }

    fn now(&self) -> Option<u64> {
        Some(self.time.current_time()?.as_secs())
    }

    fn fresh(&self, stored: &Stored) -> bool {
        let age = self.now().and_then(|now| now.checked_sub(stored.issued));
        age.is_some_and(|age| age <= u64::from(self.lifetime))
    }
}

impl StoresServerSessions for SessionStore {
    fn put(&self, id: Vec<u8>, state: Vec<u8>) -> bool {
        let Some(issued) = self.now() else { return false };
        let key = self.key(&id);
        let mut table = self.table();
        table.forget(&key);
        table.octets += state.len();
        table.sessions.insert(key.clone(), Stored { issued, state: Zeroizing::new(state) });
        table.order.push_back(key);
        while table.order.len() > MAX_STORED_SESSIONS || table.octets > MAX_STORED_SESSION_OCTETS {
            let Some(oldest) = table.order.pop_front() else { break };
            table.forget(&oldest);
        }
        true
    }

    fn get(&self, id: &[u8]) -> Option<Vec<u8>> {
        let table = self.table();
        let stored = table.sessions.get(&self.key(id))?;
        self.fresh(stored).then(|| stored.state.to_vec())
    }

    fn take(&self, id: &[u8]) -> Option<Vec<u8>> {
        let found = self.get(id);
        self.table().forget(&self.key(id));
        found
    }

    fn can_cache(&self) -> bool {
        self.lifetime > 0
    }
}

impl Table {
    /// Drop a session; its place in the order stays until it comes to the front.
    fn forget(&mut self, key: &Key) {
        if let Some(stored) = self.sessions.remove(key) {
            self.octets -= stored.state.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::time_provider::DefaultTimeProvider;

    use super::*;

    fn store(trust: u8) -> SessionStore {
        SessionStore::new(60, [trust; 32], Arc::new(DefaultTimeProvider))
    }

    #[test]
    fn sessions_are_bounded_and_the_oldest_goes_first() {
        let store = store(1);
        for id in 0..=MAX_STORED_SESSIONS {
            store.put(id.to_be_bytes().to_vec(), vec![1; 100]);
        }
        assert_eq!(store.get(&0_usize.to_be_bytes()), None);
        assert_eq!(store.get(&1_usize.to_be_bytes()), Some(vec![1; 100]));
        for id in 0..MAX_STORED_SESSIONS {
            store.put(id.to_be_bytes().to_vec(), vec![1; 16_384]);
        }
        assert!(store.table().octets <= MAX_STORED_SESSION_OCTETS);
    }

    #[test]
    fn a_session_does_not_outlive_its_trust_and_survives_a_snapshot() {
        let first = store(1);
        first.put(vec![7], vec![9]);
        let (same, other) = (store(1), store(2));
        same.inherit(&first);
        other.inherit(&first);
        assert_eq!(same.get(&[7]), Some(vec![9]));
        assert_eq!(other.get(&[7]), None);
        assert_eq!(same.take(&[7]), Some(vec![9]));
        assert_eq!(first.get(&[7]), None);
    }
}
