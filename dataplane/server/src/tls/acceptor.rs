//! What a snapshot prepares for TLS: credentials, tickets, trust; and a new engine for each conversation from it.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::DefaultTimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};
use zeroize::Zeroizing;

use super::engine::TlsEngine;
use super::fault::TlsFault;
use super::sessions::SessionStore;
use super::tickets::{TicketKey, TicketSealer};
use super::trust::TrustStore;
use super::verifier::ChainVerifier;

/// The highest TLS version to offer: some TPMs cannot sign what TLS 1.3 wants, so a client may be capped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MaximumVersion {
    /// Only TLS 1.2.
    Tls12,
    /// TLS 1.3 and 1.2.
    Tls13,
}

/// A server certificate: DER chain, leaf first, and its PKCS#8 key.
pub struct Credential {
    /// Certificates, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// PKCS#8 private key, wiped after use.
    pub key: Zeroizing<Vec<u8>>,
    /// OCSP response to staple (RFC 9190 section 5.4).
    pub ocsp_response: Option<Vec<u8>>,
}

/// Why the TLS part of a snapshot cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptorError(String);

impl std::fmt::Display for AcceptorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AcceptorError {}

/// Everything a handshake needs, immutable, one per snapshot.
#[derive(Debug)]
pub struct Acceptor {
    trust: Arc<TrustStore>,
    up_to_tls13: Arc<ServerConfig>,
    only_tls12: Arc<ServerConfig>,
    sessions: Arc<SessionStore>,
}

impl Acceptor {
    /// Compile credentials (the preferred first), ticket keys (the issuing one first) and trust.
    ///
    /// # Errors
    /// [`AcceptorError`] names the credential whose key does not fit, or the setting that is refused.
    pub fn compile(
        credentials: Vec<Credential>,
        ticket_keys: &[TicketKey],
        ticket_lifetime: u32,
        trust: Arc<TrustStore>,
    ) -> Result<Self, AcceptorError> {
        let provider = Arc::new(provider());
        let resolver = Arc::new(BySignatureScheme::compile(credentials, &provider)?);
        let sealer = TicketSealer::new(ticket_keys, ticket_lifetime, *trust.digest(), Arc::new(DefaultTimeProvider))
            .map_err(|_| AcceptorError("ticket_keys: key refused by the cipher".into()))?;
        let sealer = Arc::new(sealer);
        let kept = if ticket_keys.is_empty() { 0 } else { ticket_lifetime };
        let sessions = Arc::new(SessionStore::new(kept, *trust.digest(), Arc::new(DefaultTimeProvider)));
        let verifier = Arc::new(ChainVerifier::new(Arc::clone(&trust), Arc::clone(&provider)));
        let build = |versions: &[&'static SupportedProtocolVersion]| {
            let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
                .with_protocol_versions(versions)
                .map_err(|why| AcceptorError(format!("tls: {why}")))?
                .with_client_cert_verifier(Arc::clone(&verifier) as Arc<_>)
                .with_cert_resolver(Arc::clone(&resolver) as Arc<_>);
            config.session_storage = Arc::clone(&sessions) as Arc<_>;
            config.ticketer = Arc::clone(&sealer) as Arc<_>;
            config.send_tls13_tickets = 1;
            config.ignore_client_order = true;
            Ok::<_, AcceptorError>(Arc::new(config))
        };
        Ok(Self { up_to_tls13: build(&[&TLS13, &TLS12])?, only_tls12: build(&[&TLS12])?, trust, sessions })
    }

    /// Go on with the TLS 1.2 sessions and verified paths of the snapshot before.
    pub(crate) fn inherit(&self, previous: &Self) {
        self.sessions.inherit(&previous.sessions);
        self.trust.inherit(&previous.trust);
    }

    /// A new handshake.
    pub(crate) fn accept(&self, maximum: MaximumVersion) -> Result<TlsEngine, TlsFault> {
        TlsEngine::new(Arc::clone(match maximum {
            MaximumVersion::Tls13 => &self.up_to_tls13,
            MaximumVersion::Tls12 => &self.only_tls12,
        }))
    }

    /// The trust of this snapshot.
    #[must_use]
    pub fn trust(&self) -> &TrustStore {
        &self.trust
    }
}

/// aws-lc with AES-128-GCM and SHA-256 first: as strong as the P-256 and X25519 around them, and the hash that processors
/// have instructions for.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let prefers = |suite: &SupportedCipherSuite| !format!("{:?}", suite.suite()).ends_with("AES_128_GCM_SHA256");
    provider.cipher_suites.sort_by_key(prefers);
    provider
}

/// Answers with the first credential whose key can sign what the client accepts.
#[derive(Debug)]
struct BySignatureScheme {
    keys: Vec<Arc<CertifiedKey>>,
}

impl BySignatureScheme {
    fn compile(credentials: Vec<Credential>, provider: &CryptoProvider) -> Result<Self, AcceptorError> {
        let keys = credentials
            .into_iter()
            .enumerate()
            .map(|(index, credential)| certified_key(index, credential, provider))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(AcceptorError("credentials: no server certificate".into()));
        }
        Ok(Self { keys })
    }
}

impl ResolvesServerCert for BySignatureScheme {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let offered = client_hello.signature_schemes();
        self.keys.iter().find(|certified| certified.key.choose_scheme(offered).is_some()).map(Arc::clone)
    }
}

fn certified_key(
    index: usize,
    credential: Credential,
    provider: &CryptoProvider,
) -> Result<Arc<CertifiedKey>, AcceptorError> {
    let refused = |why: &dyn std::fmt::Display| AcceptorError(format!("credentials: certificate {index}: {why}"));
    let chain: Vec<_> = credential.chain.into_iter().map(CertificateDer::from).collect();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(credential.key.to_vec()));
    let key = provider.key_provider.load_private_key(key).map_err(|why| refused(&why))?;
    let mut certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(|why| refused(&why))?;
    certified.ocsp = credential.ocsp_response;
    Ok(Arc::new(certified))
}
