//! The devices of one worker, each at its time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use nac_protocol::radius::AttributeType;

use super::dynamic_authorization::PutOff;
use super::life::{Deed, Itinerary, Life, Outcome, Session};
use super::progress::Progress;
use super::reports::Reports;
use super::seats::{Place, Seats};
use super::switches::Switches;
use super::tally::{Expectation, Tally};
use crate::accounting::AccountingStatus;
use crate::authentication::{Authentication, Verdict};
use crate::reply_attributes::Grant;
use crate::traffic::arrivals::Arrivals;
use crate::traffic::crowd::{Crowd, Due, Ended, Ending, Onward};

/// Devices, when they come, and what became of them.
#[derive(Debug)]
pub(super) struct Devices<'a> {
    lives: Vec<Life>,
    arrived: usize,
    arrivals: Arrivals,
    waiting: BinaryHeap<Reverse<(Instant, usize)>>,
    next: Vec<Option<Instant>>,
    put_off: Receiver<PutOff>,
    due: Option<(Instant, usize)>,
    itinerary: Itinerary,
    around: Surroundings<'a>,
    tally: Tally,
}

/// What the devices of all workers share. `seats` are kept where switches take changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) switches: &'a Switches,
    pub(super) expectation: &'a Expectation,
    pub(super) progress: &'a Progress,
    pub(super) reports: Option<&'a Reports<'a>>,
    pub(super) seats: Option<&'a Seats>,
}

/// What a conversation is for. `life`: index of the device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    life: usize,
    purpose: Purpose,
}

#[derive(Clone, Copy, Debug)]
enum Purpose {
    Login { wanted_since: Instant },
    Report(AccountingStatus),
}

impl<'a> Devices<'a> {
    /// `lives` arrive in their order when `arrivals` says so. `put_off`: those whose switch ends their session.
    pub(super) fn new(
        lives: Vec<Life>,
        arrivals: Arrivals,
        itinerary: Itinerary,
        put_off: Receiver<PutOff>,
        around: Surroundings<'a>,
    ) -> Self {
        let waiting = BinaryHeap::with_capacity(lives.len());
        let (next, tally) = (vec![None; lives.len()], Tally::default());
        Self { lives, arrived: 0, arrivals, waiting, next, put_off, due: None, itinerary, around, tally }
    }

    pub(super) fn into_tally(self) -> Tally {
        self.tally
    }

    /// When a device that is there is due, and which. What it had in mind before it was put off is forgotten.
    fn next_waiting(&mut self, now: Instant) -> Option<(Instant, usize)> {
        while let Some(Reverse((at, index))) = self.waiting.peek().copied() {
            if self.next.get(index) == Some(&Some(at)) {
                return (at <= now).then_some((at, index));
            }
            self.waiting.pop();
        }
        None
    }

    fn wait(&mut self, index: usize, until: Instant) {
        if let Some(next) = self.next.get_mut(index) {
            *next = Some(until);
            self.waiting.push(Reverse((until, index)));
        }
    }

    /// Those who are put off act at once, or as soon as the record under way is answered.
    fn put_off(&mut self, now: Instant) {
        while let Ok(PutOff { index, login }) = self.put_off.try_recv() {
            let is_live = self.lives.get_mut(index).is_some_and(|life| life.put_off(login));
            if is_live && self.next.get(index).is_some_and(Option::is_some) {
                self.wait(index, now);
            }
        }
    }

    fn outcome(&mut self, purpose: Purpose, ended: &Ended) -> Outcome {
        match purpose {
            Purpose::Report(status) => {
                self.tally.reported(status, ended);
                Outcome::Reported
            }
            Purpose::Login { wanted_since } => {
                self.tally.login_ended(wanted_since, ended, self.around.expectation);
                match ended.ending {
                    Ending::Verdict(Verdict::Accept) => Outcome::Admitted(session(ended)),
                    _ => Outcome::Refused,
                }
            }
        }
    }
}

impl Crowd for Devices<'_> {
    type Member = Doing;

    fn due(&mut self, now: Instant, running: usize) -> Option<Due> {
        self.put_off(now);
        let arrival = self.arrivals.due(now, running).map(|at| (at, self.arrived));
        let (at, index) = arrival.into_iter().chain(self.next_waiting(now)).min()?;
        let life = self.lives.get(index)?;
        self.due = Some((at, index));
        let switches = self.around.switches;
        let route = if life.is_outside() { switches.login_route(life) } else { switches.accounting_route(life) };
        Some(Due { at, route })
    }

    fn begin(&mut self, _now: Instant) -> Option<(Doing, Authentication)> {
        let (at, index) = self.due.take()?;
        if index == self.arrived {
            self.arrived += 1;
            self.arrivals.begun();
        } else {
            self.waiting.pop();
            *self.next.get_mut(index)? = None;
        }
        let life = self.lives.get_mut(index)?;
        let (purpose, conversation) = match life.deed(at)? {
            Deed::LogIn { wanted_since } => (Purpose::Login { wanted_since }, self.around.switches.login(life)),
            Deed::Report { session, status } => {
                let lasted = at.saturating_duration_since(session.since).as_secs();
                let session_time = u32::try_from(lasted).unwrap_or(u32::MAX);
                if status == AccountingStatus::Stop {
                    self.around.leaves(life.number(), &mut self.tally);
                }
                (Purpose::Report(status), self.around.switches.report(life, &session, status, session_time))
            }
        };
        Some((Doing { life: index, purpose }, conversation))
    }

    fn next_time(&self) -> Option<Instant> {
        let arrival = self.arrivals.next_time().filter(|_| self.arrived < self.lives.len());
        arrival.into_iter().chain(self.waiting.peek().map(|Reverse((at, _))| *at)).min()
    }

    fn is_over(&self, _now: Instant) -> bool {
        self.arrived == self.lives.len() && self.waiting.is_empty()
    }

    fn answered(&mut self, _conversation: &Authentication, round_trip: Duration) -> Onward {
        self.tally.login_round.push(round_trip);
        Onward::Continue
    }

    fn ended(&mut self, doing: Doing, ended: Ended) {
        let outcome = self.outcome(doing.purpose, &ended);
        let Some(life) = self.lives.get_mut(doing.life) else { return };
        if matches!(outcome, Outcome::Admitted(_)) {
            self.around.is_in(life, &ended);
            if life.is_back() {
                self.tally.readmitted += 1;
            } else if life.visit() == 0 {
                self.tally.devices_in += 1;
                self.around.progress.one_in();
            } else {
                self.tally.moves += 1;
            }
        }
        let refused = outcome == Outcome::Refused;
        match life.ended(outcome, ended.at, &self.itinerary) {
            Some(next) => {
                self.tally.restarts += u64::from(refused);
                self.wait(doing.life, next);
            }
            None => {
                self.tally.given_up += u64::from(refused);
                self.around.progress.one_gone();
                if let Some(reports) = self.around.reports {
                    reports.left(life.number(), ended.at);
                }
            }
        }
    }
}

impl Surroundings<'_> {
    /// A device was let in: it begins to report, and its session can be changed.
    fn is_in(&self, life: &Life, ended: &Ended) {
        if let Some(seats) = self.seats {
            let place = Place { number: life.number(), login: life.login(), switch: self.switches.address_of(life) };
            seats.take(place, Grant::of(ended.conversation.reply()).vlan);
        }
        if let Some(reports) = self.reports.filter(|_| life.visit() == 0 && !life.is_back()) {
            reports.came(life.number(), ended.at);
        }
    }

    /// A device's session ends.
    fn leaves(&self, number: u32, tally: &mut Tally) {
        if let Some(vlan) = self.seats.and_then(|seats| seats.leave(number)) {
            let deserved = self.reports.map_or("healthy", |reports| reports.deserved(number));
            tally.left(deserved, vlan.as_deref(), self.expectation);
        }
    }
}

/// What an Access-Accept gave.
fn session(ended: &Ended) -> Session {
    let first = |wanted: AttributeType| {
        ended.conversation.reply().iter().find(|(ty, _)| *ty == wanted).map(|(_, value)| value.clone())
    };
    Session {
        class: first(AttributeType::CLASS),
        user_name: first(AttributeType::USER_NAME).unwrap_or_else(|| ended.conversation.user_name().to_vec()),
        since: ended.at,
    }
}
