//! An accounting socket's thread: takes what has come, makes all of it durable by one commit, then answers all of it. What
//! comes in the meantime waits in the kernel and is the next batch, so batches grow with the load.

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nac_journal::{Batch, Journal};
use nix::errno::Errno;

use super::outbox::{Answer, Outbox};
use super::running::Clock;
use super::socket::{Buffers, Received, Socket};
use crate::accounting::ACCOUNTING;
use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::limits::MAX_ACCOUNTING_BATCH;
use crate::pipeline::Datagram;
use crate::pipeline::accounting::{Admission, Unrecorded, admit, recorded, unrecorded};

/// Everything an accounting thread works with.
pub(super) struct Accountant {
    pub(super) socket: Arc<Socket>,
    pub(super) number: u8,
    pub(super) core: Arc<Core>,
    pub(super) clock: Clock,
    pub(super) stop: Arc<AtomicBool>,
}

/// Requests on their way into the journal, with the records of them.
#[derive(Default)]
struct Pending {
    batch: Batch,
    requests: Vec<Unrecorded>,
}

impl Accountant {
    /// The thread's loop.
    pub(super) fn run(&self) {
        let Some(journal) = &self.core.journal else { return };
        let mut buffers = Buffers::new(MAX_ACCOUNTING_BATCH);
        let mut received = Vec::with_capacity(MAX_ACCOUNTING_BATCH);
        let mut pending = Pending::default();
        let mut outbox = Outbox::default();
        let mut dropped_before = 0;
        while !self.stop.load(Ordering::Relaxed) {
            match self.socket.receive(&mut buffers, &mut received) {
                Ok(dropped) => {
                    if let Some(dropped) = dropped {
                        self.core.counters.kernel_drops.add_many(u64::from(dropped.wrapping_sub(dropped_before)));
                        dropped_before = dropped;
                    }
                    self.admit_all(&buffers, &received, &mut pending, &mut outbox);
                    self.commit(journal, &mut pending, &mut outbox);
                    outbox.send(&self.core.counters);
                }
                Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => {}
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn admit_all(&self, buffers: &Buffers, received: &[Option<Received>], pending: &mut Pending, outbox: &mut Outbox) {
        let now = self.clock.now();
        for (position, received) in received.iter().enumerate() {
            let Some(Received { length, source, local }) = *received else { continue };
            let octets = buffers.datagram(position, length);
            let datagram = Datagram { octets, source, socket: self.number, local };
            match catch_unwind(AssertUnwindSafe(|| admit(&self.core, datagram, now))) {
                Ok(Admission::Silent) => {}
                Ok(Admission::Reply(reply)) => self.answer(reply, (source, local), outbox),
                Ok(Admission::Record(request)) => pending.push(&self.core, *request, now),
                Err(_) => {
                    self.core.counters.panics.add();
                    self.core.discard(DiscardReason::Internal, source, None, now);
                }
            }
        }
    }

    fn commit(&self, journal: &Journal, pending: &mut Pending, outbox: &mut Outbox) {
        if pending.requests.is_empty() {
            return;
        }
        let kept = journal.commit(&mut pending.batch).is_ok();
        // What was not kept is not kept later either: the NAS sends it again.
        pending.batch.clear();
        for request in pending.requests.drain(..) {
            if !kept {
                unrecorded(&self.core, &request);
            } else if let Some(reply) = recorded(&self.core, &request) {
                self.answer(reply, request.way_back(), outbox);
            }
        }
    }

    fn answer(&self, octets: Arc<[u8]>, (to, local): (SocketAddr, Option<IpAddr>), outbox: &mut Outbox) {
        outbox.put(Answer { socket: Arc::clone(&self.socket), octets, to, local }, &self.core.counters);
    }
}

impl Pending {
    fn push(&mut self, core: &Core, request: Unrecorded, now: Now) {
        let payload = |out: &mut Vec<u8>| out.extend_from_slice(request.payload());
        match self.batch.push(ACCOUNTING, now.unix_micros, payload) {
            Ok(()) => self.requests.push(request),
            Err(_) => unrecorded(core, &request),
        }
    }
}
