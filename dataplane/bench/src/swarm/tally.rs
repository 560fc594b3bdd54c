//! What became of the devices, counted by one worker and added up over all.

use std::collections::BTreeMap;
use std::time::Instant;

use super::errands::Errands;
use crate::accounting::AccountingStatus;
use crate::authentication::{KeyCheck, Verdict};
use crate::load::tally::reject_cause;
use crate::reply_attributes::Grant;
use crate::traffic::crowd::{Ended, Ending};
use crate::traffic::percentiles::Durations;
use crate::traffic::worker::Exchanged;

/// What an Access-Accept must grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Whatever it does.
    Anything,
    /// One of these VLANs, each with the name of its segment.
    Segments(BTreeMap<String, String>),
}

impl Expectation {
    /// What a grant is counted as, and whether it is right.
    fn judge(&self, vlan: Option<&str>) -> (String, bool) {
        let word = vlan.map_or_else(|| "no VLAN".to_owned(), |vlan| format!("VLAN {vlan}"));
        match self {
            Self::Anything => (word, true),
            Self::Segments(segments) => match vlan.and_then(|vlan| segments.get(vlan)) {
                Some(segment) => (segment.clone(), true),
                None => (word, false),
            },
        }
    }
}

/// Counts and durations.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) devices_in: u64,
    pub(super) moves: u64,
    pub(super) readmitted: u64,
    pub(super) restarts: u64,
    pub(super) given_up: u64,
    pub(super) accepts: u64,
    pub(super) rejects: u64,
    pub(super) timeouts: u64,
    pub(super) broken: u64,
    pub(super) keys_verified: u64,
    pub(super) keys_wrong: u64,
    pub(super) handshakes_full: u64,
    pub(super) handshakes_resumed: u64,
    pub(super) granted: BTreeMap<String, u64>,
    pub(super) granted_wrong: u64,
    pub(super) left: BTreeMap<&'static str, BTreeMap<String, u64>>,
    pub(super) left_wrong: u64,
    pub(super) last_in: Option<Instant>,
    pub(super) answered: BTreeMap<AccountingStatus, u64>,
    pub(super) unanswered: u64,
    pub(super) causes: BTreeMap<String, u64>,
    pub(super) exchanged: Exchanged,
    pub(super) admission: Durations,
    pub(super) login_round: Durations,
    pub(super) accounting: Durations,
}

impl Tally {
    /// A login has ended. `wanted_since`: when the device first tried at this port.
    pub(super) fn login_ended(&mut self, wanted_since: Instant, ended: &Ended, expectation: &Expectation) {
        if let Some(round_trip) = ended.last_round {
            self.login_round.push(round_trip);
        }
        match &ended.ending {
            Ending::Verdict(Verdict::Accept) => self.accepted(wanted_since, ended, expectation),
            Ending::Verdict(Verdict::Reject) => {
                self.rejects += 1;
                self.cause(reject_cause(&ended.conversation));
            }
            Ending::Timeout => {
                self.timeouts += 1;
                self.cause(format!("timeout in round {}", ended.conversation.rounds() + 1));
            }
            Ending::Broken(error) => {
                self.broken += 1;
                self.cause(format!("broken: {error}"));
            }
            Ending::Left => {}
        }
        if let Some(handshake) = ended.conversation.handshake().filter(|handshake| handshake.keys.is_some()) {
            if handshake.resumed {
                self.handshakes_resumed += 1;
            } else {
                self.handshakes_full += 1;
            }
        }
    }

    fn accepted(&mut self, wanted_since: Instant, ended: &Ended, expectation: &Expectation) {
        self.accepts += 1;
        match ended.conversation.keys() {
            KeyCheck::Match => self.keys_verified += 1,
            KeyCheck::Mismatch | KeyCheck::Missing | KeyCheck::NotApplicable => self.keys_wrong += 1,
        }
        let (granted, right) = expectation.judge(Grant::of(ended.conversation.reply()).vlan.as_deref());
        *self.granted.entry(granted).or_default() += 1;
        self.granted_wrong += u64::from(!right);
        self.last_in = self.last_in.max(Some(ended.at));
        self.admission.push(ended.at.saturating_duration_since(wanted_since));
    }

    /// A record was answered or given up.
    pub(super) fn reported(&mut self, status: AccountingStatus, ended: &Ended) {
        if matches!(ended.ending, Ending::Verdict(_)) {
            *self.answered.entry(status).or_default() += 1;
            self.accounting.push(ended.server_time);
        } else {
            self.unanswered += 1;
            self.cause("accounting unanswered".to_owned());
        }
    }

    /// A session ends in the VLAN that was in force last. `deserved`: how the server must judge the device.
    pub(super) fn left(&mut self, deserved: &'static str, vlan: Option<&str>, expectation: &Expectation) {
        let (segment, right) = expectation.judge(vlan);
        *self.left.entry(deserved).or_default().entry(segment).or_default() += 1;
        self.left_wrong += u64::from(!right);
    }

    /// The switches have announced themselves.
    pub(super) fn announced(&mut self, errands: Errands) {
        *self.answered.entry(AccountingStatus::On).or_default() += errands.done;
        self.unanswered += errands.failed;
        self.accounting.append(errands.round_trips);
    }

    fn cause(&mut self, cause: String) {
        *self.causes.entry(cause).or_default() += 1;
    }

    /// Adds another worker's.
    pub(super) fn add(&mut self, other: Self) {
        self.devices_in += other.devices_in;
        self.moves += other.moves;
        self.readmitted += other.readmitted;
        self.restarts += other.restarts;
        self.given_up += other.given_up;
        self.accepts += other.accepts;
        self.rejects += other.rejects;
        self.timeouts += other.timeouts;
        self.broken += other.broken;
        self.keys_verified += other.keys_verified;
        self.keys_wrong += other.keys_wrong;
        self.handshakes_full += other.handshakes_full;
        self.handshakes_resumed += other.handshakes_resumed;
        self.granted_wrong += other.granted_wrong;
        self.left_wrong += other.left_wrong;
        self.unanswered += other.unanswered;
        self.last_in = self.last_in.max(other.last_in);
        for (granted, count) in other.granted {
            *self.granted.entry(granted).or_default() += count;
        }
        for (deserved, segments) in other.left {
            let sums = self.left.entry(deserved).or_default();
            for (segment, count) in segments {
                *sums.entry(segment).or_default() += count;
            }
        }
        for (status, count) in other.answered {
            *self.answered.entry(status).or_default() += count;
        }
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
        self.exchanged.add(other.exchanged);
        self.admission.append(other.admission);
        self.login_round.append(other.login_round);
        self.accounting.append(other.accounting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_vlans_of_the_segments_are_right() {
        let segments = Expectation::Segments(BTreeMap::from([("120".to_owned(), "ml".to_owned())]));
        assert_eq!(segments.judge(Some("120")), ("ml".to_owned(), true));
        assert_eq!(segments.judge(Some("130")), ("VLAN 130".to_owned(), false));
        assert_eq!(segments.judge(None), ("no VLAN".to_owned(), false));
        assert_eq!(Expectation::Anything.judge(None), ("no VLAN".to_owned(), true));
    }
}
