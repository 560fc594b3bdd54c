//! Days of many devices on many switches: they log in, are accounted for, move and leave.
//!
//! A [`SwarmPlan`] is run by worker threads, each with its share of the devices. What a device does next is decided by its
//! [`life`], without sockets or clocks; where it does it by its [`switches`]. Beginnings are an open loop: nobody waits
//! for the server. Posture reports, and changes that reach the switches, have threads [`beside`] the workers.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use crate::authentication::ServerTrust;
use crate::exchange::{Retransmission, random_number};
use crate::supplicant::EapSettings;
use crate::traffic::arrivals::{Arrivals, PhaseEnd};
use crate::traffic::phase;
use crate::traffic::server_process::ProcessId;
use crate::traffic::server_use::Measurement;
use crate::traffic::worker::{Loss, Worker};
use crate::traffic::{Pace, TrafficError};

mod beside;
mod crowd;
mod dynamic_authorization;
mod errands;
mod life;
mod progress;
mod report;
mod reports;
mod seats;
mod switches;
mod tally;

pub use report::SwarmReport;
pub use reports::PosturePlan;
pub use tally::Expectation;

use beside::Beside;
use crowd::{Devices, Surroundings};
use errands::{Errand, Errands};
use life::{Itinerary, Life};
use progress::Progress;
use seats::Seats;
use switches::Switches;
use tally::Tally;

/// Conversations at a time before the measurement: tickets, and Accounting-On of the switches.
const PREPARING: usize = 32;

/// How the devices come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// They come at random times, on wired ports, and stay.
    MorningRush,
    /// Every switch starts and says so (Accounting-On), then all devices log in at once.
    PowerCut,
    /// They come at random times, on wireless access points, and move from one to the next.
    Roaming,
}

impl Profile {
    /// As on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::MorningRush => "morning-rush",
            Self::PowerCut => "power-cut",
            Self::Roaming => "roaming",
        }
    }
}

/// What to do.
#[derive(Clone, Debug)]
pub struct SwarmPlan {
    /// Where Access-Requests go.
    pub server: SocketAddr,
    /// Where Accounting-Requests go.
    pub accounting: SocketAddr,
    /// What the NASes know of both.
    pub trust: ServerTrust,
    /// When requests are sent again.
    pub retransmission: Retransmission,
    /// One reply in so many is lost on its way; None loses none.
    pub lose_every: Option<NonZeroU64>,
    /// How many devices there are.
    pub supplicants: u32,
    /// How they come and go.
    pub profile: Profile,
    /// Mean arrivals per second; a power cut knows none.
    pub rate: f64,
    /// TLS of the devices; they take turns when there are fewer than devices.
    pub certificates: Vec<Arc<ClientConfig>>,
    /// How the devices speak EAP.
    pub eap: Arc<EapSettings>,
    /// Addresses of the switches, which take turns; empty: whatever address leads to the server.
    pub sources: Vec<IpAddr>,
    /// Share of the devices, 0 to 1, that hold a ticket from a login before the measurement.
    pub with_ticket: f64,
    /// How long a device stays at a port.
    pub stay: Duration,
    /// Time between two Interim-Updates.
    pub interim: Duration,
    /// How often a device moves.
    pub moves: u32,
    /// How long a device that was refused waits before it begins again.
    pub restart_after: Duration,
    /// Logins that a device begins for one admission.
    pub attempts: u32,
    /// What must be granted.
    pub expectation: Expectation,
    /// Reports of the devices while they are in; None: nobody reports.
    pub posture: Option<PosturePlan>,
    /// Where the switches, on their addresses, take changes of authorization; None: nowhere.
    pub coa_port: Option<u16>,
    /// Worker threads.
    pub threads: usize,
    /// The server's process, to be measured.
    pub server_process: Option<ProcessId>,
    /// Time between the last conversation and the last look at the server.
    pub linger: Duration,
    /// Whether a progress bar is drawn on standard error.
    pub progress: bool,
}

/// Runs a plan to its end.
///
/// # Errors
/// [`TrafficError`]; what the server does is never an error, it is counted.
pub fn run(plan: &SwarmPlan) -> Result<SwarmReport, TrafficError> {
    let mut swarm = Swarm::new(plan)?;
    swarm.fetch_tickets(plan)?;
    let mut measurement = Measurement::begin(plan.server_process)?;
    let mut total = Tally::default();
    if plan.profile == Profile::PowerCut {
        swarm.announce_switches(&mut total)?;
    }
    let Swarm { mut workers, switches, lives } = swarm;
    let seats = Seats::new(if plan.coa_port.is_some() { plan.supplicants } else { 0 });
    let (tell, put_off): (Vec<_>, Vec<_>) = workers.iter().map(|_| mpsc::channel()).unzip();
    let beside = Beside::new(plan, &switches, &seats, tell)?;
    let progress = Progress::new(plan.supplicants, plan.progress);
    let rate = if plan.profile == Profile::PowerCut { f64::INFINITY } else { plan.rate };
    let begun = Instant::now();
    let threads = workers.len();
    let around = Surroundings {
        switches: &switches,
        expectation: &plan.expectation,
        progress: &progress,
        reports: beside.reports.as_ref(),
        seats: plan.coa_port.map(|_| &seats),
    };
    let itinerary = Itinerary::of(plan);
    let mut crowds: Vec<Devices<'_>> = lives
        .into_iter()
        .zip(put_off)
        .enumerate()
        .map(|(index, (lives, put_off))| {
            let count = PhaseEnd::Count(u64::from(plan.supplicants));
            let arrivals = Arrivals::share(Pace::Open { rate }, count, index, threads, begun);
            Devices::new(lives, arrivals, itinerary, put_off, around)
        })
        .collect();
    let (exchanged, besides) = beside.during(|| {
        phase(&mut workers, &mut crowds, || {
            progress.draw();
            measurement.look()
        })
    })?;
    progress.clear();
    for crowd in crowds {
        total.add(crowd.into_tally());
    }
    total.exchanged.add(exchanged?);
    Ok(SwarmReport::new(plan, switches.count(), total, besides, begun, &measurement.finish(plan.linger)?))
}

/// Workers, switches and devices before the day begins.
struct Swarm {
    workers: Vec<Worker>,
    switches: Switches,
    lives: Vec<Vec<Life>>,
}

impl Swarm {
    fn new(plan: &SwarmPlan) -> Result<Self, TrafficError> {
        let threads = plan.threads.max(1);
        let switches = Switches::new(plan, random_number()?);
        let routes = switches.routes(plan);
        let mut lives: Vec<Vec<Life>> = (0..threads).map(|_| Vec::new()).collect();
        for (number, certificate) in (0..plan.supplicants).zip(plan.certificates.iter().cycle()) {
            let worker = usize::try_from(number).unwrap_or(0) % threads;
            if let Some(lives) = lives.get_mut(worker) {
                lives.push(Life::new(number, certificate));
            }
        }
        Ok(Self {
            workers: (0..threads)
                .map(|_| Worker::new(&routes, 1, &plan.trust, plan.retransmission, Loss::every(plan.lose_every)))
                .collect::<Result<_, _>>()?,
            switches,
            lives,
        })
    }

    /// A full handshake of each device that is to hold a ticket; not measured.
    fn fetch_tickets(&mut self, plan: &SwarmPlan) -> Result<(), TrafficError> {
        let Self { workers, switches, lives } = self;
        let holders = f64::from(plan.supplicants) * plan.with_ticket;
        let mut crowds: Vec<Errands> = lives
            .iter()
            .map(|lives| {
                let first = lives.iter().filter(|life| f64::from(life.number()) < holders);
                let logins =
                    first.map(|life| Errand { route: switches.login_route(life), conversation: switches.login(life) });
                Errands::new(PREPARING, logins.collect())
            })
            .collect();
        phase(workers, &mut crowds, || Ok(()))?;
        Ok(())
    }

    /// Accounting-On of every switch.
    fn announce_switches(&mut self, total: &mut Tally) -> Result<(), TrafficError> {
        let all: VecDeque<Errand> = (0..self.switches.count())
            .map(|switch| Errand {
                route: self.switches.announcement_route(switch),
                conversation: self.switches.announcement(switch),
            })
            .collect();
        let mut crowds = [Errands::new(PREPARING, all)];
        let exchanged = phase(&mut self.workers, &mut crowds, || Ok(()))?;
        let [errands] = crowds;
        total.announced(errands);
        total.exchanged.add(exchanged);
        Ok(())
    }
}
