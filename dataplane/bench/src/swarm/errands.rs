//! A list of conversations that are done with, so many at a time, before the day begins.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::authentication::{Authentication, Verdict};
use crate::traffic::crowd::{Crowd, Due, Ended, Ending, Onward};
use crate::traffic::percentiles::Durations;

/// One conversation, and the index of its route.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) route: usize,
    pub(super) conversation: Authentication,
}

/// Those that are left, and what became of the others.
#[derive(Debug)]
pub(super) struct Errands {
    concurrency: usize,
    left: VecDeque<Errand>,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) round_trips: Durations,
}

impl Errands {
    pub(super) fn new(concurrency: usize, left: VecDeque<Errand>) -> Self {
        Self { concurrency, left, done: 0, failed: 0, round_trips: Durations::default() }
    }
}

impl Crowd for Errands {
    type Member = ();

    fn due(&mut self, now: Instant, running: usize) -> Option<Due> {
        let next = self.left.front().filter(|_| running < self.concurrency)?;
        Some(Due { at: now, route: next.route })
    }

    fn begin(&mut self, _now: Instant) -> Option<((), Authentication)> {
        self.left.pop_front().map(|errand| ((), errand.conversation))
    }

    fn next_time(&self) -> Option<Instant> {
        None
    }

    fn is_over(&self, _now: Instant) -> bool {
        self.left.is_empty()
    }

    fn answered(&mut self, _conversation: &Authentication, _round_trip: Duration) -> Onward {
        Onward::Continue
    }

    fn ended(&mut self, (): (), ended: Ended) {
        match ended.ending {
            Ending::Verdict(Verdict::Accept) => {
                self.done += 1;
                self.round_trips.push(ended.server_time);
            }
            _ => self.failed += 1,
        }
    }
}
