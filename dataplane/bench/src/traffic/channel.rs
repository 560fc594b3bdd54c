//! A source socket with its 256 identifiers (RFC 2865 3): replies find their conversation by identifier.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use super::sockets::Route;
use crate::authentication::RequestAuthenticator;
use crate::exchange::connected_socket;

/// Octets of socket buffer each way: a burst of whole flights fits.
const SOCKET_BUFFER: usize = 1 << 20;

/// Requests remembered for each identifier: a late reply to one of them is no forgery.
const REMEMBERED: usize = 8;

/// Index of a running conversation in its worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub(super) usize);

/// One datagram as it came.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Its octets in the buffer.
    pub(super) length: usize,
    /// Wall-clock time at which the kernel took it in, since 1970.
    pub(super) at: Option<Duration>,
}

/// One socket.
#[derive(Debug)]
pub(super) struct Channel {
    socket: UdpSocket,
    waiting: Vec<Option<Slot>>,
    answered: Vec<VecDeque<RequestAuthenticator>>,
    free: usize,
    next: u8,
}

impl Channel {
    pub(super) fn open(route: Route) -> io::Result<Self> {
        let socket = connected_socket(route.server, route.source)?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        setsockopt(&socket, sockopt::RcvBuf, &SOCKET_BUFFER)?;
        Ok(Self { socket, waiting: vec![None; 256], answered: vec![VecDeque::new(); 256], free: 256, next: 0 })
    }

    /// Takes a free identifier, the one unused for longest; None when all 256 wait for replies.
    pub(super) fn claim(&mut self, slot: Slot) -> Option<u8> {
        if self.free == 0 {
            return None;
        }
        loop {
            let identifier = self.next;
            self.next = self.next.wrapping_add(1);
            let place = self.waiting.get_mut(usize::from(identifier))?;
            if place.is_none() {
                *place = Some(slot);
                self.free -= 1;
                return Some(identifier);
            }
        }
    }

    /// Gives an identifier back; `answered`: the authenticator of the request that had it, if it was sent.
    pub(super) fn release(&mut self, identifier: u8, answered: Option<RequestAuthenticator>) {
        if let Some(place) = self.waiting.get_mut(usize::from(identifier))
            && place.take().is_some()
        {
            self.free += 1;
        }
        if let (Some(before), Some(answered)) = (self.answered.get_mut(usize::from(identifier)), answered) {
            before.truncate(REMEMBERED - 1);
            before.push_front(answered);
        }
    }

    /// The authenticators of the last requests that are over and had this identifier.
    pub(super) fn answered(&self, identifier: u8) -> impl Iterator<Item = &RequestAuthenticator> {
        self.answered.get(usize::from(identifier)).into_iter().flatten()
    }

    /// The conversation that waits under an identifier.
    pub(super) fn waiting(&self, identifier: u8) -> Option<Slot> {
        self.waiting.get(usize::from(identifier)).copied().flatten()
    }

    /// Sends; a full buffer or a closed port is loss, which retransmission covers.
    pub(super) fn send(&self, packet: &[u8]) -> io::Result<()> {
        match self.socket.send(packet) {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionRefused | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The next datagram, None when there is none.
    pub(super) fn receive(&self, buffer: &mut [u8]) -> io::Result<Option<Arrived>> {
        let mut control = nix::cmsg_space!(TimeSpec);
        loop {
            let mut vectors = [IoSliceMut::new(buffer)];
            let descriptor = self.socket.as_raw_fd();
            match recvmsg::<()>(descriptor, &mut vectors, Some(&mut control), MsgFlags::MSG_DONTWAIT) {
                Ok(message) => {
                    let at = message.cmsgs()?.find_map(|control| match control {
                        ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
                        _ => None,
                    });
                    return Ok(Some(Arrived { length: message.bytes, at }));
                }
                Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::ECONNREFUSED | Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use super::*;

    #[test]
    fn rfc2865_3_identifiers_are_256_and_reused_last() {
        let mut channel = Channel::open(Route { server: "127.0.0.1:9".parse().unwrap(), source: None }).unwrap();
        for expected in 0..=255 {
            assert_eq!(channel.claim(Slot(usize::from(expected))), Some(expected));
        }
        assert_eq!(channel.claim(Slot(999)), None);
        channel.release(7, None);
        channel.release(7, None);
        channel.release(200, None);
        assert_eq!(channel.waiting(7), None);
        assert_eq!(channel.claim(Slot(1)), Some(7));
        assert_eq!(channel.claim(Slot(2)), Some(200));
        assert_eq!(channel.claim(Slot(3)), None);
    }
}
