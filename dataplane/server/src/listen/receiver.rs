//! A receiver's thread: takes datagrams in batches, answers what needs no handshake, dispatches the rest. Never TLS.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::outbox::{Answer, Outbox};
use super::running::Clock;
use super::shard::{Job, ShardQueue};
use super::socket::{Buffers, Received, Socket};
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::pipeline::{Admission, Datagram, Route, admit};

const TICK: Duration = Duration::from_secs(1);

/// Everything a receiver works with.
pub(super) struct Receiver {
    pub(super) socket: Arc<Socket>,
    pub(super) number: u8,
    pub(super) core: Arc<Core>,
    pub(super) shards: Arc<[ShardQueue]>,
    pub(super) next_shard: Arc<AtomicUsize>,
    pub(super) clock: Clock,
    pub(super) stop: Arc<AtomicBool>,
}

impl Receiver {
    /// The thread's loop.
    pub(super) fn run(&self) {
        let mut buffers = Buffers::new(super::socket::BATCH);
        let mut received = Vec::with_capacity(super::socket::BATCH);
        let mut outbox = Outbox::default();
        let mut ticked = Instant::now();
        let mut dropped_before = 0;
        while !self.stop.load(Ordering::Relaxed) {
            match self.socket.receive(&mut buffers, &mut received) {
                Ok(dropped) => {
                    if let Some(dropped) = dropped {
                        self.core.counters.kernel_drops.add_many(u64::from(dropped.wrapping_sub(dropped_before)));
                        dropped_before = dropped;
                    }
                    self.batch(&buffers, &received, &mut outbox);
                    outbox.send(&self.core.counters);
                }
                Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => {}
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
            if ticked.elapsed() >= TICK {
                ticked = Instant::now();
                self.core.tick(self.clock.now());
            }
        }
    }

    fn batch(&self, buffers: &Buffers, received: &[Option<Received>], outbox: &mut Outbox) {
        for (position, received) in received.iter().enumerate() {
            let Some(received) = received else { continue };
            let octets = buffers.datagram(position, received.length);
            let served = catch_unwind(AssertUnwindSafe(|| self.one(octets, *received)));
            match served {
                Ok(None) => {}
                Ok(Some(octets)) => {
                    let Received { source: to, local, .. } = *received;
                    outbox.put(Answer { socket: Arc::clone(&self.socket), octets, to, local }, &self.core.counters);
                }
                Err(_) => {
                    self.core.counters.panics.add();
                    self.core.discard(DiscardReason::Internal, received.source, None, self.clock.now());
                }
            }
        }
    }

    /// The answer, when there is one to be given here.
    fn one(&self, octets: &[u8], received: Received) -> Option<Arc<[u8]>> {
        let Received { source, local, .. } = received;
        let datagram = Datagram { octets, source, socket: self.number, local };
        match admit(&self.core, datagram, self.clock.now()) {
            Admission::Silent => None,
            Admission::Reply(reply) => {
                self.core.counters.replies.add();
                Some(reply)
            }
            Admission::Dispatch(request, route) => {
                self.dispatch(Job { request, route, socket: Arc::clone(&self.socket) });
                None
            }
        }
    }

    fn dispatch(&self, job: Job) {
        let number = match job.route {
            Route::Known(shard, _) => usize::from(shard),
            Route::New | Route::Stale => self.next_shard.fetch_add(1, Ordering::Relaxed) % self.shards.len().max(1),
        };
        let refused = match self.shards.get(number) {
            Some(shard) => shard.push(job).err(),
            None => Some(job),
        };
        if let Some(job) = refused {
            self.core.duplicates.forget(job.request.key, job.request.verified.authenticator());
            let client = job.request.verified.client();
            self.core.discard(DiscardReason::Overloaded, job.request.key.source, Some(&client.name), self.clock.now());
        }
    }
}
