//! What every port does first: client → verify → Status-Server → duplicate.

use std::sync::Arc;

use arc_swap::Guard;
use nac_protocol::radius::Code;

use super::verify::Verified;
use super::{Datagram, Request, respond};
use crate::client::RadiusClient;
use crate::clock::Now;
use crate::core::Core;
use crate::counters::{ClientCounters, Counter};
use crate::discard::DiscardReason;
use crate::duplicate::{DuplicateCache, RequestKey, Sighting};
use crate::snapshot::Snapshot;

/// In what ports differ.
pub(super) struct Port<'a> {
    /// Counts every datagram.
    pub(super) requests: &'a Counter,
    /// Counts those of a client.
    pub(super) requests_of: fn(&ClientCounters) -> &Counter,
    /// Counts what was answered before.
    pub(super) repeated: &'a Counter,
    /// Answers for retransmissions.
    pub(super) answers: &'a DuplicateCache,
    /// From octets to a verified request.
    pub(super) verify: fn(Datagram<'_>, &Arc<RadiusClient>) -> Result<Verified, DiscardReason>,
    /// What it says to Status-Server (RFC 5997 section 3).
    pub(super) alive: Code,
}

/// What came of it.
pub(super) enum Entry {
    /// Nothing is said.
    Silent,
    /// This is said again, or to Status-Server.
    Reply(Arc<[u8]>),
    /// A request that was not seen before, and the snapshot that it is answered from.
    Fresh(Request, Guard<Arc<Snapshot>>),
}

/// One datagram.
pub(super) fn enter(core: &Core, datagram: Datagram<'_>, now: Now, port: &Port<'_>) -> Entry {
    port.requests.add();
    let snapshot = core.snapshot.load();
    let Some(client) = snapshot.clients.find(datagram.source.ip()) else {
        core.discard(DiscardReason::UnknownClient, datagram.source, None, now);
        return Entry::Silent;
    };
    let counters = &client.ledger().counters;
    (port.requests_of)(counters).add();
    let verified = match (port.verify)(datagram, client) {
        Ok(verified) => verified,
        Err(reason) => {
            counters.discarded.add();
            core.discard(reason, datagram.source, Some(&client.name), now);
            return Entry::Silent;
        }
    };
    if verified.code() == Code::STATUS_SERVER {
        core.counters.status_server.add();
        return respond::plain(&verified, port.alive).map_or(Entry::Silent, Entry::Reply);
    }
    let key = RequestKey { socket: datagram.socket, source: datagram.source, identifier: verified.identifier() };
    match port.answers.sight(key, verified.authenticator(), now.monotonic) {
        Sighting::Answered(reply) => {
            port.repeated.add();
            Entry::Reply(reply)
        }
        Sighting::InWork => {
            core.discard(DiscardReason::DuplicateInWork, datagram.source, None, now);
            Entry::Silent
        }
        Sighting::Fresh => Entry::Fresh(Request { verified, key, local: datagram.local }, snapshot),
    }
}
