//! The result of a load as one JSON object; its keys are read by `lab/bench`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::percentiles::Percentiles;
use super::server_process::Usage;
use super::tally::Tally;
use super::{LoadMode, LoadPlan, Pace};

/// What was measured beside the tally.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) wall: Duration,
    pub(super) own_cpu: Duration,
    pub(super) server: Option<ServerUse>,
    pub(super) peak_rss_kib: u64,
}

/// What the server had used before the first conversation, right after the last, and after lingering.
#[derive(Debug)]
pub(super) struct ServerUse {
    pub(super) before: Usage,
    pub(super) after: Usage,
    pub(super) rested: Usage,
}

/// The result of a load.
#[derive(Debug, Serialize)]
pub struct LoadReport {
    /// `eap-tls`, `resumed`, `half-open`, `mab`, `status` or `accounting`.
    pub mode: &'static str,
    /// Conversations at a time, in a closed loop.
    pub concurrency: Option<usize>,
    /// Conversations begun per second, in an open loop.
    pub offered_rate: Option<f64>,
    /// Seconds from the first beginning to the last end.
    pub wall_s: f64,
    /// Conversations begun.
    pub started: u64,
    /// Verdicts: Accepts and Rejects.
    pub completed: u64,
    /// Verdicts per second.
    pub rate: f64,
    /// Access-Accepts (or Status answers).
    pub accepts: u64,
    /// Access-Rejects.
    pub rejects: u64,
    /// Conversations without a reply to some request after all transmissions.
    pub timeouts: u64,
    /// Conversations in which the server broke the protocol.
    pub broken: u64,
    /// Conversations left half-open.
    pub held: u64,
    /// Open-loop arrivals that could not begin in time.
    pub shed: u64,
    /// Verified replies.
    pub rounds: u64,
    /// Requests sent again.
    pub retransmits: u64,
    /// Replies not taken.
    pub dropped_replies: u64,
    /// Accepts whose MS-MPPE keys are the peer's.
    pub msk_verified: u64,
    /// Accepts whose MS-MPPE keys are wrong or missing.
    pub msk_wrong: u64,
    /// Complete full handshakes.
    pub handshakes_full: u64,
    /// Complete resumed handshakes.
    pub handshakes_resumed: u64,
    /// What went wrong, and how often.
    pub causes: BTreeMap<String, u64>,
    /// Durations in microseconds.
    pub latency_us: Latencies,
    /// CPU time of this program, microseconds per verdict.
    pub generator_cpu_us_per_authentication: f64,
    /// The server's process.
    pub server: Option<ServerReport>,
}

/// Durations by what they span.
#[derive(Debug, Serialize)]
pub struct Latencies {
    /// From the time a conversation was due to its verdict, the device's own work included.
    pub authentication: Percentiles,
    /// Round trips of one conversation added up: what the server and the kernel took.
    pub server: Percentiles,
    /// One round trip.
    pub round: Percentiles,
}

/// What the server's process used.
#[derive(Debug, Serialize)]
pub struct ServerReport {
    /// User and system time in seconds, until the end of lingering.
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
    /// Resident set after lingering, KiB.
    pub rss_final_kib: u64,
}

impl LoadReport {
    pub(super) fn new(plan: &LoadPlan, tally: Tally, measured: &Measured) -> Self {
        let completed = tally.accepts + tally.rejects;
        let wall_s = measured.wall.as_secs_f64();
        Self {
            mode: mode_word(&plan.mode),
            concurrency: match plan.pace {
                Pace::Closed { concurrency } => Some(concurrency),
                Pace::Open { .. } => None,
            },
            offered_rate: match plan.pace {
                Pace::Closed { .. } => None,
                Pace::Open { rate } => Some(rate),
            },
            wall_s,
            started: tally.started,
            completed,
            rate: per(count(completed), wall_s),
            accepts: tally.accepts,
            rejects: tally.rejects,
            timeouts: tally.timeouts,
            broken: tally.broken,
            held: tally.held,
            shed: tally.shed,
            rounds: tally.rounds,
            retransmits: tally.retransmits,
            dropped_replies: tally.dropped_replies,
            msk_verified: tally.keys_verified,
            msk_wrong: tally.keys_wrong,
            handshakes_full: tally.handshakes_full,
            handshakes_resumed: tally.handshakes_resumed,
            generator_cpu_us_per_authentication: per(
                measured.own_cpu.as_secs_f64() * 1e6,
                count(completed + tally.held),
            ),
            server: ServerReport::new(measured, completed + tally.held),
            causes: tally.causes,
            latency_us: Latencies {
                authentication: tally.authentication.percentiles(),
                server: tally.server.percentiles(),
                round: tally.round.percentiles(),
            },
        }
    }
}

impl ServerReport {
    fn new(measured: &Measured, authentications: u64) -> Option<Self> {
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

fn mode_word(mode: &LoadMode) -> &'static str {
    match mode {
        LoadMode::EapTls(_) => "eap-tls",
        LoadMode::Resumed(_) => "resumed",
        LoadMode::HalfOpen(_) => "half-open",
        LoadMode::Mab => "mab",
        LoadMode::Status => "status",
        LoadMode::Accounting => "accounting",
    }
}

/// Zero where there is nothing to divide by: the counts beside it say so.
fn per(amount: f64, by: f64) -> f64 {
    if by > 0.0 { amount / by } else { 0.0 }
}

fn count(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}
