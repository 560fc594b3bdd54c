//! Many authentications at once, and what they cost the server.
//!
//! A [`LoadPlan`] is run by worker threads, each with its own sockets, devices and conversations (`worker`), while this
//! thread samples the server process. Closed loop: a fixed number of conversations, the next begins when one ends. Open
//! loop: conversations begin at random times at a given mean rate whatever the server does, and their latency counts
//! from that time.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use crate::authentication::ServerTrust;
use crate::exchange::Retransmission;
use crate::supplicant::EapSettings;

mod arrivals;
mod channel;
mod devices;
mod percentiles;
mod report;
mod server_process;
mod tally;
mod worker;

pub use report::LoadReport;
pub use server_process::ProcessId;

use arrivals::{Arrivals, PhaseEnd};
use devices::Devices;
use report::{Measured, ServerUse};
use server_process::{ServerProcess, Usage};
use tally::Tally;
use worker::Worker;

/// How often the server's memory is read while the load runs.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(50);

/// What every authentication is.
#[derive(Clone, Debug)]
pub enum LoadMode {
    /// EAP-TLS, a full handshake each time.
    EapTls(Arc<ClientConfig>),
    /// EAP-TLS, resumed each time; every device has done one full handshake before the measurement.
    Resumed(Arc<ClientConfig>),
    /// EAP-TLS up to the first octets of the server's flight, then silence.
    HalfOpen(Arc<ClientConfig>),
    /// MAC authentication bypass.
    Mab,
    /// Status-Server.
    Status,
    /// Accounting-Requests, each of a session of its own.
    Accounting,
}

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
        /// Mean beginnings per second.
        rate: f64,
    },
}

/// When no more conversations begin.
#[derive(Clone, Copy, Debug)]
pub enum Extent {
    /// After this many.
    Count(u64),
    /// After this time.
    Duration(Duration),
}

/// What to do.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// The server's address.
    pub server: SocketAddr,
    /// What the NASes know of it.
    pub trust: ServerTrust,
    /// When requests are sent again.
    pub retransmission: Retransmission,
    /// What each authentication is.
    pub mode: LoadMode,
    /// When they begin.
    pub pace: Pace,
    /// When no more begin.
    pub extent: Extent,
    /// Authentications before the measurement; the resumed mode adds one per device.
    pub warm_up: u64,
    /// Worker threads.
    pub threads: usize,
    /// Source sockets in all, at least; more are opened when identifiers run out (256 per socket).
    pub sockets: usize,
    /// Different Calling-Station-Ids.
    pub macs: u32,
    /// Devices of the resumed mode, each with tickets of its own. They take turns: with as many devices as
    /// authentications, each ticket of a full handshake is used once, which suits servers that renew none.
    pub devices: usize,
    /// How the devices speak EAP.
    pub eap: Arc<EapSettings>,
    /// The server's process, to be measured.
    pub server_process: Option<ProcessId>,
    /// Time between the last conversation and the last look at the server: what it still does then is counted.
    pub linger: Duration,
}

/// Why a load cannot run.
#[derive(Debug)]
pub enum LoadError {
    /// Sockets or the random source.
    Local(io::Error),
    /// The server's process cannot be read.
    ServerProcess(String),
    /// A request cannot be built.
    Request(String),
    /// A worker thread broke.
    Worker,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(error) => write!(f, "{error}"),
            Self::ServerProcess(cause) => write!(f, "the server's process: {cause}"),
            Self::Request(cause) => write!(f, "the request cannot be built: {cause}"),
            Self::Worker => write!(f, "a worker thread broke"),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Local(error)
    }
}

/// Runs a plan to its end.
///
/// # Errors
/// [`LoadError`]; what the server does is never an error, it is counted.
pub fn run(plan: &LoadPlan) -> Result<LoadReport, LoadError> {
    let mut workers = workers(plan)?;
    warm_up(plan, &mut workers)?;
    let server = plan.server_process.map(ServerProcess::open).transpose()?;
    let before = usage(server.as_ref())?;
    let own_before = ServerProcess::own()?.usage()?;
    let started = Instant::now();
    let end = match plan.extent {
        Extent::Count(count) => PhaseEnd::Count(count),
        Extent::Duration(duration) => PhaseEnd::At(started + duration),
    };
    let (tally, peak_rss_kib) = phase(&mut workers, plan.pace, end, server.as_ref())?;
    let wall = started.elapsed();
    let after = usage(server.as_ref())?;
    let own = ServerProcess::own()?.usage()?;
    thread::sleep(plan.linger);
    Ok(LoadReport::new(
        plan,
        tally,
        &Measured {
            wall,
            own_cpu: own.cpu.saturating_sub(own_before.cpu),
            server: server_use(before, after, usage(server.as_ref())?),
            peak_rss_kib,
        },
    ))
}

fn workers(plan: &LoadPlan) -> Result<Vec<Worker>, LoadError> {
    let threads = plan.threads.max(1);
    (0..threads).map(|index| Worker::new(plan, Devices::new(plan, index, threads)).map_err(LoadError::Local)).collect()
}

/// Full handshakes that give every device of the resumed mode its first ticket, and `plan.warm_up` more.
fn warm_up(plan: &LoadPlan, workers: &mut [Worker]) -> Result<(), LoadError> {
    let first_tickets: usize = workers.iter().map(|worker| worker.devices().to_prepare()).sum();
    let count = plan.warm_up.saturating_add(u64::try_from(first_tickets).unwrap_or(u64::MAX));
    if count == 0 {
        return Ok(());
    }
    let concurrency = match plan.pace {
        Pace::Closed { concurrency } => concurrency,
        Pace::Open { .. } => 16,
    };
    phase(workers, Pace::Closed { concurrency }, PhaseEnd::Count(count), None)?;
    Ok(())
}

fn phase(
    workers: &mut [Worker],
    pace: Pace,
    end: PhaseEnd,
    server: Option<&ServerProcess>,
) -> Result<(Tally, u64), LoadError> {
    let threads = workers.len();
    thread::scope(|scope| {
        let running: Vec<_> = workers
            .iter_mut()
            .enumerate()
            .map(|(index, worker)| {
                let arrivals = Arrivals::share(pace, end, index, threads, Instant::now());
                scope.spawn(move || worker.run(arrivals))
            })
            .collect();
        let mut peak = 0;
        while running.iter().any(|handle| !handle.is_finished()) {
            if let Some(server) = server {
                peak = peak.max(server.rss_kib()?);
            }
            thread::sleep(SAMPLE_INTERVAL);
        }
        let mut total = Tally::default();
        for handle in running {
            total.add(handle.join().map_err(|_| LoadError::Worker)??);
        }
        Ok((total, peak))
    })
}

fn server_use(before: Option<Usage>, after: Option<Usage>, rested: Option<Usage>) -> Option<ServerUse> {
    Some(ServerUse { before: before?, after: after?, rested: rested? })
}

fn usage(server: Option<&ServerProcess>) -> Result<Option<Usage>, LoadError> {
    server.map(ServerProcess::usage).transpose()
}
