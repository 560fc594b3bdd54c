//! The thread that takes events from their queue into the journal. No packet waits for it: while the journal cannot be
//! written the queue fills, loses its oldest and counts them.

use std::sync::Arc;
use std::time::Duration;

use nac_journal::{Batch, Journal};

use super::running::Clock;
use crate::accounting::{EVENT, recent};
use crate::core::Core;
use crate::limits::MAX_EVENTS_PER_COMMIT;

/// How long to wait for a first event: the time that noticing the end may take at most.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long to gather more: a commit costs more than what is in it.
const GATHER: Duration = Duration::from_millis(100);
/// After a commit that failed.
const PAUSE: Duration = Duration::from_millis(500);

/// The thread's loop; returns when the queue is closed and empty.
pub(super) fn run(core: &Arc<Core>, clock: &Clock) {
    let Some(journal) = &core.journal else { return };
    let mut batch = Batch::default();
    loop {
        let events = core.events.wait(PATIENCE, GATHER, MAX_EVENTS_PER_COMMIT);
        if events.is_empty() && core.events.is_closed() {
            return;
        }
        let at = clock.now().unix_micros;
        for event in &events {
            if batch.push(EVENT, at, |out| out.extend_from_slice(event)).is_err() {
                core.counters.events_dropped.add();
            }
        }
        keep(core, journal, &mut batch, clock);
    }
}

/// Commit, again and again; what cannot be kept when all ends is counted.
fn keep(core: &Core, journal: &Journal, batch: &mut Batch, clock: &Clock) {
    while journal.commit(batch).is_err() {
        // Acknowledged segments that were too young to go may fill the disk, and nobody has more to acknowledge.
        journal.acknowledge(0, &recent(clock.now()));
        if core.events.wait_for_close(PAUSE) {
            core.counters.events_dropped.add_many(batch.len());
            batch.clear();
        }
    }
}
