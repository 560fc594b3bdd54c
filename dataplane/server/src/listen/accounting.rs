//! An accounting socket's thread: takes what has come, makes all of it durable by one commit, then answers all of it. What
//! comes in the meantime waits in the kernel and is the next batch, so batches grow with the load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nac_journal::{Batch, Journal};

use super::inlet::Inlet;
use super::outbox::{Answer, Outbox};
use super::running::Clock;
use super::socket::Wait;
use crate::accounting::ACCOUNTING;
use crate::clock::Now;
use crate::core::Core;
use crate::pipeline::accounting::{Admission, Unrecorded, admit, recorded, unrecorded};

/// Everything an accounting thread works with.
pub(super) struct Accountant {
    pub(super) inlet: Inlet,
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
    pub(super) fn run(mut self) {
        let core = Arc::clone(&self.core);
        let Some(journal) = &core.journal else { return };
        let mut pending = Pending::default();
        let mut outbox = Outbox::default();
        while !self.stop.load(Ordering::Relaxed) {
            if self.inlet.read(Wait::Awhile, &core) {
                self.admit_all(&mut pending, &mut outbox);
                self.commit(journal, &mut pending, &mut outbox);
                outbox.send(&core.counters);
            }
        }
    }

    fn admit_all(&self, pending: &mut Pending, outbox: &mut Outbox) {
        let now = self.clock.now();
        self.inlet.each(
            &self.core,
            || now,
            |datagram, now| match admit(&self.core, datagram, now) {
                Admission::Silent => {}
                Admission::Reply(reply) => outbox.put(self.inlet.answer(reply, datagram), &self.core.counters),
                Admission::Record(request) => pending.push(&self.core, *request, now),
            },
        );
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
                let (to, local) = request.way_back();
                let socket = Arc::clone(self.inlet.socket());
                outbox.put(Answer { socket, octets: reply, to, local }, &self.core.counters);
            }
        }
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
