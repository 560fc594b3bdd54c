//! A client certificate as facts: the names in it, its serial, fingerprint, validity and uses (RFC 5280).

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;

use super::distinguished_name::NameText;
use crate::limits::{MAX_NAME, MAX_NAMES_PER_CERTIFICATE};

/// User Principal Name, an otherName of Microsoft's, 1.3.6.1.4.1.311.20.2.3.
const UPN: &str = "1.3.6.1.4.1.311.20.2.3";

/// A certificate that does not parse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CertificateError;

/// One of a few words for the type of a key.
type KeyKind = &'static str;

/// What policy and people see of a certificate. `serial` and `fingerprint` (SHA-256) are lower-case hex; times are Unix
/// seconds; at most [`MAX_NAMES_PER_CERTIFICATE`] names of each kind are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each field is named as in RFC 5280")]
pub struct PeerCertificate {
    pub subject: NameText,
    pub common_name: Option<String>,
    pub issuer: NameText,
    pub serial: String,
    pub fingerprint: String,
    pub not_before: u64,
    pub not_after: u64,
    pub dns: Vec<String>,
    pub email: Vec<String>,
    pub upn: Vec<String>,
    pub uri: Vec<String>,
    pub eku: Vec<String>,
    pub policies: Vec<String>,
    #[serde(deserialize_with = "known_key")]
    pub key: KeyKind,
}

impl PeerCertificate {
    /// Read a certificate (DER).
    ///
    /// # Errors
    /// [`CertificateError`] when it is not one.
    pub fn parse(der: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let (_, cert) = X509Certificate::from_der(der).map_err(|_| CertificateError)?;
        let mut peer = Self {
            subject: NameText::of(cert.subject()),
            common_name: common_name(cert.subject()),
            issuer: NameText::of(cert.issuer()),
            serial: significant_hex(cert.raw_serial()),
            fingerprint: hex(digest::digest(&digest::SHA256, der).as_ref()),
            not_before: seconds(cert.validity().not_before.timestamp()),
            not_after: seconds(cert.validity().not_after.timestamp()),
            key: key_kind(&cert),
            ..Self::default()
        };
        for extension in cert.extensions() {
            peer.read_extension(extension.parsed_extension());
        }
        Ok(peer)
    }

    fn read_extension(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(san) => {
                san.general_names.iter().for_each(|name| self.read_name(name));
            }
            ParsedExtension::ExtendedKeyUsage(eku) => {
                for (present, name) in
                    [(eku.any, "any"), (eku.client_auth, "clientAuth"), (eku.server_auth, "serverAuth")]
                {
                    if present {
                        keep(&mut self.eku, name.to_string());
                    }
                }
                eku.other.iter().for_each(|oid| keep(&mut self.eku, oid.to_id_string()));
            }
            ParsedExtension::CertificatePolicies(policies) => {
                policies.iter().for_each(|policy| keep(&mut self.policies, policy.policy_id.to_id_string()));
            }
            _ => {}
        }
    }

    fn read_name(&mut self, name: &GeneralName<'_>) {
        match name {
            GeneralName::DNSName(dns) => keep(&mut self.dns, (*dns).to_string()),
            GeneralName::RFC822Name(email) => keep(&mut self.email, (*email).to_string()),
            GeneralName::URI(uri) => keep(&mut self.uri, (*uri).to_string()),
            GeneralName::OtherName(oid, value) => {
                if let Some(upn) = principal_name(oid, value) {
                    keep(&mut self.upn, upn);
                }
            }
            _ => {}
        }
    }

    /// All alternative names, for people: `DNS:laptop-17`, `UPN:alice@corp.example`, ...
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        [("DNS", &self.dns), ("UPN", &self.upn), ("email", &self.email), ("URI", &self.uri)]
            .into_iter()
            .flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind}:{name}")))
            .collect()
    }
}

/// notBefore and notAfter of a certificate, Unix seconds.
pub(super) fn validity(der: &CertificateDer<'_>) -> Result<(u64, u64), CertificateError> {
    let (_, cert) = X509Certificate::from_der(der).map_err(|_| CertificateError)?;
    let validity = cert.validity();
    Ok((seconds(validity.not_before.timestamp()), seconds(validity.not_after.timestamp())))
}

fn keep(names: &mut Vec<String>, name: String) {
    if names.len() < MAX_NAMES_PER_CERTIFICATE && name.len() <= MAX_NAME {
        names.push(name);
    }
}

fn seconds(timestamp: i64) -> u64 {
    u64::try_from(timestamp).unwrap_or(0)
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().next()?.as_str().ok().filter(|name| name.len() <= MAX_NAME).map(str::to_string)
}

/// The text of a UPN otherName: `[0] EXPLICIT UTF8String`.
fn principal_name(oid: &Oid<'_>, value: &[u8]) -> Option<String> {
    use x509_parser::der_parser::asn1_rs::{Any, Utf8String};
    if oid.to_id_string() != UPN {
        return None;
    }
    let (_, outer) = Any::from_der(value).ok()?;
    let (_, text) = Utf8String::from_der(outer.data).ok()?;
    Some(text.string())
}

/// What [`key_kind`] says.
const KEY_KINDS: [&str; 7] = ["ed25519", "rsa-4096", "rsa-3072", "rsa-2048", "p-256", "p-384", "other"];

fn known_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<KeyKind, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = KEY_KINDS.into_iter().find(|kind| *kind == text);
    known.ok_or_else(|| D::Error::custom(format!("no kind of key is called {text:?}")))
}

fn key_kind(cert: &X509Certificate<'_>) -> &'static str {
    const ED25519: &str = "1.3.101.112";
    let spki = cert.public_key();
    if spki.algorithm.algorithm.to_id_string() == ED25519 {
        return "ed25519";
    }
    match spki.parsed() {
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() >= 4096 => "rsa-4096",
        Ok(PublicKey::RSA(rsa)) if rsa.key_size() >= 3072 => "rsa-3072",
        Ok(PublicKey::RSA(_)) => "rsa-2048",
        Ok(PublicKey::EC(point)) if point.key_size() == 256 => "p-256",
        Ok(PublicKey::EC(point)) if point.key_size() == 384 => "p-384",
        _ => "other",
    }
}

fn hex(octets: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    octets
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .filter_map(|digit| DIGITS.get(usize::from(digit)))
        .collect()
}

fn significant_hex(serial: &[u8]) -> String {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    hex(serial.get(zeros..).unwrap_or_default())
}
