//! Signed answers (RFC 2865 section 4, RFC 3579 section 2.6). Message-Authenticator stands first in each.

use std::ops::Range;
use std::sync::Arc;

use nac_policy::{AccessList, Decision, Policy};
use nac_protocol::eap;
use nac_protocol::eap::tls::{Msk, SessionId};
use nac_protocol::radius::{
    AttributeType, BuildError, Code, MAX_VALUE_LENGTH, Packet, ReplyBuilder, VendorId, put_vendor,
};

use super::verify::Verified;
use crate::access_lists::AccessLists;
use crate::cause::Cause;
use crate::client::RadiusClient;
use crate::snapshot::Snapshot;
use crate::state_token::ConversationId;

/// Error-Cause 202, Invalid EAP Packet (RFC 3579 section 2.2).
const INVALID_EAP_PACKET: u32 = 202;
/// Termination-Action RADIUS-Request: the timer means re-authentication (RFC 3580 section 3.17).
const RADIUS_REQUEST: u32 = 1;

/// Cisco-AVPair.
const CISCO_AV_PAIR: u8 = 1;
/// What stands before the name of a list that the switch is to fetch.
const LIST_TO_FETCH: &str = "ACS:CiscoSecure-Defined-ACL=";

/// Seconds below which a re-authentication would be due before the first one has settled.
const SHORTEST_SESSION: u32 = 60;
/// Seconds above which an end does not matter to a segment without a lifetime of its own.
const LONGEST_UNASKED: u32 = 86_400;

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAnswer {
    /// More than 4,096 octets, or an attribute that does not fit.
    Build(BuildError),
    /// The policy has no attributes for this decision, or the client lost its secret meanwhile.
    Inconsistent,
}

impl From<BuildError> for NoAnswer {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

/// What EAP-Success brings along (RFC 2548, RFC 4072).
#[derive(Debug)]
pub struct Keys {
    /// For MS-MPPE-Recv-Key and MS-MPPE-Send-Key.
    pub msk: Msk,
    /// For EAP-Key-Name, when the NAS asks for it.
    pub session_id: Option<SessionId>,
    /// Two salts.
    pub salts: [[u8; 2]; 2],
    /// Identifier of the last EAP request.
    pub identifier: u8,
}

/// What an Access-Accept says.
#[derive(Debug)]
pub struct Acceptance<'a> {
    /// The snapshot that decided.
    pub snapshot: &'a Snapshot,
    /// Its decision, fitted to what this client can be told.
    pub decision: &'a Decision,
    /// The client that it was fitted to.
    pub client: &'a RadiusClient,
    /// Where a list is kept that the client fetches.
    pub lists: &'a AccessLists,
    /// Carried in Class, and back in accounting.
    pub id: ConversationId,
    /// The authenticated name (RFC 3579 section 3: User-Name in the Accept).
    pub user_name: Option<&'a str>,
    /// Seconds until what was decided on ends: the certificate, or the posture report.
    pub ends_in: Option<u32>,
    /// For EAP.
    pub keys: Option<&'a Keys>,
}

/// An answer, signed.
#[derive(Debug)]
pub struct Built {
    /// The packet.
    pub octets: Vec<u8>,
    /// Where in it the attributes stand that the policy laid out; empty when there are none.
    pub authorization: Range<usize>,
}

impl From<Vec<u8>> for Built {
    fn from(octets: Vec<u8>) -> Self {
        Self { octets, authorization: 0..0 }
    }
}

/// Access-Challenge with an EAP-Request.
///
/// # Errors
/// [`NoAnswer`].
pub fn challenge(request: &Verified, state: &[u8], eap: &[u8], invalid: bool) -> Result<Built, NoAnswer> {
    build(request, Code::ACCESS_CHALLENGE, |reply, _| {
        reply.eap_message(eap)?.attribute(AttributeType::STATE, state)?;
        if invalid {
            reply.integer(AttributeType::ERROR_CAUSE, INVALID_EAP_PACKET)?;
        }
        Ok(())
    })
}

/// A page of a list that a switch fetches: Access-Challenge when another follows, which `next` is the State for.
///
/// # Errors
/// [`NoAnswer`].
pub fn page(request: &Verified, attributes: &[u8], next: Option<&[u8]>) -> Result<Built, NoAnswer> {
    let code = if next.is_some() { Code::ACCESS_CHALLENGE } else { Code::ACCESS_ACCEPT };
    build(request, code, |reply, _| {
        if let Some(state) = next {
            reply.attribute(AttributeType::STATE, state)?;
        }
        reply.encoded(attributes)?;
        Ok(())
    })
}

/// Access-Reject; `identifier` of the last EAP request, when there was one.
///
/// # Errors
/// [`NoAnswer`].
pub fn reject(request: &Verified, identifier: Option<u8>) -> Result<Built, NoAnswer> {
    build(request, Code::ACCESS_REJECT, |reply, _| {
        if let Some(identifier) = identifier {
            reply.eap_message(&eap::failure(identifier))?;
        }
        Ok(())
    })
}

/// Access-Accept.
///
/// # Errors
/// [`NoAnswer`]; too long an access list among them.
pub fn accept(request: &Verified, acceptance: &Acceptance<'_>) -> Result<Built, NoAnswer> {
    let policy = &acceptance.snapshot.policy;
    let authorization = laid_out(policy, acceptance.decision, acceptance.client, acceptance.lists)?;
    let mut place = 0..0;
    let built = build(request, Code::ACCESS_ACCEPT, |reply, packet| {
        if let Some(keys) = acceptance.keys {
            reply.eap_message(&eap::success(keys.identifier))?;
            reply.mppe_keys(request.secret().ok_or(NoAnswer::Inconsistent)?, keys.salts, keys.msk.octets())?;
            if let (Some(name), Some(_)) = (&keys.session_id, packet.first(AttributeType::EAP_KEY_NAME)) {
                reply.attribute(AttributeType::EAP_KEY_NAME, name.octets())?;
            }
        }
        let fits = |name: &&str| (1..=MAX_VALUE_LENGTH).contains(&name.len());
        if let (Some(name), Some(_)) = (acceptance.user_name.filter(fits), packet.first(AttributeType::USER_NAME)) {
            reply.text(AttributeType::USER_NAME, name)?;
        }
        reply.text(AttributeType::CLASS, &acceptance.id.to_string())?;
        if let Some(seconds) = session_timeout(policy.session_timeout(acceptance.decision), acceptance.ends_in) {
            reply.integer(AttributeType::SESSION_TIMEOUT, seconds)?;
            reply.integer(AttributeType::TERMINATION_ACTION, RADIUS_REQUEST)?;
        }
        let begin = reply.length();
        reply.encoded(&authorization)?;
        place = begin..reply.length();
        Ok(())
    })?;
    Ok(Built { authorization: place, ..built })
}

/// The attributes of a decision as its client gets them: the segment's, and the access list or the name by which the client
/// fetches it.
///
/// # Errors
/// [`NoAnswer`] when the policy has none for it.
pub fn laid_out(
    policy: &Policy,
    decision: &Decision,
    client: &RadiusClient,
    lists: &AccessLists,
) -> Result<Vec<u8>, NoAnswer> {
    let mut authorization = Vec::with_capacity(512);
    let list = policy
        .reply(decision, &client.dialect, client.site.as_deref(), &mut authorization)
        .map_err(|_| NoAnswer::Inconsistent)?;
    match list {
        AccessList::InLine => {}
        AccessList::ToBeNamed(list) => {
            let pair = format!("{LIST_TO_FETCH}{}", lists.keep(&list));
            put_vendor(&mut authorization, VendorId::CISCO, CISCO_AV_PAIR, pair.as_bytes())?;
        }
        AccessList::Named(list) => {
            lists.keep(&list);
        }
    }
    Ok(authorization)
}

/// The segment's lifetime, or less when what was decided on ends before; never so short that the port does nothing else.
pub(crate) fn session_timeout(segment: Option<u32>, ends_in: Option<u32>) -> Option<u32> {
    let ends_in = ends_in.map(|seconds| seconds.max(SHORTEST_SESSION));
    match (segment, ends_in) {
        (Some(segment), Some(ends_in)) => Some(segment.min(ends_in)),
        (None, Some(ends_in)) if ends_in > LONGEST_UNASKED => None,
        (segment, ends_in) => segment.or(ends_in),
    }
}

/// An answer with nothing but the request's Proxy-State: Accounting-Response (RFC 2866 section 4.2), and what either port
/// says to Status-Server (RFC 5997 section 3).
#[must_use]
pub fn plain(request: &Verified, code: Code) -> Option<Arc<[u8]>> {
    build(request, code, |_, _| Ok(())).ok().map(|built| built.octets.into())
}

fn build(
    request: &Verified,
    code: Code,
    fill: impl FnOnce(&mut ReplyBuilder, &Packet<'_>) -> Result<(), NoAnswer>,
) -> Result<Built, NoAnswer> {
    let packet = request.packet().map_err(|_| NoAnswer::Inconsistent)?;
    let secret = request.secret().ok_or(NoAnswer::Inconsistent)?;
    let mut reply = ReplyBuilder::new(code, request.identifier(), *request.authenticator());
    fill(&mut reply, &packet)?;
    reply.proxy_states_of(&packet)?;
    Ok(reply.finish(secret).into())
}

/// The cause of an Accept that could not be built: an error denies.
#[must_use]
pub fn unbuildable(why: NoAnswer) -> Cause {
    match why {
        NoAnswer::Build(_) => Cause::new(
            "access_list_too_long",
            "the access list of this session does not fit into one RADIUS packet of 4,096 octets",
            "grant fewer or coarser resources, or aggregate their addresses; `nac policy check` shows the budget",
        ),
        NoAnswer::Inconsistent => {
            Cause::new("internal_error", "the answer could not be put together", "see the server's log and report it")
        }
    }
}
