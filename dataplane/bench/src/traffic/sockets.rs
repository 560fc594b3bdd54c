//! The sockets of one worker, by route: from which address, to which server.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::BorrowedFd;

use super::channel::{Arrived, Channel, Slot};
use crate::authentication::RequestAuthenticator;

/// Most sockets of one worker: 256 conversations each.
const MAX_CHANNELS: usize = 512;

/// Where requests come from and go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The server's address.
    pub(crate) server: SocketAddr,
    /// The NAS's address; None leaves it to the operating system.
    pub(crate) source: Option<IpAddr>,
}

/// A socket, and an identifier on it that is free no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) channel: usize,
    pub(super) identifier: u8,
}

/// All sockets of a worker.
#[derive(Debug)]
pub(super) struct Sockets {
    channels: Vec<Channel>,
    outlets: Vec<Outlet>,
}

/// The sockets of one route; `next` is asked first.
#[derive(Debug)]
struct Outlet {
    route: Route,
    channels: Vec<usize>,
    next: usize,
}

impl Sockets {
    /// Opens `each` sockets for every route; more are opened when identifiers run out.
    pub(super) fn open(routes: &[Route], each: usize) -> io::Result<Self> {
        let outlets = routes.iter().map(|route| Outlet { route: *route, channels: Vec::new(), next: 0 }).collect();
        let mut sockets = Self { channels: Vec::new(), outlets };
        for _ in 0..each.clamp(1, MAX_CHANNELS / routes.len().max(1)) {
            for route in 0..routes.len() {
                sockets.add(route)?;
            }
        }
        Ok(sockets)
    }

    /// A free identifier on the next socket of a route that has one; None when as many sockets are open as may be.
    pub(super) fn claim(&mut self, route: usize, slot: Slot) -> io::Result<Option<Place>> {
        if let Some(place) = self.claim_open(route, slot) {
            return Ok(Some(place));
        }
        if self.channels.len() >= MAX_CHANNELS {
            return Ok(None);
        }
        self.add(route)?;
        Ok(self.claim_open(route, slot))
    }

    /// Another identifier on the same socket, if one is free.
    pub(super) fn claim_beside(&mut self, place: Place, slot: Slot) -> Option<Place> {
        let identifier = self.channels.get_mut(place.channel)?.claim(slot)?;
        Some(Place { identifier, ..place })
    }

    /// Gives an identifier back; `answered`: the authenticator of the last request that had it.
    pub(super) fn release(&mut self, place: Place, answered: RequestAuthenticator) {
        if let Some(channel) = self.channels.get_mut(place.channel) {
            channel.release(place.identifier, Some(answered));
        }
    }

    /// Gives an identifier back that was not used.
    pub(super) fn abandon(&mut self, place: Place) {
        if let Some(channel) = self.channels.get_mut(place.channel) {
            channel.release(place.identifier, None);
        }
    }

    /// The authenticators of the last requests that are over and had this identifier.
    pub(super) fn answered(&self, channel: usize, identifier: u8) -> impl Iterator<Item = &RequestAuthenticator> {
        self.channels.get(channel).into_iter().flat_map(move |channel| channel.answered(identifier))
    }

    pub(super) fn send(&self, place: Place, packet: &[u8]) -> io::Result<()> {
        self.channels.get(place.channel).map_or(Ok(()), |channel| channel.send(packet))
    }

    /// How many sockets are open; they are numbered from 0.
    pub(super) fn count(&self) -> usize {
        self.channels.len()
    }

    /// The next datagram of a socket, None when there is none.
    pub(super) fn receive(&self, channel: usize, buffer: &mut [u8]) -> io::Result<Option<Arrived>> {
        self.channels.get(channel).map_or(Ok(None), |channel| channel.receive(buffer))
    }

    /// The conversation that waits for an identifier on a socket.
    pub(super) fn waiting(&self, channel: usize, identifier: u8) -> Option<Slot> {
        self.channels.get(channel)?.waiting(identifier)
    }

    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.channels.iter().map(Channel::descriptor)
    }

    fn claim_open(&mut self, route: usize, slot: Slot) -> Option<Place> {
        let outlet = self.outlets.get_mut(route)?;
        let count = outlet.channels.len();
        for offset in 0..count {
            let position = (outlet.next + offset) % count;
            let channel = *outlet.channels.get(position)?;
            if let Some(identifier) = self.channels.get_mut(channel)?.claim(slot) {
                outlet.next = position + 1;
                return Some(Place { channel, identifier });
            }
        }
        None
    }

    fn add(&mut self, route: usize) -> io::Result<()> {
        if let Some(outlet) = self.outlets.get_mut(route) {
            let channel = Channel::open(outlet.route)?;
            outlet.channels.push(self.channels.len());
            self.channels.push(channel);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use super::*;

    #[test]
    fn routes_have_sockets_of_their_own_and_get_more_when_identifiers_run_out() {
        let server = "127.0.0.1:9".parse().unwrap();
        let routes = ["127.0.0.2", "127.0.0.3"].map(|source| Route { server, source: Some(source.parse().unwrap()) });
        let mut sockets = Sockets::open(&routes, 1).unwrap();
        let first = sockets.claim(0, Slot(0)).unwrap().unwrap();
        let other = sockets.claim(1, Slot(1)).unwrap().unwrap();
        assert_ne!(first.channel, other.channel);
        assert_eq!(sockets.waiting(other.channel, other.identifier), Some(Slot(1)));
        for slot in 1..256 {
            assert_eq!(sockets.claim(0, Slot(slot)).unwrap().unwrap().channel, first.channel);
        }
        assert!(sockets.claim_beside(first, Slot(7)).is_none());
        let next = sockets.claim(0, Slot(256)).unwrap().unwrap();
        assert_eq!((next.channel, sockets.count()), (2, 3));
        sockets.release(first, [9; 16]);
        assert_eq!(sockets.waiting(first.channel, first.identifier), None);
        assert!(sockets.answered(first.channel, first.identifier).eq([&[9; 16]]));
    }
}
