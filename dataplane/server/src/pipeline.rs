//! The way of a request, on one screen.
//!
//! On a receiver: datagram → client → [`verify`] → duplicate → dispatch. On a shard (EAP) or still on the receiver
//! (MAB, Status-Server): identity → facts → [`authorize`] → [`respond`]. Each step takes what the one before gives.
//! [`accounting`] has its own sockets: client → verify → duplicate → journal → response.

pub mod accounting;
pub mod authorize;
pub mod conversation;
mod download;
mod entry;
pub mod identity;
pub mod mab;
pub mod respond;
mod session;
pub mod verify;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use nac_protocol::radius::{AttributeType, Code};

use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::duplicate::RequestKey;
use crate::event::SentReply;
use crate::snapshot::Snapshot;
use crate::state_token::ConversationId;
use entry::{Entry, Port, enter};
use respond::Built;
use verify::Verified;

/// A received datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Its octets.
    pub octets: &'a [u8],
    /// Where it came from.
    pub source: SocketAddr,
    /// The receiving socket's number.
    pub socket: u8,
    /// The address it was sent to, when the socket is bound to all addresses.
    pub local: Option<IpAddr>,
}

/// A verified request with the way back.
#[derive(Debug)]
pub struct Request {
    /// The request.
    pub verified: Verified,
    /// For the duplicate cache.
    pub key: RequestKey,
    /// The address that was asked, which must answer (RFC 2865 section 3).
    pub local: Option<IpAddr>,
}

/// What the receiver does with a datagram.
#[derive(Debug)]
pub enum Admission {
    /// Nothing.
    Silent,
    /// Send these octets back.
    Reply(Arc<[u8]>),
    /// Hand it to a shard: the one that owns the conversation, or any for a new one.
    Dispatch(Box<Request>, Route),
}

/// Which shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// A new conversation.
    New,
    /// The conversation that State names.
    Known(u8, ConversationId),
    /// A State that is not ours: any shard can reject it.
    Stale,
}

/// Everything a receiver does with one datagram.
pub fn admit(core: &Core, datagram: Datagram<'_>, now: Now) -> Admission {
    let port = Port {
        requests: &core.counters.requests,
        requests_of: |client| &client.requests,
        repeated: &core.counters.duplicates,
        answers: &core.duplicates,
        verify: verify::verify,
        alive: Code::ACCESS_ACCEPT,
    };
    match enter(core, datagram, now, &port) {
        Entry::Silent => Admission::Silent,
        Entry::Reply(octets) => Admission::Reply(octets),
        Entry::Fresh(request, snapshot) => route(core, &snapshot, request, now),
    }
}

fn route(core: &Core, snapshot: &Arc<Snapshot>, request: Request, now: Now) -> Admission {
    let Ok(packet) = request.verified.packet() else { return Admission::Silent };
    let eap = packet.first(AttributeType::EAP_MESSAGE).is_some();
    let route = match packet.first(AttributeType::STATE).filter(|_| eap) {
        None => Route::New,
        Some(state) => core.states.open(state).map_or(Route::Stale, |(shard, id)| Route::Known(shard, id)),
    };
    let client = request.verified.client();
    if !matches!(route, Route::Known(..)) && !client.take_token(now.monotonic) {
        client.ledger().counters.rate_limited.add();
        core.discard(DiscardReason::RateLimited, request.key.source, Some(&client.name), now);
        core.duplicates.forget(request.key, request.verified.authenticator());
        return Admission::Silent;
    }
    if eap {
        return Admission::Dispatch(Box::new(request), route);
    }
    let reply = mab::answer(core, snapshot, &request, &packet, now);
    reply.map_or(Admission::Silent, Admission::Reply)
}

/// Keep the answer for retransmissions, and count it.
pub(crate) fn answered(core: &Core, request: &Request, reply: Built) -> SentReply {
    let counters = &request.verified.client().ledger().counters;
    match reply.octets.first().copied().map(Code) {
        Some(Code::ACCESS_ACCEPT) => {
            core.counters.accepts.add();
            counters.accepts.add();
        }
        Some(Code::ACCESS_REJECT) => {
            core.counters.rejects.add();
            counters.rejects.add();
        }
        _ => core.counters.challenges.add(),
    }
    let octets: Arc<[u8]> = reply.octets.into();
    core.duplicates.answer(request.key, request.verified.authenticator(), &octets);
    SentReply { octets, authorization: reply.authorization }
}
