//! Certificates, made on the spot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nac_server::tls::RevocationList;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber, date_time_ymd,
};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

static SERIAL: AtomicU64 = AtomicU64::new(0x4000_0000);

/// Unix seconds. Full handshakes are judged by the system's clock, so certificates are made around it.
pub(crate) fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A CA.
pub(crate) struct Authority {
    pub(crate) der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

/// What an end entity's certificate says. Times in Unix seconds.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) common_name: String,
    pub(crate) names: Vec<SanType>,
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    pub(crate) usage: Vec<ExtendedKeyUsagePurpose>,
    pub(crate) padding: usize,
}

/// A certificate with its key.
#[derive(Clone)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) serial: Vec<u8>,
}

impl Leaf {
    /// A device's, good for a day.
    pub(crate) fn client(common_name: &str) -> Self {
        Self {
            common_name: common_name.to_owned(),
            names: Vec::new(),
            not_before: today() - DAY,
            not_after: today() + DAY,
            usage: vec![ExtendedKeyUsagePurpose::ClientAuth],
            padding: 0,
        }
    }

    /// A RADIUS server's.
    pub(crate) fn server(name: &str) -> Self {
        Self {
            names: vec![SanType::DnsName(name.try_into().unwrap())],
            usage: vec![ExtendedKeyUsagePurpose::ServerAuth],
            ..Self::client(name)
        }
    }
}

impl Authority {
    /// A root.
    pub(crate) fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority(name);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { der, issuer: Issuer::new(params, key) }
    }

    /// An issuing CA under this one.
    pub(crate) fn issuing(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let params = authority(name);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        Self { der, issuer: Issuer::new(params, key) }
    }

    /// An end entity's certificate.
    pub(crate) fn issue(&self, leaf: &Leaf) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, leaf.common_name.as_str());
        params.subject_alt_names.clone_from(&leaf.names);
        params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(leaf.not_before);
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(leaf.not_after);
        params.extended_key_usages.clone_from(&leaf.usage);
        if leaf.padding > 0 {
            let unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 32_473, 1], vec![4; leaf.padding]);
            params.custom_extensions.push(unknown);
        }
        let serial = next_serial();
        params.serial_number = Some(SerialNumber::from(serial.clone()));
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certificate { der: certificate.der().to_vec(), key: key.serialize_der(), serial }
    }

    /// This CA's revocation list, good for a day.
    pub(crate) fn list(&self, revoked: &[&Certificate]) -> RevocationList {
        let (_, certificate) = X509Certificate::from_der(&self.der).unwrap();
        RevocationList {
            issuer: certificate.subject().as_raw().to_vec(),
            serials: revoked.iter().map(|certificate| certificate.serial.clone()).collect(),
            this_update: today() - DAY,
            next_update: today() + DAY,
        }
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from(next_serial()));
    params
}

fn next_serial() -> Vec<u8> {
    SERIAL.fetch_add(1, Ordering::Relaxed).to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect()
}
