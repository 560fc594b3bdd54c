//! A running data plane: threads started together, stopped together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::accounting::Accountant;
use super::receiver::Receiver;
use super::recorder;
use super::sessions;
use super::shard::{self, ShardQueue};
use super::socket::Socket;
use crate::clock::Now;
use crate::core::Core;

/// Reads both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// Monotonic time begins.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Both clocks now.
    #[must_use]
    pub fn now(&self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { monotonic: self.started.elapsed(), unix_micros: u64::try_from(unix.as_micros()).unwrap_or(u64::MAX) }
    }
}

/// Why the data plane did not start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartError(String);

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// What to listen on.
#[derive(Clone, Copy, Debug)]
pub struct Sockets<'a> {
    /// Addresses for authentication.
    pub listen: &'a [SocketAddr],
    /// Sockets and threads for each of those.
    pub receivers: usize,
    /// Addresses for accounting, one socket and thread each; needs a journal.
    pub accounting: &'a [SocketAddr],
}

/// Threads and sockets of a data plane.
pub struct Running {
    core: Arc<Core>,
    addresses: Vec<SocketAddr>,
    accounting_addresses: Vec<SocketAddr>,
    shards: Arc<[ShardQueue]>,
    stop: Arc<AtomicBool>,
    receiving: Vec<JoinHandle<()>>,
    serving: Vec<JoinHandle<()>>,
    recording: Option<JoinHandle<()>>,
    deciding: Option<JoinHandle<()>>,
}

impl Running {
    /// Bind every address and start; `shards`: at most 255.
    ///
    /// # Errors
    /// [`StartError`] names the address that cannot be bound, or the thread that cannot be started.
    pub fn start(core: &Arc<Core>, bind: &Sockets<'_>, shards: usize, clock: Clock) -> Result<Self, StartError> {
        let shards: Arc<[ShardQueue]> = (0..shards.clamp(1, 255)).map(|_| ShardQueue::default()).collect();
        let mut running = Self {
            core: Arc::clone(core),
            addresses: Vec::new(),
            accounting_addresses: Vec::new(),
            shards: Arc::clone(&shards),
            stop: Arc::default(),
            receiving: Vec::new(),
            serving: Vec::new(),
            recording: None,
            deciding: None,
        };
        let sockets = running.bind(bind.listen, bind.receivers.clamp(1, 64))?;
        let accounting = running.bind_accounting(bind.accounting)?;
        if core.journal.is_some() {
            let core = Arc::clone(core);
            running.recording = Some(spawn("nac-record".into(), move || recorder::run(&core, &clock))?);
        }
        let core_of_sessions = Arc::clone(core);
        running.deciding = Some(spawn("nac-sessions".into(), move || sessions::run(&core_of_sessions, &clock))?);
        for number in 0..shards.len() {
            let (shards, core) = (Arc::clone(&shards), Arc::clone(core));
            let name = u8::try_from(number).unwrap_or(u8::MAX);
            running.serving.push(spawn(format!("nac-shard-{number}"), move || {
                if let Some(queue) = shards.get(number) {
                    shard::run(name, queue, &core, &clock);
                }
            })?);
        }
        let next_shard = Arc::new(AtomicUsize::new(0));
        for (number, socket) in sockets.into_iter().enumerate() {
            let receiver = Receiver {
                socket: Arc::new(socket),
                number: u8::try_from(number).unwrap_or(u8::MAX),
                core: Arc::clone(core),
                shards: Arc::clone(&shards),
                next_shard: Arc::clone(&next_shard),
                clock,
                stop: Arc::clone(&running.stop),
            };
            running.receiving.push(spawn(format!("nac-receive-{number}"), move || receiver.run())?);
        }
        for (number, socket) in accounting.into_iter().enumerate() {
            let accountant = Accountant {
                socket: Arc::new(socket),
                number: u8::try_from(number).unwrap_or(u8::MAX),
                core: Arc::clone(core),
                clock,
                stop: Arc::clone(&running.stop),
            };
            running.receiving.push(spawn(format!("nac-account-{number}"), move || accountant.run())?);
        }
        Ok(running)
    }

    fn bind_accounting(&mut self, addresses: &[SocketAddr]) -> Result<Vec<Socket>, StartError> {
        if self.core.journal.is_none() && !addresses.is_empty() {
            return Err(StartError("accounting needs a journal".into()));
        }
        let bind = |address: &SocketAddr| {
            let failed = |why| StartError(format!("cannot listen on {address} for accounting: {why}"));
            let socket = Socket::bind(*address, false).map_err(failed)?;
            self.accounting_addresses.push(socket.address().map_err(failed)?);
            Ok(socket)
        };
        addresses.iter().map(bind).collect()
    }

    fn bind(&mut self, listen: &[SocketAddr], receivers: usize) -> Result<Vec<Socket>, StartError> {
        let mut sockets = Vec::new();
        for address in listen {
            let failed = |why| StartError(format!("cannot listen on {address}: {why}"));
            let first = Socket::bind(*address, receivers > 1).map_err(failed)?;
            let bound = first.address().map_err(failed)?;
            sockets.push(first);
            for _ in 1..receivers {
                sockets.push(Socket::bind(bound, true).map_err(failed)?);
            }
            self.addresses.push(bound);
        }
        Ok(sockets)
    }

    /// The bound addresses, in the order they were asked for.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The bound addresses for accounting, likewise.
    #[must_use]
    pub fn accounting_addresses(&self) -> &[SocketAddr] {
        &self.accounting_addresses
    }

    /// Conversations open now, over all shards.
    #[must_use]
    pub fn open_conversations(&self) -> usize {
        self.shards.iter().map(ShardQueue::open).sum()
    }

    /// Stop receiving, finish what is queued, join all threads.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.receiving.drain(..) {
            // A thread that panicked is over all the same.
            let _ = thread.join();
        }
        for shard in self.shards.iter() {
            shard.stop();
        }
        for thread in self.serving.drain(..) {
            let _ = thread.join();
        }
        if let Some(thread) = self.deciding.take() {
            self.core.sessions.close();
            let _ = thread.join();
        }
        if let Some(thread) = self.recording.take() {
            self.core.events.close();
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    Builder::new().name(name).spawn(body).map_err(|why| StartError(format!("cannot start a thread: {why}")))
}
