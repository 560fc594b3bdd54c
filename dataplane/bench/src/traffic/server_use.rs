//! What the server's process used while traffic ran.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::TrafficError;
use super::server_process::{ProcessId, ServerProcess, Usage};

/// A server rests that uses no more than this part of a core.
const REST: u32 = 50;
/// One that has not come to rest by then never does.
const LONGEST_WORK: Duration = Duration::from_secs(60);

/// Measures this process and the server's from [`Measurement::begin`] to [`Measurement::finish`].
#[derive(Debug)]
pub(crate) struct Measurement {
    server: Option<ServerProcess>,
    before: Option<Usage>,
    own_before: Duration,
    started: Instant,
    peak_rss_kib: u64,
}

/// What was measured beside the tally.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) own_cpu: Duration,
    pub(crate) server: Option<ServerUse>,
    pub(crate) peak_rss_kib: u64,
}

/// What the server had used before the first conversation, right after the last, and at rest.
#[derive(Debug)]
pub(crate) struct ServerUse {
    pub(crate) before: Usage,
    pub(crate) after: Usage,
    pub(crate) rested: Usage,
}

impl Measurement {
    /// From now on.
    pub(crate) fn begin(process: Option<ProcessId>) -> Result<Self, TrafficError> {
        let server = process.map(ServerProcess::open).transpose()?;
        Ok(Self {
            before: usage(server.as_ref())?,
            server,
            own_before: ServerProcess::own()?.usage()?.cpu,
            started: Instant::now(),
            peak_rss_kib: 0,
        })
    }

    /// When it began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Looks at the server's memory.
    pub(crate) fn look(&mut self) -> Result<(), TrafficError> {
        if let Some(server) = &self.server {
            self.peak_rss_kib = self.peak_rss_kib.max(server.rss_kib()?);
        }
        Ok(())
    }

    /// Until now; what the server still does is counted to its CPU time, until it rests for as long as `linger`.
    pub(crate) fn finish(self, linger: Duration) -> Result<Measured, TrafficError> {
        let wall = self.started.elapsed();
        let after = usage(self.server.as_ref())?;
        let own = ServerProcess::own()?.usage()?.cpu;
        let rested = match (&self.server, &after) {
            (Some(server), Some(after)) => Some(at_rest(server, after.cpu, linger)?),
            _ => None,
        };
        Ok(Measured {
            wall,
            own_cpu: own.saturating_sub(self.own_before),
            server: self.before.zip(after).zip(rested).map(|((before, after), rested)| ServerUse {
                before,
                after,
                rested,
            }),
            peak_rss_kib: self.peak_rss_kib,
        })
    }
}

/// What a server put off before it is measured is not its share of what is.
pub(crate) fn wait_for_rest(process: Option<ProcessId>, linger: Duration) -> Result<(), TrafficError> {
    let Some(server) = process.map(ServerProcess::open).transpose()? else { return Ok(()) };
    let cpu = server.usage()?.cpu;
    at_rest(&server, cpu, linger).map(drop)
}

/// Once the server has not worked for as long as `linger`, or never rests; at once for a `linger` of zero.
fn at_rest(server: &ServerProcess, mut cpu: Duration, linger: Duration) -> Result<Usage, TrafficError> {
    let longest = Instant::now() + linger.max(LONGEST_WORK);
    loop {
        thread::sleep(linger);
        let usage = server.usage()?;
        let rests = linger.is_zero() || usage.cpu.saturating_sub(cpu) <= linger / REST;
        if rests || Instant::now() >= longest {
            return Ok(usage);
        }
        cpu = usage.cpu;
    }
}

fn usage(server: Option<&ServerProcess>) -> Result<Option<Usage>, TrafficError> {
    server.map(ServerProcess::usage).transpose()
}

/// What the server's process used.
#[derive(Debug, Serialize)]
pub struct ServerReport {
    /// User and system time in seconds, until it rested.
    pub cpu_s: f64,
    /// Microseconds per verdict (per conversation held, in the half-open mode).
    pub cpu_us_per_authentication: f64,
    /// The same by name of the threads that lived throughout.
    pub threads_cpu_us_per_authentication: BTreeMap<String, f64>,
    /// Cores kept busy on average until the last verdict.
    pub cores: f64,
    /// Resident set before, KiB.
    pub rss_before_kib: u64,
    /// Largest resident set seen, KiB.
    pub rss_peak_kib: u64,
    /// Resident set right after, KiB.
    pub rss_after_kib: u64,
    /// Resident set at rest, KiB.
    pub rss_final_kib: u64,
}

impl ServerReport {
    /// `authentications`: what CPU time is divided by.
    pub(crate) fn new(measured: &Measured, authentications: u64) -> Option<Self> {
        let ServerUse { before, after, rested } = measured.server.as_ref()?;
        let cpu_s = rested.cpu.saturating_sub(before.cpu).as_secs_f64();
        Some(Self {
            cpu_s,
            cpu_us_per_authentication: per(cpu_s * 1e6, count(authentications)),
            threads_cpu_us_per_authentication: rested
                .threads
                .iter()
                .map(|(name, used)| {
                    let used = used.saturating_sub(before.threads.get(name).copied().unwrap_or_default());
                    (name.clone(), per(used.as_secs_f64() * 1e6, count(authentications)))
                })
                .collect(),
            cores: per(after.cpu.saturating_sub(before.cpu).as_secs_f64(), measured.wall.as_secs_f64()),
            rss_before_kib: before.rss_kib,
            rss_peak_kib: measured.peak_rss_kib.max(after.rss_kib),
            rss_after_kib: after.rss_kib,
            rss_final_kib: rested.rss_kib,
        })
    }
}

/// Zero where there is nothing to divide by: the counts beside it say so.
pub(crate) fn per(amount: f64, by: f64) -> f64 {
    if by > 0.0 { amount / by } else { 0.0 }
}

/// As a number to calculate with.
pub(crate) fn count(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
