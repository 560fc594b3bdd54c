//! The switches take changes of authorization (RFC 5176) on their addresses: a CoA-Request changes the VLAN of a live
//! session, a Disconnect-Request ends it, and the device logs in again.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use nac_protocol::radius::{
    AttributeType, Code, MAX_PACKET_LENGTH, Packet, Presence, ReplyBuilder, Secret, verify_accounting_request,
    verify_request_message_authenticator,
};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::seats::{Asked, Changed, Seats};
use super::switches::Switches;
use crate::nas_port::MacAddress;
use crate::reply_attributes::Grant;
use crate::traffic::percentiles::Durations;

/// Milliseconds between two looks whether it is over.
const LOOK_MS: u8 = 100;

/// Error-Cause (RFC 5176 3.5).
const SESSION_CONTEXT_NOT_FOUND: u32 = 503;

/// A session of a worker's device, by the device's index there, is ended by its switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PutOff {
    pub(super) index: usize,
    pub(super) login: u32,
}

/// The sockets of all switches. `workers`: who has the devices, which take turns; a session ends once, so that no more
/// than the devices wait there.
#[derive(Debug)]
pub(super) struct DynamicAuthorization<'a> {
    sockets: Vec<(IpAddr, UdpSocket)>,
    secret: Secret,
    switches: &'a Switches,
    seats: &'a Seats,
    workers: Vec<Sender<PutOff>>,
}

/// What a switch answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ack,
    Nak,
}

/// Counts and durations. `after_report`: from the beginning of a device's report to the change.
#[derive(Debug, Default)]
pub(super) struct ChangeTally {
    pub(super) acked: u64,
    pub(super) ended: u64,
    pub(super) not_known: u64,
    pub(super) forged: u64,
    pub(super) after_report: Durations,
}

impl<'a> DynamicAuthorization<'a> {
    /// Binds `port` on each address of the switches.
    pub(super) fn open(
        switches: &'a Switches,
        seats: &'a Seats,
        port: u16,
        secret: Secret,
        workers: Vec<Sender<PutOff>>,
    ) -> io::Result<Self> {
        let open = |source: &IpAddr| {
            let socket = UdpSocket::bind(SocketAddr::new(*source, port))
                .map_err(|error| io::Error::new(error.kind(), format!("{source} port {port}: {error}")))?;
            socket.set_nonblocking(true)?;
            Ok((*source, socket))
        };
        let sockets = switches.sources().iter().map(open).collect::<io::Result<_>>()?;
        Ok(Self { sockets, secret, switches, seats, workers })
    }

    /// Answers until it is over.
    pub(super) fn serve(&self, over: &AtomicBool) -> io::Result<ChangeTally> {
        let mut tally = ChangeTally::default();
        let mut buffer = vec![0; MAX_PACKET_LENGTH];
        while !over.load(Ordering::Relaxed) {
            let mut descriptors: Vec<PollFd<'_>> =
                self.sockets.iter().map(|(_, socket)| PollFd::new(socket.as_fd(), PollFlags::POLLIN)).collect();
            match poll(&mut descriptors, PollTimeout::from(LOOK_MS)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            for (address, socket) in &self.sockets {
                self.answer_all(*address, socket, &mut buffer, &mut tally)?;
            }
        }
        Ok(tally)
    }

    fn answer_all(
        &self,
        address: IpAddr,
        socket: &UdpSocket,
        buffer: &mut [u8],
        tally: &mut ChangeTally,
    ) -> io::Result<()> {
        loop {
            let (length, from) = match socket.recv_from(buffer) {
                Ok(arrived) => arrived,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if let Some(reply) = self.answer(buffer.get(..length).unwrap_or_default(), address, Instant::now(), tally) {
                // A reply that is lost is asked for again.
                let _ = socket.send_to(&reply, from);
            }
        }
    }

    /// The reply to a request that came at a switch's address; None for one that nobody vouches for. A change that is
    /// asked for again is made again, to the same effect; a session that has ended is not known (RFC 5176 2.3).
    fn answer(&self, datagram: &[u8], address: IpAddr, now: Instant, tally: &mut ChangeTally) -> Option<Vec<u8>> {
        let Some(request) = self.verified(datagram) else {
            tally.forged += 1;
            return None;
        };
        let done = self.asked(&request, address).and_then(|asked| match request.code() {
            Code::COA_REQUEST => self.change(&request, asked, now, tally),
            _ => self.end(asked, now, tally),
        });
        let Some(changed) = done else {
            tally.not_known += 1;
            return self.reply(&request, Verdict::Nak);
        };
        changed.after_report.into_iter().for_each(|took| tally.after_report.push(took));
        self.reply(&request, Verdict::Ack)
    }

    fn change(&self, request: &Packet<'_>, asked: Asked, now: Instant, tally: &mut ChangeTally) -> Option<Changed> {
        let attributes: Vec<_> = request.attributes().map(|one| (one.ty, one.value.to_vec())).collect();
        let changed = self.seats.change(asked, Grant::of(&attributes).vlan, now)?;
        tally.acked += 1;
        Some(changed)
    }

    fn end(&self, asked: Asked, now: Instant, tally: &mut ChangeTally) -> Option<Changed> {
        let ended = self.seats.end(asked, now)?;
        tally.ended += 1;
        let (number, workers) = (usize::try_from(asked.number).ok()?, self.workers.len());
        let worker = self.workers.get(number.checked_rem(workers)?)?;
        // A worker that is done has no device that could log in again.
        let _ = worker.send(PutOff { index: number / workers, login: ended.login });
        Some(ended)
    }

    fn reply(&self, request: &Packet<'_>, verdict: Verdict) -> Option<Vec<u8>> {
        let code = match (request.code(), verdict) {
            (Code::COA_REQUEST, Verdict::Ack) => Code::COA_ACK,
            (Code::COA_REQUEST, Verdict::Nak) => Code::COA_NAK,
            (_, Verdict::Ack) => Code::DISCONNECT_ACK,
            (_, Verdict::Nak) => Code::DISCONNECT_NAK,
        };
        let mut reply = ReplyBuilder::new(code, request.identifier(), *request.authenticator());
        if verdict == Verdict::Nak {
            reply.integer(AttributeType::ERROR_CAUSE, SESSION_CONTEXT_NOT_FOUND).ok()?;
        }
        Some(reply.finish(&self.secret))
    }

    /// The session that a request names, by its id, by its device, or by both; before Accounting the server knows the
    /// device alone (RFC 5176 3).
    fn asked(&self, request: &Packet<'_>, switch: IpAddr) -> Option<Asked> {
        let text = |ty| request.first(ty).map(std::str::from_utf8);
        let session = text(AttributeType::ACCT_SESSION_ID).transpose().ok()?;
        let station = text(AttributeType::CALLING_STATION_ID).transpose().ok()?;
        let station = station.map(|station| station.parse::<MacAddress>().ok()?.number());
        match (session.map(|session| self.switches.session_named(session)), station) {
            (Some(session), station) => {
                let (number, login) = session.filter(|(number, _)| station.is_none_or(|one| one == Some(*number)))?;
                Some(Asked { number, login: Some(login), switch })
            }
            (None, Some(station)) => Some(Asked { number: station?, login: None, switch }),
            (None, None) => None,
        }
    }

    fn verified<'p>(&self, datagram: &'p [u8]) -> Option<Packet<'p>> {
        let packet = Packet::parse(datagram).ok()?;
        let is_request = matches!(packet.code(), Code::COA_REQUEST | Code::DISCONNECT_REQUEST);
        let is_signed = verify_accounting_request(&packet, &self.secret).is_ok()
            && verify_request_message_authenticator(&packet, &self.secret) == Ok(Presence::Valid);
        (is_request && is_signed).then_some(packet)
    }
}

#[cfg(test)]
mod tests;
