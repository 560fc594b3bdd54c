//! The result of a load as one JSON object; its keys are read by `lab/bench`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::tally::Tally;
use super::{LoadMode, LoadPlan};
use crate::traffic::Pace;
use crate::traffic::percentiles::Percentiles;
use crate::traffic::server_use::{Measured, ServerReport, count, per};
use crate::traffic::worker::Exchanged;

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

impl LoadReport {
    pub(super) fn new(plan: &LoadPlan, tally: Tally, exchanged: Exchanged, measured: &Measured) -> Self {
        let completed = tally.accepts + tally.rejects;
        let wall_s = measured.wall.as_secs_f64();
        let mut causes = tally.causes;
        for (cause, count) in exchanged.causes {
            *causes.entry(cause).or_default() += count;
        }
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
            retransmits: exchanged.retransmits,
            dropped_replies: exchanged.dropped_replies + exchanged.late_replies,
            msk_verified: tally.keys_verified,
            msk_wrong: tally.keys_wrong,
            handshakes_full: tally.handshakes_full,
            handshakes_resumed: tally.handshakes_resumed,
            generator_cpu_us_per_authentication: per(
                measured.own_cpu.as_secs_f64() * 1e6,
                count(completed + tally.held),
            ),
            server: ServerReport::new(measured, completed + tally.held),
            causes,
            latency_us: Latencies {
                authentication: tally.authentication.percentiles(),
                server: tally.server.percentiles(),
                round: tally.round.percentiles(),
            },
        }
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
