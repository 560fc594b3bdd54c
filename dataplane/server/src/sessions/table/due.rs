//! Which sessions are to be decided on again.

use std::sync::Arc;

use nac_policy::{DeviceFacts, Text};

use super::Table;
use crate::sessions::index::Slot;
use crate::sessions::notes::Why;
use crate::sessions::session::{Authorized, Session, SessionId};
use crate::sessions::transition::State;

/// Since when, and why, a session is to be decided on again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Unix microseconds.
    pub at: u64,
    /// Why.
    pub why: Why,
}

/// A session that is to be decided on again.
#[derive(Clone, Debug)]
pub struct Task {
    pub(super) slot: Slot,
    /// As it was when the task was given.
    pub session: Session,
    /// Who it is.
    pub authorized: Arc<Authorized>,
    /// Since when, and why.
    pub due: Due,
}

/// A pass over all sessions, in slices.
#[derive(Debug)]
pub(super) struct Sweep {
    cursor: Slot,
    left: usize,
    due: Due,
}

impl Table {
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

    pub(in crate::sessions) fn make_due(&mut self, slot: Slot, due: Due) {
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
    pub(super) fn task(&self, slot: Slot, due: Due) -> Option<Task> {
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
}
