//! The thread that decides again about sessions, in slices, whenever something changed that they were decided on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::running::Clock;
use crate::clock::Now;
use crate::core::Core;
use crate::sessions::{Due, Why, tick, wait_for_work, work};

/// The longest sleep: how late a clock that was set is noticed.
const PATIENCE: Duration = Duration::from_secs(1);
/// While events wait to be recorded.
const PAUSE: Duration = Duration::from_millis(1);
/// A wall clock that is ahead of or behind the monotonic one by so many microseconds more than before was set.
const SET: u64 = 2_000_000;

/// When all sessions are to be decided on again without a change.
struct Turns {
    /// Generation of the snapshot that `at` is of.
    generation: u64,
    /// Unix second of the policy's next moment.
    at: Option<i64>,
    /// Unix microseconds at which the monotonic clock began.
    epoch: u64,
}

/// The thread's loop; returns when the sessions are closed.
pub(super) fn run(core: &Arc<Core>, clock: &Clock) {
    let mut turns = Turns { generation: 0, at: None, epoch: epoch(clock.now()) };
    let mut now = clock.now();
    while wait_for_work(core, turns.at, now, PATIENCE) {
        now = clock.now();
        let turn = turns.due(core, now);
        let worked = catch_unwind(AssertUnwindSafe(|| {
            tick(core, turn, now);
            work(core, now)
        }));
        if worked.is_err() {
            core.counters.panics.add();
        }
        if core.events.has_room() {
            // Logins first.
            std::thread::yield_now();
        } else {
            std::thread::sleep(PAUSE);
        }
    }
}

fn epoch(now: Now) -> u64 {
    now.unix_micros.saturating_sub(u64::try_from(now.monotonic.as_micros()).unwrap_or(u64::MAX))
}

impl Turns {
    fn due(&mut self, core: &Core, now: Now) -> Option<Due> {
        let snapshot = core.snapshot.load();
        let unix = i64::try_from(now.unix()).unwrap_or(i64::MAX);
        let came = self.at.filter(|at| *at <= unix && self.generation == snapshot.generation);
        let set = epoch(now).abs_diff(self.epoch) > SET;
        self.epoch = epoch(now);
        if self.generation != snapshot.generation || came.is_some() || set {
            self.generation = snapshot.generation;
            self.at = snapshot.policy.next_time(unix);
        }
        let at = came.map(|at| u64::try_from(at).unwrap_or_default().saturating_mul(1_000_000));
        let at = at.or(set.then_some(now.unix_micros))?;
        Some(Due { at, why: Why::Time })
    }
}
