//! The sessions, and what becomes of them: every method is one happening. Time, octets and randomness are arguments.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use nac_policy::{DeviceFacts, Text};

use super::Filter;
use super::ended::{By, End, Ended};
use super::evaluate::Wanted;
use super::index::{Index, Key, RecordNames, Slot, fingerprint_of};
use super::json::Replayed;
use super::notes::{Notes, Pending, Sign, Why};
use super::session::{Authorized, Granted, Names, Session, SessionId, differ};
use super::transition::{Change, Happening, State, next};
use crate::clock::Now;
use crate::limits::MAX_SESSIONS;

/// A session without any sign of it but its own re-authentication is given this long beyond its Session-Timeout.
const AFTER_SESSION_TIMEOUT: Duration = Duration::from_secs(300);
/// Interim intervals without a report.
const MISSED_INTERIMS: u32 = 3;

/// How long to wait for signs of a session.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without a sign for so long it is stale, unless its interim interval or its timeout says otherwise.
    pub stale_after: Duration,
    /// Stale for so long it is forgotten.
    pub forget_after: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { stale_after: Duration::from_secs(3 * 3_600), forget_after: Duration::from_secs(24 * 3_600) }
    }
}

/// Since when, and why, a session is to be decided on again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Unix microseconds.
    pub at: u64,
    /// Why.
    pub why: Why,
}

/// An Access-Accept that was sent.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The session as it is if it is new.
    pub session: Session,
    /// Unix second at which time alone may change the decision.
    pub boundary: Option<i64>,
    /// Something that was decided on has changed since: decide again.
    pub outdated: Option<Due>,
}

/// A session that is to be decided on again.
#[derive(Clone, Debug)]
pub struct Task {
    slot: Slot,
    /// As it was when the task was given.
    pub session: Session,
    /// Who it is.
    pub authorized: Arc<Authorized>,
    /// Since when, and why.
    pub due: Due,
}

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

/// What the control plane was told that a port should have.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Digest of it; `None`: the session should end.
    wanted: Option<u128>,
    due: Due,
    /// Fetched: it is to be told when this no longer holds.
    delivered: bool,
}

#[derive(Debug)]
struct Entry {
    session: Session,
    records: RecordNames,
    told: Option<Box<Told>>,
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

/// A session whose NAS restarted.
#[derive(Debug)]
struct Restarting {
    id: SessionId,
    /// Unix microseconds.
    at: u64,
}

/// A pass over all sessions, in slices.
#[derive(Debug)]
struct Sweep {
    cursor: Slot,
    left: usize,
    due: Due,
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

    // --- authentication ---

    /// An Access-Accept was sent.
    pub fn accept(&mut self, accepted: Accepted, now: Now) {
        let Accepted { session, boundary, outdated } = accepted;
        let key = Key::of(&session.client, session.source, &session.names, session.id);
        let before = self.index.by_key(&key);
        self.leave_elsewhere(&session, before, now);
        let superseded = before.and_then(|slot| superseded(&self.session(slot)?.names, &session.names));
        let slot = match (before, superseded) {
            (Some(slot), None) => Some(self.reauthorize(slot, session, now)),
            (Some(slot), Some((happening, cause))) => {
                self.end(slot, happening, cause, now);
                self.open(session, now)
            }
            (None, _) => self.open(session, now),
        };
        let Some(slot) = slot else { return };
        self.set_boundary(slot, boundary);
        outdated.into_iter().for_each(|due| self.make_due(slot, due));
    }

    /// The same device, proven in the same way, was accepted elsewhere: it is there now.
    fn leave_elsewhere(&mut self, session: &Session, except: Option<Slot>, now: Now) {
        let (Some(mac), Some(authorized)) = (session.names.mac, &session.authorized) else { return };
        let fingerprint = fingerprint_of(session);
        for slot in self.index.by_mac(mac) {
            let same = self.session(slot).is_some_and(|other| {
                let method = other.authorized.as_ref().map(|other| other.method);
                Some(slot) != except && method == Some(authorized.method) && fingerprint_of(other) == fingerprint
            });
            if same {
                self.end(slot, Happening::Moved, "moved", now);
            }
        }
    }

    fn reauthorize(&mut self, slot: Slot, session: Session, now: Now) -> Slot {
        self.change(slot, Happening::Accepted, now, |known| {
            let names = Arc::new(Names::clone(&session.names).or(&known.names));
            let Session { source, authorized, granted, interim, .. } = session;
            *known = Session { source, names, authorized, granted, interim, ..known.clone() };
        });
        self.watch(slot);
        self.heard(slot, now.monotonic, now.unix_micros, Sign::Accept, now);
        self.regranted(slot, "authentication");
        slot
    }

    /// An Access-Reject was sent for a device that asked again at its port.
    pub fn reject(&mut self, client: &Arc<str>, source: std::net::IpAddr, names: &Names, now: Now) {
        if names.mac.is_none() && names.nas.port_id.is_none() && names.nas.port.is_none() {
            return;
        }
        let key = Key::of(client, source, names, SessionId([0; 16]));
        let Some(slot) = self.index.by_key(&key) else { return };
        if self.session(slot).is_some_and(|session| superseded(&session.names, names).is_none()) {
            self.sign(slot, Sign::Reject, now.unix_micros);
            self.end(slot, Happening::Ended, "rejected", now);
        }
    }

    // --- life ---

    /// A new session; `None` when there is no room for it.
    pub(super) fn open(&mut self, session: Session, now: Now) -> Option<Slot> {
        if self.is_full() {
            self.counts.evicted += 1;
            let quietest = self.silences.first().map(|(_, slot)| *slot);
            match quietest.filter(|_| session.authorized.is_some()) {
                Some(quietest) => self.end(quietest, Happening::Ended, "evicted", now),
                None => return None,
            }
        }
        let happening = if session.authorized.is_some() { Happening::Accepted } else { Happening::Named };
        let (state, change) = next(None, session.authorized.is_some(), happening)?;
        let session = Session { state, ..session };
        let slot = self.insert(session)?;
        self.tell(slot, change, None, now);
        Some(slot)
    }

    fn is_full(&self) -> bool {
        self.entries.len() - self.free.len() >= MAX_SESSIONS
    }

    /// A session of before a restart. Signs of it may have been missed meanwhile, so it has all the time again.
    pub fn restore(&mut self, session: Session, now: Now) {
        if self.index.by_id(session.id).is_none() && !self.is_full() {
            self.insert(Session { seen: now.monotonic, ..session });
        }
    }

    /// What a session event of before a restart left behind takes the place of what was known.
    pub(super) fn replace(&mut self, replayed: Replayed, now: Now) {
        if let Some(slot) = replayed.id().and_then(|id| self.index.by_id(id)) {
            self.end(slot, Happening::Ended, "replayed", now);
            self.changes.pop();
        }
        if let Some(session) = replayed.record {
            self.restore(session, now);
        }
    }

    /// Up to `most` sessions above `after`, in the order of their identities.
    #[must_use]
    pub fn find(&self, filter: &Filter, after: Option<SessionId>, most: usize) -> Vec<Session> {
        let narrowed = match filter {
            Filter { mac: Some(mac), .. } => Some(self.index.by_mac(*mac)),
            Filter { device: Some(device), .. } => Some(self.index.by_device(device)),
            Filter { user: Some(user), .. } => Some(self.index.by_user(user)),
            _ => None,
        };
        let chosen = |session: &&Session| filter.takes(session);
        let Some(narrowed) = narrowed else {
            let sessions = self.index.above(after).filter_map(|slot| self.session(slot));
            return sessions.filter(chosen).take(most).cloned().collect();
        };
        let sessions = narrowed.into_iter().filter_map(|slot| self.session(slot));
        let mut sessions: Vec<_> = sessions.filter(|session| after.is_none_or(|after| session.id > after)).collect();
        sessions.sort_unstable_by_key(|session| session.id);
        sessions.into_iter().filter(chosen).take(most).cloned().collect()
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
        let entry = Entry { session, records, told: None, due: None, boundary: None, quiet_at };
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(Box::new(entry));
        }
        self.watch(slot);
        Some(slot)
    }

    /// See whether it fell silent when it may have.
    fn watch(&mut self, slot: Slot) {
        let patience = self.patience;
        let Some(entry) = self.entry_mut(slot) else { return };
        let quiet_at = entry.session.seen + patience.quiet_for(&entry.session);
        let before = std::mem::replace(&mut entry.quiet_at, quiet_at);
        self.silences.remove(&(before, slot));
        self.silences.insert((quiet_at, slot));
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

    /// A transition that `with` goes along with; nothing when there is none.
    pub(super) fn change(&mut self, slot: Slot, happening: Happening, now: Now, with: impl FnOnce(&mut Session)) {
        let Some(mut entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else { return };
        let before = entry.session.state;
        self.index.unlink(slot, &entry.session, &entry.records);
        with(&mut entry.session);
        let authorized = entry.session.authorized.is_some();
        let told = next(Some(before), authorized, happening);
        if let Some((state, _)) = told {
            entry.session.state = state;
            self.count(before, false);
            self.count(state, true);
        }
        entry.records = RecordNames::of(&entry.session);
        self.index.link(slot, &entry.session, &entry.records);
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(entry);
        }
        if let Some((_, change)) = told {
            self.tell(slot, change, None, now);
        }
    }

    fn tell(&mut self, slot: Slot, change: Change, cause: Option<&str>, now: Now) {
        let Some(session) = self.session(slot).cloned() else { return };
        self.changes.push(SessionChange { at: now.unix_micros, change, cause: cause.map(Into::into), session });
    }

    /// The session is over.
    pub(super) fn end(&mut self, slot: Slot, happening: Happening, cause: &str, now: Now) {
        let Some(mut entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else { return };
        let authorized = entry.session.authorized.is_some();
        // None only for what is closed, and that is not in the table.
        let Some((state, change)) = next(Some(entry.session.state), authorized, happening) else { return };
        self.index.unlink(slot, &entry.session, &entry.records);
        self.silences.remove(&(entry.quiet_at, slot));
        if let Some(boundary) = entry.boundary {
            self.boundaries.remove(&(boundary, slot));
        }
        self.free.push(slot);
        self.count(entry.session.state, false);
        if let Some(id) = &entry.session.names.acct_session_id {
            self.ended.add_unless_told(entry.session.source, id, now.unix_micros);
        }
        entry.session.names.mac.into_iter().for_each(|mac| self.ended.gone(mac, now.unix_micros));
        let (id, told) = (entry.session.id, entry.told.take());
        self.settle(id, told, cause);
        entry.session.state = state;
        entry.session.closed_at = Some(now.unix_micros);
        entry.session.differs = false;
        let session = entry.session;
        self.changes.push(SessionChange { at: now.unix_micros, change, cause: Some(cause.into()), session });
    }

    /// The NAS of these sessions restarted at `at`, Unix microseconds.
    pub(super) fn restarted(&mut self, slots: impl IntoIterator<Item = Slot>, at: u64) {
        let ids: Vec<_> = slots.into_iter().filter_map(|slot| Some(self.session(slot)?.id)).collect();
        self.restarting.extend(ids.into_iter().map(|id| Restarting { id, at }));
    }

    /// End up to `most` sessions whose NAS restarted: in slices, as a controller may have had thousands of them.
    pub fn end_restarted(&mut self, most: usize, now: Now) {
        for Restarting { id, at } in self.restarting.drain(..most.min(self.restarting.len())).collect::<Vec<_>>() {
            let slot = self.index.by_id(id);
            // One that was accepted in the meantime is a new one.
            let Some(session) = slot.and_then(|slot| self.session(slot)).filter(|session| session.since() <= at) else {
                continue;
            };
            let (source, named) = (session.source, session.names.acct_session_id.clone());
            named.into_iter().for_each(|id| self.ended.add(source, id, End { at, by: By::Restart }));
            slot.into_iter().for_each(|slot| self.end(slot, Happening::Ended, "nas-reboot", now));
        }
    }

    // --- signs of life ---

    /// Heard of, at `heard` by the monotonic clock; `at` is that in Unix microseconds.
    pub(super) fn heard(&mut self, slot: Slot, heard: Duration, at: u64, sign: Sign, now: Now) {
        let patience = self.patience;
        let Some(entry) = self.entry_mut(slot) else { return };
        if heard > entry.session.seen {
            entry.session.seen = heard;
            entry.session.seen_at = at;
        }
        let lives = entry.session.seen + patience.quiet_for(&entry.session) > now.monotonic;
        let resumes = lives && entry.session.state == State::Stale;
        self.sign(slot, sign, now.unix_micros);
        if resumes {
            self.change(slot, Happening::Seen, now, |_| {});
            self.make_due(slot, Due { at: now.unix_micros, why: Why::Time });
        }
    }

    /// Who was told that this session differs may wait for a sign of it.
    pub(super) fn sign(&mut self, slot: Slot, sign: Sign, at: u64) {
        let Some(entry) = self.entry(slot) else { return };
        if entry.told().is_some_and(|told| told.delivered) {
            let id = entry.session.id;
            self.notes.of(id).seen = Some((sign, at));
        }
    }

    /// Everything that time alone does to sessions, but decide on them.
    pub fn tick(&mut self, now: Now) {
        let unix = i64::try_from(now.unix()).unwrap_or(i64::MAX);
        while let Some((boundary, slot)) = self.boundaries.first().copied().filter(|(boundary, _)| *boundary <= unix) {
            self.boundaries.remove(&(boundary, slot));
            self.entry_mut(slot).into_iter().for_each(|entry| entry.boundary = None);
            let at = u64::try_from(boundary).unwrap_or_default().saturating_mul(1_000_000);
            self.make_due(slot, Due { at, why: Why::Time });
        }
        while let Some((quiet_at, slot)) = self.silences.first().copied().filter(|(at, _)| *at <= now.monotonic) {
            self.silences.remove(&(quiet_at, slot));
            self.silent(slot, now);
        }
    }

    fn silent(&mut self, slot: Slot, now: Now) {
        let patience = self.patience;
        let Some(entry) = self.entry_mut(slot) else { return };
        let stale_at = entry.session.seen + patience.quiet_for(&entry.session);
        let forget_at = stale_at + patience.forget_after;
        let was_stale = entry.session.state == State::Stale;
        let (stale, forgotten) = (now.monotonic >= stale_at, now.monotonic >= forget_at);
        let quiet_at = if stale { forget_at } else { stale_at };
        entry.quiet_at = quiet_at;
        self.silences.insert((quiet_at, slot));
        match (stale, was_stale, forgotten) {
            (true, true, true) => self.end(slot, Happening::Ended, "forgotten", now),
            (true, false, _) => {
                self.change(slot, Happening::Silent, now, |_| {});
                self.undiffer(slot, "stale");
            }
            _ => {}
        }
    }

    /// When [`Table::tick`] has something to do: by the wall clock in Unix seconds, and by the monotonic one.
    #[must_use]
    pub fn next_tick(&self) -> (Option<i64>, Option<Duration>) {
        (self.boundaries.first().map(|(at, _)| *at), self.silences.first().map(|(at, _)| *at))
    }

    // --- deciding again ---

    /// Every session is to be decided on again.
    pub fn all_due(&mut self, due: Due) {
        let cursor = self.sweep.as_ref().map_or(0, |sweep| sweep.cursor);
        self.sweep = Some(Sweep { cursor, left: self.entries.len(), due });
    }

    /// Those whose decision reads the record of a device, as it is now, or as it was: then only its name counts.
    pub fn device_due(&mut self, name: &str, device: Option<&DeviceFacts>, due: Due) {
        let mut slots = self.index.by_device(&Text::new(name));
        if let Some(device) = device {
            slots.extend(device.macs.iter().flat_map(|mac| self.index.by_mac(*mac)));
            slots.extend(device.certificates.iter().flat_map(|print| self.index.by_certificate(*print)));
        }
        slots.into_iter().for_each(|slot| self.make_due(slot, due));
    }

    /// Those whose decision reads the record of a user.
    pub fn user_due(&mut self, name: &str, due: Due) {
        self.index.by_user(&Text::new(name)).into_iter().for_each(|slot| self.make_due(slot, due));
    }

    fn make_due(&mut self, slot: Slot, due: Due) {
        if let Some(entry) = self.entry_mut(slot)
            && entry.due.is_none()
        {
            entry.due = Some(due);
            self.due.push_back(slot);
        }
    }

    /// Whether [`Table::take_due`] or [`Table::end_restarted`] has something to do.
    #[must_use]
    pub fn has_due(&self) -> bool {
        !self.due.is_empty() || self.sweep.is_some() || !self.restarting.is_empty()
    }

    /// Up to about `most` sessions that are to be decided on again: first those that something of their own changed for.
    pub fn take_due(&mut self, most: usize) -> Vec<Task> {
        let mut tasks = Vec::with_capacity(most);
        while tasks.len() < most
            && let Some(slot) = self.due.pop_front()
        {
            let due = self.entry_mut(slot).and_then(|entry| entry.due.take());
            tasks.extend(due.and_then(|due| self.task(slot, due)));
        }
        while tasks.len() < most
            && let Some(sweep) = &mut self.sweep
        {
            let (slot, due) = (sweep.cursor, sweep.due);
            sweep.cursor = if slot as usize + 1 < self.entries.len() { slot + 1 } else { 0 };
            sweep.left = sweep.left.saturating_sub(1);
            if sweep.left == 0 {
                self.sweep = None;
            }
            tasks.extend(self.task(slot, due));
        }
        tasks
    }

    /// One that went stale waits until it is heard of again, and one whose identity is not known is left alone.
    fn task(&self, slot: Slot, due: Due) -> Option<Task> {
        let session = &self.entry(slot)?.session;
        let authorized = session.authorized.clone().filter(|_| session.state == State::Active)?;
        Some(Task { slot, session: session.clone(), authorized, due })
    }

    /// A session that is told to differ, to be decided on once more when that is fetched.
    pub fn task_of(&self, id: SessionId) -> Option<Task> {
        let slot = self.index.by_id(id)?;
        let due = self.entry(slot)?.told().map_or(Due { at: 0, why: Why::Facts }, |told| told.due);
        self.task(slot, due)
    }

    /// What deciding again said. True when the session differs from it; false also when something else was granted since.
    pub fn conclude(&mut self, task: &Task, wanted: &Wanted) -> bool {
        let slot = task.slot;
        let current = self.entry(slot).filter(|entry| {
            let same = |authorized: &Arc<Authorized>| Arc::ptr_eq(authorized, &task.authorized);
            entry.session.id == task.session.id && entry.session.authorized.as_ref().is_some_and(same)
        });
        let Some(granted) = current.and_then(|entry| entry.session.granted.clone()) else {
            return false;
        };
        self.rename(slot, task, wanted);
        self.set_boundary(slot, wanted.next);
        if wanted.authorization() == Some(granted.authorization) {
            self.undiffer(slot, task.due.why.word());
            return false;
        }
        let Some(entry) = self.entry_mut(slot) else { return false };
        let id = entry.session.id;
        let told = entry.told();
        if told.is_none_or(|told| told.wanted != wanted.authorization()) {
            let delivered = told.is_some_and(|told| told.delivered);
            entry.told = Some(Box::new(Told { wanted: wanted.authorization(), due: task.due, delivered }));
            if !entry.session.differs {
                entry.session.differs = true;
                self.counts.differing += 1;
            }
            self.notes.of(id).differs = true;
        }
        true
    }

    /// The records of user and device may have other names now.
    fn rename(&mut self, slot: Slot, task: &Task, wanted: &Wanted) {
        let Authorized { user, device, .. } = &*task.authorized;
        if user.as_deref() == wanted.user.as_deref() && device.as_deref() == wanted.device.as_deref() {
            return;
        }
        let Some(mut entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else { return };
        self.index.unlink(slot, &entry.session, &entry.records);
        let (user, device) = (wanted.user.as_deref().map(Into::into), wanted.device.as_deref().map(Into::into));
        entry.session.authorized = Some(Arc::new(Authorized { user, device, ..Authorized::clone(&task.authorized) }));
        entry.records = RecordNames::of(&entry.session);
        self.index.link(slot, &entry.session, &entry.records);
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(entry);
        }
    }

    fn set_boundary(&mut self, slot: Slot, boundary: Option<i64>) {
        let Some(entry) = self.entry_mut(slot) else { return };
        let before = std::mem::replace(&mut entry.boundary, boundary);
        if let Some(before) = before {
            self.boundaries.remove(&(before, slot));
        }
        self.boundaries.extend(boundary.map(|boundary| (boundary, slot)));
    }

    /// It no longer differs.
    fn undiffer(&mut self, slot: Slot, by: &str) {
        let Some(entry) = self.entry_mut(slot) else { return };
        entry.session.differs = false;
        let (id, told) = (entry.session.id, entry.told.take());
        self.settle(id, told, by);
    }

    fn settle(&mut self, id: SessionId, told: Option<Box<Told>>, by: &str) {
        let Some(told) = told else { return };
        self.counts.differing = self.counts.differing.saturating_sub(1);
        if told.delivered {
            let pending = self.notes.of(id);
            pending.settled = Some(by.into());
        }
        self.notes.withdraw(id);
    }

    /// What is granted is another now: that may be what was wanted.
    fn regranted(&mut self, slot: Slot, by: &str) {
        let Some(entry) = self.entry(slot) else { return };
        let granted = entry.session.granted.as_ref().map(|granted| granted.authorization);
        match entry.told() {
            Some(told) if told.wanted == granted => self.undiffer(slot, by),
            Some(told) => self.make_due(slot, told.due),
            None => {}
        }
    }

    /// The NAS took up attributes: what is granted is now `granted`. False when the session is not known.
    pub fn applied(&mut self, id: SessionId, granted: Granted, now: Now) -> bool {
        let Some(slot) =
            self.index.by_id(id).filter(|slot| self.session(*slot).is_some_and(|one| one.granted.is_some()))
        else {
            return false;
        };
        self.change(slot, Happening::Applied, now, |session| session.granted = Some(Arc::new(granted)));
        self.regranted(slot, "applied");
        self.make_due(slot, Due { at: now.unix_micros, why: Why::Facts });
        true
    }

    /// An end that somebody else knows of. False when the session is not known.
    pub fn end_by(&mut self, id: SessionId, cause: &str, now: Now) -> bool {
        let slot = self.index.by_id(id);
        slot.into_iter().for_each(|slot| self.end(slot, Happening::Ended, cause, now));
        slot.is_some()
    }

    // --- telling ---

    /// Whether something is to be told.
    #[must_use]
    pub fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// The oldest that is to be told of one session.
    pub(super) fn pop_note(&mut self) -> Option<(SessionId, Pending)> {
        self.notes.pop()
    }

    /// It is told that this session differs.
    pub(super) fn delivered(&mut self, id: SessionId) {
        let told = self.index.by_id(id).and_then(|slot| self.entry_mut(slot)).and_then(|entry| entry.told.as_mut());
        told.into_iter().for_each(|told| told.delivered = true);
        self.notes.withdraw(id);
    }

    /// It could not be told yet that this session differs.
    pub(super) fn postpone_note(&mut self, id: SessionId) {
        if self.index.by_id(id).and_then(|slot| self.entry(slot)).is_some_and(|entry| entry.told.is_some()) {
            self.notes.of(id).differs = true;
        }
    }
}

/// Why a session at the same key is another one than `later` names.
fn superseded(known: &Names, later: &Names) -> Option<(Happening, &'static str)> {
    if known.is_another_port(&later.nas) {
        return Some((Happening::Moved, "moved"));
    }
    differ(&known.acct_session_id, &later.acct_session_id).then_some((Happening::Ended, "replaced"))
}

impl Patience {
    /// How long a session may be silent.
    fn quiet_for(&self, session: &Session) -> Duration {
        let timeout = session.granted.as_ref().and_then(|granted| granted.session_timeout);
        match (session.interim, timeout) {
            (Some(interim), _) => Duration::from_secs(interim.into()) * MISSED_INTERIMS,
            (None, Some(timeout)) => self.stale_after.max(Duration::from_secs(timeout.into()) + AFTER_SESSION_TIMEOUT),
            (None, None) => self.stale_after,
        }
    }
}
