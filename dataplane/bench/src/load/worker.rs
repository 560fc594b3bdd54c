//! One thread of the load: a loop over arrivals, replies and retransmissions on its own sockets.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nac_protocol::radius::MAX_PACKET_LENGTH;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use super::arrivals::Arrivals;
use super::channel::{Channel, Slot};
use super::devices::{Device, Devices};
use super::tally::Tally;
use super::{LoadError, LoadPlan};
use crate::authentication::{Authentication, Progress, ReplyError, RequestAuthenticator, ServerTrust, Verdict};
use crate::exchange::{Retransmission, random_authenticator};

/// Most sockets of one worker: 256 conversations each.
const MAX_CHANNELS: usize = 64;

/// An open-loop arrival that could not begin for this long is given up and counted as shed.
const MAX_WAIT_TO_BEGIN: Duration = Duration::from_secs(5);

/// The loop looks at its clock at least this often.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// One thread's state, kept over the phases of a run so that devices keep their tickets.
#[derive(Debug)]
pub(super) struct Worker {
    server: SocketAddr,
    trust: ServerTrust,
    retransmission: Retransmission,
    devices: Devices,
    channels: Vec<Channel>,
    running: Vec<Option<Running>>,
    vacant: Vec<usize>,
    timers: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    transmissions: u64,
    next_channel: usize,
}

/// One conversation between its request and the reply.
#[derive(Debug)]
struct Running {
    authentication: Authentication,
    device: Device,
    due: Instant,
    server_time: Duration,
    outstanding: Outstanding,
}

/// The request that waits for its reply.
#[derive(Debug)]
struct Outstanding {
    channel: usize,
    identifier: u8,
    authenticator: RequestAuthenticator,
    packet: Vec<u8>,
    transmissions: u32,
    timer: u64,
    first_sent: Duration,
}

impl Worker {
    pub(super) fn new(plan: &LoadPlan, devices: Devices) -> io::Result<Self> {
        let sockets = plan.sockets.div_ceil(plan.threads.max(1)).clamp(1, MAX_CHANNELS);
        Ok(Self {
            server: plan.server,
            trust: plan.trust.clone(),
            retransmission: plan.retransmission,
            devices,
            channels: (0..sockets).map(|_| Channel::open(plan.server)).collect::<Result<_, _>>()?,
            running: Vec::new(),
            vacant: Vec::new(),
            timers: BinaryHeap::new(),
            transmissions: 0,
            next_channel: 0,
        })
    }

    pub(super) fn devices(&self) -> &Devices {
        &self.devices
    }

    /// Runs one phase until the last conversation has ended.
    pub(super) fn run(&mut self, mut arrivals: Arrivals) -> Result<Tally, LoadError> {
        let mut tally = Tally::default();
        let mut buffer = vec![0; MAX_PACKET_LENGTH];
        loop {
            let blocked = self.begin_due(&mut arrivals, &mut tally)?;
            let now = Instant::now();
            self.retransmit_due(now, &mut tally)?;
            if self.running() == 0 && arrivals.is_over(now) {
                return Ok(tally);
            }
            let next_arrival = arrivals.next_time().filter(|_| !blocked && !arrivals.is_over(now));
            self.wait(now, next_arrival)?;
            self.receive_all(&mut buffer, &mut tally)?;
        }
    }

    fn running(&self) -> usize {
        self.running.len() - self.vacant.len()
    }

    /// Begins what is due; true when something is due but no device or identifier is free.
    fn begin_due(&mut self, arrivals: &mut Arrivals, tally: &mut Tally) -> Result<bool, LoadError> {
        loop {
            let now = Instant::now();
            let Some(due) = arrivals.due(now, self.running()) else {
                return Ok(false);
            };
            if now.duration_since(due) > MAX_WAIT_TO_BEGIN {
                tally.shed += 1;
            } else if !self.begin(due, tally)? {
                return Ok(true);
            }
            arrivals.begun();
        }
    }

    fn begin(&mut self, due: Instant, tally: &mut Tally) -> Result<bool, LoadError> {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.running.push(None);
            self.running.len() - 1
        });
        let Some((channel, identifier)) = self.claim(Slot(index))? else {
            self.vacant.push(index);
            return Ok(false);
        };
        let Some((device, authentication)) = self.devices.begin() else {
            self.release(channel, identifier);
            self.vacant.push(index);
            return Ok(false);
        };
        tally.started += 1;
        let outstanding = self.send_first(index, &authentication, channel, identifier)?;
        if let Some(place) = self.running.get_mut(index) {
            *place = Some(Running { authentication, device, due, server_time: Duration::ZERO, outstanding });
        }
        Ok(true)
    }

    /// A free identifier on the next socket that has one; opens one more socket when none has.
    fn claim(&mut self, slot: Slot) -> Result<Option<(usize, u8)>, LoadError> {
        let count = self.channels.len();
        for offset in 0..count {
            let channel = (self.next_channel + offset) % count;
            if let Some(identifier) = self.channels.get_mut(channel).and_then(|it| it.claim(slot)) {
                self.next_channel = channel + 1;
                return Ok(Some((channel, identifier)));
            }
        }
        if count >= MAX_CHANNELS {
            return Ok(None);
        }
        let mut channel = Channel::open(self.server)?;
        let identifier = channel.claim(slot);
        self.channels.push(channel);
        Ok(identifier.map(|identifier| (count, identifier)))
    }

    fn release(&mut self, channel: usize, identifier: u8) {
        if let Some(channel) = self.channels.get_mut(channel) {
            channel.release(identifier);
        }
    }

    fn send_first(
        &mut self,
        index: usize,
        authentication: &Authentication,
        channel: usize,
        identifier: u8,
    ) -> Result<Outstanding, LoadError> {
        let authenticator = random_authenticator()?;
        let packet = authentication
            .request(identifier, authenticator, &self.trust.secret)
            .map_err(|error| LoadError::Request(error.to_string()))?;
        // An Accounting-Request's is made of the packet (RFC 2866 3).
        let authenticator = packet.get(4..20).and_then(|octets| octets.try_into().ok()).unwrap_or(authenticator);
        let timer = self.arm(index);
        let first_sent = wall_clock();
        self.send(channel, &packet)?;
        Ok(Outstanding { channel, identifier, authenticator, packet, transmissions: 1, timer, first_sent })
    }

    fn send(&self, channel: usize, packet: &[u8]) -> io::Result<()> {
        self.channels.get(channel).map_or(Ok(()), |channel| channel.send(packet))
    }

    fn arm(&mut self, index: usize) -> u64 {
        self.transmissions += 1;
        let at = Instant::now() + self.retransmission.timeout;
        self.timers.push(Reverse((at, index, self.transmissions)));
        self.transmissions
    }

    fn retransmit_due(&mut self, now: Instant, tally: &mut Tally) -> Result<(), LoadError> {
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
                self.retransmit(index, tally)?;
            }
        }
        Ok(())
    }

    fn retransmit(&mut self, index: usize, tally: &mut Tally) -> Result<(), LoadError> {
        let Some(mut running) = self.running.get_mut(index).and_then(Option::take) else {
            return Ok(());
        };
        if running.outstanding.transmissions >= self.retransmission.transmissions {
            tally.timeouts += 1;
            tally.cause(format!("timeout in round {}", running.authentication.rounds() + 1));
            self.end(index, running);
            return Ok(());
        }
        tally.retransmits += 1;
        running.outstanding.transmissions += 1;
        running.outstanding.timer = self.arm(index);
        self.send(running.outstanding.channel, &running.outstanding.packet)?;
        if let Some(place) = self.running.get_mut(index) {
            *place = Some(running);
        }
        Ok(())
    }

    /// Sleeps until a reply, the next timer or the next arrival.
    fn wait(&self, now: Instant, next_arrival: Option<Instant>) -> io::Result<()> {
        let next_timer = self.timers.peek().map(|Reverse((at, _, _))| *at);
        let wake = next_timer.into_iter().chain(next_arrival).min();
        let timeout = wake.map_or(LONGEST_SLEEP, |wake| wake.saturating_duration_since(now));
        let timeout = TimeSpec::from_duration(timeout.min(LONGEST_SLEEP));
        let mut descriptors: Vec<PollFd<'_>> = self
            .channels
            .iter()
            .map(Channel::descriptor)
            .map(|descriptor: BorrowedFd<'_>| PollFd::new(descriptor, PollFlags::POLLIN))
            .collect();
        match ppoll(&mut descriptors, Some(timeout), None) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn receive_all(&mut self, buffer: &mut [u8], tally: &mut Tally) -> Result<(), LoadError> {
        for channel in 0..self.channels.len() {
            while let Some(arrived) = self.channels.get(channel).map(|it| it.receive(buffer)).transpose()?.flatten() {
                let datagram = buffer.get(..arrived.length).unwrap_or_default();
                self.receive(channel, datagram, arrived.at.unwrap_or_else(wall_clock), tally)?;
            }
        }
        Ok(())
    }

    fn receive(&mut self, channel: usize, datagram: &[u8], at: Duration, tally: &mut Tally) -> Result<(), LoadError> {
        let slot = datagram.get(1).and_then(|identifier| self.channels.get(channel)?.waiting(*identifier));
        let taken = slot.and_then(|slot| Some((slot.0, self.running.get_mut(slot.0)?.take()?)));
        let Some((index, mut running)) = taken else {
            tally.dropped_replies += 1;
            return Ok(());
        };
        let authenticator = running.outstanding.authenticator;
        let progress = running.authentication.receive(datagram, &authenticator, &self.trust);
        if let Err(ReplyError::Dropped(dropped)) = progress {
            tally.dropped_replies += 1;
            tally.cause(format!("dropped reply: {dropped}"));
            if let Some(place) = self.running.get_mut(index) {
                *place = Some(running);
            }
            return Ok(());
        }
        let round_trip = at.saturating_sub(running.outstanding.first_sent);
        running.server_time += round_trip;
        tally.round(round_trip);
        match progress {
            Ok(Progress::Finished(verdict)) => self.finish(index, running, verdict, tally),
            Ok(Progress::Continue) if self.devices.rounds_before_silence() == Some(running.authentication.rounds()) => {
                tally.held += 1;
                self.end(index, running);
            }
            Ok(Progress::Continue) => self.next_request(index, running)?,
            Err(ReplyError::Broken(error)) => {
                tally.broken += 1;
                tally.cause(format!("broken: {error}"));
                self.end(index, running);
            }
            Err(ReplyError::Dropped(_)) => {}
        }
        Ok(())
    }

    fn next_request(&mut self, index: usize, mut running: Running) -> Result<(), LoadError> {
        let Outstanding { channel, identifier, .. } = running.outstanding;
        // The old identifier is given back after the new one is taken, so a late duplicate cannot meet the new request.
        let fresh = self.channels.get_mut(channel).and_then(|it| it.claim(Slot(index)));
        if fresh.is_some() {
            self.release(channel, identifier);
        }
        running.outstanding = self.send_first(index, &running.authentication, channel, fresh.unwrap_or(identifier))?;
        if let Some(place) = self.running.get_mut(index) {
            *place = Some(running);
        }
        Ok(())
    }

    fn finish(&mut self, index: usize, running: Running, verdict: Verdict, tally: &mut Tally) {
        tally.finished(verdict, &running.authentication, running.due.elapsed(), running.server_time);
        self.end(index, running);
    }

    fn end(&mut self, index: usize, running: Running) {
        self.release(running.outstanding.channel, running.outstanding.identifier);
        self.devices.give_back(running.device);
        self.vacant.push(index);
    }
}

/// The kernel stamps datagrams with the wall clock, so round trips are taken on it.
fn wall_clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
