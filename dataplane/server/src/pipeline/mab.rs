//! Requests without EAP: MAC Authentication Bypass, an access list to fetch, or a password, which is refused.
//!
//! A MAC address is no secret, so whatever password the NAS sends with it is not compared. What a policy gives to such a
//! device should be little.

use std::sync::Arc;
use std::time::Instant;

use nac_policy::MacAddress;
use nac_protocol::radius::{AttributeType, Packet};

use super::authorize::{authorize, ends_in, remember};
use super::identity::Identity;
use super::respond::{self, Acceptance};
use super::session::{self, Login};
use super::{Request, answered, download};
use crate::cause::Cause;
use crate::clock::Now;
use crate::core::Core;
use crate::event::{AuthenticationRecord, Decided, Event, Method, Outcome};
use crate::origin::Origin;
use crate::snapshot::Snapshot;
use crate::state_token::ConversationId;

/// Service-Type Call-Check (RFC 2865 section 5.6): what some NASes send for MAB.
const CALL_CHECK: &[u8] = &[0, 0, 0, 10];
/// Service-Type Framed: what others send for it.
const FRAMED: &[u8] = &[0, 0, 0, 2];

/// Decide and answer.
pub fn answer(
    core: &Core,
    snapshot: &Arc<Snapshot>,
    request: &Request,
    packet: &Packet<'_>,
    now: Now,
) -> Option<Arc<[u8]>> {
    let begun = Instant::now();
    let id = ConversationId(core.states.random().ok()?);
    let origin = Origin::of(packet, request.verified.client(), request.key.source);
    let claimed = match download::asked_for(packet) {
        None => claimed_mac(packet, &origin),
        Some(name) => match download::answer(core, snapshot, request, packet, name) {
            Ok(page) => return Some(page),
            Err(cause) => Err(cause),
        },
    };
    let (identity, decided, verdict) = match claimed {
        Err(cause) => (None, None, Err(cause)),
        Ok(mac) => {
            let identity = Identity::of_mac(mac, &core.facts);
            let (decided, verdict) = authorize(snapshot, &core.facts, &origin, &identity, None, now);
            (Some(identity), Some(decided), verdict)
        }
    };
    let built = match (&verdict, &decided) {
        (Ok(()), Some(decided)) => {
            let ends_in = identity.as_ref().and_then(|identity| ends_in(identity, now));
            accept(core, request, decided, id, &origin, ends_in)
        }
        _ => respond::reject(&request.verified, None),
    };
    let (reply, cause) = match (built, verdict) {
        (Ok(reply), Ok(())) => (reply, Cause::ok()),
        (Ok(reply), Err(cause)) => (reply, cause),
        (Err(why), _) => (respond::reject(&request.verified, None).ok()?, respond::unbuildable(why)),
    };
    let reply = answered(core, request, reply);
    match (cause.word == "ok", &decided, &identity) {
        (true, Some(decided), Some(identity)) => {
            remember(&core.facts, decided, identity, &origin);
            let login = Login { id, origin: &origin, identity, chain: None, tls: None, decided };
            session::opens(core, request, &login, &reply, now);
        }
        (false, _, Some(_)) => session::ends(core, request, &origin, now),
        _ => {}
    }
    core.tell(Event::Authentication(Box::new(AuthenticationRecord {
        id,
        at: now.unix_micros,
        ended_at: now.unix_micros,
        server: begun.elapsed(),
        rounds: 1,
        method: if identity.is_some() { Method::Mab } else { Method::None },
        outcome: if cause.word == "ok" { Outcome::Accept } else { Outcome::Reject },
        cause,
        tls: None,
        resumed: false,
        certificate: None,
        user: None,
        device: identity.and_then(|identity| identity.device),
        decided: decided.or_else(|| Some(undecided(snapshot))),
        reply: Some(reply.clone()),
        origin,
    })));
    Some(reply.octets)
}

/// Nothing was decided, but the record needs the snapshot's dictionary.
pub(super) fn undecided(snapshot: &Arc<Snapshot>) -> Decided {
    Decided { snapshot: Arc::clone(snapshot), decision: None, facts: Box::default() }
}

fn accept(
    core: &Core,
    request: &Request,
    decided: &Decided,
    id: ConversationId,
    origin: &Origin,
    ends_in: Option<u32>,
) -> Result<respond::Built, respond::NoAnswer> {
    let decision = decided.decision.as_ref().ok_or(respond::NoAnswer::Inconsistent)?;
    let user_name = origin.user_name.as_deref();
    let (snapshot, client) = (&decided.snapshot, &origin.client);
    let lists = &core.access_lists;
    let acceptance = Acceptance { snapshot, decision, client, lists, id, user_name, ends_in, keys: None };
    respond::accept(&request.verified, &acceptance)
}

/// The MAC address that asks for bypass: User-Name and Calling-Station-Id are the same one, and the service is what a
/// switch port asks for, not a login to the switch itself.
fn claimed_mac(packet: &Packet<'_>, origin: &Origin) -> Result<MacAddress, Cause> {
    let has = |ty| packet.first(ty).is_some();
    let (password, chap) = (has(AttributeType::USER_PASSWORD), has(AttributeType::CHAP_PASSWORD));
    let service = packet.first(AttributeType::SERVICE_TYPE);
    if password && chap {
        return Err(refused("a request with both User-Password and CHAP-Password (RFC 2865 section 4.1)"));
    }
    if service.is_some_and(|service| service != CALL_CHECK && service != FRAMED) {
        return Err(refused("a login to the device itself (Service-Type); only network access is offered"));
    }
    let named = origin.user_name.as_deref().and_then(|name| name.parse::<MacAddress>().ok());
    match named {
        Some(mac) if origin.mac != Some(mac) => {
            Err(refused("MAC authentication without the same address in Calling-Station-Id"))
        }
        Some(mac) if password || chap || service == Some(CALL_CHECK) => Ok(mac),
        Some(_) => Err(refused("neither EAP nor a password nor Call-Check (RFC 2865 section 4.1)")),
        None if origin.user_name.is_none() => Err(Cause::new(
            "identity_missing",
            "the request has no User-Name",
            "check the NAS's 802.1X or MAB configuration of this port",
        )),
        None => Err(refused("a password login; only certificates (EAP-TLS) and MAC bypass are offered")),
    }
}

fn refused(what: &str) -> Cause {
    Cause::new(
        "password_method_refused",
        format!("the NAS sent {what}"),
        "configure 802.1X with EAP-TLS on the port; this server never checks passwords",
    )
}
