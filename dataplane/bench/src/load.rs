//! Many authentications at once, and what they cost the server.
//!
//! A [`LoadPlan`] is run by worker threads, each with its own sockets, devices and conversations, while this thread
//! samples the server process ([`crate::traffic`]). Closed loop: a fixed number of conversations, the next begins when one ends. Open
//! loop: conversations begin at random times at a given mean rate whatever the server does, and their latency counts
//! from that time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use crate::authentication::ServerTrust;
use crate::exchange::{Retransmission, random_number};
use crate::supplicant::EapSettings;
use crate::traffic::arrivals::{Arrivals, PhaseEnd};
use crate::traffic::phase;
use crate::traffic::server_use::{Measurement, wait_for_rest};
use crate::traffic::sockets::Route;
use crate::traffic::worker::{Exchanged, Loss, Worker};

mod crowd;
mod devices;
mod report;
pub(crate) mod tally;

pub use crate::traffic::server_process::ProcessId;
pub use crate::traffic::{Pace, TrafficError};
pub use report::LoadReport;

use crowd::Arriving;
use devices::Devices;
use tally::Tally;

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
    /// The workers stay awake: a server on this machine is not charged for waking them.
    pub awake: bool,
    /// Time between the last conversation and the last look at the server: what it still does then is counted.
    pub linger: Duration,
}

/// Runs a plan to its end.
///
/// # Errors
/// [`TrafficError`]; what the server does is never an error, it is counted.
pub fn run(plan: &LoadPlan) -> Result<LoadReport, TrafficError> {
    let mut crew = Crew::new(plan)?;
    if crew.warm_up(plan)? {
        wait_for_rest(plan.server_process, plan.linger)?;
    }
    let mut measurement = Measurement::begin(plan.server_process)?;
    let end = match plan.extent {
        Extent::Count(count) => PhaseEnd::Count(count),
        Extent::Duration(duration) => PhaseEnd::At(measurement.started() + duration),
    };
    let (tally, exchanged) = crew.phase(plan.pace, end, || measurement.look())?;
    Ok(LoadReport::new(plan, tally, exchanged, &measurement.finish(plan.linger)?))
}

/// The worker threads, each with its devices.
struct Crew {
    workers: Vec<Worker>,
    devices: Vec<Devices>,
}

impl Crew {
    fn new(plan: &LoadPlan) -> Result<Self, TrafficError> {
        let threads = plan.threads.max(1);
        let sockets = plan.sockets.div_ceil(threads);
        let run = random_number()?;
        let route = Route { server: plan.server, source: None };
        let worker = || Worker::new(&[route], sockets, &plan.trust, plan.retransmission, Loss::default());
        Ok(Self {
            workers: (0..threads).map(|_| Ok(worker()?.awake(plan.awake))).collect::<Result<_, TrafficError>>()?,
            devices: (0..threads).map(|index| Devices::new(plan, index, threads, run)).collect(),
        })
    }

    /// Full handshakes that give every device of the resumed mode its first ticket, and `plan.warm_up` more; whether there
    /// were any.
    fn warm_up(&mut self, plan: &LoadPlan) -> Result<bool, TrafficError> {
        let first_tickets: usize = self.devices.iter().map(Devices::to_prepare).sum();
        let count = plan.warm_up.saturating_add(u64::try_from(first_tickets).unwrap_or(u64::MAX));
        if count == 0 {
            return Ok(false);
        }
        let concurrency = match plan.pace {
            Pace::Closed { concurrency } => concurrency,
            Pace::Open { .. } => 16,
        };
        self.phase(Pace::Closed { concurrency }, PhaseEnd::Count(count), || Ok(()))?;
        Ok(true)
    }

    fn phase(
        &mut self,
        pace: Pace,
        end: PhaseEnd,
        look: impl FnMut() -> Result<(), TrafficError>,
    ) -> Result<(Tally, Exchanged), TrafficError> {
        let threads = self.workers.len();
        let mut crowds: Vec<Arriving<'_>> = self
            .devices
            .iter_mut()
            .enumerate()
            .map(|(index, devices)| Arriving {
                devices,
                arrivals: Arrivals::share(pace, end, index, threads, Instant::now()),
                tally: Tally::default(),
            })
            .collect();
        let exchanged = phase(&mut self.workers, &mut crowds, look)?;
        let mut total = Tally::default();
        for crowd in crowds {
            total.add(crowd.tally);
        }
        Ok((total, exchanged))
    }
}
