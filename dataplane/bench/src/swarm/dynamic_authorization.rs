//! The switches take changes of authorization (RFC 5176) on their addresses: a CoA-Request is acknowledged where its
//! session is live. A Disconnect-Request is refused, and counted as wrong.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use nac_protocol::radius::{
    AttributeType, Code, MAX_PACKET_LENGTH, Packet, Presence, ReplyBuilder, Secret, verify_accounting_request,
    verify_request_message_authenticator,
};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::seats::{Place, Seats};
use super::switches::Switches;
use crate::reply_attributes::Grant;
use crate::traffic::percentiles::Durations;

/// Milliseconds between two looks whether it is over.
const LOOK_MS: u8 = 100;

/// Error-Cause (RFC 5176 3.5).
const UNSUPPORTED_EXTENSION: u32 = 406;
/// The same.
const SESSION_CONTEXT_NOT_FOUND: u32 = 503;

/// The sockets of all switches.
#[derive(Debug)]
pub(super) struct DynamicAuthorization<'a> {
    sockets: Vec<(IpAddr, UdpSocket)>,
    secret: Secret,
    switches: &'a Switches,
    seats: &'a Seats,
}

/// Counts and durations. `after_report`: from the beginning of a device's report to the change.
#[derive(Debug, Default)]
pub(super) struct ChangeTally {
    pub(super) acked: u64,
    pub(super) not_known: u64,
    pub(super) refused: u64,
    pub(super) forged: u64,
    pub(super) after_report: Durations,
}

impl<'a> DynamicAuthorization<'a> {
    /// Binds `port` on each address of the switches.
    pub(super) fn open(switches: &'a Switches, seats: &'a Seats, port: u16, secret: Secret) -> io::Result<Self> {
        let open = |source: &IpAddr| {
            let socket = UdpSocket::bind(SocketAddr::new(*source, port))
                .map_err(|error| io::Error::new(error.kind(), format!("{source} port {port}: {error}")))?;
            socket.set_nonblocking(true)?;
            Ok((*source, socket))
        };
        let sockets = switches.sources().iter().map(open).collect::<io::Result<_>>()?;
        Ok(Self { sockets, secret, switches, seats })
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

    /// The reply to a request that came at a switch's address; None for one that nobody vouches for. Asked twice it
    /// says the same, for a change that was made already changes nothing (RFC 5176 2.3).
    fn answer(&self, datagram: &[u8], address: IpAddr, now: Instant, tally: &mut ChangeTally) -> Option<Vec<u8>> {
        let Some(request) = self.verified(datagram) else {
            tally.forged += 1;
            return None;
        };
        let (code, cause) = match request.code() {
            Code::COA_REQUEST => match self.change(&request, address, now, tally) {
                None => (Code::COA_ACK, None),
                Some(cause) => (Code::COA_NAK, Some(cause)),
            },
            _ => {
                tally.refused += 1;
                (Code::DISCONNECT_NAK, Some(UNSUPPORTED_EXTENSION))
            }
        };
        let mut reply = ReplyBuilder::new(code, request.identifier(), *request.authenticator());
        if let Some(cause) = cause {
            reply.integer(AttributeType::ERROR_CAUSE, cause).ok()?;
        }
        Some(reply.finish(&self.secret))
    }

    /// The Error-Cause of a change that cannot be made.
    fn change(&self, request: &Packet<'_>, address: IpAddr, now: Instant, tally: &mut ChangeTally) -> Option<u32> {
        let attributes: Vec<_> = request.attributes().map(|one| (one.ty, one.value.to_vec())).collect();
        let place = self.place(request, address);
        match place.and_then(|place| self.seats.change(place, Grant::of(&attributes).vlan, now)) {
            Some(changed) => {
                tally.acked += 1;
                changed.after_report.into_iter().for_each(|took| tally.after_report.push(took));
                None
            }
            None => {
                tally.not_known += 1;
                Some(SESSION_CONTEXT_NOT_FOUND)
            }
        }
    }

    /// The session that a request names.
    fn place(&self, request: &Packet<'_>, address: IpAddr) -> Option<Place> {
        let session = std::str::from_utf8(request.first(AttributeType::ACCT_SESSION_ID)?).ok()?;
        let (number, visit) = self.switches.session_named(session)?;
        Some(Place { number, visit, switch: Some(address) })
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
