//! Who it is: from a verified certificate, or from a MAC address. Never from what the peer calls itself
//! (RFC 9190 section 2.2).

use std::sync::Arc;

use nac_policy::{DeviceFacts, FactsTable, Fingerprint, MacAddress, UserFacts};
use smol_str::SmolStr;

use crate::event::Method;
use crate::tls::PeerCertificate;

/// An authenticated identity, joined with what is on record.
#[derive(Clone, Debug)]
pub struct Identity {
    /// How it was proven.
    pub method: Method,
    /// The certificate, for EAP-TLS.
    pub certificate: Option<Arc<PeerCertificate>>,
    /// User that the certificate names.
    pub user: Option<SmolStr>,
    /// Device that the certificate names, or that has the MAC address.
    pub device: Option<SmolStr>,
    /// The user's record.
    pub user_record: Option<Arc<UserFacts>>,
    /// The device's record.
    pub device_record: Option<Arc<DeviceFacts>>,
    /// Revision of the facts when it was joined.
    pub as_of: u64,
}

impl Identity {
    /// From a certificate: the user is its first UPN, else its first e-mail address, else (when it has neither) its common
    /// name, if that is on record. The device is the one it is bound to by fingerprint, else its first DNS name on record,
    /// else (when it has none) its common name, if that is on record. A common name never overrides what the alternative
    /// names say: it is bound by no name constraint.
    #[must_use]
    pub fn of_certificate(certificate: Arc<PeerCertificate>, facts: &FactsTable) -> Self {
        let as_of = facts.revision();
        let said = certificate.upn.first().or(certificate.email.first());
        let user_record = said.or(certificate.common_name.as_ref()).and_then(|name| facts.user_by_name(name));
        let bound = certificate.fingerprint.parse::<Fingerprint>().ok();
        let common_name = certificate.common_name.as_ref().filter(|_| certificate.dns.is_empty());
        let device_record = bound
            .and_then(|fingerprint| facts.device_by_certificate(&fingerprint))
            .or_else(|| certificate.dns.iter().chain(common_name).find_map(|name| facts.device_by_name(name)));
        let user = user_record.as_ref().map(|record| SmolStr::new(&record.name)).or_else(|| said.map(SmolStr::new));
        let device = match &device_record {
            Some(record) => Some(SmolStr::new(&record.name)),
            None => certificate.dns.first().map(SmolStr::new),
        };
        Self { method: Method::EapTls, certificate: Some(certificate), user, device, user_record, device_record, as_of }
    }

    /// Proven by something that is no longer known.
    #[must_use]
    pub fn unknown(method: Method, facts: &FactsTable) -> Self {
        let as_of = facts.revision();
        Self { method, certificate: None, user: None, device: None, user_record: None, device_record: None, as_of }
    }

    /// From a MAC address (MAC Authentication Bypass): whatever claims it, so policies should give it little.
    #[must_use]
    pub fn of_mac(mac: MacAddress, facts: &FactsTable) -> Self {
        let as_of = facts.revision();
        let device_record = facts.device_by_mac(&mac);
        let device = device_record.as_ref().map(|record| SmolStr::new(&record.name));
        Self { method: Method::Mab, certificate: None, user: None, device, user_record: None, device_record, as_of }
    }
}
