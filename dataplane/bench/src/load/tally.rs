//! What happened, counted by one worker and added up over all.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::authentication::{Authentication, KeyCheck, Verdict};
use crate::traffic::crowd::{Ended, Ending};
use crate::traffic::percentiles::Durations;

/// Counts and durations of a phase.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) started: u64,
    pub(super) accepts: u64,
    pub(super) rejects: u64,
    pub(super) timeouts: u64,
    pub(super) broken: u64,
    pub(super) held: u64,
    pub(super) shed: u64,
    pub(super) rounds: u64,
    pub(super) keys_verified: u64,
    pub(super) keys_wrong: u64,
    pub(super) handshakes_full: u64,
    pub(super) handshakes_resumed: u64,
    pub(super) causes: BTreeMap<String, u64>,
    pub(super) authentication: Durations,
    pub(super) server: Durations,
    pub(super) round: Durations,
}

impl Tally {
    /// A conversation has ended.
    pub(super) fn ended(&mut self, ended: &Ended) {
        if let Some(round_trip) = ended.last_round {
            self.round(round_trip);
        }
        match &ended.ending {
            Ending::Verdict(verdict) => self.finished(*verdict, ended),
            Ending::Timeout => {
                self.timeouts += 1;
                self.cause(format!("timeout in round {}", ended.conversation.rounds() + 1));
            }
            Ending::Broken(error) => {
                self.broken += 1;
                self.cause(format!("broken: {error}"));
            }
            Ending::Left => self.held += 1,
        }
    }

    fn finished(&mut self, verdict: Verdict, ended: &Ended) {
        let conversation = &ended.conversation;
        match verdict {
            Verdict::Accept => self.accepts += 1,
            Verdict::Reject => {
                self.rejects += 1;
                self.cause(reject_cause(conversation));
            }
        }
        match conversation.keys() {
            KeyCheck::Match => self.keys_verified += 1,
            KeyCheck::Mismatch | KeyCheck::Missing => self.keys_wrong += 1,
            KeyCheck::NotApplicable => {}
        }
        if let Some(handshake) = conversation.handshake().filter(|handshake| handshake.keys.is_some()) {
            if handshake.resumed {
                self.handshakes_resumed += 1;
            } else {
                self.handshakes_full += 1;
            }
        }
        self.authentication.push(ended.at.saturating_duration_since(ended.due));
        self.server.push(ended.server_time);
    }

    /// A reply was verified.
    pub(super) fn round(&mut self, duration: Duration) {
        self.rounds += 1;
        self.round.push(duration);
    }

    /// Counts why something went wrong; there are few different causes.
    pub(super) fn cause(&mut self, cause: String) {
        *self.causes.entry(cause).or_default() += 1;
    }

    /// Adds another worker's.
    pub(super) fn add(&mut self, other: Self) {
        self.started += other.started;
        self.accepts += other.accepts;
        self.rejects += other.rejects;
        self.timeouts += other.timeouts;
        self.broken += other.broken;
        self.held += other.held;
        self.shed += other.shed;
        self.rounds += other.rounds;
        self.keys_verified += other.keys_verified;
        self.keys_wrong += other.keys_wrong;
        self.handshakes_full += other.handshakes_full;
        self.handshakes_resumed += other.handshakes_resumed;
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
        self.authentication.append(other.authentication);
        self.server.append(other.server);
        self.round.append(other.round);
    }
}

/// What a reject is counted as.
pub(crate) fn reject_cause(conversation: &Authentication) -> String {
    match conversation.handshake().and_then(|handshake| handshake.alert.as_ref()) {
        Some(alert) => format!("reject: {:?} {}", alert.direction, alert.description),
        None => "reject".to_owned(),
    }
}
