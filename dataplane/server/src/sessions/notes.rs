//! What the control plane is to be told of sessions that differ: at most one entry for each session, the newest state wins.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use serde::Serialize;

use super::session::SessionId;

/// Places in the order whose session has nothing to be told any more, before they are cleared away.
const SLACK: usize = 1_024;

/// Why a session was decided on again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// A snapshot was published.
    Policy,
    /// The record of its device or user changed.
    Facts,
    /// A moment came: a report expired, a schedule turned.
    Time,
}

impl Why {
    /// The word of the note.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Facts => "facts",
            Self::Time => "time",
        }
    }
}

/// A sign of a session that is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is named as in RFC 2865 and RFC 2866")]
pub enum Sign {
    Start,
    Interim,
    Stop,
    Accept,
    Reject,
}

/// What is to be told of one session, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Pending {
    /// The last sign of it, with when that was: Unix microseconds.
    pub(super) seen: Option<(Sign, u64)>,
    /// It no longer differs, and why.
    pub(super) settled: Option<Box<str>>,
    /// It differs: decide again when this is fetched, and tell that.
    pub(super) differs: bool,
}

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Notes {
    order: VecDeque<SessionId>,
    pending: HashMap<SessionId, Pending>,
}

impl Notes {
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// What is to be told of this session.
    pub(super) fn of(&mut self, id: SessionId) -> &mut Pending {
        if self.order.len() > 2 * self.pending.len() + SLACK {
            self.order.retain(|id| self.pending.contains_key(id));
        }
        self.pending.entry(id).or_insert_with(|| {
            self.order.push_back(id);
            Pending::default()
        })
    }

    /// It is not to be told that it differs after all.
    pub(super) fn withdraw(&mut self, id: SessionId) {
        if let Entry::Occupied(mut occupied) = self.pending.entry(id) {
            occupied.get_mut().differs = false;
            if *occupied.get() == Pending::default() {
                occupied.remove();
            }
        }
    }

    /// The oldest entry.
    pub(super) fn pop(&mut self) -> Option<(SessionId, Pending)> {
        loop {
            let id = self.order.pop_front()?;
            if let Some(pending) = self.pending.remove(&id) {
                return Some((id, pending));
            }
        }
    }
}
