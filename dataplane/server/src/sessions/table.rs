//! The sessions, and by what they are found. What becomes of them is in [`login`], [`life`] and [`silence`], and in
//! `accounting`; deciding again in [`due`] and [`differing`]. Time, octets and randomness are arguments.

mod differing;
mod due;
mod life;
mod login;
mod silence;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

pub use due::{Due, Task};
pub use login::Accepted;
pub use silence::Patience;

use differing::Told;
use due::Sweep;
use life::Restarting;

use super::Filter;
use super::ended::Ended;
use super::index::{Index, RecordNames, Slot};
use super::notes::Notes;
use super::session::{Session, SessionId};
use super::transition::{Change, State};
use crate::limits::{MAX_SEARCHED_AT_ONCE, MAX_SESSIONS};

/// What is told of a transition.
#[derive(Clone, Debug)]
pub struct SessionChange {
    /// Unix microseconds.
    pub at: u64,
    /// What became of it.
    pub change: Change,
    /// Why it ended.
    pub cause: Option<Box<str>>,
    /// The session after it.
    pub session: Session,
}

#[derive(Debug)]
struct Entry {
    session: Session,
    records: RecordNames,
    told: Option<Box<Told>>,
    /// Every sign of it is told, and its end.
    followed: bool,
    due: Option<Due>,
    /// Unix second at which time alone may change the decision.
    boundary: Option<i64>,
    /// When to see whether it fell silent.
    quiet_at: Duration,
}

impl Entry {
    fn told(&self) -> Option<Told> {
        self.told.as_deref().copied()
    }
}

/// How many sessions there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "each is listed with its meaning in docs/operations.md")]
pub struct Counts {
    pub open: u64,
    pub stale: u64,
    pub accounted: u64,
    pub differing: u64,
    pub evicted: u64,
}

/// The table.
#[derive(Debug, Default)]
pub struct Table {
    patience: Patience,
    entries: Vec<Option<Box<Entry>>>,
    free: Vec<Slot>,
    pub(super) index: Index,
    pub(super) ended: Ended,
    boundaries: BTreeSet<(i64, Slot)>,
    silences: BTreeSet<(Duration, Slot)>,
    due: VecDeque<Slot>,
    sweep: Option<Sweep>,
    restarting: VecDeque<Restarting>,
    pub(super) notes: Notes,
    changes: Vec<SessionChange>,
    counts: Counts,
}

impl Table {
    /// An empty one.
    #[must_use]
    pub fn new(patience: Patience) -> Self {
        Self { patience, ..Self::default() }
    }

    /// How many sessions there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What happened since this was asked last, in order.
    pub fn take_changes(&mut self) -> Vec<SessionChange> {
        std::mem::take(&mut self.changes)
    }

    /// A session by its identity.
    #[must_use]
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.index.by_id(id).and_then(|slot| self.session(slot))
    }

    pub(super) fn session(&self, slot: Slot) -> Option<&Session> {
        self.entry(slot).map(|entry| &entry.session)
    }

    fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot as usize)?.as_deref()
    }

    fn entry_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.entries.get_mut(slot as usize)?.as_deref_mut()
    }

    /// Up to `most` sessions above `after`, in the order of their identities; and if not all were looked at, the last one that
    /// was.
    #[must_use]
    pub fn find(&self, filter: &Filter, after: Option<SessionId>, most: usize) -> (Vec<Session>, Option<SessionId>) {
        let narrowed = match filter {
            Filter { mac: Some(mac), .. } => Some(self.index.by_mac(*mac)),
            Filter { device: Some(device), .. } => Some(self.index.by_device(device)),
            Filter { user: Some(user), .. } => Some(self.index.by_user(user)),
            _ => None,
        };
        let chosen = |session: &&Session| filter.takes(session);
        let Some(narrowed) = narrowed else {
            let sessions: Vec<_> = self.index.above(after).take(MAX_SEARCHED_AT_ONCE).collect();
            let last = sessions.last().filter(|_| sessions.len() == MAX_SEARCHED_AT_ONCE);
            let last = last.and_then(|slot| self.session(*slot)).map(|session| session.id);
            let sessions = sessions.iter().filter_map(|slot| self.session(*slot));
            return (sessions.filter(chosen).take(most).cloned().collect(), last);
        };
        let sessions = narrowed.into_iter().filter_map(|slot| self.session(slot));
        let mut sessions: Vec<_> = sessions.filter(|session| after.is_none_or(|after| session.id > after)).collect();
        sessions.sort_unstable_by_key(|session| session.id);
        (sessions.into_iter().filter(chosen).take(most).cloned().collect(), None)
    }

    fn is_full(&self) -> bool {
        self.entries.len() - self.free.len() >= MAX_SESSIONS
    }

    /// Put a session in as it is.
    pub(super) fn insert(&mut self, session: Session) -> Option<Slot> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.entries.push(None);
                Slot::try_from(self.entries.len() - 1).ok()?
            }
        };
        let records = RecordNames::of(&session);
        self.index.link(slot, &session, &records);
        self.count(session.state, true);
        let quiet_at = Duration::ZERO;
        let entry = Entry { session, records, told: None, followed: false, due: None, boundary: None, quiet_at };
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(Box::new(entry));
        }
        self.watch(slot);
        Some(slot)
    }

    fn count(&mut self, state: State, more: bool) {
        let by = |count: &mut u64| *count = if more { *count + 1 } else { count.saturating_sub(1) };
        by(&mut self.counts.open);
        match state {
            State::Stale => by(&mut self.counts.stale),
            State::Accounted => by(&mut self.counts.accounted),
            State::Active | State::Closed => {}
        }
    }
}
