//! What happened, counted by one worker and added up over all.

use std::collections::BTreeMap;
use std::time::Duration;

use super::percentiles::Durations;
use crate::authentication::{Authentication, KeyCheck, Verdict};

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
    pub(super) retransmits: u64,
    pub(super) dropped_replies: u64,
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
    /// A conversation came to a verdict. `authentication`: since it was due; `server`: its round trips added up.
    pub(super) fn finished(
        &mut self,
        verdict: Verdict,
        conversation: &Authentication,
        authentication: Duration,
        server: Duration,
    ) {
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
        self.authentication.push(authentication);
        self.server.push(server);
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
        self.retransmits += other.retransmits;
        self.dropped_replies += other.dropped_replies;
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

fn reject_cause(conversation: &Authentication) -> String {
    match conversation.handshake().and_then(|handshake| handshake.alert.as_ref()) {
        Some(alert) => format!("reject: {:?} {}", alert.direction, alert.description),
        None => "reject".to_owned(),
    }
}
