//! What receivers and shards share.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use nac_journal::Journal;
use nac_policy::FactsTable;

use crate::access_lists::AccessLists;
use crate::accounting::Earlier;
use crate::clock::Now;
use crate::counters::Counters;
use crate::discard::{DiscardReason, DiscardReports};
use crate::duplicate::DuplicateCache;
use crate::event::{Event, EventQueue, address_of};
use crate::sessions::Sessions;
use crate::snapshot::Snapshot;
use crate::state_token::{NoRandomness, StateSealer};

/// Shared state of the data plane. Share it behind an `Arc`.
pub struct Core {
    /// The published snapshot; a packet loads it once.
    pub snapshot: ArcSwap<Snapshot>,
    /// Facts of devices and users.
    pub facts: FactsTable,
    /// Answers for retransmissions.
    pub duplicates: DuplicateCache,
    /// Accounting-Responses for retransmissions; apart, as a storm of accounting must not push out the others.
    pub accounting_duplicates: DuplicateCache,
    /// Accounting-Requests that were recorded before a restart.
    pub earlier: Earlier,
    /// What must survive a crash; without one nothing is accounted, and events are fetched from their queue.
    pub journal: Option<Journal>,
    /// State values.
    pub states: StateSealer,
    /// Access lists that switches fetch.
    pub access_lists: AccessLists,
    /// Live sessions.
    pub sessions: Sessions,
    /// Events on their way to the control plane.
    pub events: EventQueue,
    /// Counters.
    pub counters: Counters,
    discards: Mutex<DiscardReports>,
}

impl Core {
    /// Around a first snapshot.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system has none.
    pub fn new(snapshot: Arc<Snapshot>, event_capacity: usize) -> Result<Self, NoRandomness> {
        Ok(Self {
            snapshot: ArcSwap::new(snapshot),
            facts: FactsTable::new(),
            duplicates: DuplicateCache::default(),
            accounting_duplicates: DuplicateCache::default(),
            earlier: Earlier::default(),
            journal: None,
            states: StateSealer::new()?,
            access_lists: AccessLists::default(),
            sessions: Sessions::default(),
            events: EventQueue::new(event_capacity),
            counters: Counters::default(),
            discards: Mutex::default(),
        })
    }

    /// With a journal; what it has of the last seconds is known to be recorded already.
    #[must_use]
    pub fn with_journal(self, journal: Journal, now: Now) -> Self {
        let earlier = Earlier::of(&journal, now);
        Self { journal: Some(journal), earlier, ..self }
    }

    /// With the sessions of before a restart.
    #[must_use]
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions, ..self }
    }

    /// Queue an event; a full queue drops its oldest, and the drop is counted.
    pub fn tell(&self, event: Event) {
        if !self.events.push(event) {
            self.counters.events_dropped.add();
        }
    }

    /// Count a discard, and tell it when it is time.
    pub fn discard(&self, reason: DiscardReason, source: std::net::SocketAddr, client: Option<&str>, now: Now) {
        self.counters.discard(reason);
        if reason == DiscardReason::DuplicateInWork {
            return;
        }
        let mut reports = self.discards.lock().unwrap_or_else(PoisonError::into_inner);
        let report = reports.note(reason, address_of(source), client, now.monotonic);
        drop(reports);
        if let Some(report) = report {
            self.tell(Event::Discard { at: now.unix_micros, report });
        }
    }

    /// Work of quiet moments: reports held back, answers past their time.
    pub fn tick(&self, now: Now) {
        let due = self.discards.lock().unwrap_or_else(PoisonError::into_inner).due(now.monotonic);
        for report in due {
            self.tell(Event::Discard { at: now.unix_micros, report });
        }
        self.duplicates.expire(now.monotonic);
        self.accounting_duplicates.expire(now.monotonic);
        self.earlier.expire(now.monotonic);
    }
}
