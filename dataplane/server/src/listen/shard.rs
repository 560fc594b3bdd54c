//! A shard's thread: it owns its conversations, and takes those under way before new ones, so that a flood of beginnings
//! does not starve who is nearly done.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::outbox::{Answer, Outbox};
use super::running::Clock;
use super::socket::Socket;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::limits::MAX_SHARD_QUEUE;
use crate::pipeline::conversation::Conversations;
use crate::pipeline::{Request, Route};

/// How often silence is looked for.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

/// A request with its route and the socket to answer on.
pub(super) struct Job {
    pub(super) request: Box<Request>,
    pub(super) route: Route,
    pub(super) socket: Arc<Socket>,
}

#[derive(Default)]
struct Lanes {
    under_way: VecDeque<Job>,
    beginning: VecDeque<Job>,
    /// The thread sleeps: waking it costs a system call, so nobody does when it is awake.
    asleep: bool,
}

impl Lanes {
    fn take(&mut self) -> Option<Job> {
        self.under_way.pop_front().or_else(|| self.beginning.pop_front())
    }
}

/// A shard as the others see it: a bounded queue.
#[derive(Default)]
pub(super) struct ShardQueue {
    lanes: Mutex<Lanes>,
    filled: Condvar,
    stop: AtomicBool,
    open: AtomicUsize,
}

impl ShardQueue {
    /// Hand over; gives the job back when its lane is full.
    pub(super) fn push(&self, job: Job) -> Result<(), Job> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = match job.route {
            Route::Known(..) => &mut lanes.under_way,
            Route::New | Route::Stale => &mut lanes.beginning,
        };
        if lane.len() >= MAX_SHARD_QUEUE {
            return Err(job);
        }
        lane.push_back(job);
        let asleep = std::mem::take(&mut lanes.asleep);
        drop(lanes);
        if asleep {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// What waits, if anything does.
    fn waiting(&self) -> Option<Job> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn next(&self, patience: Duration) -> Option<Job> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut lanes, _) = self
            .filled
            .wait_timeout_while(lanes, patience, |lanes| {
                let idle = lanes.under_way.is_empty() && lanes.beginning.is_empty();
                lanes.asleep = idle && !self.stop.load(Ordering::Relaxed);
                lanes.asleep
            })
            .unwrap_or_else(PoisonError::into_inner);
        lanes.asleep = false;
        lanes.take()
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.filled.notify_all();
    }

    /// Conversations open on this shard.
    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

/// The thread's loop; returns when stopped and nothing is queued.
pub(super) fn run(number: u8, queue: &ShardQueue, core: &Arc<Core>, clock: &Clock) {
    let mut conversations = Conversations::new(Arc::clone(core), number);
    let mut outbox = Outbox::default();
    let mut expired_at = Instant::now();
    loop {
        let job = queue.waiting().or_else(|| {
            outbox.send(&core.counters);
            queue.next(EXPIRY_INTERVAL)
        });
        match job {
            Some(job) => serve(&mut conversations, &job, core, clock, &mut outbox),
            None if queue.stop.load(Ordering::Relaxed) => return,
            None => {}
        }
        if expired_at.elapsed() >= EXPIRY_INTERVAL {
            expired_at = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| conversations.expire(clock.now()))).is_err() {
                core.counters.panics.add();
            }
        }
        queue.open.store(conversations.len(), Ordering::Relaxed);
    }
}

/// One request. A panic costs that request and its conversation, nothing else.
fn serve(conversations: &mut Conversations, job: &Job, core: &Core, clock: &Clock, outbox: &mut Outbox) {
    let now = clock.now();
    let served = catch_unwind(AssertUnwindSafe(|| conversations.serve(&job.request, job.route, now)));
    match served {
        Ok(Some(octets)) => {
            core.counters.replies.add();
            let Request { key, local, .. } = &*job.request;
            let answer = Answer { socket: Arc::clone(&job.socket), octets, to: key.source, local: *local };
            outbox.put(answer, &core.counters);
        }
        Ok(None) => {}
        Err(_) => {
            core.counters.panics.add();
            core.duplicates.forget(job.request.key, job.request.verified.authenticator());
            let client = job.request.verified.client();
            core.discard(DiscardReason::Internal, job.request.key.source, Some(&client.name), now);
        }
    }
}
