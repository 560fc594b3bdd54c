//! From an answer to the session that it opens, goes on with, or ends.

use std::sync::Arc;

use nac_policy::{FactName, Value};
use nac_protocol::radius::{AttributeType, Packet};

use super::Request;
use super::authorize::Session as TlsSession;
use super::identity::Identity;
use crate::clock::Now;
use crate::core::Core;
use crate::event::{Decided, SentReply, authorization_digest};
use crate::origin::{Origin, integer};
use crate::sessions::{self, Accepted, Authorized, Granted, Names, Session, State};
use crate::state_token::ConversationId;
use crate::tls::VerifiedChain;

/// What was accepted.
#[derive(Debug)]
pub(super) struct Login<'a> {
    pub(super) id: ConversationId,
    pub(super) origin: &'a Origin,
    pub(super) identity: &'a Identity,
    pub(super) chain: Option<&'a Arc<VerifiedChain>>,
    pub(super) tls: Option<TlsSession>,
    pub(super) decided: &'a Decided,
}

/// An Access-Accept goes out.
pub(super) fn opens(core: &Core, request: &Request, login: &Login<'_>, reply: &SentReply, now: Now) {
    let (Ok(packet), Ok(sent)) = (request.verified.packet(), Packet::parse(&reply.octets)) else { return };
    let Login { id, origin, identity, chain, tls, decided } = login;
    let number = |ty| sent.first(ty).and_then(integer);
    let authorization = authorization_digest(reply.octets.get(reply.authorization.clone()).unwrap_or_default());
    let previous = match decided.facts.get(FactName::PreviousSegment) {
        Some(Value::Text(previous)) => Some(previous.clone()),
        _ => None,
    };
    let authorized = Authorized {
        decision: *id,
        at: now.unix_micros,
        method: identity.method,
        chain: chain.map(Arc::clone),
        user: identity.user.clone(),
        device: identity.device.clone(),
        tls_version: tls.and_then(|tls| tls.version),
        tls_resumed: tls.is_some_and(|tls| tls.resumed),
        previous,
    };
    let session_timeout = number(AttributeType::SESSION_TIMEOUT);
    let session = Session {
        id: (*id).into(),
        client: Arc::clone(&origin.client.name),
        source: request.key.source.ip().to_canonical(),
        state: State::Active,
        names: Arc::new(Names::of_login(&packet, origin)),
        authorized: Some(Arc::new(authorized)),
        granted: Some(Arc::new(Granted { session_timeout, ..Granted::of(decided, authorization) })),
        interim: number(AttributeType::ACCT_INTERIM_INTERVAL),
        opened_at: now.unix_micros,
        seen_at: now.unix_micros,
        seen: now.monotonic,
        named_at: 0,
        closed_at: None,
        differs: false,
    };
    let policy = &decided.snapshot.policy;
    let boundary = sessions::next_change(policy, identity, chain.map(|chain| &**chain), now);
    sessions::accepted(core, Accepted { session, boundary, outdated: None }, identity.as_of, now);
}

/// An Access-Reject goes out.
pub(super) fn ends(core: &Core, request: &Request, origin: &Origin, now: Now) {
    let Ok(packet) = request.verified.packet() else { return };
    let names = Names::of_login(&packet, origin);
    sessions::rejected(core, &origin.client.name, request.key.source.ip().to_canonical(), &names, now);
}
