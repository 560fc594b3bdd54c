//! How sessions begin, change and end.

use crate::clock::Now;
use crate::sessions::ended::{By, End};
use crate::sessions::index::{RecordNames, Slot};
use crate::sessions::json::Replayed;
use crate::sessions::session::{Session, SessionId};
use crate::sessions::transition::{Change, Happening, next};

use super::{SessionChange, Table};

/// A session whose NAS restarted.
#[derive(Debug)]
pub(super) struct Restarting {
    id: SessionId,
    /// Unix microseconds.
    at: u64,
}

impl Table {
    /// A new session; `None` when there is no room for it.
    pub(in crate::sessions) fn open(&mut self, session: Session, now: Now) -> Option<Slot> {
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

    /// A session of before a restart. Signs of it may have been missed meanwhile, so it has all the time again.
    pub fn restore(&mut self, session: Session, now: Now) {
        if self.index.by_id(session.id).is_none() && !self.is_full() {
            self.insert(Session { seen: now.monotonic, ..session });
        }
    }

    /// What a session event of before a restart left behind takes the place of what was known.
    pub(in crate::sessions) fn replace(&mut self, replayed: Replayed, now: Now) {
        if let Some(slot) = replayed.id().and_then(|id| self.index.by_id(id)) {
            self.end(slot, Happening::Ended, "replayed", now);
            self.changes.pop();
        }
        if let Some(session) = replayed.record {
            self.restore(session, now);
        }
    }

    /// A transition that `with` goes along with; nothing when there is none.
    pub(in crate::sessions) fn change(
        &mut self,
        slot: Slot,
        happening: Happening,
        now: Now,
        with: impl FnOnce(&mut Session),
    ) {
        let Some(mut entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else { return };
        let known = entry.session.clone();
        let before = known.state;
        with(&mut entry.session);
        let authorized = entry.session.authorized.is_some();
        let told = next(Some(before), authorized, happening);
        if let Some((state, _)) = told {
            entry.session.state = state;
            self.count(before, false);
            self.count(state, true);
        }
        let records = std::mem::replace(&mut entry.records, RecordNames::of(&entry.session));
        self.index.relink(slot, (&known, &records), (&entry.session, &entry.records));
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(entry);
        }
        if let Some((_, change)) = told {
            self.tell(slot, change, None, now);
        }
    }

    pub(super) fn tell(&mut self, slot: Slot, change: Change, cause: Option<&str>, now: Now) {
        let Some(session) = self.session(slot).cloned() else { return };
        self.changes.push(SessionChange { at: now.unix_micros, change, cause: cause.map(Into::into), session });
    }

    /// The session is over.
    pub(in crate::sessions) fn end(&mut self, slot: Slot, happening: Happening, cause: &str, now: Now) {
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
        self.ended.add_unless_told(&entry.session, now.unix_micros);
        entry.session.names.mac.into_iter().for_each(|mac| self.ended.gone(mac, now.unix_micros));
        let (id, told) = (entry.session.id, entry.told.take());
        self.settle(id, told, cause);
        if entry.followed {
            self.notes.of(id).settled = Some(cause.into());
        }
        entry.session.state = state;
        entry.session.closed_at = Some(now.unix_micros);
        entry.session.differs = false;
        let session = entry.session;
        self.changes.push(SessionChange { at: now.unix_micros, change, cause: Some(cause.into()), session });
    }

    /// An end that somebody else knows of. False when the session is not known.
    pub fn end_by(&mut self, id: SessionId, cause: &str, now: Now) -> bool {
        let slot = self.index.by_id(id);
        slot.into_iter().for_each(|slot| self.end(slot, Happening::Ended, cause, now));
        slot.is_some()
    }

    /// The NAS of these sessions restarted at `at`, Unix microseconds.
    pub(in crate::sessions) fn restarted(&mut self, slots: impl IntoIterator<Item = Slot>, at: u64) {
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
}
