//! PEM files and preferences in, a TLS client configuration out.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::server_chain::ServerChain;

/// A device knows one server; the library rounds small stores up.
const SESSIONS_PER_DEVICE: usize = 1;

/// TLS versions that EAP-TLS may use (RFC 9190 1, RFC 8996).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        })
    }
}

/// The one key exchange group that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyExchange {
    /// X25519 (RFC 7748).
    X25519,
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// X25519MLKEM768.
    X25519MlKem768,
}

/// What the device has: anchors to trust, and a certificate with its key unless it comes without one.
#[derive(Debug)]
pub struct Credentials {
    roots: RootCertStore,
    client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

/// How the device speaks TLS.
#[derive(Clone, Debug, Default)]
pub struct TlsPreferences {
    /// Only this version is offered; None offers both.
    pub version: Option<TlsVersion>,
    /// Only this group is offered; None leaves the TLS library's order.
    pub group: Option<KeyExchange>,
    /// DNS name that the server certificate must carry.
    pub server_name: Option<String>,
}

/// What is wrong with the files or preferences.
#[derive(Debug)]
pub enum ConfigError {
    /// A PEM file cannot be read or holds nothing of the kind.
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// No usable trust anchor.
    Roots(String),
    /// Certificate and key do not fit together, or the library knows neither.
    Client(String),
    /// Not a DNS name.
    ServerName(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem { path, cause } => write!(f, "{}: {cause}", path.display()),
            Self::Roots(cause) => write!(f, "trust anchors: {cause}"),
            Self::Client(cause) => write!(f, "client certificate and key: {cause}"),
            Self::ServerName(name) => write!(f, "{name:?} is not a DNS name"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl Credentials {
    /// Reads PEM files: `ca` with the anchors, `client` with (certificate chain, leaf first; private key).
    ///
    /// # Errors
    /// [`ConfigError::Pem`] names the file; [`ConfigError::Roots`] an anchor that is none.
    pub fn read(ca: &Path, client: Option<(&Path, &Path)>) -> Result<Self, ConfigError> {
        let mut roots = RootCertStore::empty();
        for anchor in read_certificates(ca)? {
            roots.add(anchor).map_err(|error| ConfigError::Roots(error.to_string()))?;
        }
        let client = match client {
            None => None,
            Some((chain, key)) => Some((read_certificates(chain)?, read_key(key)?)),
        };
        Ok(Self { roots, client })
    }

    /// The same from DER.
    #[must_use]
    pub fn new(roots: RootCertStore, client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>) -> Self {
        Self { roots, client }
    }

    /// The certificate chain, leaf first, and its key; None for a device that has none.
    #[must_use]
    pub fn client(&self) -> Option<(&[CertificateDer<'static>], &PrivateKeyDer<'static>)> {
        self.client.as_ref().map(|(chain, key)| (chain.as_slice(), key))
    }
}

/// A TLS client without session store; [`with_session_store`] gives one to a device.
///
/// # Errors
/// [`ConfigError`] for credentials that the TLS library refuses.
pub fn client_config(credentials: &Credentials, preferences: &TlsPreferences) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(provider(preferences.group));
    let expected_name = match &preferences.server_name {
        None => None,
        Some(name) => Some(ServerName::try_from(name.clone()).map_err(|_| ConfigError::ServerName(name.clone()))?),
    };
    let verifier = ServerChain::new(credentials.roots.clone(), Arc::clone(&provider), expected_name)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(preferences.version))
        .map_err(|error| ConfigError::Client(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &credentials.client {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|error| ConfigError::Client(error.to_string()))?,
    };
    config.enable_sni = false;
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The same client with a session store of its own, in memory: its conversations resume each other.
#[must_use]
pub fn with_session_store(config: &ClientConfig) -> ClientConfig {
    let mut config = config.clone();
    config.resumption = Resumption::in_memory_sessions(SESSIONS_PER_DEVICE);
    config
}

fn provider(group: Option<KeyExchange>) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    if let Some(group) = group {
        let only: &'static dyn SupportedKxGroup = match group {
            KeyExchange::X25519 => aws_lc_rs::kx_group::X25519,
            KeyExchange::P256 => aws_lc_rs::kx_group::SECP256R1,
            KeyExchange::P384 => aws_lc_rs::kx_group::SECP384R1,
            KeyExchange::X25519MlKem768 => aws_lc_rs::kx_group::X25519MLKEM768,
        };
        provider.kx_groups = vec![only];
    }
    provider
}

static TLS12_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

fn versions(version: Option<TlsVersion>) -> &'static [&'static SupportedProtocolVersion] {
    match version {
        None => rustls::ALL_VERSIONS,
        Some(TlsVersion::Tls12) => TLS12_ONLY,
        Some(TlsVersion::Tls13) => TLS13_ONLY,
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let pem = |cause: String| ConfigError::Pem { path: path.to_owned(), cause };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| pem(error.to_string()))?;
    if certificates.is_empty() {
        return Err(pem("holds no certificate".to_owned()));
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, ConfigError> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| ConfigError::Pem { path: path.to_owned(), cause: error.to_string() })
}
