//! The client-certificate verifier: asks the trust store, and leaves a refusal where the engine finds it.
//!
//! rustls shares one verifier among all handshakes and calls it synchronously, inside `process_new_packets`. What it
//! refused is therefore left in a slot of the calling thread, and the engine takes it from there right after that call.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::fault::ChainFault;
use super::trust::TrustStore;

/// A certificate that was refused, and why.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) fault: ChainFault,
}

thread_local! {
    static REFUSAL: RefCell<Option<Refusal>> = const { RefCell::new(None) };
}

/// What this thread's last handshake step refused, once.
pub(super) fn take_refusal() -> Option<Refusal> {
    REFUSAL.take()
}

#[derive(Debug)]
pub(super) struct ChainVerifier {
    trust: Arc<TrustStore>,
    provider: Arc<CryptoProvider>,
}

impl ChainVerifier {
    pub(super) fn new(trust: Arc<TrustStore>, provider: Arc<CryptoProvider>) -> Self {
        Self { trust, provider }
    }
}

impl ClientCertVerifier for ChainVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.trust.root_hints()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.trust.check(end_entity, intermediates, now).map_err(|fault| {
            REFUSAL.set(Some(Refusal { certificate: end_entity.clone().into_owned(), fault }));
            fault.into_rustls()
        })?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
