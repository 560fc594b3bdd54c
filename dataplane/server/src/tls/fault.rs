//! What can go wrong in a handshake, as types; `cause` turns them into words for people.

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// Why a client's certificate chain is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChainFault {
    /// Past notAfter (Unix seconds).
    Expired {
        /// notAfter of the certificate that expired.
        not_after: u64,
    },
    /// Before notBefore (Unix seconds).
    NotYetValid {
        /// notBefore of the certificate.
        not_before: u64,
    },
    /// Its serial stands on its issuer's revocation list.
    Revoked,
    /// No revocation list of its issuer is known, and the policy demands one.
    RevocationUnknown,
    /// The issuer's list is past its nextUpdate (Unix seconds), and the policy demands a current one.
    RevocationStale {
        /// nextUpdate of the list.
        next_update: u64,
    },
    /// No path to a trust anchor.
    UnknownIssuer,
    /// A signature in the path, or the algorithm it uses, is not acceptable.
    BadSignature,
    /// Not allowed for client authentication (extended key usage), or a CA certificate used as a client's.
    WrongPurpose,
    /// More intermediates than a path may have.
    TooLong,
    /// Does not parse, or has a critical extension nobody here knows.
    Malformed,
}

impl ChainFault {
    /// From the path builder's verdict.
    pub(super) fn from_webpki(error: &webpki::Error) -> Self {
        use webpki::Error as W;
        match error {
            W::CertExpired { not_after, .. } => Self::Expired { not_after: not_after.as_secs() },
            W::CertNotValidYet { not_before, .. } => Self::NotYetValid { not_before: not_before.as_secs() },
            W::CertRevoked => Self::Revoked,
            W::UnknownIssuer
            | W::PathLenConstraintViolated
            | W::NameConstraintViolation
            | W::MaximumPathBuildCallsExceeded
            | W::MaximumPathDepthExceeded
            | W::MaximumSignatureChecksExceeded => Self::UnknownIssuer,
            W::InvalidSignatureForPublicKey
            | W::SignatureAlgorithmMismatch
            | W::UnsupportedSignatureAlgorithmContext(_)
            | W::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Self::BadSignature,
            W::RequiredEkuNotFoundContext(_) | W::CaUsedAsEndEntity | W::EndEntityUsedAsCa | W::EmptyEkuExtension => {
                Self::WrongPurpose
            }
            _ => Self::Malformed,
        }
    }

    /// One word for it, for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::RevocationUnknown => "revocation_unknown",
            Self::RevocationStale { .. } => "revocation_stale",
            Self::UnknownIssuer => "unknown_issuer",
            Self::BadSignature => "bad_signature",
            Self::WrongPurpose => "wrong_purpose",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
        }
    }

    /// The error that makes rustls send the matching alert (RFC 8446 section 6.2).
    pub(super) fn into_rustls(self) -> Error {
        Error::InvalidCertificate(match self {
            Self::Expired { .. } => CertificateError::Expired,
            Self::NotYetValid { .. } => CertificateError::NotValidYet,
            Self::Revoked => CertificateError::Revoked,
            Self::RevocationUnknown => CertificateError::UnknownRevocationStatus,
            Self::RevocationStale { .. } => CertificateError::ExpiredRevocationList,
            Self::UnknownIssuer => CertificateError::UnknownIssuer,
            Self::BadSignature => CertificateError::BadSignature,
            Self::WrongPurpose => CertificateError::InvalidPurpose,
            Self::Malformed | Self::TooLong => CertificateError::BadEncoding,
        })
    }
}

/// Why a handshake ended without success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TlsFault {
    /// The client sent a fatal alert: it refuses us.
    ClientAlert(AlertDescription),
    /// The client's certificate is refused.
    Chain(ChainFault),
    /// The client sent no certificate.
    NoCertificate,
    /// No TLS version in common.
    Version,
    /// No cipher suite, group or signature scheme in common.
    NoCommonParameters(String),
    /// Anything that breaks the protocol.
    Protocol(String),
}

impl TlsFault {
    /// From rustls' error; `chain` is what the verifier of this handshake found, when it refused.
    pub(super) fn from_rustls(error: &Error, chain: Option<ChainFault>) -> Self {
        match error {
            Error::AlertReceived(alert) => Self::ClientAlert(*alert),
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(_) => match chain {
                Some(fault) => Self::Chain(fault),
                None => Self::Chain(ChainFault::BadSignature),
            },
            // A ClientHello without signature_algorithms is one of TLS 1.1 or older (RFC 5246 section 7.4.1.4.1), and
            // rustls misses the extension before it looks at the version.
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::SignatureAlgorithmsExtensionRequired
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::SupportedVersionsExtensionRequired,
            ) => Self::Version,
            Error::PeerIncompatible(why) => Self::NoCommonParameters(format!("{why:?}")),
            other => Self::Protocol(other.to_string()),
        }
    }
}
