//! Signs of sessions, and what time alone does to those of which there are none.

use std::time::Duration;

use super::{Due, Table};
use crate::clock::Now;
use crate::sessions::index::Slot;
use crate::sessions::notes::{Sign, Why};
use crate::sessions::session::Session;
use crate::sessions::transition::{Happening, State};

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

impl Table {
    /// See whether it fell silent when it may have.
    pub(super) fn watch(&mut self, slot: Slot) {
        let patience = self.patience;
        let Some(entry) = self.entry_mut(slot) else { return };
        let quiet_at = entry.session.seen + patience.quiet_for(&entry.session);
        let before = std::mem::replace(&mut entry.quiet_at, quiet_at);
        self.silences.remove(&(before, slot));
        self.silences.insert((quiet_at, slot));
    }

    /// Heard of, at `heard` by the monotonic clock; `at` is that in Unix microseconds.
    pub(in crate::sessions) fn heard(&mut self, slot: Slot, heard: Duration, at: u64, now: Now) {
        let patience = self.patience;
        let Some(entry) = self.entry_mut(slot) else { return };
        if heard > entry.session.seen {
            entry.session.seen = heard;
            entry.session.seen_at = at;
        }
        let lives = entry.session.seen + patience.quiet_for(&entry.session) > now.monotonic;
        let resumes = lives && entry.session.state == State::Stale;
        if resumes {
            self.change(slot, Happening::Seen, now, |_| {});
            self.make_due(slot, Due { at: now.unix_micros, why: Why::Time });
        }
    }

    /// Who follows this session may wait for a sign of it.
    pub(in crate::sessions) fn sign(&mut self, slot: Slot, sign: Sign, at: u64) {
        let Some(entry) = self.entry(slot).filter(|entry| entry.followed) else { return };
        let id = entry.session.id;
        let pending = self.notes.of(id);
        if pending.seen.is_none_or(|(_, before)| before <= at) {
            pending.seen = Some((sign, at));
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
                self.tell_follower(slot, "stale");
            }
            _ => {}
        }
    }

    /// When [`Table::tick`] has something to do: by the wall clock in Unix seconds, and by the monotonic one.
    #[must_use]
    pub fn next_tick(&self) -> (Option<i64>, Option<Duration>) {
        (self.boundaries.first().map(|(at, _)| *at), self.silences.first().map(|(at, _)| *at))
    }
}
