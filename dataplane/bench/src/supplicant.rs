//! An EAP-TLS peer (RFC 5216, RFC 9190) without sockets or clocks: EAP-Requests in, EAP-Responses out.
//!
//! [`Supplicant::new`] starts one conversation; give every EAP packet of the server to [`Supplicant::receive`] until it
//! returns [`PeerStep::Success`] or [`PeerStep::Failure`], then read [`Supplicant::handshake`]. Success is taken only
//! after a complete handshake and, with TLS 1.3, after the server's commitment octet (see [`Commitment`]).

use std::fmt;
use std::sync::Arc;

use rustls::ClientConfig;

use crate::eap_peer::{
    EapError, EapIdentifier, EapPacket, EapType, Fragmenter, Reassembly, TlsFragment, TlsProgress, response,
};

mod credentials;
mod key_material;
mod server_chain;
mod session;

pub use credentials::{
    ConfigError, Credentials, KeyExchange, TlsPreferences, TlsVersion, client_config, with_session_store,
};
pub use key_material::KeyMaterial;
pub use server_chain::ServerChain;
pub use session::{Alert, AlertDirection, Handshake};

use session::{Session, SessionOutput};

/// What the peer does after one packet of the server.
#[derive(Debug, PartialEq, Eq)]
pub enum PeerStep {
    /// Send this EAP-Response.
    Respond(Vec<u8>),
    /// EAP-Success, and it was due.
    Success,
    /// EAP-Failure.
    Failure,
}

/// Why the peer gives up without an EAP-Failure: the server broke the protocol.
#[derive(Debug, PartialEq, Eq)]
pub enum PeerError {
    /// The octets are not EAP or EAP-TLS.
    Eap(EapError),
    /// The TLS library does not start a handshake with this configuration.
    Start(String),
    /// TLS data before EAP-TLS Start, or a second Start.
    OutOfOrder(&'static str),
    /// The server sent TLS data before it had all fragments of ours.
    Interrupted,
    /// EAP-Success before the handshake was complete.
    EarlySuccess,
    /// EAP-Success without the commitment octet (RFC 9190 2.5).
    NoCommitment,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eap(error) => write!(f, "{error}"),
            Self::Start(cause) => write!(f, "the TLS client does not start: {cause}"),
            Self::OutOfOrder(what) => write!(f, "EAP-TLS out of order: {what}"),
            Self::Interrupted => write!(f, "the server answered a fragment with TLS data"),
            Self::EarlySuccess => write!(f, "EAP-Success before the TLS handshake was complete"),
            Self::NoCommitment => write!(f, "EAP-Success without the commitment octet of RFC 9190 2.5"),
        }
    }
}

impl std::error::Error for PeerError {}

impl From<EapError> for PeerError {
    fn from(error: EapError) -> Self {
        Self::Eap(error)
    }
}

/// What the peer makes of a TLS 1.3 handshake that ends without the commitment octet (RFC 9190 2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commitment {
    /// EAP-Success is refused.
    #[default]
    Required,
    /// EAP-Success is taken: only to measure older servers, some of which send none on resumption.
    Optional,
}

/// How the peer speaks EAP.
#[derive(Clone, Debug)]
pub struct EapSettings {
    /// The outer identity, at most 253 octets (it is copied into User-Name).
    pub identity: Vec<u8>,
    /// Octets of TLS Data per Response.
    pub fragment_size: usize,
    /// Whether the commitment octet must come.
    pub commitment: Commitment,
}

/// One EAP-TLS conversation of one device.
#[derive(Debug)]
pub struct Supplicant {
    settings: Arc<EapSettings>,
    config: Arc<ClientConfig>,
    outbound: Fragmenter,
    inbound: Reassembly,
    state: State,
}

#[derive(Debug)]
enum State {
    AwaitingStart,
    Negotiating(Box<Session>),
    Refused(Box<Handshake>),
    Ended(Box<Handshake>),
}

impl Supplicant {
    /// `config` comes from [`client_config`]; conversations that share it share its session store.
    #[must_use]
    pub fn new(config: Arc<ClientConfig>, settings: Arc<EapSettings>) -> Self {
        Self {
            config,
            outbound: Fragmenter::new(settings.fragment_size),
            settings,
            inbound: Reassembly::default(),
            state: State::AwaitingStart,
        }
    }

    /// The outer identity.
    #[must_use]
    pub fn identity(&self) -> &[u8] {
        &self.settings.identity
    }

    /// The EAP-Response/Identity that a NAS puts into the first Access-Request.
    #[must_use]
    pub fn identity_response(&self) -> Vec<u8> {
        response(EapIdentifier(0), EapType::IDENTITY, &self.settings.identity)
    }

    /// Takes one EAP packet of the server.
    ///
    /// # Errors
    /// [`PeerError`] when the server broke the protocol; the conversation is over then.
    pub fn receive(&mut self, packet: &[u8]) -> Result<PeerStep, PeerError> {
        match EapPacket::parse(packet)? {
            EapPacket::Request { identifier, eap_type: EapType::EAP_TLS, data } => {
                let type_data = self.receive_tls(&TlsFragment::parse(data)?)?;
                Ok(PeerStep::Respond(response(identifier, EapType::EAP_TLS, &type_data)))
            }
            EapPacket::Request { identifier, eap_type, .. } => {
                Ok(PeerStep::Respond(self.answer_other(identifier, eap_type)))
            }
            EapPacket::Success => self.succeed(),
            EapPacket::Failure => {
                self.end();
                Ok(PeerStep::Failure)
            }
        }
    }

    /// How the TLS handshake went: known once the conversation has ended or TLS has failed.
    #[must_use]
    pub fn handshake(&self) -> Option<&Handshake> {
        match &self.state {
            State::Refused(handshake) | State::Ended(handshake) => Some(handshake),
            State::AwaitingStart | State::Negotiating(_) => None,
        }
    }

    fn answer_other(&self, identifier: EapIdentifier, eap_type: EapType) -> Vec<u8> {
        match eap_type {
            EapType::IDENTITY => response(identifier, EapType::IDENTITY, &self.settings.identity),
            EapType::NOTIFICATION => response(identifier, EapType::NOTIFICATION, &[]),
            _ => response(identifier, EapType::NAK, &[EapType::EAP_TLS.0]),
        }
    }

    fn receive_tls(&mut self, fragment: &TlsFragment<'_>) -> Result<Vec<u8>, PeerError> {
        if fragment.start {
            return self.start();
        }
        if self.outbound.has_more() {
            return if fragment.data.is_empty() {
                Ok(self.outbound.next_fragment())
            } else {
                Err(PeerError::Interrupted)
            };
        }
        let message = match self.inbound.accept(fragment)? {
            TlsProgress::Acknowledge => Vec::new(),
            TlsProgress::Message(message) => self.receive_message(&message)?,
        };
        self.outbound.load(message);
        Ok(self.outbound.next_fragment())
    }

    fn start(&mut self) -> Result<Vec<u8>, PeerError> {
        if !matches!(self.state, State::AwaitingStart) {
            return Err(PeerError::OutOfOrder("a second Start"));
        }
        let (session, client_hello) =
            Session::start(Arc::clone(&self.config)).map_err(|error| PeerError::Start(error.to_string()))?;
        self.state = State::Negotiating(Box::new(session));
        self.outbound.load(client_hello);
        Ok(self.outbound.next_fragment())
    }

    fn receive_message(&mut self, message: &[u8]) -> Result<Vec<u8>, PeerError> {
        match &mut self.state {
            State::AwaitingStart => Err(PeerError::OutOfOrder("TLS data before Start")),
            State::Refused(_) | State::Ended(_) => Ok(Vec::new()),
            State::Negotiating(session) => match session.receive(message) {
                SessionOutput::Flight(flight) => Ok(flight),
                SessionOutput::Refused { handshake, alert } => {
                    self.state = State::Refused(Box::new(handshake));
                    Ok(alert)
                }
            },
        }
    }

    fn succeed(&mut self) -> Result<PeerStep, PeerError> {
        let State::Negotiating(session) = &self.state else {
            return Err(PeerError::EarlySuccess);
        };
        let handshake = session.summary();
        if handshake.keys.is_none() {
            return Err(PeerError::EarlySuccess);
        }
        let commitment_due =
            handshake.version == Some(TlsVersion::Tls13) && self.settings.commitment == Commitment::Required;
        if commitment_due && !handshake.committed {
            return Err(PeerError::NoCommitment);
        }
        self.state = State::Ended(Box::new(handshake));
        Ok(PeerStep::Success)
    }

    fn end(&mut self) {
        if let State::Negotiating(session) = &self.state {
            self.state = State::Ended(Box::new(session.summary()));
        }
    }
}
