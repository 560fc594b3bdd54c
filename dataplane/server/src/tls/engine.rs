//! One handshake: TLS records in, TLS records out, and what it established. All of rustls' connection is behind this.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use nac_protocol::eap::tls::{
    EXPORTER_CONTEXT_TLS13, EXPORTER_LABEL_TLS12, EXPORTER_LABEL_TLS13, METHOD_ID_LABEL_TLS13, Msk, SessionId,
};
use rustls::pki_types::CertificateDer;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection};

use super::certificate::PeerCertificate;
use super::fault::TlsFault;
use super::tickets::within;
use super::verifier::take_refusal;

/// Where the 32 octets of `random` stand in the first record of either side (record and handshake header, version).
const RANDOM_AT: std::ops::Range<usize> = 11..43;

/// Where the version of a ClientHello stands in the record that begins it.
const VERSION_AT: std::ops::Range<usize> = 9..11;
/// TLS 1.2; what says less is older, TLS 1.3 says the same (RFC 8446 section 4.1.2).
const VERSION_TLS12: [u8; 2] = [3, 3];
/// A fatal protocol_version alert, which such a client must get (RFC 5246 appendix E.1).
const PROTOCOL_VERSION_ALERT: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];

/// A handshake under way.
pub struct TlsEngine {
    connection: ServerConnection,
    alert: Option<[u8; 7]>,
    authenticated_at: Option<u64>,
    client_random: Option<[u8; 32]>,
    server_random: Option<[u8; 32]>,
    refused: Option<CertificateDer<'static>>,
    octets_in: usize,
    octets_out: usize,
}

impl std::fmt::Debug for TlsEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsEngine").field("octets_in", &self.octets_in).finish_non_exhaustive()
    }
}

/// What a completed handshake proved and exported.
#[derive(Debug)]
pub struct Established {
    /// Key for the NAS.
    pub msk: Msk,
    /// EAP Session-Id (EAP-Key-Name).
    pub session_id: Option<SessionId>,
    /// The client's chain, leaf first: from this handshake, or from the ticket.
    pub chain: Vec<CertificateDer<'static>>,
    /// True when a ticket stood in for the certificate exchange.
    pub resumed: bool,
}

impl TlsEngine {
    pub(super) fn new(config: Arc<ServerConfig>) -> Result<Self, TlsFault> {
        let connection = ServerConnection::new(config).map_err(|error| TlsFault::Protocol(error.to_string()))?;
        Ok(Self {
            connection,
            alert: None,
            authenticated_at: None,
            client_random: None,
            server_random: None,
            refused: None,
            octets_in: 0,
            octets_out: 0,
        })
    }

    /// Take in a flight from the client.
    ///
    /// # Errors
    /// [`TlsFault`]; an alert for the client may wait in [`Self::output`] then.
    pub fn input(&mut self, flight: &[u8]) -> Result<(), TlsFault> {
        let first = self.octets_in == 0;
        self.octets_in += flight.len();
        if first && is_outdated(flight) {
            self.alert = Some(PROTOCOL_VERSION_ALERT);
            return Err(TlsFault::Version);
        }
        self.client_random = self.client_random.or_else(|| random_of(flight));
        let mut rest = flight;
        while !rest.is_empty() {
            let taken = self.connection.read_tls(&mut rest).map_err(|error| TlsFault::Protocol(error.to_string()))?;
            if taken == 0 {
                return Err(TlsFault::Protocol("octets after the end of the connection".into()));
            }
            self.process()?;
        }
        self.drop_plaintext();
        Ok(())
    }

    fn process(&mut self) -> Result<(), TlsFault> {
        let connection = &mut self.connection;
        match within(&mut self.authenticated_at, || connection.process_new_packets()) {
            Ok(_) => Ok(()),
            Err(error) => {
                let refusal = take_refusal();
                let fault = TlsFault::from_rustls(&error, refusal.as_ref().map(|refusal| refusal.fault));
                self.refused = refusal.map(|refusal| refusal.certificate);
                Err(fault)
            }
        }
    }

    /// Application data has no meaning in EAP-TLS; it is read and dropped so that the buffer stays empty.
    fn drop_plaintext(&mut self) {
        let mut scratch = [0; 256];
        while matches!(self.connection.reader().read(&mut scratch), Ok(octets) if octets > 0) {}
    }

    /// The records to send now; empty when it is the client's turn.
    pub fn output(&mut self) -> Vec<u8> {
        let mut records = self.alert.take().map(Vec::from).unwrap_or_default();
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut records).is_err() {
                break;
            }
        }
        self.server_random = self.server_random.or_else(|| random_of(&records));
        self.octets_out += records.len();
        records
    }

    /// Queue the commitment message: one octet of application data (RFC 9190 section 2.5). Only TLS 1.3 has it.
    pub fn commit(&mut self) {
        if self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            // Writing to rustls' own buffer fails only beyond its limit of 64 KiB.
            let _ = self.connection.writer().write_all(&[0]);
        }
    }

    /// True until the handshake is complete.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Export keys and hand over the chain; `None` while handshaking, or when the client showed no certificate.
    #[must_use]
    pub fn established(&self) -> Option<Established> {
        let chain = self.connection.peer_certificates()?.to_vec();
        let (msk, session_id) = match self.connection.protocol_version()? {
            ProtocolVersion::TLSv1_3 => (
                self.export([0; 128], EXPORTER_LABEL_TLS13, Some(EXPORTER_CONTEXT_TLS13))?,
                Some(SessionId::tls13(&self.export([0; 64], METHOD_ID_LABEL_TLS13, Some(EXPORTER_CONTEXT_TLS13))?)),
            ),
            _ => (
                self.export([0; 128], EXPORTER_LABEL_TLS12, None)?,
                self.client_random.zip(self.server_random).map(|(client, server)| SessionId::tls12(&client, &server)),
            ),
        };
        let resumed = self.connection.handshake_kind() == Some(HandshakeKind::Resumed);
        Some(Established { msk: Msk::from_key_material(msk), session_id, chain, resumed })
    }

    fn export<const N: usize>(&self, out: [u8; N], label: &[u8], context: Option<&[u8]>) -> Option<[u8; N]> {
        self.connection.export_keying_material(out, label, context).ok()
    }

    /// The certificate that was refused, when it parses.
    #[must_use]
    pub fn refused_certificate(&self) -> Option<PeerCertificate> {
        PeerCertificate::parse(self.refused.as_ref()?).ok()
    }

    /// `1.2` or `1.3`, once negotiated.
    #[must_use]
    pub fn version(&self) -> Option<&'static str> {
        match self.connection.protocol_version()? {
            ProtocolVersion::TLSv1_3 => Some("1.3"),
            ProtocolVersion::TLSv1_2 => Some("1.2"),
            _ => None,
        }
    }

    /// Name of the negotiated cipher suite.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<&'static str> {
        self.connection.negotiated_cipher_suite()?.suite().as_str()
    }

    /// TLS octets received and sent so far.
    #[must_use]
    pub fn octets(&self) -> (usize, usize) {
        (self.octets_in, self.octets_out)
    }
}

/// A ClientHello of TLS 1.1 or before. rustls would look for extensions first that such a client does not have, and
/// answer with another alert.
fn is_outdated(flight: &[u8]) -> bool {
    let hello = flight.first() == Some(&22) && flight.get(5) == Some(&1);
    let version = flight.get(VERSION_AT).and_then(|version| <[u8; 2]>::try_from(version).ok());
    hello && version.is_some_and(|version| version < VERSION_TLS12)
}

fn random_of(records: &[u8]) -> Option<[u8; 32]> {
    records.get(RANDOM_AT)?.try_into().ok()
}
