//! The result of a swarm as one JSON object; its keys are read by `lab/bench` and the tests.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use super::SwarmPlan;
use super::beside::BesideTally;
use super::dynamic_authorization::ChangeTally;
use super::reports::ReportTally;
use super::tally::Tally;
use crate::accounting::AccountingStatus;
use crate::traffic::percentiles::Percentiles;
use crate::traffic::server_use::{Measured, ServerReport};

/// The result of a swarm.
#[derive(Debug, Serialize)]
pub struct SwarmReport {
    /// Everybody came in, every key, VLAN and verdict was right, nothing was lost, nothing was forged.
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
    /// Logins of devices that were put off, and ended in an Access-Accept.
    pub readmitted: u64,
    /// Logins.
    pub logins: Logins,
    /// Records.
    pub accounting: AccountingCounts,
    /// Accepts by segment expected, else by VLAN.
    pub granted: BTreeMap<String, u64>,
    /// Accepts with another VLAN than was expected.
    pub granted_wrong: u64,
    /// Sessions by the verdict that their devices deserve, and by the segment that was in force when they ended; of
    /// switches that take changes.
    pub left: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// Sessions that ended in another VLAN than was expected.
    pub left_wrong: u64,
    /// Posture reports, of devices that report.
    pub posture: Option<PostureCounts>,
    /// Changes of authorization, of switches that take them.
    pub changes: Option<ChangeCounts>,
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

/// What became of the posture reports.
#[derive(Debug, Serialize)]
pub struct PostureCounts {
    /// Devices whose first report was accepted.
    pub devices: u64,
    /// Reports that were sent, those sent again with another nonce among them.
    pub sent: u64,
    /// Reports with a verdict.
    pub accepted: u64,
    /// Reports that the server did not take.
    pub refused: u64,
    /// Reports without an answer that makes sense.
    pub unanswered: u64,
    /// Verdicts by status, as the server said them.
    pub verdicts: BTreeMap<String, u64>,
    /// Verdicts that the report did not deserve.
    pub verdicts_wrong: u64,
}

/// What became of the requests of the server (RFC 5176).
#[derive(Debug, Serialize)]
pub struct ChangeCounts {
    /// CoA-Requests that were acknowledged.
    pub acked: u64,
    /// Disconnect-Requests that were acknowledged.
    pub ended: u64,
    /// Requests for sessions that were over.
    pub not_known: u64,
    /// Requests that were not signed with the secret.
    pub forged: u64,
}

impl PostureCounts {
    fn of(tally: &ReportTally) -> Self {
        Self {
            devices: tally.devices,
            sent: tally.sent,
            accepted: tally.accepted,
            refused: tally.refused,
            unanswered: tally.unanswered,
            verdicts: tally.verdicts.clone(),
            verdicts_wrong: tally.verdicts_wrong,
        }
    }

    /// Every device that was let in has reported, and was judged as it deserves.
    fn is_right(&self, devices_in: u64) -> bool {
        self.refused + self.unanswered + self.verdicts_wrong == 0 && self.devices == devices_in
    }
}

impl ChangeCounts {
    fn of(tally: &ChangeTally) -> Self {
        Self { acked: tally.acked, ended: tally.ended, not_known: tally.not_known, forged: tally.forged }
    }

    /// A session may be over when a request for it arrives.
    fn is_right(&self) -> bool {
        self.forged == 0
    }
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
    /// From the time at which a report is due to its verdict.
    pub report: Percentiles,
    /// From the beginning of a report to the request (RFC 5176) that it brings about.
    pub change: Percentiles,
}

impl SwarmReport {
    pub(super) fn new(
        plan: &SwarmPlan,
        switches: u32,
        tally: Tally,
        beside: BesideTally,
        begun: Instant,
        measured: &Measured,
    ) -> Self {
        let answered = |status| tally.answered.get(&status).copied().unwrap_or(0);
        let logins = tally.accepts + tally.rejects;
        let posture = beside.reports.as_ref().map(PostureCounts::of);
        let changes = beside.changes.as_ref().map(ChangeCounts::of);
        let (reports, changed) = (beside.reports.unwrap_or_default(), beside.changes.unwrap_or_default());
        let mut causes = tally.causes;
        for (cause, count) in tally.exchanged.causes.into_iter().chain(reports.causes) {
            *causes.entry(cause).or_default() += count;
        }
        let wrong = tally.given_up
            + tally.keys_wrong
            + tally.granted_wrong
            + tally.left_wrong
            + tally.broken
            + tally.unanswered
            + tally.exchanged.dropped_replies;
        Self {
            all_right: wrong == 0
                && tally.devices_in == u64::from(plan.supplicants)
                && posture.as_ref().is_none_or(|posture| posture.is_right(tally.devices_in))
                && changes.as_ref().is_none_or(ChangeCounts::is_right),
            profile: plan.profile.word(),
            supplicants: plan.supplicants,
            switches,
            devices_in: tally.devices_in,
            all_in_s: tally.last_in.map_or(0.0, |last| last.saturating_duration_since(begun).as_secs_f64()),
            wall_s: measured.wall.as_secs_f64(),
            moves: tally.moves,
            readmitted: tally.readmitted,
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
            left: tally.left,
            left_wrong: tally.left_wrong,
            posture,
            changes,
            retransmits: tally.exchanged.retransmits,
            duplicate_replies: tally.exchanged.late_replies,
            lost_replies: tally.exchanged.lost_replies,
            dropped_replies: tally.exchanged.dropped_replies,
            causes,
            latency_us: SwarmLatencies {
                admission: tally.admission.percentiles(),
                round: tally.login_round.percentiles(),
                accounting: tally.accounting.percentiles(),
                report: reports.took.percentiles(),
                change: changed.after_report.percentiles(),
            },
            swarm_cpu_s: measured.own_cpu.as_secs_f64(),
            server: ServerReport::new(measured, logins),
        }
    }
}
