//! A running data plane: threads started together, stopped together.

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::accounting::Accountant;
use super::inlet::Inlet;
use super::receiver::{Reading, Shards, receive, receive_and_serve};
use super::recorder;
use super::sessions;
use super::shard::{Shard, ShardQueue};
use super::socket::{BATCH, Socket};
use crate::clock::Now;
use crate::core::Core;
use crate::limits::MAX_ACCOUNTING_BATCH;

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
    queues: Arc<[ShardQueue]>,
    /// Conversations open, of each shard.
    open: Vec<Arc<AtomicUsize>>,
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
        let shards = u8::try_from(shards.max(1)).unwrap_or(u8::MAX);
        let mut running = Self {
            core: Arc::clone(core),
            addresses: Vec::new(),
            accounting_addresses: Vec::new(),
            queues: Arc::default(),
            open: Vec::new(),
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
        let inlets =
            sockets.into_iter().enumerate().map(|(number, socket)| Inlet::new(socket, number, BATCH)).collect();
        if shards == 1 && bind.receivers <= 1 {
            running.start_alone(inlets, clock)?;
        } else {
            running.start_apart(inlets, shards, clock)?;
        }
        for (number, socket) in accounting.into_iter().enumerate() {
            let inlet = Inlet::new(socket, number, MAX_ACCOUNTING_BATCH);
            let accountant = Accountant { inlet, core: Arc::clone(core), clock, stop: Arc::clone(&running.stop) };
            running.receiving.push(spawn(format!("nac-account-{number}"), move || accountant.run())?);
        }
        Ok(running)
    }

    /// One thread that reads and serves: nothing is handed over, and nobody is woken for it.
    fn start_alone(&mut self, inlets: Vec<Inlet>, clock: Clock) -> Result<(), StartError> {
        let reading = Reading::new(&self.core, clock, &self.stop);
        let shard = self.shard(0, clock);
        self.receiving.push(spawn("nac-shard-0".into(), move || receive_and_serve(reading, inlets, shard))?);
        Ok(())
    }

    /// A thread for each socket and for each shard.
    fn start_apart(&mut self, inlets: Vec<Inlet>, shards: u8, clock: Clock) -> Result<(), StartError> {
        self.queues = (0..shards).map(|_| ShardQueue::default()).collect();
        for number in 0..shards {
            let (queues, shard) = (Arc::clone(&self.queues), self.shard(number, clock));
            self.serving.push(spawn(format!("nac-shard-{number}"), move || {
                if let Some(queue) = queues.get(usize::from(number)) {
                    shard.run(queue);
                }
            })?);
        }
        let shards = Shards { queues: Arc::clone(&self.queues), next: Arc::default() };
        for (number, inlet) in inlets.into_iter().enumerate() {
            let (reading, shards) = (Reading::new(&self.core, clock, &self.stop), shards.clone());
            self.receiving.push(spawn(format!("nac-receive-{number}"), move || receive(reading, inlet, &shards))?);
        }
        Ok(())
    }

    fn shard(&mut self, number: u8, clock: Clock) -> Shard {
        let open = Arc::default();
        self.open.push(Arc::clone(&open));
        Shard::new(number, &self.core, clock, open)
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
        self.open.iter().map(|open| open.load(Ordering::Relaxed)).sum()
    }

    /// Stop receiving, finish what is queued, join all threads.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.receiving.drain(..) {
            // A thread that panicked is over all the same.
            let _ = thread.join();
        }
        for queue in self.queues.iter() {
            queue.stop();
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

/// A thread that runs and bears its name once this returns, so that whoever looks for it by name finds it.
fn spawn(name: String, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    let failed = |why: &dyn Display| StartError(format!("cannot start a thread: {why}"));
    let (begun, begins) = mpsc::channel();
    let begin = move || {
        // Nobody is left to tell only if `spawn` is over, and it waits for this.
        let _ = begun.send(());
        body();
    };
    let thread = Builder::new().name(name).spawn(begin).map_err(|why| failed(&why))?;
    begins.recv().map_err(|why| failed(&why))?;
    Ok(thread)
}
