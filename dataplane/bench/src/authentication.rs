//! One RADIUS authentication as a NAS runs it, without sockets or clocks: requests out, replies in.
//!
//! [`Authentication::request`] builds the next request; [`Authentication::receive`] takes a reply, verifies both of its
//! authenticators and says what follows. The method decides what is asked: EAP-TLS (RFC 3579), the MAC address alone
//! (MAB), Status-Server (RFC 5997), or an accounting record (RFC 2866).

use std::fmt;

use nac_protocol::radius::{
    Attribute, AttributeType, BuildError, Code, Packet, PacketError, Presence, RequestBuilder, ResponseError, Secret,
    decrypt_mppe_key, verify_response,
};

use crate::accounting::AccountingRecord;
use crate::nas_port::NasPort;
use crate::supplicant::{Handshake, PeerError, PeerStep, Supplicant};

mod key_check;

pub use key_check::{KeyCheck, KeyNameCheck};

/// Service-Type Framed, what an 802.1X port asks for (RFC 3580 3.2).
const SERVICE_TYPE_FRAMED: u32 = 2;
/// Service-Type Call-Check, what MAC authentication bypass asks for.
const SERVICE_TYPE_CALL_CHECK: u32 = 10;

/// Most challenges in one conversation, as a NAS limits them too.
pub const MAX_ROUNDS: u32 = 200;

/// What the device has to show.
#[derive(Debug)]
pub enum Method {
    /// A certificate. `supplicant` has not started yet.
    EapTls {
        /// The peer.
        supplicant: Box<Supplicant>,
        /// Ask for EAP-Key-Name (RFC 4072 2.6.4).
        request_key_name: bool,
    },
    /// Its MAC address, as User-Name and User-Password.
    Mab,
    /// Nothing: only ask whether the server lives.
    Status,
    /// A record of a session.
    Accounting(AccountingRecord),
}

/// What a reply must carry to be taken. Our own server is held to `First`; the others measured beside it are older.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyProtection {
    /// A Message-Authenticator, as the first attribute (CVE-2024-3596).
    #[default]
    First,
    /// A Message-Authenticator anywhere.
    Present,
    /// The Response Authenticator alone (RFC 2865 3).
    ResponseAuthenticator,
}

/// What the NAS knows of the server.
#[derive(Clone, Debug)]
pub struct ServerTrust {
    /// The shared secret.
    pub secret: Secret,
    /// What its replies must carry.
    pub protection: ReplyProtection,
}

/// The Request Authenticator of the request that a reply answers.
pub type RequestAuthenticator = [u8; 16];

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Access-Accept.
    Accept,
    /// Access-Reject.
    Reject,
}

/// What follows a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Build and send the next request.
    Continue,
    /// The conversation is over.
    Finished(Verdict),
}

/// Why a reply is not taken: a NAS drops it silently and goes on waiting.
#[derive(Debug, PartialEq, Eq)]
pub enum DroppedReply {
    /// Not a RADIUS packet.
    Packet(PacketError),
    /// Signed by somebody else.
    Response(ResponseError),
    /// The Message-Authenticator is not where [`ReplyProtection`] wants it.
    MessageAuthenticator(ReplyProtection),
}

/// Why a conversation breaks off: the server's verified reply makes no sense.
#[derive(Debug)]
pub enum AuthenticationError {
    /// A Code that is no answer to the request.
    UnexpectedCode(Code),
    /// A challenge without EAP-Message, or EAP-Messages that are torn apart.
    EapMessage,
    /// Accept with anything but EAP-Success, or Reject with EAP-Success (RFC 3579 2.6.3).
    Contradiction(Code),
    /// The peer gave up.
    Peer(PeerError),
    /// More than [`MAX_ROUNDS`] challenges.
    Endless,
}

/// Dropped, or broken off.
#[derive(Debug)]
pub enum ReplyError {
    /// See [`DroppedReply`].
    Dropped(DroppedReply),
    /// See [`AuthenticationError`].
    Broken(AuthenticationError),
}

/// One conversation.
#[derive(Debug)]
pub struct Authentication {
    port: NasPort,
    method: Method,
    state: Option<Vec<u8>>,
    eap: Vec<u8>,
    rounds: u32,
    reply: Vec<(AttributeType, Vec<u8>)>,
    keys: KeyCheck,
    key_name: KeyNameCheck,
}

impl Authentication {
    /// Starts a conversation at `port`.
    #[must_use]
    pub fn new(port: NasPort, method: Method) -> Self {
        let eap = match &method {
            Method::EapTls { supplicant, .. } => supplicant.identity_response(),
            Method::Mab | Method::Status | Method::Accounting(_) => Vec::new(),
        };
        Self {
            port,
            method,
            state: None,
            eap,
            rounds: 0,
            reply: Vec::new(),
            keys: KeyCheck::NotApplicable,
            key_name: KeyNameCheck::Absent,
        }
    }

    /// The next request, signed. `authenticator`: 16 fresh random octets.
    ///
    /// # Errors
    /// [`BuildError`] when identity or texts do not fit their attributes.
    pub fn request(
        &self,
        identifier: u8,
        authenticator: RequestAuthenticator,
        secret: &Secret,
    ) -> Result<Vec<u8>, BuildError> {
        let code = match self.method {
            Method::Status => Code::STATUS_SERVER,
            Method::Accounting(_) => Code::ACCOUNTING_REQUEST,
            Method::EapTls { .. } | Method::Mab => Code::ACCESS_REQUEST,
        };
        let mut request = RequestBuilder::new(code, identifier, authenticator);
        match &self.method {
            Method::Status => {
                request.text(AttributeType::NAS_IDENTIFIER, &self.port.nas_identifier)?;
                return Ok(request.finish(secret));
            }
            Method::Accounting(record) => {
                record.put(&self.port, &mut request)?;
                return Ok(request.finish(secret));
            }
            Method::Mab => {
                let address = self.port.calling_station.bare();
                request
                    .text(AttributeType::USER_NAME, &address)?
                    .user_password(secret, address.as_bytes())?
                    .integer(AttributeType::SERVICE_TYPE, SERVICE_TYPE_CALL_CHECK)?;
            }
            Method::EapTls { supplicant, request_key_name } => {
                request
                    .attribute(AttributeType::USER_NAME, supplicant.identity())?
                    .integer(AttributeType::SERVICE_TYPE, SERVICE_TYPE_FRAMED)?
                    .eap_message(&self.eap)?;
                if *request_key_name {
                    request.attribute(AttributeType::EAP_KEY_NAME, &[0])?;
                }
            }
        }
        self.port.describe(&mut request)?;
        if let Some(state) = &self.state {
            request.attribute(AttributeType::STATE, state)?;
        }
        Ok(request.finish(secret))
    }

    /// Takes a datagram that came as the answer to the request with `request_authenticator`.
    ///
    /// # Errors
    /// [`ReplyError::Dropped`]: keep waiting. [`ReplyError::Broken`]: the conversation is over without a verdict.
    pub fn receive(
        &mut self,
        datagram: &[u8],
        request_authenticator: &RequestAuthenticator,
        trust: &ServerTrust,
    ) -> Result<Progress, ReplyError> {
        let protection = match self.method {
            // RFC 3579 section 3.3 gives an Accounting-Response no Message-Authenticator.
            Method::Accounting(_) => ReplyProtection::ResponseAuthenticator,
            _ => trust.protection,
        };
        let packet =
            verified(datagram, request_authenticator, &trust.secret, protection).map_err(ReplyError::Dropped)?;
        self.rounds += 1;
        let progress = match (&self.method, packet.code()) {
            (Method::EapTls { .. }, Code::ACCESS_CHALLENGE) => self.challenge(&packet),
            (Method::Accounting(_), Code::ACCOUNTING_RESPONSE) => Ok(Progress::Finished(Verdict::Accept)),
            (Method::EapTls { .. } | Method::Mab | Method::Status, Code::ACCESS_ACCEPT) => {
                self.accept(&packet, request_authenticator, &trust.secret)
            }
            (Method::EapTls { .. } | Method::Mab, Code::ACCESS_REJECT) => self.reject(&packet),
            (_, code) => Err(AuthenticationError::UnexpectedCode(code)),
        };
        progress.map_err(ReplyError::Broken)
    }

    /// The User-Name of its requests; empty for those that have none.
    #[must_use]
    pub fn user_name(&self) -> &[u8] {
        match &self.method {
            Method::EapTls { supplicant, .. } => supplicant.identity(),
            Method::Accounting(record) => &record.user_name,
            Method::Mab | Method::Status => &[],
        }
    }

    /// Replies taken so far, each one round trip.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// The attributes of the last Accept or Reject, in order.
    #[must_use]
    pub fn reply(&self) -> &[(AttributeType, Vec<u8>)] {
        &self.reply
    }

    /// Whether the Accept's MS-MPPE keys are those that the peer derived.
    #[must_use]
    pub fn keys(&self) -> KeyCheck {
        self.keys
    }

    /// Whether the Accept's EAP-Key-Name is the peer's Session-Id.
    #[must_use]
    pub fn key_name(&self) -> KeyNameCheck {
        self.key_name
    }

    /// How the TLS handshake went, once it has ended.
    #[must_use]
    pub fn handshake(&self) -> Option<&Handshake> {
        match &self.method {
            Method::EapTls { supplicant, .. } => supplicant.handshake(),
            Method::Mab | Method::Status | Method::Accounting(_) => None,
        }
    }

    fn challenge(&mut self, packet: &Packet<'_>) -> Result<Progress, AuthenticationError> {
        if self.rounds > MAX_ROUNDS {
            return Err(AuthenticationError::Endless);
        }
        match self.give_to_peer(packet)? {
            Some(PeerStep::Respond(eap)) => {
                self.eap = eap;
                self.state = packet.first(AttributeType::STATE).map(<[u8]>::to_vec);
                Ok(Progress::Continue)
            }
            Some(PeerStep::Success | PeerStep::Failure) => Err(AuthenticationError::Contradiction(packet.code())),
            None => Err(AuthenticationError::EapMessage),
        }
    }

    fn accept(
        &mut self,
        packet: &Packet<'_>,
        request_authenticator: &RequestAuthenticator,
        secret: &Secret,
    ) -> Result<Progress, AuthenticationError> {
        self.keep(packet);
        if matches!(self.method, Method::EapTls { .. }) {
            if self.give_to_peer(packet)? != Some(PeerStep::Success) {
                return Err(AuthenticationError::Contradiction(packet.code()));
            }
            let derived = self.handshake().and_then(|handshake| handshake.keys.clone());
            self.keys =
                KeyCheck::of(packet, derived.as_ref(), |value| decrypt_mppe_key(value, secret, request_authenticator));
            self.key_name = KeyNameCheck::of(packet, derived.as_ref());
        }
        Ok(Progress::Finished(Verdict::Accept))
    }

    fn reject(&mut self, packet: &Packet<'_>) -> Result<Progress, AuthenticationError> {
        self.keep(packet);
        if matches!(self.method, Method::EapTls { .. })
            && !matches!(self.give_to_peer(packet)?, Some(PeerStep::Failure) | None)
        {
            return Err(AuthenticationError::Contradiction(packet.code()));
        }
        Ok(Progress::Finished(Verdict::Reject))
    }

    fn keep(&mut self, packet: &Packet<'_>) {
        self.reply = packet.attributes().map(|Attribute { ty, value }| (ty, value.to_vec())).collect();
    }

    /// None when the packet carries no EAP-Message.
    fn give_to_peer(&mut self, packet: &Packet<'_>) -> Result<Option<PeerStep>, AuthenticationError> {
        let Method::EapTls { supplicant, .. } = &mut self.method else {
            return Ok(None);
        };
        let mut eap = Vec::new();
        match packet.eap_message(&mut eap) {
            Ok(true) => supplicant.receive(&eap).map(Some).map_err(AuthenticationError::Peer),
            Ok(false) => Ok(None),
            Err(_) => Err(AuthenticationError::EapMessage),
        }
    }
}

/// RFC 2865 3, RFC 3579 3.2.
fn verified<'a>(
    datagram: &'a [u8],
    request_authenticator: &RequestAuthenticator,
    secret: &Secret,
    protection: ReplyProtection,
) -> Result<Packet<'a>, DroppedReply> {
    let packet = Packet::parse(datagram).map_err(DroppedReply::Packet)?;
    let presence = verify_response(&packet, request_authenticator, secret).map_err(DroppedReply::Response)?;
    let first = packet.attributes().next().map(|attribute| attribute.ty);
    let protected = match protection {
        ReplyProtection::First => first == Some(AttributeType::MESSAGE_AUTHENTICATOR),
        ReplyProtection::Present => presence == Presence::Valid,
        ReplyProtection::ResponseAuthenticator => true,
    };
    if protected { Ok(packet) } else { Err(DroppedReply::MessageAuthenticator(protection)) }
}

impl fmt::Display for DroppedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Packet(error) => write!(f, "{error}"),
            Self::Response(error) => write!(f, "{error}"),
            Self::MessageAuthenticator(ReplyProtection::First) => {
                write!(f, "the reply's first attribute is not a Message-Authenticator")
            }
            Self::MessageAuthenticator(_) => write!(f, "the reply has no Message-Authenticator"),
        }
    }
}

impl fmt::Display for AuthenticationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedCode(code) => write!(f, "{code} is no answer to what was asked"),
            Self::EapMessage => write!(f, "a challenge without a usable EAP-Message"),
            Self::Contradiction(code) => write!(f, "{code} contradicts the EAP packet inside it (RFC 3579 2.6.3)"),
            Self::Peer(error) => write!(f, "{error}"),
            Self::Endless => write!(f, "more than {MAX_ROUNDS} challenges"),
        }
    }
}

impl std::error::Error for AuthenticationError {}
impl std::error::Error for DroppedReply {}
