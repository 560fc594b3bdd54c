//! From octets to a verified request: length, Message-Authenticator, and what may not stand together (RFC 2865
//! section 3, RFC 3579 section 3, CVE-2024-3596). Everything refused here is silently discarded.

use std::net::SocketAddr;
use std::sync::Arc;

use nac_protocol::radius::{
    AttributeType, Code, MessageAuthenticatorError, Packet, PacketError, Presence, Secret, decode_user_password,
    verify_request_message_authenticator,
};

use super::Datagram;
use crate::client::{MessageAuthenticatorMode, RadiusClient};
use crate::discard::DiscardReason;

/// A request that passed: it exists only when its client's secret (or, in mode `observe`, its source address) vouches.
#[derive(Debug)]
pub struct Verified {
    octets: Box<[u8]>,
    client: Arc<RadiusClient>,
    secret: usize,
    code: Code,
    identifier: u8,
    authenticator: [u8; 16],
    source: SocketAddr,
}

impl Verified {
    /// The packet came from `source`, and the client's secret of this index vouches for it.
    pub(super) fn by(client: &Arc<RadiusClient>, secret: usize, packet: &Packet<'_>, source: SocketAddr) -> Self {
        Self {
            octets: packet.octets().into(),
            client: Arc::clone(client),
            secret,
            code: packet.code(),
            identifier: packet.identifier(),
            authenticator: *packet.authenticator(),
            source,
        }
    }

    /// The packet.
    ///
    /// # Errors
    /// Never in fact: the octets parsed when this was made.
    pub fn packet(&self) -> Result<Packet<'_>, PacketError> {
        Packet::parse(&self.octets)
    }

    /// Who asks.
    #[must_use]
    pub fn client(&self) -> &Arc<RadiusClient> {
        &self.client
    }

    /// The secret that this client uses now, as far as its request tells: answers are signed with the same.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        self.client.secrets.get(self.secret)
    }

    /// Code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Identifier.
    #[must_use]
    pub fn identifier(&self) -> u8 {
        self.identifier
    }

    /// Request Authenticator.
    #[must_use]
    pub fn authenticator(&self) -> &[u8; 16] {
        &self.authenticator
    }

    /// Where it came from.
    #[must_use]
    pub fn source(&self) -> SocketAddr {
        self.source
    }
}

/// Check a datagram from `client`.
///
/// # Errors
/// [`DiscardReason`]: nothing may be answered.
pub fn verify(datagram: Datagram<'_>, client: &Arc<RadiusClient>) -> Result<Verified, DiscardReason> {
    let packet = Packet::parse(datagram.octets).map_err(|_| DiscardReason::MalformedPacket)?;
    if packet.code() != Code::ACCESS_REQUEST && packet.code() != Code::STATUS_SERVER {
        return Err(DiscardReason::UnexpectedCode);
    }
    let (secret, presence) = authenticate(&packet, client)?;
    check_combination(&packet, client, presence)?;
    Ok(Verified::by(client, secret, &packet, datagram.source))
}

/// Which live secret signed it, or, without a Message-Authenticator, which one the NAS most likely has.
fn authenticate(packet: &Packet<'_>, client: &RadiusClient) -> Result<(usize, Presence), DiscardReason> {
    let counters = &client.ledger().counters;
    for (index, secret) in client.secrets.iter().enumerate() {
        let (index, presence) = match verify_request_message_authenticator(packet, secret) {
            Ok(Presence::Absent) => (likely_secret(packet, client), Presence::Absent),
            Ok(Presence::Valid) => {
                client.prove(index);
                (index, Presence::Valid)
            }
            Err(MessageAuthenticatorError::Wrong) => continue,
            Err(_) => return Err(DiscardReason::MalformedMessageAuthenticator),
        };
        if index > 0 {
            counters.second_secret.add();
        }
        return Ok((index, presence));
    }
    counters.bad_message_authenticator.add();
    Err(DiscardReason::BadMessageAuthenticator)
}

/// Nothing in such a request proves a secret (RFC 2865 has no request integrity), but a User-Password is hidden with one:
/// under that one it is text with NULs behind (section 5.2), under another it is noise. CHAP uses none: there it is the
/// one that the client proved last.
fn likely_secret(packet: &Packet<'_>, client: &RadiusClient) -> usize {
    let reads = |secret: &Secret| {
        packet.first(AttributeType::USER_PASSWORD).is_some_and(|hidden| {
            decode_user_password(hidden, secret, packet.authenticator()).is_ok_and(|password| is_text(&password))
        })
    };
    match client.secrets.as_slice() {
        [first, second] => match (reads(first), reads(second)) {
            (true, false) => 0,
            (false, true) => 1,
            _ => client.proven(),
        },
        _ => 0,
    }
}

fn is_text(password: &[u8]) -> bool {
    std::str::from_utf8(password).is_ok_and(|text| !text.contains(char::is_control))
}

fn check_combination(packet: &Packet<'_>, client: &RadiusClient, presence: Presence) -> Result<(), DiscardReason> {
    const PASSWORDS: [AttributeType; 3] =
        [AttributeType::USER_PASSWORD, AttributeType::CHAP_PASSWORD, AttributeType::ARAP_PASSWORD];
    let has = |ty| packet.first(ty).is_some();
    let eap = has(AttributeType::EAP_MESSAGE);
    let password = PASSWORDS.into_iter().any(has);
    if presence == Presence::Absent {
        client.ledger().counters.without_message_authenticator.add();
        if eap {
            return Err(DiscardReason::EapUnprotected);
        }
        // RFC 3579 section 3.3: a request with neither EAP-Message nor a password needs one in any mode.
        let required = client.message_authenticator == MessageAuthenticatorMode::Require;
        if required || !password || packet.code() == Code::STATUS_SERVER {
            return Err(DiscardReason::MissingMessageAuthenticator);
        }
        if has(AttributeType::PROXY_STATE) {
            return Err(DiscardReason::ProxyStateUnprotected);
        }
    }
    if packet.code() == Code::STATUS_SERVER {
        return Ok(());
    }
    if eap && password {
        return Err(DiscardReason::EapWithPassword);
    }
    let named = [AttributeType::NAS_IP_ADDRESS, AttributeType::NAS_IPV6_ADDRESS, AttributeType::NAS_IDENTIFIER]
        .into_iter()
        .any(has);
    if named { Ok(()) } else { Err(DiscardReason::NoNasIdentity) }
}
