//! The threads that read requests: each answers what needs no handshake and passes on the rest. With several shards they
//! are threads apart, which hand over and never do TLS; a single shard reads for itself, and hands over to nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::inlet::Inlet;
use super::lanes::{Job, Lanes};
use super::outbox::Outbox;
use super::running::Clock;
use super::shard::{Shard, ShardQueue};
use super::socket::{Wait, wait_for_any};
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::pipeline::{Admission, Route, admit};

const TICK: Duration = Duration::from_secs(1);
/// Requests of conversations that a thread alone serves before it reads again.
const BETWEEN_READS: usize = 8;

/// What every thread that reads requests has.
pub(super) struct Reading {
    core: Arc<Core>,
    clock: Clock,
    stop: Arc<AtomicBool>,
    ticked: Instant,
    outbox: Outbox,
}

impl Reading {
    /// Until `stop`.
    pub(super) fn new(core: &Arc<Core>, clock: Clock, stop: &Arc<AtomicBool>) -> Self {
        let (core, stop) = (Arc::clone(core), Arc::clone(stop));
        Self { core, clock, stop, ticked: Instant::now(), outbox: Outbox::default() }
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Answers what was read, or gives it to `pass_on`, which gives back what it has no room for.
    fn admit_all(&mut self, inlet: &Inlet, mut pass_on: impl FnMut(Job) -> Result<(), Job>) {
        let Self { core, clock, outbox, .. } = self;
        inlet.each(
            core,
            || clock.now(),
            |datagram, now| match admit(core, datagram, now) {
                Admission::Silent => {}
                Admission::Reply(octets) => {
                    core.counters.replies.add();
                    outbox.put(inlet.answer(octets, datagram), &core.counters);
                }
                Admission::Dispatch(request, route) => {
                    let job = Job { request, route, socket: Arc::clone(inlet.socket()) };
                    if let Err(job) = pass_on(job) {
                        job.discard(DiscardReason::Overloaded, core, now);
                    }
                }
            },
        );
        outbox.send(&core.counters);
    }

    fn tick(&mut self) {
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.core.tick(self.clock.now());
        }
    }
}

/// The shards, for threads that hand over to them.
#[derive(Clone)]
pub(super) struct Shards {
    pub(super) queues: Arc<[ShardQueue]>,
    pub(super) next: Arc<AtomicUsize>,
}

impl Shards {
    fn hand_over(&self, job: Job) -> Result<(), Job> {
        let number = match job.route {
            Route::Known(shard, _) => usize::from(shard),
            Route::New | Route::Stale => self.next.fetch_add(1, Ordering::Relaxed) % self.queues.len().max(1),
        };
        match self.queues.get(number) {
            Some(queue) => queue.push(job),
            None => Err(job),
        }
    }
}

/// The loop of a thread that reads one socket for several shards.
pub(super) fn receive(mut reading: Reading, mut inlet: Inlet, shards: &Shards) {
    while reading.goes_on() {
        if inlet.read(Wait::Awhile, &reading.core) {
            reading.admit_all(&inlet, |job| shards.hand_over(job));
        }
        reading.tick();
    }
}

/// The loop of a thread that reads every socket and is the only shard; what it has read it serves before it returns.
pub(super) fn receive_and_serve(mut reading: Reading, mut inlets: Vec<Inlet>, mut shard: Shard) {
    let mut lanes = Lanes::default();
    while reading.goes_on() {
        let wait = if !lanes.is_empty() {
            Wait::Never
        } else if inlets.len() == 1 {
            Wait::Awhile
        } else {
            wait_for_any(inlets.iter().map(Inlet::socket));
            Wait::Never
        };
        for inlet in &mut inlets {
            if inlet.read(wait, &reading.core) {
                reading.admit_all(inlet, |job| lanes.push(job));
            }
        }
        serve(&mut shard, &mut lanes, BETWEEN_READS, &mut reading);
        reading.tick();
    }
    serve(&mut shard, &mut lanes, usize::MAX, &mut reading);
}

/// Serves what waits, `most` at once.
fn serve(shard: &mut Shard, lanes: &mut Lanes, most: usize, reading: &mut Reading) {
    for job in std::iter::from_fn(|| lanes.take()).take(most) {
        shard.serve(&job, &mut reading.outbox);
    }
    reading.outbox.send(&reading.core.counters);
    shard.rest();
}
