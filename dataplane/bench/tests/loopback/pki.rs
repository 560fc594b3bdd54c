//! Certificates for the loopback tests, made on the spot.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nac_bench::supplicant::{Credentials, TlsPreferences, client_config, with_session_store};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SignatureAlgorithm,
};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Every CA has a name of its own.
static CREATED: AtomicU32 = AtomicU32::new(0);

pub struct Pki {
    pub ca: CertificateDer<'static>,
    server: (CertificateDer<'static>, PrivateKeyDer<'static>),
    client: (CertificateDer<'static>, PrivateKeyDer<'static>),
}

impl Pki {
    pub fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        params.distinguished_name.push(DnType::CommonName, format!("loopback CA {number}"));
        let ca = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        Self {
            ca: ca.der().clone(),
            server: issue(&issuer, algorithm, "radius.example", ExtendedKeyUsagePurpose::ServerAuth),
            client: issue(&issuer, algorithm, "laptop.example", ExtendedKeyUsagePurpose::ClientAuth),
        }
    }

    pub fn server_config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(&self.ca)), Arc::clone(&provider));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![self.server.0.clone()], self.server.1.clone_key())
            .unwrap();
        config.ticketer = aws_lc_rs::Ticketer::new().unwrap();
        config.send_tls13_tickets = 1;
        Arc::new(config)
    }

    /// A device with this PKI's client certificate that trusts `ca`.
    pub fn device(&self, ca: &CertificateDer<'static>, preferences: &TlsPreferences) -> ClientConfig {
        with_session_store(&client_config(&self.credentials(ca), preferences).unwrap())
    }

    /// What such a device has.
    pub fn credentials(&self, ca: &CertificateDer<'static>) -> Credentials {
        Credentials::new(roots(ca), Some((vec![self.client.0.clone()], self.client.1.clone_key())))
    }

    /// A device without a certificate.
    pub fn bare_device(&self) -> ClientConfig {
        client_config(&Credentials::new(roots(&self.ca), None), &TlsPreferences::default()).unwrap()
    }
}

fn issue(
    issuer: &Issuer<'_, KeyPair>,
    algorithm: &'static SignatureAlgorithm,
    name: &str,
    usage: ExtendedKeyUsagePurpose,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![usage];
    let certificate = params.signed_by(&key, issuer).unwrap();
    (certificate.der().clone(), PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
}

fn roots(ca: &CertificateDer<'static>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    roots
}
