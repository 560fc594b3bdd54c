//! A shard: it owns its conversations and serves their requests, on one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lanes::{Job, Lanes};
use super::outbox::{Answer, Outbox};
use super::running::Clock;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::pipeline::Request;
use crate::pipeline::conversation::Conversations;

/// How often silence is looked for.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(1);

/// The conversations of one thread.
pub(super) struct Shard {
    conversations: Conversations,
    core: Arc<Core>,
    clock: Clock,
    expired_at: Instant,
    /// How many conversations are open, for others to read.
    open: Arc<AtomicUsize>,
}

impl Shard {
    /// Without conversations.
    pub(super) fn new(number: u8, core: &Arc<Core>, clock: Clock, open: Arc<AtomicUsize>) -> Self {
        let conversations = Conversations::new(Arc::clone(core), number);
        Self { conversations, core: Arc::clone(core), clock, expired_at: Instant::now(), open }
    }

    /// One request. A panic costs that request and its conversation, nothing else.
    pub(super) fn serve(&mut self, job: &Job, outbox: &mut Outbox) {
        let (core, now) = (&self.core, self.clock.now());
        let served = catch_unwind(AssertUnwindSafe(|| self.conversations.serve(&job.request, job.route, now)));
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
                job.discard(DiscardReason::Internal, core, now);
            }
        }
    }

    /// After some requests, or none for a while: closes what has fallen silent.
    pub(super) fn rest(&mut self) {
        if self.expired_at.elapsed() >= EXPIRY_INTERVAL {
            self.expired_at = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| self.conversations.expire(self.clock.now()))).is_err() {
                self.core.counters.panics.add();
            }
        }
        self.open.store(self.conversations.len(), Ordering::Relaxed);
    }

    /// The loop of a thread that has a shard and nothing else; returns when stopped and nothing is queued.
    pub(super) fn run(mut self, queue: &ShardQueue) {
        let mut outbox = Outbox::default();
        loop {
            let job = queue.waiting().or_else(|| {
                outbox.send(&self.core.counters);
                queue.next(EXPIRY_INTERVAL)
            });
            match job {
                Some(job) => self.serve(&job, &mut outbox),
                None if queue.stop.load(Ordering::Relaxed) => return,
                None => {}
            }
            self.rest();
        }
    }
}

/// The way into a shard from other threads, bounded.
#[derive(Default)]
pub(super) struct ShardQueue {
    inner: Mutex<Inner>,
    filled: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct Inner {
    lanes: Lanes,
    /// The thread sleeps: waking it costs a system call, so nobody does when it is awake.
    asleep: bool,
}

impl ShardQueue {
    /// Hand over; gives the job back when its lane is full.
    pub(super) fn push(&self, job: Job) -> Result<(), Job> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.lanes.push(job)?;
        let asleep = std::mem::take(&mut inner.asleep);
        drop(inner);
        if asleep {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// What waits, if anything does.
    fn waiting(&self) -> Option<Job> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).lanes.take()
    }

    pub(super) fn next(&self, patience: Duration) -> Option<Job> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut inner, _) = self
            .filled
            .wait_timeout_while(inner, patience, |inner| {
                inner.asleep = inner.lanes.is_empty() && !self.stop.load(Ordering::Relaxed);
                inner.asleep
            })
            .unwrap_or_else(PoisonError::into_inner);
        inner.asleep = false;
        inner.lanes.take()
    }

    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.filled.notify_all();
    }
}
