//! What is told of a conversation that is over.

use std::sync::Arc;

use super::{Conversation, Peer};
use crate::cause::Cause;
use crate::clock::Now;
use crate::event::{AuthenticationRecord, Method, Outcome, SentReply};
use crate::origin::text;
use crate::state_token::ConversationId;

/// How a conversation ended.
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) cause: Cause,
    /// The last answer, if the end was one.
    pub(super) reply: Option<SentReply>,
}

impl End {
    /// Nothing is answered any more.
    pub(super) fn silent(cause: Cause) -> Self {
        Self { outcome: Outcome::Abandoned, cause, reply: None }
    }
}

/// Everything that the conversation came to know. Who is unnamed by the NAS is named by its EAP identity; a certificate
/// that was refused within the handshake is told as well.
pub(super) fn record(id: ConversationId, over: Conversation, end: End, now: Now) -> AuthenticationRecord {
    let mut origin = over.origin;
    if origin.user_name.is_none() && !over.eap.identity().is_empty() {
        origin.user_name = Some(text(over.eap.identity()));
    }
    let tls = over.eap.tls().cloned();
    let (identity, resumed, decided) = match over.peer.map(|peer| *peer) {
        Some(Peer { identity, resumed, decided, .. }) => (Some(identity), resumed, decided),
        None => (None, false, None),
    };
    let (certificate, user, device) = match identity {
        Some(identity) => (identity.certificate, identity.user, identity.device),
        None => (tls.as_ref().and_then(|tls| tls.refused.clone()).map(Arc::new), None, None),
    };
    AuthenticationRecord {
        id,
        at: over.opened.unix_micros,
        ended_at: now.unix_micros,
        server: over.server,
        rounds: over.eap.rounds(),
        origin,
        method: if tls.is_some() { Method::EapTls } else { Method::None },
        outcome: end.outcome,
        cause: end.cause,
        tls,
        resumed,
        certificate,
        user,
        device,
        decided,
        reply: end.reply,
    }
}
