//! The posture reports of the devices that are there: who is due, and threads that hand them in, apart from the logins.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::seats::Seats;
use crate::posture::{Agent, Condition, Desk, Identity, ReportError, Verdict};
use crate::traffic::percentiles::Durations;

/// Reports of the devices.
#[derive(Clone, Debug)]
pub struct PosturePlan {
    /// Where they are handed in.
    pub desk: Desk,
    /// Whom they are for.
    pub audience: Arc<str>,
    /// A device's own, by its number: one certificate on two devices would be a stolen one.
    pub identities: Vec<Arc<Identity>>,
    /// Time between a verdict and the next report.
    pub every: Duration,
    /// Share of the devices, 0 to 1, whose firewall is off.
    pub unhealthy: f64,
    /// Threads that report.
    pub threads: usize,
}

impl PosturePlan {
    /// How device `number` is: those that are not sound are spread evenly.
    pub(super) fn condition(&self, number: u32) -> Condition {
        let before = |number: f64| (number * self.unhealthy).floor();
        let number = f64::from(number);
        if before(number + 1.0) > before(number) { Condition::FirewallOff } else { Condition::Sound }
    }
}

/// What the server must say of a device.
pub(super) fn deserved(condition: Condition) -> &'static str {
    match condition {
        Condition::Sound => "healthy",
        Condition::FirewallOff => "unhealthy",
    }
}

/// All agents, and when each is due.
#[derive(Debug)]
pub(super) struct Reports<'a> {
    plan: &'a PosturePlan,
    agents: Vec<Mutex<Agent>>,
    seats: &'a Seats,
    agenda: Mutex<Agenda>,
    changed: Condvar,
}

/// Reports that are due, and when devices left. A device is at most once in it. `watched`: the time that one thread
/// waits for, so that not all wake for each report.
#[derive(Debug, Default)]
struct Agenda {
    due: BinaryHeap<Reverse<(Instant, u32)>>,
    left: BTreeMap<u32, Instant>,
    watched: Option<Instant>,
    is_closed: bool,
}

/// What a thread does next.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Report(Instant, u32),
    WaitUntil(Instant),
    Wait,
    End,
}

/// Counts and durations.
#[derive(Debug, Default)]
pub(super) struct ReportTally {
    pub(super) devices: u64,
    pub(super) sent: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) unanswered: u64,
    pub(super) verdicts: BTreeMap<String, u64>,
    pub(super) verdicts_wrong: u64,
    pub(super) causes: BTreeMap<String, u64>,
    pub(super) took: Durations,
}

impl<'a> Reports<'a> {
    pub(super) fn new(plan: &'a PosturePlan, seats: &'a Seats) -> Self {
        let agent = |identity| Mutex::new(Agent::new(Arc::clone(identity), Arc::clone(&plan.audience)));
        let agents = plan.identities.iter().map(agent).collect();
        Self { plan, agents, seats, agenda: Mutex::default(), changed: Condvar::new() }
    }

    /// How many threads call [`Reports::serve`].
    pub(super) fn threads(&self) -> usize {
        self.plan.threads.max(1)
    }

    /// What the server must say of device `number`.
    pub(super) fn deserved(&self, number: u32) -> &'static str {
        deserved(self.plan.condition(number))
    }

    /// Device `number` is in: its first report is due at once.
    pub(super) fn came(&self, number: u32, now: Instant) {
        self.agenda().due.push(Reverse((now, number)));
        self.changed.notify_one();
    }

    /// Device `number` has gone; what was due before is still reported.
    pub(super) fn left(&self, number: u32, now: Instant) {
        self.agenda().left.insert(number, now);
    }

    /// All have gone.
    pub(super) fn close(&self) {
        self.agenda().is_closed = true;
        self.changed.notify_all();
    }

    /// Hands in reports when they are due, until all devices have gone. For each of [`PosturePlan::threads`].
    pub(super) fn serve(&self) -> ReportTally {
        let mut tally = ReportTally::default();
        while let Some((due, number)) = self.next() {
            self.report(number, due, &mut tally);
            self.agenda().due.push(Reverse((Instant::now() + self.plan.every, number)));
        }
        tally
    }

    fn next(&self) -> Option<(Instant, u32)> {
        let mut agenda = self.agenda();
        loop {
            let now = Instant::now();
            agenda = match agenda.step(now) {
                Step::Report(due, number) => {
                    // Somebody else watches for the next one.
                    self.changed.notify_one();
                    return Some((due, number));
                }
                Step::End => return None,
                Step::WaitUntil(due) if agenda.watched.is_none_or(|watched| due < watched) => {
                    agenda.watched = Some(due);
                    let waited = self.changed.wait_timeout(agenda, due.saturating_duration_since(now));
                    let mut agenda = waited.unwrap_or_else(PoisonError::into_inner).0;
                    agenda.watched = None;
                    agenda
                }
                Step::Wait | Step::WaitUntil(_) => self.changed.wait(agenda).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn report(&self, number: u32, due: Instant, tally: &mut ReportTally) {
        let Some(agent) = usize::try_from(number).ok().and_then(|index| self.agents.get(index)) else { return };
        let mut agent = agent.lock().unwrap_or_else(PoisonError::into_inner);
        let (condition, before) = (self.plan.condition(number), agent.signed());
        self.seats.reporting(number, Instant::now());
        let answer = agent.report(&self.plan.desk, condition);
        tally.sent += agent.signed() - before;
        tally.devices += u64::from(before == 0 && answer.is_ok());
        tally.count(&answer, condition, due.elapsed());
    }

    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Agenda {
    fn step(&mut self, now: Instant) -> Step {
        while let Some(Reverse((due, number))) = self.due.peek().copied() {
            let is_there = self.left.get(&number).map_or(!self.is_closed || due <= now, |left| due <= *left);
            if is_there && due > now {
                return Step::WaitUntil(due);
            }
            self.due.pop();
            if is_there {
                return Step::Report(due, number);
            }
        }
        if self.is_closed { Step::End } else { Step::Wait }
    }
}

impl ReportTally {
    fn count(&mut self, answer: &Result<Verdict, ReportError>, condition: Condition, took: Duration) {
        match answer {
            Ok(verdict) => {
                self.accepted += 1;
                self.took.push(took);
                *self.verdicts.entry(verdict.status.clone()).or_default() += 1;
                if verdict.status != deserved(condition) {
                    self.verdicts_wrong += 1;
                    self.cause(format!("report: judged {}, not {}", verdict.status, deserved(condition)));
                }
            }
            Err(error) => {
                let is_refused = matches!(error, ReportError::Refused(_));
                self.refused += u64::from(is_refused);
                self.unanswered += u64::from(!is_refused);
                self.cause(format!("report: {error}"));
            }
        }
    }

    fn cause(&mut self, cause: String) {
        *self.causes.entry(cause).or_default() += 1;
    }

    /// Adds another thread's.
    pub(super) fn add(&mut self, other: Self) {
        self.devices += other.devices;
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.verdicts_wrong += other.verdicts_wrong;
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
        self.took.append(other.took);
    }
}

#[cfg(test)]
mod tests;
