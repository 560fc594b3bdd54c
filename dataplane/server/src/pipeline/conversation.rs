//! The conversations of one shard: RADIUS around [`EapTls`], the decision when a handshake is complete, and the record
//! when it ends - by an answer or by silence.

mod link;
mod record;
mod shares;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

use nac_protocol::eap::{EapError, EapPacket};
use nac_protocol::radius::Packet;
use rustls::pki_types::UnixTime;

use self::link::{link_octets, terms};
use self::record::{End, record};
use self::table::Table;
use super::authorize::{Session, authorize, ends_in, remember};
use super::identity::Identity;
use super::mab::undecided;
use super::respond::{self, Acceptance, Built, Keys, NoAnswer};
use super::session::{self, Login};
use super::verify::Verified;
use super::{Request, Route, answered};
use crate::cause::Cause;
use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::eap_tls::{EapTls, Step, Terms};
use crate::event::{Decided, Event, Outcome, SentReply};
use crate::origin::Origin;
use crate::snapshot::Snapshot;
use crate::state_token::ConversationId;
use crate::tls::{ChainFault, Established, PeerCertificate, TlsFault, VerifiedChain};

/// A conversation between its packets.
struct Conversation {
    eap: EapTls,
    origin: Origin,
    opened: Now,
    last: Duration,
    server: Duration,
    /// Octets of an EAP packet, as far as the NAS has said (RFC 3579 section 2.4: it holds for the whole conversation).
    link: usize,
    peer: Option<Box<Peer>>,
    /// Its place in the order of opening; the table gives it.
    number: u64,
}

impl Conversation {
    /// As the first packet, and nothing else, describes it.
    fn of(request: &Request, packet: &Packet<'_>, eap: EapTls, now: Now) -> Self {
        let origin = Origin::of(packet, request.verified.client(), request.key.source);
        let link = link_octets(packet, &origin);
        Self { eap, origin, opened: now, last: now.monotonic, server: Duration::ZERO, link, peer: None, number: 0 }
    }
}

/// What a completed handshake and the decision about it left.
struct Peer {
    identity: Identity,
    /// What vouched for it; `None` when that was refused.
    chain: Option<Arc<VerifiedChain>>,
    resumed: bool,
    established: Box<Established>,
    decided: Option<Decided>,
}

/// One shard's conversations. Owned by one thread.
pub struct Conversations {
    core: Arc<Core>,
    shard: u8,
    table: Table,
}

/// How far one step got.
enum Next {
    Continue { eap: Vec<u8>, invalid: bool },
    Accept,
    Reject(Cause),
}

impl Conversations {
    /// None yet.
    #[must_use]
    pub fn new(core: Arc<Core>, shard: u8) -> Self {
        Self { core, shard, table: Table::default() }
    }

    /// Conversations open now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// True when none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    /// Serve one request; `None` when nothing is to be answered.
    pub fn serve(&mut self, request: &Request, route: Route, now: Now) -> Option<Arc<[u8]>> {
        let begun = Instant::now();
        let packet = request.verified.packet().ok()?;
        let mut eap = Vec::new();
        if packet.eap_message(&mut eap).is_err() {
            return self.discard(request, DiscardReason::MalformedEapMessage, now);
        }
        match route {
            Route::New => self.begin(request, &packet, &eap, now, begun),
            Route::Known(_, id) => match self.take(id, &request.verified) {
                Some(conversation) => self.resume(request, &packet, &eap, (id, conversation), now, begun),
                None => self.stale(request, &packet, &eap, now),
            },
            Route::Stale => self.stale(request, &packet, &eap, now),
        }
    }

    fn discard(&self, request: &Request, reason: DiscardReason, now: Now) -> Option<Arc<[u8]>> {
        let client = request.verified.client();
        client.ledger().counters.discarded.add();
        self.core.discard(reason, request.key.source, Some(&client.name), now);
        self.core.duplicates.forget(request.key, request.verified.authenticator());
        None
    }

    fn take(&mut self, id: ConversationId, request: &Verified) -> Option<Box<Conversation>> {
        let belongs = self.table.get(id).is_some_and(|open| open.origin.client.name == request.client().name);
        if belongs { self.table.take(id) } else { None }
    }

    fn begin(
        &mut self,
        request: &Request,
        packet: &Packet<'_>,
        eap: &[u8],
        now: Now,
        begun: Instant,
    ) -> Option<Arc<[u8]>> {
        let id = ConversationId(self.core.states.random().ok()?);
        let first = if eap.is_empty() { None } else { Some(EapPacket::parse(eap)) };
        let (eap_tls, step) = match first {
            Some(Err(why)) => unreadable(why),
            Some(Ok(first)) => EapTls::open(Some(&first)),
            None => EapTls::open(None),
        };
        let conversation = Conversation::of(request, packet, eap_tls, now);
        self.go_on(request, (id, Box::new(conversation)), step, now, begun)
    }

    fn resume(
        &mut self,
        request: &Request,
        packet: &Packet<'_>,
        eap: &[u8],
        (id, mut conversation): (ConversationId, Box<Conversation>),
        now: Now,
        begun: Instant,
    ) -> Option<Arc<[u8]>> {
        #[cfg(test)]
        crate::fault::strike(id);
        let snapshot = self.core.snapshot.load_full();
        conversation.link = conversation.link.min(link_octets(packet, &conversation.origin));
        let terms = terms(&snapshot, &request.verified, &conversation);
        let step = match EapPacket::parse(eap) {
            Ok(response) => conversation.eap.respond(&response, terms),
            Err(_) => conversation.eap.unreadable(),
        };
        let step = match step {
            Step::Established(established) => self.establish(&snapshot, &mut conversation, established, terms, now),
            step => step,
        };
        self.go_on(request, (id, conversation), step, now, begun)
    }

    /// The handshake is complete: every check under the snapshot of this moment, resumed or not (RFC 9190 section 5.7),
    /// then the policy.
    fn establish(
        &self,
        snapshot: &Arc<Snapshot>,
        conversation: &mut Conversation,
        established: Box<Established>,
        terms: Terms<'_>,
        now: Now,
    ) -> Step {
        let Some((end_entity, intermediates)) = established.chain.split_first() else {
            return Step::Failure(Cause::tls(&TlsFault::NoCertificate));
        };
        let unix = UnixTime::since_unix_epoch(Duration::from_secs(now.unix()));
        let checked = snapshot.acceptor.trust().check(end_entity, intermediates, unix);
        let read = match &checked {
            Ok(chain) => Ok(Arc::clone(chain.certificate())),
            Err(_) => PeerCertificate::parse(end_entity).map(Arc::new),
        };
        let Ok(certificate) = read else {
            return Step::Failure(Cause::tls(&TlsFault::Chain(ChainFault::Malformed)));
        };
        let resumed = established.resumed;
        let identity = Identity::of_certificate(certificate, &self.core.facts);
        if resumed {
            self.core.counters.resumed.add();
        }
        let (chain, (decided, verdict)) = match checked {
            Err(fault) => (None, (None, Err(Cause::tls(&TlsFault::Chain(fault))))),
            Ok(chain) => {
                let version = conversation.eap.tls().and_then(|tls| tls.version);
                let session = Session { version, resumed };
                let origin = &conversation.origin;
                let (decided, verdict) = authorize(snapshot, &self.core.facts, origin, &identity, Some(session), now);
                (Some(chain), (Some(decided), verdict))
            }
        };
        conversation.peer = Some(Box::new(Peer { identity, chain, resumed, established, decided }));
        match verdict {
            Ok(()) => conversation.eap.admit(terms),
            Err(cause) => Step::Failure(cause),
        }
    }

    /// Answer a step, and keep the conversation or close it.
    fn go_on(
        &mut self,
        request: &Request,
        (id, mut conversation): (ConversationId, Box<Conversation>),
        step: Step,
        now: Now,
        begun: Instant,
    ) -> Option<Arc<[u8]>> {
        let next = match step {
            Step::Challenge(eap) => Next::Continue { eap, invalid: false },
            Step::Again(eap) => Next::Continue { eap, invalid: true },
            Step::Success => Next::Accept,
            Step::Failure(cause) => Next::Reject(cause),
            Step::Established(_) => Next::Reject(respond::unbuildable(NoAnswer::Inconsistent)),
        };
        let reject = || respond::reject(&request.verified, Some(conversation.eap.identifier()));
        let (built, end) = match next {
            Next::Continue { eap, invalid } => {
                let state = self.core.states.seal(self.shard, id);
                (respond::challenge(&request.verified, &state, &eap, invalid), None)
            }
            Next::Accept => match self.accept(request, id, &conversation, now) {
                Ok(reply) => (Ok(reply), Some((Outcome::Accept, Cause::ok()))),
                Err(why) => (reject(), Some((Outcome::Reject, respond::unbuildable(why)))),
            },
            Next::Reject(cause) => (reject(), Some((Outcome::Reject, cause))),
        };
        // Proxy-States that leave no room for an answer: there is none then, and the conversation is over.
        let Ok(reply) = built else { return self.discard(request, DiscardReason::ReplyTooLong, now) };
        let reply = answered(&self.core, request, reply);
        conversation.server += begun.elapsed();
        match end {
            None => self.keep(id, conversation, now),
            Some((outcome, cause)) => {
                self.note_session(request, (id, &conversation), outcome, &reply, now);
                self.close(id, *conversation, End { outcome, cause, reply: Some(reply.clone()) }, now);
            }
        }
        Some(reply.octets)
    }

    fn accept(
        &self,
        request: &Request,
        id: ConversationId,
        conversation: &Conversation,
        now: Now,
    ) -> Result<Built, NoAnswer> {
        let peer = conversation.peer.as_ref().ok_or(NoAnswer::Inconsistent)?;
        let decided = peer.decided.as_ref().ok_or(NoAnswer::Inconsistent)?;
        let decision = decided.decision.as_ref().ok_or(NoAnswer::Inconsistent)?;
        let [a, b, c, d] = self.core.states.random().unwrap_or_default();
        let keys = Keys {
            msk: peer.established.msk.clone(),
            session_id: peer.established.session_id.clone(),
            salts: [[a, b], [c, d]],
            identifier: conversation.eap.identifier(),
        };
        let user_name = peer.identity.user.as_deref().or(peer.identity.device.as_deref());
        let acceptance = Acceptance {
            snapshot: &decided.snapshot,
            decision,
            client: &conversation.origin.client,
            lists: &self.core.access_lists,
            id,
            user_name,
            ends_in: ends_in(&peer.identity, now),
            keys: Some(&keys),
        };
        respond::accept(&request.verified, &acceptance)
    }

    /// The session that an answer opens or ends.
    fn note_session(
        &self,
        request: &Request,
        (id, conversation): (ConversationId, &Conversation),
        outcome: Outcome,
        reply: &SentReply,
        now: Now,
    ) {
        let origin = &conversation.origin;
        let (Outcome::Accept, Some(peer)) = (outcome, conversation.peer.as_deref()) else {
            return session::ends(&self.core, request, origin, now);
        };
        if let Some(decided) = &peer.decided {
            let version = conversation.eap.tls().and_then(|tls| tls.version);
            let tls = Some(Session { version, resumed: peer.resumed });
            let login = Login { id, origin, identity: &peer.identity, chain: peer.chain.as_ref(), tls, decided };
            session::opens(&self.core, request, &login, reply, now);
        }
    }

    fn keep(&mut self, id: ConversationId, mut conversation: Box<Conversation>, now: Now) {
        conversation.last = now.monotonic;
        for (id, evicted) in self.table.put(id, conversation) {
            self.core.counters.evicted.add();
            let cause = Cause::new(
                "evicted_flood",
                "too many conversations were open, most of them through this client, and this was its oldest",
                "look for what opens them behind this client: `nac status`, `nac auth list --client`",
            );
            self.close(id, *evicted, End::silent(cause), now);
        }
    }

    /// Close what fell silent or lasts too long.
    pub fn expire(&mut self, now: Now) {
        for (id, silent) in self.table.take_silent(now) {
            self.core.counters.abandoned.add();
            let end = End::silent(silent.eap.silence());
            self.close(id, *silent, end, now);
        }
    }

    /// Tell of what is over.
    fn close(&self, id: ConversationId, conversation: Conversation, end: End, now: Now) {
        if let (Outcome::Accept, Some(peer)) = (end.outcome, conversation.peer.as_deref())
            && let Some(decided) = &peer.decided
        {
            remember(&self.core.facts, decided, &peer.identity, &conversation.origin);
        }
        let mut record = record(id, conversation, end, now);
        if record.decided.is_none() && record.reply.is_some() {
            record.decided = Some(undecided(&self.core.snapshot.load_full()));
        }
        self.core.tell(Event::Authentication(Box::new(record)));
    }

    /// A State that names no conversation of this client here: reject, so that the supplicant starts again at once
    /// (RFC 5080 section 2.1.1). The session at the port is left alone: a recorded request that is sent again gets this
    /// answer too, and a session that is open at the switch must not be forgotten here. A switch that ends it says so.
    fn stale(&self, request: &Request, packet: &Packet<'_>, eap: &[u8], now: Now) -> Option<Arc<[u8]>> {
        let id = ConversationId(self.core.states.random().ok()?);
        let identifier = EapPacket::parse(eap).ok().map(|packet| packet.identifier());
        let Ok(reply) = respond::reject(&request.verified, identifier) else {
            return self.discard(request, DiscardReason::ReplyTooLong, now);
        };
        let reply = answered(&self.core, request, reply);
        let cause = Cause::new(
            "state_unknown",
            "the request continues a conversation that this server does not know (any more)",
            "none needed: the supplicant starts again; happens after a restart, a failover or a long pause",
        );
        let conversation = Conversation::of(request, packet, EapTls::open(None).0, now);
        self.close(id, conversation, End { outcome: Outcome::Reject, cause, reply: Some(reply.clone()) }, now);
        Some(reply.octets)
    }
}

fn unreadable(why: EapError) -> (EapTls, Step) {
    let (eap_tls, _) = EapTls::open(None);
    let cause = Cause::new("eap_malformed", why.to_string(), "update the supplicant or the NAS firmware");
    (eap_tls, Step::Failure(cause))
}

#[cfg(test)]
mod tests;
