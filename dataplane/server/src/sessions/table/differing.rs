//! Sessions that differ from what was decided on again, and what the control plane is told of them.

use std::sync::Arc;

use super::{Due, Table, Task};
use crate::clock::Now;
use crate::sessions::evaluate::Wanted;
use crate::sessions::index::{RecordNames, Slot};
use crate::sessions::notes::{Pending, Why};
use crate::sessions::session::{Authorized, Granted, Session, SessionId};
use crate::sessions::transition::{Happening, State};

/// What the control plane was told that a port should have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// Digest of it; `None`: the session should end.
    wanted: Option<u128>,
    pub(super) due: Due,
    /// Fetched: it is to be told when this no longer holds.
    pub(super) delivered: bool,
}

impl Table {
    /// What deciding again said. True when the session differs from it; false also when something else was granted since.
    pub fn conclude(&mut self, task: &Task, wanted: &Wanted) -> bool {
        let slot = task.slot;
        let current = self.entry(slot).filter(|entry| {
            let same = |authorized: &Arc<Authorized>| Arc::ptr_eq(authorized, &task.authorized);
            let Session { id, state, .. } = entry.session;
            id == task.session.id && state == State::Active && entry.session.authorized.as_ref().is_some_and(same)
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
        let known = entry.session.clone();
        let (user, device) = (wanted.user.as_deref().map(Into::into), wanted.device.as_deref().map(Into::into));
        entry.session.authorized = Some(Arc::new(Authorized { user, device, ..Authorized::clone(&task.authorized) }));
        let records = std::mem::replace(&mut entry.records, RecordNames::of(&entry.session));
        self.index.relink(slot, (&known, &records), (&entry.session, &entry.records));
        if let Some(place) = self.entries.get_mut(slot as usize) {
            *place = Some(entry);
        }
    }

    pub(super) fn set_boundary(&mut self, slot: Slot, boundary: Option<i64>) {
        let Some(entry) = self.entry_mut(slot) else { return };
        let before = std::mem::replace(&mut entry.boundary, boundary);
        if let Some(before) = before {
            self.boundaries.remove(&(before, slot));
        }
        self.boundaries.extend(boundary.map(|boundary| (boundary, slot)));
    }

    /// It no longer differs.
    pub(super) fn undiffer(&mut self, slot: Slot, by: &str) {
        let Some(entry) = self.entry_mut(slot) else { return };
        entry.session.differs = false;
        let (id, told) = (entry.session.id, entry.told.take());
        self.settle(id, told, by);
    }

    pub(super) fn settle(&mut self, id: SessionId, told: Option<Box<Told>>, by: &str) {
        let Some(told) = told else { return };
        self.counts.differing = self.counts.differing.saturating_sub(1);
        if told.delivered {
            let pending = self.notes.of(id);
            pending.settled = Some(by.into());
        }
        self.notes.withdraw(id);
    }

    /// What is granted is another now: that may be what was wanted.
    pub(super) fn regranted(&mut self, slot: Slot, by: &str) {
        let Some(entry) = self.entry(slot) else { return };
        let granted = entry.session.granted.as_ref().map(|granted| granted.authorization);
        match entry.told() {
            Some(told) if told.wanted == granted => self.undiffer(slot, by),
            Some(told) => self.make_due(slot, told.due),
            None => self.tell_follower(slot, by),
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

    /// Tell every sign of this session and its end, from now on.
    pub fn follow(&mut self, id: SessionId) {
        self.index.by_id(id).and_then(|slot| self.entry_mut(slot)).into_iter().for_each(|entry| entry.followed = true);
    }

    /// No longer.
    pub fn unfollow(&mut self, id: SessionId) {
        self.index.by_id(id).and_then(|slot| self.entry_mut(slot)).into_iter().for_each(|entry| entry.followed = false);
    }

    /// Who follows it is told what became of it, whether it differed or not.
    pub(super) fn tell_follower(&mut self, slot: Slot, by: &str) {
        if let Some(entry) = self.entry(slot).filter(|entry| entry.followed) {
            let id = entry.session.id;
            self.notes.of(id).settled = Some(by.into());
        }
    }

    /// Whether something is to be told.
    #[must_use]
    pub fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }

    /// The oldest that is to be told of one session.
    pub(in crate::sessions) fn pop_note(&mut self) -> Option<(SessionId, Pending)> {
        self.notes.pop()
    }

    /// It is told that this session differs.
    pub(in crate::sessions) fn delivered(&mut self, id: SessionId) {
        let told = self.index.by_id(id).and_then(|slot| self.entry_mut(slot)).and_then(|entry| entry.told.as_mut());
        told.into_iter().for_each(|told| told.delivered = true);
        self.notes.withdraw(id);
    }

    /// It could not be told yet that this session differs.
    pub(in crate::sessions) fn postpone_note(&mut self, id: SessionId) {
        if self.index.by_id(id).and_then(|slot| self.entry(slot)).is_some_and(|entry| entry.told.is_some()) {
            self.notes.of(id).differs = true;
        }
    }
}
