//! Many conversations at once: what the load generator ([`crate::load`]) and the swarm ([`crate::swarm`]) have in common.
//!
//! A [`worker::Worker`] is one thread with its sockets, timers and conversations; who has a conversation, and when, is
//! said by a [`crowd::Crowd`]. [`phase`] runs one crowd on each worker while the calling thread looks on.

use std::fmt;
use std::io;
use std::thread;
use std::time::Duration;

pub(crate) mod arrivals;
mod channel;
pub(crate) mod crowd;
pub(crate) mod percentiles;
pub(crate) mod server_process;
pub(crate) mod server_use;
pub(crate) mod sockets;
pub(crate) mod worker;

use crowd::Crowd;
use worker::{Exchanged, Worker};

/// How often the calling thread looks at the server's memory and the progress while a phase runs.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// When conversations begin.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// This many run at any time.
    Closed {
        /// Conversations at a time.
        concurrency: usize,
    },
    /// They begin by themselves.
    Open {
        /// Mean beginnings per second; infinite: all at once.
        rate: f64,
    },
}

/// Why traffic cannot be made.
#[derive(Debug)]
pub enum TrafficError {
    /// Sockets or the random source.
    Local(io::Error),
    /// The server's process cannot be read.
    ServerProcess(String),
    /// A request cannot be built.
    Request(String),
    /// A worker thread broke.
    Worker,
}

impl fmt::Display for TrafficError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(error) => write!(f, "{error}"),
            Self::ServerProcess(cause) => write!(f, "the server's process: {cause}"),
            Self::Request(cause) => write!(f, "the request cannot be built: {cause}"),
            Self::Worker => write!(f, "a worker thread broke"),
        }
    }
}

impl std::error::Error for TrafficError {}

impl From<io::Error> for TrafficError {
    fn from(error: io::Error) -> Self {
        Self::Local(error)
    }
}

/// Runs each crowd on its worker until the last conversation has ended; `look` is called meanwhile.
///
/// # Errors
/// The first of a worker, or of `look`; what the server does is never an error.
pub(crate) fn phase<C: Crowd + Send>(
    workers: &mut [Worker],
    crowds: &mut [C],
    mut look: impl FnMut() -> Result<(), TrafficError>,
) -> Result<Exchanged, TrafficError> {
    thread::scope(|scope| {
        let running: Vec<_> =
            workers.iter_mut().zip(crowds).map(|(worker, crowd)| scope.spawn(move || worker.run(crowd))).collect();
        while running.iter().any(|handle| !handle.is_finished()) {
            look()?;
            thread::sleep(LOOK_INTERVAL);
        }
        let mut total = Exchanged::default();
        for handle in running {
            total.add(handle.join().map_err(|_| TrafficError::Worker)??);
        }
        Ok(total)
    })
}
