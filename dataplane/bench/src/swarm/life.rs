//! The life of one device, without sockets or clocks: what it does next, and when.

use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;

use super::{Profile, SwarmPlan};
use crate::accounting::{AccountingStatus, TerminateCause};
use crate::supplicant::with_session_store;

/// What every device has in mind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Itinerary {
    stay: Duration,
    interim: Duration,
    moves: u32,
    restart_after: Duration,
    attempts: u32,
}

/// What the network gave a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// Class of the Access-Accept.
    pub(super) class: Option<Vec<u8>>,
    /// User-Name of the Access-Accept, else the one that was sent.
    pub(super) user_name: Vec<u8>,
    /// When it began.
    pub(super) since: Instant,
}

/// What a device does, or its switch for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It logs in; `wanted_since`: the first time that it tried at this port.
    LogIn { wanted_since: Instant },
    /// Its switch reports.
    Report { session: Session, status: AccountingStatus },
}

/// How a deed ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Access-Accept.
    Admitted(Session),
    /// Reject, silence or nonsense.
    Refused,
    /// The record was answered or given up: a switch goes on in both cases.
    Reported,
}

/// One device. [`Life::deed`] says what it does when its time has come, [`Life::ended`] when the next time comes.
#[derive(Debug)]
pub(super) struct Life {
    number: u32,
    visit: u32,
    login: u32,
    until: Option<Instant>,
    is_put_off: bool,
    tls: Arc<ClientConfig>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Without access. `since`: when it first tried; `refusals`: how often in vain.
    Outside { since: Option<Instant>, refusals: u32 },
    /// Has access; its switch has not reported it.
    Admitted(Session),
    /// Its switch has; it leaves at `until`, or when it is put off.
    Online { session: Session, until: Instant },
    /// Its switch reports the end.
    Leaving,
    /// It does nothing any more.
    Gone,
}

const ARRIVING: State = State::Outside { since: None, refusals: 0 };

impl Itinerary {
    pub(super) fn of(plan: &SwarmPlan) -> Self {
        Self {
            stay: plan.stay,
            interim: plan.interim,
            moves: if plan.profile == Profile::Roaming { plan.moves } else { 0 },
            restart_after: plan.restart_after,
            attempts: plan.attempts.max(1),
        }
    }
}

impl Life {
    /// Device `number`, with a certificate, and a memory for tickets of its own.
    pub(super) fn new(number: u32, certificate: &ClientConfig) -> Self {
        Self {
            number,
            visit: 0,
            login: 0,
            until: None,
            is_put_off: false,
            tls: Arc::new(with_session_store(certificate)),
            state: ARRIVING,
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// How often it has moved.
    pub(super) fn visit(&self) -> u32 {
        self.visit
    }

    /// How often it has tried to log in.
    pub(super) fn login(&self) -> u32 {
        self.login
    }

    /// Whether it had access at this port before, and was put off.
    pub(super) fn is_back(&self) -> bool {
        self.until.is_some()
    }

    /// Why its session ends.
    pub(super) fn terminate_cause(&self) -> TerminateCause {
        if self.is_put_off { TerminateCause::AdminReset } else { TerminateCause::LostCarrier }
    }

    /// Its switch ends the session of a login (RFC 5176); false when that session ends already. Its next deed is the
    /// end, then it logs in again for as long as it would have stayed.
    pub(super) fn put_off(&mut self, login: u32) -> bool {
        let is_live = matches!(self.state, State::Admitted(_) | State::Online { .. }) && login == self.login;
        self.is_put_off |= is_live;
        is_live
    }

    pub(super) fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// Whether its next deed is a login.
    pub(super) fn is_outside(&self) -> bool {
        matches!(self.state, State::Outside { .. })
    }

    /// What it does at `due`; None when it does nothing any more.
    pub(super) fn deed(&mut self, due: Instant) -> Option<Deed> {
        let (state, deed) = match mem::replace(&mut self.state, State::Gone) {
            State::Outside { since, refusals } => {
                self.login += 1;
                let wanted_since = since.unwrap_or(due);
                (State::Outside { since: Some(wanted_since), refusals }, Deed::LogIn { wanted_since })
            }
            State::Admitted(session) => {
                (State::Admitted(session.clone()), Deed::Report { session, status: AccountingStatus::Start })
            }
            State::Online { session, until } if due >= until || self.is_put_off => {
                (State::Leaving, Deed::Report { session, status: AccountingStatus::Stop })
            }
            State::Online { session, until } => (
                State::Online { session: session.clone(), until },
                Deed::Report { session, status: AccountingStatus::InterimUpdate },
            ),
            State::Leaving | State::Gone => return None,
        };
        self.state = state;
        Some(deed)
    }

    /// Its deed ended `now`; when it does the next thing, None when nothing follows.
    pub(super) fn ended(&mut self, outcome: Outcome, now: Instant, itinerary: &Itinerary) -> Option<Instant> {
        let (state, next) = match (mem::replace(&mut self.state, State::Gone), outcome) {
            (State::Outside { .. }, Outcome::Admitted(session)) => (State::Admitted(session), Some(now)),
            (State::Outside { since, refusals }, _) if refusals + 1 < itinerary.attempts => {
                (State::Outside { since, refusals: refusals + 1 }, Some(now + itinerary.restart_after))
            }
            (State::Admitted(session), _) => {
                let until = *self.until.get_or_insert(session.since + itinerary.stay);
                (State::Online { session, until }, Some(self.next_record(until, now, itinerary)))
            }
            (State::Online { session, until }, _) => {
                (State::Online { session, until }, Some(self.next_record(until, now, itinerary)))
            }
            (State::Leaving, _) if mem::take(&mut self.is_put_off) && self.until.is_some_and(|until| now < until) => {
                (ARRIVING, Some(now))
            }
            (State::Leaving, _) if self.visit < itinerary.moves => {
                self.visit += 1;
                self.until = None;
                (ARRIVING, Some(now))
            }
            (State::Outside { .. } | State::Leaving | State::Gone, _) => (State::Gone, None),
        };
        self.state = state;
        next
    }

    fn next_record(&self, until: Instant, now: Instant, itinerary: &Itinerary) -> Instant {
        if self.is_put_off { now } else { until.min(now + itinerary.interim) }
    }
}

#[cfg(test)]
mod tests;
