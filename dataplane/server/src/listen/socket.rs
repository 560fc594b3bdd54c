//! A UDP socket that answers from the address it was asked on (RFC 2865 section 3), in batches.

use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::sockopt;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockFlag, SockType, SockaddrIn,
    SockaddrIn6, SockaddrLike, SockaddrStorage, bind, getsockname, recvmmsg, sendmmsg, sendmsg, setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::limits::MAX_PACKET;

/// Datagrams taken from the kernel at once.
pub(super) const BATCH: usize = 32;
/// Datagrams taken at once while few come; what is taken grows and shrinks with what came before.
const SMALLEST_BATCH: usize = 4;
/// Asked of the kernel for a socket's receive buffer: a power-cut storm of 20,000 requests of 400 octets.
const RECEIVE_BUFFER: usize = 8 << 20;
/// How many milliseconds a thread waits for datagrams before it looks whether it should stop.
const PATIENCE: u8 = 200;

/// A bound socket.
pub(super) struct Socket {
    fd: OwnedFd,
}

/// Where a received datagram lies, and where it came from.
#[derive(Clone, Copy)]
pub(super) struct Received {
    pub(super) length: usize,
    pub(super) source: SocketAddr,
    pub(super) local: Option<IpAddr>,
}

/// Whether to wait for datagrams where none has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    /// Until one comes, or until it is time to look whether to stop.
    Awhile,
    /// Not at all.
    Never,
}

/// Wait like [`Wait::Awhile`], for any of several sockets.
pub(super) fn wait_for_any<'a>(sockets: impl Iterator<Item = &'a Arc<Socket>>) {
    let mut waiting: Vec<_> = sockets.map(|socket| PollFd::new(socket.fd.as_fd(), PollFlags::POLLIN)).collect();
    // What fails here is found again, and told apart, by reading.
    let _ = poll(&mut waiting, PATIENCE);
}

/// Receive buffers of one thread.
pub(super) struct Buffers {
    octets: Vec<[u8; MAX_PACKET]>,
}

impl Buffers {
    /// For that many datagrams at once.
    pub(super) fn new(datagrams: usize) -> Self {
        Self { octets: vec![[0; MAX_PACKET]; datagrams] }
    }

    pub(super) fn datagram(&self, position: usize, length: usize) -> &[u8] {
        self.octets.get(position).and_then(|octets| octets.get(..length)).unwrap_or_default()
    }
}

impl Socket {
    /// Bind. `shared`: other sockets of this process have the same address; otherwise a second server is an error. The kernel
    /// says which address was asked only where it can be several.
    pub(super) fn bind(address: SocketAddr, shared: bool) -> Result<Self, Errno> {
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let fd = socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
        setsockopt(&fd, sockopt::ReusePort, &shared)?;
        // The kernel gives what its own limit allows; an error here would only mean a smaller buffer.
        let _ = setsockopt(&fd, sockopt::RcvBuf, &RECEIVE_BUFFER);
        setsockopt(&fd, sockopt::RxqOvfl, &1)?;
        setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::milliseconds(PATIENCE.into()))?;
        let wildcard = address.ip().is_unspecified();
        match address {
            SocketAddr::V4(v4) => {
                setsockopt(&fd, sockopt::Ipv4PacketInfo, &wildcard)?;
                bind(fd.as_raw_fd(), &SockaddrIn::from(v4))?;
            }
            SocketAddr::V6(v6) => {
                setsockopt(&fd, sockopt::Ipv6V6Only, &true)?;
                setsockopt(&fd, sockopt::Ipv6RecvPacketInfo, &wildcard)?;
                bind(fd.as_raw_fd(), &SockaddrIn6::from(v6))?;
            }
        }
        Ok(Self { fd })
    }

    pub(super) fn address(&self) -> Result<SocketAddr, Errno> {
        let name: SockaddrStorage = getsockname(self.fd.as_raw_fd())?;
        address_of(&name).ok_or(Errno::EAFNOSUPPORT)
    }

    /// Read datagrams; `out` gets one entry each, and is to hold those of the time before. The number of datagrams that
    /// the kernel dropped since the socket was opened is returned when it is known.
    pub(super) fn receive(
        &self,
        buffers: &mut Buffers,
        out: &mut Vec<Option<Received>>,
        wait: Wait,
    ) -> Result<Option<u32>, Errno> {
        let room = (out.len() * 2).clamp(SMALLEST_BATCH, buffers.octets.len());
        out.clear();
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            buffers.octets.iter_mut().take(room).map(|octets| [IoSliceMut::new(octets)]).collect();
        // Made anew each time, and so no larger than there is a use for: the kernel writes into the headers how much control
        // data it used, and room that has shrunk once would be too small as soon as it has more to say.
        let space = cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo, u32);
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(room, Some(space));
        let fd = self.fd.as_raw_fd();
        let flags = match wait {
            Wait::Awhile => MsgFlags::MSG_WAITFORONE,
            Wait::Never => MsgFlags::MSG_DONTWAIT,
        };
        let received = recvmmsg(fd, &mut headers, slices.iter_mut(), flags, None)?;
        let mut dropped = None;
        for message in received {
            let source = message.address.as_ref().and_then(address_of);
            let mut local = None;
            for control in message.cmsgs().into_iter().flatten() {
                match control {
                    ControlMessageOwned::Ipv4PacketInfo(info) => {
                        local = Some(IpAddr::from(info.ipi_addr.s_addr.to_ne_bytes()));
                    }
                    ControlMessageOwned::Ipv6PacketInfo(info) => local = Some(IpAddr::from(info.ipi6_addr.s6_addr)),
                    ControlMessageOwned::RxqOvfl(count) => dropped = Some(count),
                    _ => {}
                }
            }
            out.push(source.map(|source| Received { length: message.bytes, source, local }));
        }
        Ok(dropped)
    }

    /// Send answers, from `local` when the socket is bound to all addresses, with one system call if the kernel takes them
    /// all. How many it refused.
    pub(super) fn send_all<'a>(
        &self,
        answers: impl Iterator<Item = (&'a [u8], SocketAddr)>,
        local: Option<IpAddr>,
    ) -> u64 {
        let (slices, to): (Vec<_>, Vec<_>) =
            answers.map(|(octets, to)| ([IoSlice::new(octets)], Some(SockaddrStorage::from(to)))).unzip();
        let mut failures = 0;
        let mut sent = 0;
        // The kernel stops at one that it refuses: that one is passed over.
        while sent < slices.len() {
            let rest = (slices.get(sent..).unwrap_or_default(), to.get(sent..).unwrap_or_default());
            match self.send_some(rest, local) {
                Ok(some) => sent += some,
                Err(_) => (sent, failures) = (sent + 1, failures + 1),
            }
        }
        failures
    }

    fn send_some(&self, (slices, to): Letters<'_, '_>, local: Option<IpAddr>) -> Result<usize, Errno> {
        let (fd, flags) = (self.fd.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        sent_from(local, |from| {
            if let ([one], [to]) = (slices, to) {
                return sendmsg(fd, one, from, flags, to.as_ref()).map(|_| 1);
            }
            let space = match local {
                Some(IpAddr::V4(_)) => Some(cmsg_space!(libc::in_pktinfo)),
                Some(IpAddr::V6(_)) => Some(cmsg_space!(libc::in6_pktinfo)),
                None => None,
            };
            let mut headers = MultiHeaders::preallocate(slices.len(), space);
            Ok(sendmmsg(fd, &mut headers, slices, to, from, flags)?.count())
        })
    }
}

/// Octets, and where they go.
type Letters<'a, 'b> = (&'b [[IoSlice<'a>; 1]], &'b [Option<SockaddrStorage>]);

/// `send` with what says that it goes out from `local`.
fn sent_from<T>(local: Option<IpAddr>, send: impl FnOnce(&[ControlMessage<'_>]) -> T) -> T {
    match local {
        Some(IpAddr::V4(local)) => {
            let info = libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(local.octets()) },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            send(&[ControlMessage::Ipv4PacketInfo(&info)])
        }
        Some(IpAddr::V6(local)) => {
            let info = libc::in6_pktinfo { ipi6_ifindex: 0, ipi6_addr: libc::in6_addr { s6_addr: local.octets() } };
            send(&[ControlMessage::Ipv6PacketInfo(&info)])
        }
        None => send(&[]),
    }
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    match storage.family()? {
        AddressFamily::Inet => storage.as_sockaddr_in().map(|v4| SocketAddr::V4((*v4).into())),
        AddressFamily::Inet6 => storage.as_sockaddr_in6().map(|v6| SocketAddr::V6((*v6).into())),
        _ => None,
    }
}
