//! The way of an Accounting-Request: client → verify → duplicate → journal → response. The response goes out when the
//! record is durable, and never otherwise (RFC 2866 section 4.1): what is not answered, the NAS sends again.

use std::net::IpAddr;
use std::sync::Arc;

use nac_protocol::radius::{
    AttributeType, Code, MessageAuthenticatorError, Packet, Secret, verify_accounting_request,
    verify_request_message_authenticator,
};

use super::respond;
use super::verify::{self, Verified};
use super::{Datagram, Request};
use crate::accounting::AccountingRecord;
use crate::client::RadiusClient;
use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::duplicate::{RequestKey, Sighting};
use crate::origin::integer;
use crate::sessions::{self, Report};

/// A request that is to be recorded, then answered.
#[derive(Debug)]
pub struct Unrecorded {
    request: Request,
    payload: Vec<u8>,
    came: Now,
}

/// What is done with a datagram on an accounting socket.
#[derive(Debug)]
pub enum Admission {
    /// Nothing.
    Silent,
    /// Send these octets back.
    Reply(Arc<[u8]>),
    /// Commit its record, then [`recorded`] or [`unrecorded`].
    Record(Box<Unrecorded>),
}

impl Unrecorded {
    /// What is to be recorded, of the kind [`crate::accounting::ACCOUNTING`].
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The request's way back.
    #[must_use]
    pub fn way_back(&self) -> (std::net::SocketAddr, Option<IpAddr>) {
        (self.request.key.source, self.request.local)
    }
}

/// Everything before the journal.
pub fn admit(core: &Core, datagram: Datagram<'_>, now: Now) -> Admission {
    core.counters.accounting_requests.add();
    let snapshot = core.snapshot.load();
    let Some(client) = snapshot.clients.find(datagram.source.ip()) else {
        core.discard(DiscardReason::UnknownClient, datagram.source, None, now);
        return Admission::Silent;
    };
    client.ledger().counters.accounting.add();
    let verified = match verify(datagram, client) {
        Ok(verified) => verified,
        Err(reason) => {
            client.ledger().counters.discarded.add();
            core.discard(reason, datagram.source, Some(&client.name), now);
            return Admission::Silent;
        }
    };
    if verified.code() == Code::STATUS_SERVER {
        core.counters.status_server.add();
        return respond::plain(&verified, Code::ACCOUNTING_RESPONSE).map_or(Admission::Silent, Admission::Reply);
    }
    let key = RequestKey { socket: datagram.socket, source: datagram.source, identifier: verified.identifier() };
    match core.accounting_duplicates.sight(key, verified.authenticator(), now.monotonic) {
        Sighting::Answered(reply) => {
            core.counters.accounting_duplicates.add();
            Admission::Reply(reply)
        }
        Sighting::InWork => {
            core.discard(DiscardReason::DuplicateInWork, datagram.source, None, now);
            Admission::Silent
        }
        Sighting::Fresh => {
            let request = Request { verified, key, local: datagram.local };
            if core.earlier.has(key, request.verified.authenticator()) {
                core.counters.accounting_duplicates.add();
                return answer(core, &request).map_or(Admission::Silent, Admission::Reply);
            }
            unrecorded_of(request, snapshot.generation, now)
        }
    }
}

fn unrecorded_of(request: Request, generation: u64, came: Now) -> Admission {
    let Ok(packet) = request.verified.packet() else { return Admission::Silent };
    let RequestKey { socket, source, .. } = request.key;
    let client = &request.verified.client().name;
    let payload = AccountingRecord { source, socket, generation, client, packet }.octets();
    Admission::Record(Box::new(Unrecorded { request, payload, came }))
}

/// Its record is durable: what it says of sessions counts, and it is answered; the answer is kept for retransmissions.
pub fn recorded(core: &Core, done: &Unrecorded) -> Option<Arc<[u8]>> {
    core.counters.accounting_responses.add();
    if let Ok(packet) = done.request.verified.packet() {
        let client = Arc::clone(&done.request.verified.client().name);
        let source = done.request.key.source.ip().to_canonical();
        sessions::accounted(core, &Report { client, source, packet, came: done.came });
    }
    answer(core, &done.request)
}

/// Its record could not be written: its retransmission counts as fresh.
pub fn unrecorded(core: &Core, undone: &Unrecorded) {
    core.counters.accounting_unrecorded.add();
    core.accounting_duplicates.forget(undone.request.key, undone.request.verified.authenticator());
}

fn answer(core: &Core, request: &Request) -> Option<Arc<[u8]>> {
    let reply = respond::plain(&request.verified, Code::ACCOUNTING_RESPONSE)?;
    core.accounting_duplicates.answer(request.key, request.verified.authenticator(), &reply);
    Some(reply)
}

fn verify(datagram: Datagram<'_>, client: &Arc<RadiusClient>) -> Result<Verified, DiscardReason> {
    let packet = Packet::parse(datagram.octets).map_err(|_| DiscardReason::MalformedPacket)?;
    match packet.code() {
        Code::STATUS_SERVER => verify::verify(datagram.octets, client, datagram.source),
        Code::ACCOUNTING_REQUEST => {
            let secret = authenticate(&packet, client)?;
            check_attributes(&packet)?;
            Ok(Verified {
                octets: packet.octets().into(),
                client: Arc::clone(client),
                secret,
                code: packet.code(),
                identifier: packet.identifier(),
                authenticator: *packet.authenticator(),
                source: datagram.source,
            })
        }
        _ => Err(DiscardReason::UnexpectedCode),
    }
}

/// Which live secret signed it (RFC 2866 section 3). RFC 3579 section 3.3 foresees no Message-Authenticator here; one that
/// is there has to be right.
fn authenticate(packet: &Packet<'_>, client: &RadiusClient) -> Result<usize, DiscardReason> {
    let counters = &client.ledger().counters;
    let signed = |secret: &Secret| verify_accounting_request(packet, secret).is_ok();
    let Some((index, secret)) = client.secrets.iter().enumerate().find(|(_, secret)| signed(secret)) else {
        counters.bad_message_authenticator.add();
        return Err(DiscardReason::BadRequestAuthenticator);
    };
    if index > 0 {
        counters.second_secret.add();
    }
    match verify_request_message_authenticator(packet, secret) {
        Ok(_) => Ok(index),
        Err(MessageAuthenticatorError::Wrong) => Err(DiscardReason::BadMessageAuthenticator),
        Err(_) => Err(DiscardReason::MalformedMessageAuthenticator),
    }
}

/// RFC 2866 section 4.1: who says it, and section 5.1: what.
fn check_attributes(packet: &Packet<'_>) -> Result<(), DiscardReason> {
    let has = |ty| packet.first(ty).is_some();
    if packet.first(AttributeType::ACCT_STATUS_TYPE).and_then(integer).is_none() {
        return Err(DiscardReason::NoAccountingStatus);
    }
    let named = [AttributeType::NAS_IP_ADDRESS, AttributeType::NAS_IPV6_ADDRESS, AttributeType::NAS_IDENTIFIER];
    if named.into_iter().any(has) { Ok(()) } else { Err(DiscardReason::NoNasIdentity) }
}
