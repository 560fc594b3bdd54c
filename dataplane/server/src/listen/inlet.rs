//! A socket as the thread that reads it sees it: datagrams in batches, and what the kernel dropped.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;

use super::outbox::Answer;
use super::socket::{Buffers, Received, Socket, Wait};
use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::pipeline::Datagram;

/// A pause when a socket gives errors that reading does not clear away.
const TROUBLE: Duration = Duration::from_millis(10);

/// A socket, and what was read from it last.
pub(super) struct Inlet {
    socket: Arc<Socket>,
    number: u8,
    buffers: Buffers,
    received: Vec<Option<Received>>,
    dropped_before: u32,
}

impl Inlet {
    /// Reads `most` datagrams at once; `number` tells the sockets of a kind apart.
    pub(super) fn new(socket: Socket, number: usize, most: usize) -> Self {
        let number = u8::try_from(number).unwrap_or(u8::MAX);
        let (buffers, received) = (Buffers::new(most), Vec::with_capacity(most));
        Self { socket: Arc::new(socket), number, buffers, received, dropped_before: 0 }
    }

    /// The socket.
    pub(super) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// Read what has come; true if anything has.
    pub(super) fn read(&mut self, wait: Wait, core: &Core) -> bool {
        match self.socket.receive(&mut self.buffers, &mut self.received, wait) {
            Ok(dropped) => {
                if let Some(dropped) = dropped {
                    core.counters.kernel_drops.add_many(u64::from(dropped.wrapping_sub(self.dropped_before)));
                    self.dropped_before = dropped;
                }
            }
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => {}
            Err(_) => std::thread::sleep(TROUBLE),
        }
        !self.received.is_empty()
    }

    /// Does `one` with every datagram that was read. A panic costs that datagram.
    pub(super) fn each(&self, core: &Core, now: impl Fn() -> Now, mut one: impl FnMut(Datagram<'_>, Now)) {
        for (position, received) in self.received.iter().enumerate() {
            let Some(Received { length, source, local }) = *received else { continue };
            let octets = self.buffers.datagram(position, length);
            let (datagram, now) = (Datagram { octets, source, socket: self.number, local }, now());
            if catch_unwind(AssertUnwindSafe(|| one(datagram, now))).is_err() {
                core.counters.panics.add();
                core.discard(DiscardReason::Internal, source, None, now);
            }
        }
    }

    /// An answer to a datagram that was read here.
    pub(super) fn answer(&self, octets: Arc<[u8]>, to: Datagram<'_>) -> Answer {
        Answer { socket: Arc::clone(&self.socket), octets, to: to.source, local: to.local }
    }
}
