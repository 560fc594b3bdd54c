//! One TLS client handshake, flights in and flights out, and what can be said about it afterwards.

use std::io::{self, Read};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Error, HandshakeKind, ProtocolVersion};

use super::credentials::TlsVersion;
use super::key_material::{self, KeyMaterial};

/// RFC 9190 2.5: the one octet of application data that says "no more handshake messages follow".
const COMMITMENT: &[u8] = &[0];

/// Who gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertDirection {
    /// The server told us.
    Received,
    /// We told the server.
    Sent,
}

/// How TLS failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Who gave up.
    pub direction: AlertDirection,
    /// The alert's name (RFC 8446 6) when it was received, otherwise what the TLS library found wrong.
    pub description: String,
}

/// What can be said about a handshake.
#[derive(Debug, Default)]
pub struct Handshake {
    /// The negotiated version, once the server has chosen.
    pub version: Option<TlsVersion>,
    /// The cipher suite's IANA name.
    pub cipher_suite: Option<String>,
    /// The key exchange group's name, when one was used.
    pub group: Option<String>,
    /// True when a ticket or session was resumed.
    pub resumed: bool,
    /// True when the commitment octet came (TLS 1.3 only).
    pub committed: bool,
    /// Exported keys; present exactly when the handshake is complete and TLS has not failed since.
    pub keys: Option<KeyMaterial>,
    /// How TLS failed.
    pub alert: Option<Alert>,
    /// Octets of TLS data received.
    pub octets_in: usize,
    /// Octets of TLS data sent.
    pub octets_out: usize,
}

/// What the TLS client does with a message of the server.
#[derive(Debug)]
pub(super) enum SessionOutput {
    /// Send this, possibly nothing.
    Flight(Vec<u8>),
    /// TLS is over; the alert, possibly empty, is still to be sent.
    Refused { handshake: Handshake, alert: Vec<u8> },
}

/// A running handshake.
#[derive(Debug)]
pub(super) struct Session {
    tls: ClientConnection,
    client_random: Option<[u8; 32]>,
    server_random: Option<[u8; 32]>,
    application_data: Vec<u8>,
    octets_in: usize,
    octets_out: usize,
}

impl Session {
    /// Returns the session and its ClientHello.
    pub(super) fn start(config: Arc<ClientConfig>) -> Result<(Self, Vec<u8>), Error> {
        // EAP knows no host name: SNI is off, and the name only selects the place in the session store.
        let name = ServerName::try_from("eap-tls.invalid").map_err(|error| Error::General(error.to_string()))?;
        let mut session = Self {
            tls: ClientConnection::new(config, name)?,
            client_random: None,
            server_random: None,
            application_data: Vec::new(),
            octets_in: 0,
            octets_out: 0,
        };
        let client_hello = session.drain();
        session.client_random = key_material::hello_random(&client_hello);
        Ok((session, client_hello))
    }

    pub(super) fn receive(&mut self, message: &[u8]) -> SessionOutput {
        self.octets_in += message.len();
        if self.server_random.is_none() {
            self.server_random = key_material::hello_random(message);
        }
        let processed = self.process(message);
        let output = self.drain();
        match processed {
            Ok(()) => SessionOutput::Flight(output),
            Err(error) => SessionOutput::Refused {
                handshake: Handshake { keys: None, alert: Some(Alert::from(&error)), ..self.summary() },
                alert: output,
            },
        }
    }

    pub(super) fn summary(&self) -> Handshake {
        let version = self.tls.protocol_version().and_then(TlsVersion::from_protocol);
        Handshake {
            version,
            cipher_suite: self
                .tls
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str().map(str::to_owned)),
            group: self.tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())),
            resumed: self.tls.handshake_kind() == Some(HandshakeKind::Resumed),
            committed: self.application_data == COMMITMENT,
            keys: self.keys(version),
            alert: None,
            octets_in: self.octets_in,
            octets_out: self.octets_out,
        }
    }

    fn keys(&self, version: Option<TlsVersion>) -> Option<KeyMaterial> {
        if self.tls.is_handshaking() {
            return None;
        }
        let randoms = self.client_random.zip(self.server_random);
        KeyMaterial::export(&self.tls, version?, randoms).ok()
    }

    fn process(&mut self, mut message: &[u8]) -> Result<(), Error> {
        while !message.is_empty() {
            let read = self.tls.read_tls(&mut message).map_err(|error| Error::General(error.to_string()))?;
            if read == 0 {
                break;
            }
            self.tls.process_new_packets()?;
            self.read_application_data();
        }
        Ok(())
    }

    fn read_application_data(&mut self) {
        let mut octets = [0; 64];
        // An error here is "would block" or the end of the data: both mean that nothing is left.
        while let Ok(count @ 1..) = self.tls.reader().read(&mut octets) {
            self.application_data.extend_from_slice(octets.get(..count).unwrap_or_default());
        }
    }

    fn drain(&mut self) -> Vec<u8> {
        let mut output = Vec::new();
        while self.tls.wants_write() {
            let written: io::Result<usize> = self.tls.write_tls(&mut output);
            if written.is_err() {
                break;
            }
        }
        self.octets_out += output.len();
        output
    }
}

impl From<&Error> for Alert {
    fn from(error: &Error) -> Self {
        match error {
            Error::AlertReceived(description) => {
                Self { direction: AlertDirection::Received, description: format!("{description:?}") }
            }
            other => Self { direction: AlertDirection::Sent, description: other.to_string() },
        }
    }
}

impl TlsVersion {
    fn from_protocol(version: ProtocolVersion) -> Option<Self> {
        match version {
            ProtocolVersion::TLSv1_2 => Some(Self::Tls12),
            ProtocolVersion::TLSv1_3 => Some(Self::Tls13),
            _ => None,
        }
    }
}
