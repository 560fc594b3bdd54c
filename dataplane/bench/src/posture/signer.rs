//! Signatures in JOSE's form with the key of a certificate (RFC 7518 3, RFC 8037 3.1).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PSS_SHA256,
    RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;

/// A key that signs. Its algorithm is the agent's choice for its kind.
pub(super) enum Signer {
    Es256(EcdsaKeyPair),
    Es384(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Ps256(RsaKeyPair),
}

impl Signer {
    /// None for a key that is no PKCS#8, or of another kind.
    pub(super) fn new(key: &PrivateKeyDer<'_>) -> Option<Self> {
        let der = key.secret_der();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map(Self::Es256)
            .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der).map(Self::Es384))
            .or_else(|_| Ed25519KeyPair::from_pkcs8(der).map(Self::EdDsa))
            .or_else(|_| RsaKeyPair::from_pkcs8(der).map(Self::Ps256))
            .ok()
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Es384(_) => "ES384",
            Self::EdDsa(_) => "EdDSA",
            Self::Ps256(_) => "PS256",
        }
    }

    /// None when the library or its random source fails.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) | Self::Es384(key) => Some(key.sign(&random, message).ok()?.as_ref().to_vec()),
            Self::EdDsa(key) => Some(key.sign(message).as_ref().to_vec()),
            Self::Ps256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PSS_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    };
    use rcgen::{KeyPair, PublicKeyData, SignatureAlgorithm};

    use super::*;

    #[test]
    fn rfc7518_3_1_each_kind_of_key_signs_by_its_algorithm() {
        let kinds: [(&SignatureAlgorithm, &str, &'static dyn VerificationAlgorithm); 4] = [
            (&rcgen::PKCS_ECDSA_P256_SHA256, "ES256", &ECDSA_P256_SHA256_FIXED),
            (&rcgen::PKCS_ECDSA_P384_SHA384, "ES384", &ECDSA_P384_SHA384_FIXED),
            (&rcgen::PKCS_ED25519, "EdDSA", &ED25519),
            (&rcgen::PKCS_RSA_SHA256, "PS256", &RSA_PSS_2048_8192_SHA256),
        ];
        for (kind, algorithm, verification) in kinds {
            let key = KeyPair::generate_for(kind).unwrap();
            let signer = Signer::new(&PrivateKeyDer::Pkcs8(key.serialize_der().into())).unwrap();
            assert_eq!(signer.algorithm(), algorithm);
            let signature = signer.sign(b"header.claims").unwrap();
            UnparsedPublicKey::new(verification, key.der_bytes()).verify(b"header.claims", &signature).unwrap();
        }
        assert!(Signer::new(&PrivateKeyDer::Pkcs8(b"none".to_vec().into())).is_none());
    }
}
