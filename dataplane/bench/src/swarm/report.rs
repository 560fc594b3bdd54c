//! The result of a swarm as one JSON object; its keys are read by `lab/bench` and the tests.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::SwarmPlan;
use super::tally::Tally;
use crate::accounting::AccountingStatus;
use crate::traffic::percentiles::Percentiles;
use crate::traffic::server_use::{Measured, ServerReport};

/// The result of a swarm.
#[derive(Debug, Serialize)]
pub struct SwarmReport {
    /// Everybody came in, every key and VLAN was right, nothing was lost, no reply was forged.
    pub all_right: bool,
    /// `morning-rush`, `power-cut` or `roaming`.
    pub profile: &'static str,
    /// Devices.
    pub supplicants: u32,
    /// Switches.
    pub switches: u32,
    /// Devices that were admitted at their first port.
    pub devices_in: u64,
    /// Seconds from the beginning of the arrivals to the last Access-Accept.
    pub all_in_s: f64,
    /// Seconds until the last conversation had ended.
    pub wall_s: f64,
    /// Moves that ended in an Access-Accept.
    pub moves: u64,
    /// Logins.
    pub logins: Logins,
    /// Records.
    pub accounting: AccountingCounts,
    /// Accepts by segment expected, else by VLAN.
    pub granted: BTreeMap<String, u64>,
    /// Accepts with another VLAN than was expected.
    pub granted_wrong: u64,
    /// Requests sent again.
    pub retransmits: u64,
    /// Second answers to requests that were sent twice.
    pub duplicate_replies: u64,
    /// Replies that were lost on purpose.
    pub lost_replies: u64,
    /// Replies that could not be believed.
    pub dropped_replies: u64,
    /// What went wrong, and how often.
    pub causes: BTreeMap<String, u64>,
    /// Durations in microseconds.
    pub latency_us: SwarmLatencies,
    /// CPU time of this program in seconds.
    pub swarm_cpu_s: f64,
    /// The server's process.
    pub server: Option<ServerReport>,
}

/// How logins ended.
#[derive(Debug, Serialize)]
pub struct Logins {
    /// Access-Accepts.
    pub accepts: u64,
    /// Access-Rejects.
    pub rejects: u64,
    /// Logins in which a request was not answered in all its transmissions.
    pub timeouts: u64,
    /// Logins in which the server broke the protocol.
    pub broken: u64,
    /// Refused logins after which the device began again.
    pub restarts: u64,
    /// Devices that gave up.
    pub given_up: u64,
    /// Accepts whose MS-MPPE keys are the device's.
    pub msk_verified: u64,
    /// Accepts whose MS-MPPE keys are wrong or missing.
    pub msk_wrong: u64,
    /// Complete full handshakes.
    pub handshakes_full: u64,
    /// Complete resumed handshakes.
    pub handshakes_resumed: u64,
}

/// Records that were answered, by kind, and those that were not.
#[derive(Debug, Serialize)]
pub struct AccountingCounts {
    /// Accounting-On.
    pub on: u64,
    /// Start.
    pub start: u64,
    /// Interim-Update.
    pub interim: u64,
    /// Stop.
    pub stop: u64,
    /// Records without an answer in all transmissions.
    pub unanswered: u64,
}

/// Durations by what they span.
#[derive(Debug, Serialize)]
pub struct SwarmLatencies {
    /// From the first attempt at a port to the Access-Accept, restarts and the device's own work included.
    pub admission: Percentiles,
    /// One round trip of a login.
    pub round: Percentiles,
    /// From the first transmission of a record to its answer.
    pub accounting: Percentiles,
}

impl SwarmReport {
    pub(super) fn new(plan: &SwarmPlan, switches: u32, tally: Tally, begun: Instant, measured: &Measured) -> Self {
        let answered = |status| tally.answered.get(&status).copied().unwrap_or(0);
        let logins = tally.accepts + tally.rejects;
        let mut causes = tally.causes;
        for (cause, count) in tally.exchanged.causes {
            *causes.entry(cause).or_default() += count;
        }
        let wrong = tally.given_up
            + tally.keys_wrong
            + tally.granted_wrong
            + tally.broken
            + tally.unanswered
            + tally.exchanged.dropped_replies;
        Self {
            all_right: wrong == 0 && tally.devices_in == u64::from(plan.supplicants),
            profile: plan.profile.word(),
            supplicants: plan.supplicants,
            switches,
            devices_in: tally.devices_in,
            all_in_s: tally.last_in.map_or(0.0, |last| last.saturating_duration_since(begun).as_secs_f64()),
            wall_s: measured.wall.as_secs_f64(),
            moves: tally.moves,
            logins: Logins {
                accepts: tally.accepts,
                rejects: tally.rejects,
                timeouts: tally.timeouts,
                broken: tally.broken,
                restarts: tally.restarts,
                given_up: tally.given_up,
                msk_verified: tally.keys_verified,
                msk_wrong: tally.keys_wrong,
                handshakes_full: tally.handshakes_full,
                handshakes_resumed: tally.handshakes_resumed,
            },
            accounting: AccountingCounts {
                on: answered(AccountingStatus::On),
                start: answered(AccountingStatus::Start),
                interim: answered(AccountingStatus::InterimUpdate),
                stop: answered(AccountingStatus::Stop),
                unanswered: tally.unanswered,
            },
            granted: tally.granted,
            granted_wrong: tally.granted_wrong,
            retransmits: tally.exchanged.retransmits,
            duplicate_replies: tally.exchanged.late_replies,
            lost_replies: tally.exchanged.lost_replies,
            dropped_replies: tally.exchanged.dropped_replies,
            causes,
            latency_us: SwarmLatencies {
                admission: tally.admission.percentiles(),
                round: tally.login_round.percentiles(),
                accounting: tally.accounting.percentiles(),
            },
            swarm_cpu_s: measured.own_cpu.as_secs_f64(),
            server: ServerReport::new(measured, logins),
        }
    }
}
