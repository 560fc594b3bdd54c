//! How a supplicant judges the RADIUS server's certificate: path to a configured root, and the name if one is expected.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::credentials::ConfigError;

/// Verifies the server's chain. EAP carries no host name, so the name is compared only where one was configured.
#[derive(Debug)]
pub struct ServerChain {
    path: Arc<WebPkiServerVerifier>,
    expected_name: Option<ServerName<'static>>,
}

impl ServerChain {
    /// `expected_name`: DNS name that the server certificate must carry; None accepts any name under the roots.
    ///
    /// # Errors
    /// [`ConfigError::Roots`] without a usable root.
    pub fn new(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
        expected_name: Option<ServerName<'static>>,
    ) -> Result<Self, ConfigError> {
        let path = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| ConfigError::Roots(error.to_string()))?;
        Ok(Self { path, expected_name })
    }
}

impl ServerCertVerifier for ServerChain {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let name = self.expected_name.as_ref().unwrap_or(server_name);
        let verdict = self.path.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        match verdict {
            // The name is compared last, after the path was found good.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.expected_name.is_none() => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.path.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.path.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.path.supported_verify_schemes()
    }
}
