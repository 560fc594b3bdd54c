//! The way of an Accounting-Request: client → verify → duplicate → journal → response. The response goes out when the
//! record is durable, and never otherwise (RFC 2866 section 4.1): what is not answered, the NAS sends again.

use std::net::IpAddr;
use std::sync::Arc;

use nac_protocol::radius::{
    AttributeType, Code, MessageAuthenticatorError, Packet, Secret, verify_accounting_request,
    verify_request_message_authenticator,
};

use super::entry::{Entry, Port, enter};
use super::respond;
use super::verify::{self, Verified};
use super::{Datagram, Request};
use crate::accounting::AccountingRecord;
use crate::client::RadiusClient;
use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::duplicate::RequestKey;
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
    let port = Port {
        requests: &core.counters.accounting_requests,
        requests_of: |client| &client.accounting,
        repeated: &core.counters.accounting_duplicates,
        answers: &core.accounting_duplicates,
        verify,
        alive: Code::ACCOUNTING_RESPONSE,
    };
    let (request, snapshot) = match enter(core, datagram, now, &port) {
        Entry::Silent => return Admission::Silent,
        Entry::Reply(octets) => return Admission::Reply(octets),
        Entry::Fresh(request, snapshot) => (request, snapshot),
    };
    if core.earlier.has(request.key, request.verified.authenticator()) {
        core.counters.accounting_duplicates.add();
        return answer(core, &request).map_or(Admission::Silent, Admission::Reply);
    }
    unrecorded_of(request, snapshot.generation, now)
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
        Code::STATUS_SERVER => verify::verify(datagram, client),
        Code::ACCOUNTING_REQUEST => {
            let secret = authenticate(&packet, client)?;
            check_attributes(&packet)?;
            Ok(Verified::by(client, secret, &packet, datagram.source))
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
