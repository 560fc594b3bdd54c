//! Why a conversation ended as it did: a stable word for machines, and detail and fix for people (`docs/causes.md`).

use rustls::AlertDescription;

use crate::tls::{ChainFault, TlsFault};

/// One cause with what is known about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The stable word.
    pub word: &'static str,
    /// One sentence for the operator: what happened.
    pub detail: String,
    /// One sentence for the operator: what to do; `None` when nothing is to be done.
    pub fix: Option<&'static str>,
}

impl Cause {
    /// Put together a cause.
    pub fn new(word: &'static str, detail: impl Into<String>, fix: &'static str) -> Self {
        Self { word, detail: detail.into(), fix: Some(fix) }
    }

    /// Access-Accept.
    #[must_use]
    pub fn ok() -> Self {
        Self { word: "ok", detail: "authenticated and placed by policy".into(), fix: None }
    }

    /// A `reject` rule, or none at all.
    #[must_use]
    pub fn policy(rule: Option<(&str, &str)>) -> Self {
        match rule {
            Some((location, label)) => Self::new(
                "policy_reject",
                format!("{location} rejects: {label}"),
                "change the fact the rule names, or the rule; `nac policy explain` shows every step",
            ),
            None => Self::new(
                "policy_default_deny",
                "no placement rule matched, and the default is to deny",
                "give the device or user the groups, tags or posture a `place` rule asks for, or add a rule",
            ),
        }
    }

    /// From a TLS fault.
    #[must_use]
    pub fn tls(fault: &TlsFault) -> Self {
        match fault {
            TlsFault::ClientAlert(alert) => client_alert(*alert),
            TlsFault::Chain(fault) => chain(*fault),
            TlsFault::NoCertificate => Self::new(
                "no_client_certificate",
                "the client finished its part without showing a certificate",
                "enrol the device and select its certificate in the supplicant's profile",
            ),
            TlsFault::Version => Self::new(
                "tls_version_mismatch",
                "the client offers no TLS version that is allowed here",
                "allow TLS 1.2 or 1.3 in the supplicant; older versions are refused (RFC 8996)",
            ),
            TlsFault::NoCommonParameters(what) => Self::new(
                "tls_no_common_parameters",
                format!("client and server share no cipher suite, group or signature scheme ({what})"),
                "update the supplicant, or add a server certificate with a key type it knows (P-256 and RSA are usual)",
            ),
            TlsFault::Protocol(what) => Self::new(
                "tls_protocol_error",
                format!("the client's TLS messages are not acceptable: {what}"),
                "capture the exchange; a path that damages EAP fragments looks like this too: try a smaller fragment_size",
            ),
        }
    }

    /// The peer asked for methods that are not offered.
    #[must_use]
    pub fn no_common_method(desired: &str) -> Self {
        Self::new(
            "no_common_eap_method",
            format!("the client refuses EAP-TLS and asks for: {desired}"),
            "configure EAP-TLS with a certificate on the client; password methods are not offered",
        )
    }
}

fn chain(fault: ChainFault) -> Cause {
    match fault {
        ChainFault::Expired { not_after } => Cause::new(
            "certificate_expired",
            format!("the client certificate expired at {}", crate::clock::utc(not_after)),
            "renew the device's certificate",
        ),
        ChainFault::NotYetValid { not_before } => Cause::new(
            "certificate_not_yet_valid",
            format!("the client certificate is valid only from {}", crate::clock::utc(not_before)),
            "check this server's clock, then the issuing CA's",
        ),
        ChainFault::Revoked => Cause::new(
            "certificate_revoked",
            "a certificate of the client's chain is on its issuer's revocation list",
            "issue a new certificate if the device should be allowed again",
        ),
        ChainFault::RevocationUnknown => Cause::new(
            "revocation_unknown",
            "no revocation list is known for the issuer of a certificate in the chain",
            "add the issuer's CRL under [trust] crls, or set revocation = \"available\"",
        ),
        ChainFault::RevocationStale { next_update } => Cause::new(
            "revocation_stale",
            format!("the issuer's revocation list was due for renewal at {}", crate::clock::utc(next_update)),
            "publish a fresh CRL (`nac pki crl` for the built-in CA)",
        ),
        ChainFault::UnknownIssuer => Cause::new(
            "unknown_ca",
            "the client certificate does not lead to a trusted CA",
            "if the device is yours, add its CA under [trust] roots or issue it a certificate from a trusted CA",
        ),
        ChainFault::BadSignature => Cause::new(
            "certificate_bad_signature",
            "a signature does not verify, or uses an algorithm that is refused",
            "reissue the certificate with SHA-256 or better, P-256, P-384, Ed25519 or RSA of at least 2048 bits",
        ),
        ChainFault::WrongPurpose => Cause::new(
            "certificate_wrong_purpose",
            "the certificate is not for client authentication",
            "issue a client certificate with the extended key usage clientAuth",
        ),
        ChainFault::TooLong => Cause::new(
            "handshake_too_large",
            "the client shows more intermediate certificates than any real path has",
            "send only the device's certificate and the intermediates between it and the root",
        ),
        ChainFault::Malformed => Cause::new(
            "certificate_malformed",
            "the client certificate does not parse or has an unknown critical extension",
            "inspect the certificate with `openssl x509 -text` and reissue it",
        ),
    }
}

fn client_alert(alert: AlertDescription) -> Cause {
    match alert {
        AlertDescription::UnknownCA => Cause::new(
            "client_alert_unknown_ca",
            "the client does not trust the CA of this server's certificate",
            "deploy the server's root CA to the device and name it in the supplicant's profile",
        ),
        AlertDescription::CertificateExpired => Cause::new(
            "client_alert_certificate_expired",
            "the client considers this server's certificate expired",
            "renew the server certificate (`nac pki show`), then check the client's clock",
        ),
        AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked => Cause::new(
            "client_alert_bad_certificate",
            format!("the client refuses this server's certificate ({alert:?})"),
            "check the server name and key usages that the supplicant's profile expects",
        ),
        other => Cause::new(
            "client_alert_other",
            format!("the client ended the handshake with the alert {other:?}"),
            "read the supplicant's own log for its reason",
        ),
    }
}
