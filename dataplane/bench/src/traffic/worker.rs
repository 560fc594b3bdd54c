//! One thread of traffic: a loop over beginnings, replies and retransmissions on its own sockets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nac_protocol::radius::{MAX_PACKET_LENGTH, Packet, verify_response};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::TrafficError;
use super::channel::Slot;
use super::crowd::{Crowd, Due, Ended, Ending, Onward};
use super::sockets::{Place, Route, Sockets};
use crate::authentication::{Authentication, Progress, ReplyError, RequestAuthenticator, ServerTrust};
use crate::exchange::{Retransmission, random_authenticator};

/// The loop looks at its clock at least this often.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// What went over a worker's sockets beside the replies that were taken.
#[derive(Debug, Default)]
pub(crate) struct Exchanged {
    /// Requests sent again.
    pub(crate) retransmits: u64,
    /// Replies that nobody waited for any more: the second answer to a request sent twice.
    pub(crate) late_replies: u64,
    /// Replies that [`Loss`] took.
    pub(crate) lost_replies: u64,
    /// Replies that could not be believed.
    pub(crate) dropped_replies: u64,
    /// Why they could not.
    pub(crate) causes: BTreeMap<String, u64>,
}

impl Exchanged {
    /// Adds another worker's.
    pub(crate) fn add(&mut self, other: Self) {
        self.retransmits += other.retransmits;
        self.late_replies += other.late_replies;
        self.lost_replies += other.lost_replies;
        self.dropped_replies += other.dropped_replies;
        for (cause, count) in other.causes {
            *self.causes.entry(cause).or_default() += count;
        }
    }
}

/// One thread's sockets, kept over the phases of a run.
#[derive(Debug)]
pub(crate) struct Worker {
    sockets: Sockets,
    trust: ServerTrust,
    retransmission: Retransmission,
    loss: Loss,
    awake: bool,
}

/// Replies that are lost on their way, every so many of those to requests that were sent once: what is sent again is
/// answered, so that losses alone make no login fail.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loss {
    every: Option<NonZeroU64>,
    arrived: u64,
}

impl Loss {
    /// Every `every`-th reply is lost; None loses none.
    pub(crate) fn every(every: Option<NonZeroU64>) -> Self {
        Self { every, arrived: 0 }
    }

    /// Whether the reply that has arrived is lost.
    fn takes(&mut self) -> bool {
        self.arrived += 1;
        self.every.is_some_and(|every| self.arrived.is_multiple_of(every.get()))
    }
}

impl Worker {
    /// A worker with `sockets` sockets for each route.
    pub(crate) fn new(
        routes: &[Route],
        sockets: usize,
        trust: &ServerTrust,
        retransmission: Retransmission,
        loss: Loss,
    ) -> io::Result<Self> {
        Ok(Self { sockets: Sockets::open(routes, sockets)?, trust: trust.clone(), retransmission, loss, awake: false })
    }

    /// `awake`: it looks for replies without ever sleeping, so that no server on this machine has to wake it.
    pub(crate) fn awake(self, awake: bool) -> Self {
        Self { awake, ..self }
    }

    /// Runs one phase until the crowd's last conversation has ended.
    pub(crate) fn run<C: Crowd>(&mut self, crowd: &mut C) -> Result<Exchanged, TrafficError> {
        let mut phase = Phase {
            worker: self,
            crowd,
            running: Vec::new(),
            vacant: Vec::new(),
            timers: BinaryHeap::new(),
            transmissions: 0,
            exchanged: Exchanged::default(),
        };
        phase.run()?;
        Ok(phase.exchanged)
    }
}

/// A worker and a crowd at work.
struct Phase<'a, C: Crowd> {
    worker: &'a mut Worker,
    crowd: &'a mut C,
    running: Vec<Option<Running<C::Member>>>,
    vacant: Vec<usize>,
    timers: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    transmissions: u64,
    exchanged: Exchanged,
}

/// One conversation between its request and the reply.
struct Running<M> {
    member: M,
    conversation: Authentication,
    due: Instant,
    server_time: Duration,
    outstanding: Outstanding,
}

/// The request that waits for its reply.
struct Outstanding {
    place: Place,
    authenticator: RequestAuthenticator,
    packet: Vec<u8>,
    transmissions: u32,
    timer: u64,
    first_sent: Duration,
}

impl<C: Crowd> Phase<'_, C> {
    fn run(&mut self) -> Result<(), TrafficError> {
        let mut buffer = vec![0; MAX_PACKET_LENGTH];
        loop {
            let blocked = self.begin_due()?;
            let now = Instant::now();
            self.retransmit_due(now)?;
            if self.count_running() == 0 && self.crowd.is_over(now) {
                return Ok(());
            }
            let next_beginning = self.crowd.next_time().filter(|_| !blocked && !self.crowd.is_over(now));
            self.wait(now, next_beginning)?;
            self.receive_all(&mut buffer)?;
        }
    }

    fn count_running(&self) -> usize {
        self.running.len() - self.vacant.len()
    }

    /// Begins what is due; true when something is due but nobody, or no identifier, is free.
    fn begin_due(&mut self) -> Result<bool, TrafficError> {
        loop {
            let now = Instant::now();
            let Some(due) = self.crowd.due(now, self.count_running()) else {
                return Ok(false);
            };
            if !self.begin(due, now)? {
                return Ok(true);
            }
        }
    }

    fn begin(&mut self, due: Due, now: Instant) -> Result<bool, TrafficError> {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        let Some(place) = self.worker.sockets.claim(due.route, Slot(index))? else {
            self.vacant.push(index);
            return Ok(false);
        };
        let Some((member, conversation)) = self.crowd.begin(now) else {
            self.worker.sockets.abandon(place);
            self.vacant.push(index);
            return Ok(false);
        };
        let outstanding = self.send_first(index, &conversation, place)?;
        let running = Running { member, conversation, due: due.at, server_time: Duration::ZERO, outstanding };
        self.keep(index, running);
        Ok(true)
    }

    fn keep(&mut self, index: usize, running: Running<C::Member>) {
        if let Some(slot) = self.running.get_mut(index) {
            *slot = Some(running);
        }
    }

    fn send_first(
        &mut self,
        index: usize,
        conversation: &Authentication,
        place: Place,
    ) -> Result<Outstanding, TrafficError> {
        let authenticator = random_authenticator()?;
        let packet = conversation
            .request(place.identifier, authenticator, &self.worker.trust.secret)
            .map_err(|error| TrafficError::Request(error.to_string()))?;
        // An Accounting-Request's is made of the packet (RFC 2866 3).
        let authenticator = packet.get(4..20).and_then(|octets| octets.try_into().ok()).unwrap_or(authenticator);
        let timer = self.arm(index, 1);
        let first_sent = wall_clock();
        self.worker.sockets.send(place, &packet)?;
        Ok(Outstanding { place, authenticator, packet, transmissions: 1, timer, first_sent })
    }

    fn arm(&mut self, index: usize, transmission: u32) -> u64 {
        self.transmissions += 1;
        let at = Instant::now() + self.worker.retransmission.patience(transmission);
        self.timers.push(Reverse((at, index, self.transmissions)));
        self.transmissions
    }

    fn retransmit_due(&mut self, now: Instant) -> Result<(), TrafficError> {
        while let Some(Reverse((at, index, timer))) = self.timers.peek().copied() {
            let live = self
                .running
                .get(index)
                .and_then(Option::as_ref)
                .is_some_and(|running| running.outstanding.timer == timer);
            if live && at > now {
                break;
            }
            self.timers.pop();
            if live {
                self.retransmit(index)?;
            }
        }
        Ok(())
    }

    fn retransmit(&mut self, index: usize) -> Result<(), TrafficError> {
        let Some(mut running) = self.running.get_mut(index).and_then(Option::take) else {
            return Ok(());
        };
        if running.outstanding.transmissions >= self.worker.retransmission.transmissions {
            self.end(index, running, Ending::Timeout, None);
            return Ok(());
        }
        self.exchanged.retransmits += 1;
        running.outstanding.transmissions += 1;
        running.outstanding.timer = self.arm(index, running.outstanding.transmissions);
        self.worker.sockets.send(running.outstanding.place, &running.outstanding.packet)?;
        self.keep(index, running);
        Ok(())
    }

    /// Sleeps until a reply, the next timer or the next beginning; not at all when it is to stay awake.
    fn wait(&self, now: Instant, next_beginning: Option<Instant>) -> io::Result<()> {
        let next_timer = self.timers.peek().map(|Reverse((at, _, _))| *at);
        let wake = next_timer.into_iter().chain(next_beginning).min();
        let timeout = wake.map_or(LONGEST_SLEEP, |wake| wake.saturating_duration_since(now));
        let longest = if self.worker.awake { Duration::ZERO } else { LONGEST_SLEEP };
        let timeout = TimeSpec::from_duration(timeout.min(longest));
        let mut descriptors: Vec<PollFd<'_>> =
            self.worker.sockets.descriptors().map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)).collect();
        match ppoll(&mut descriptors, Some(timeout), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn receive_all(&mut self, buffer: &mut [u8]) -> Result<(), TrafficError> {
        for channel in 0..self.worker.sockets.count() {
            while let Some(arrived) = self.worker.sockets.receive(channel, buffer)? {
                let datagram = buffer.get(..arrived.length).unwrap_or_default();
                self.receive(channel, datagram, arrived.at.unwrap_or_else(wall_clock))?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, channel: usize, datagram: &[u8], at: Duration) -> Result<(), TrafficError> {
        let slot = datagram.get(1).and_then(|identifier| self.worker.sockets.waiting(channel, *identifier));
        let taken = slot.and_then(|slot| Some((slot.0, self.running.get_mut(slot.0)?.take()?)));
        let Some((index, mut running)) = taken else {
            self.not_taken(channel, datagram, "nobody waits for it");
            return Ok(());
        };
        if running.outstanding.transmissions == 1 && self.worker.loss.takes() {
            self.exchanged.lost_replies += 1;
            self.keep(index, running);
            return Ok(());
        }
        let authenticator = running.outstanding.authenticator;
        let progress = running.conversation.receive(datagram, &authenticator, &self.worker.trust);
        if let Err(ReplyError::Dropped(dropped)) = progress {
            self.not_taken(channel, datagram, dropped);
            self.keep(index, running);
            return Ok(());
        }
        let round_trip = at.saturating_sub(running.outstanding.first_sent);
        running.server_time += round_trip;
        match progress {
            Ok(Progress::Finished(verdict)) => self.end(index, running, Ending::Verdict(verdict), Some(round_trip)),
            Ok(Progress::Continue) if self.crowd.answered(&running.conversation, round_trip) == Onward::Leave => {
                self.end(index, running, Ending::Left, None);
            }
            Ok(Progress::Continue) => self.next_request(index, running)?,
            Err(ReplyError::Broken(error)) => self.end(index, running, Ending::Broken(error), Some(round_trip)),
            Err(ReplyError::Dropped(_)) => {}
        }
        Ok(())
    }

    /// A second answer to an earlier request, or a reply that cannot be believed because of `why`.
    fn not_taken(&mut self, channel: usize, datagram: &[u8], why: impl fmt::Display) {
        let is_late = Packet::parse(datagram).is_ok_and(|packet| {
            let mut before = self.worker.sockets.answered(channel, packet.identifier());
            before.any(|authenticator| verify_response(&packet, authenticator, &self.worker.trust.secret).is_ok())
        });
        if is_late {
            self.exchanged.late_replies += 1;
        } else {
            self.exchanged.dropped_replies += 1;
            *self.exchanged.causes.entry(format!("dropped reply: {why}")).or_default() += 1;
        }
    }

    fn next_request(&mut self, index: usize, mut running: Running<C::Member>) -> Result<(), TrafficError> {
        let place = running.outstanding.place;
        // The old identifier is given back after the new one is taken, so a late duplicate cannot meet the new request.
        let fresh = self.worker.sockets.claim_beside(place, Slot(index));
        if fresh.is_some() {
            self.worker.sockets.release(place, running.outstanding.authenticator);
        }
        running.outstanding = self.send_first(index, &running.conversation, fresh.unwrap_or(place))?;
        self.keep(index, running);
        Ok(())
    }

    fn end(&mut self, index: usize, running: Running<C::Member>, ending: Ending, last_round: Option<Duration>) {
        self.worker.sockets.release(running.outstanding.place, running.outstanding.authenticator);
        self.vacant.push(index);
        let Running { member, conversation, due, server_time, .. } = running;
        let ended = Ended { conversation, ending, due, at: Instant::now(), server_time, last_round };
        self.crowd.ended(member, ended);
    }
}

/// The kernel stamps datagrams with the wall clock, so round trips are taken on it.
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
