//! Chains whose path was verified under this trust store: a device that comes back costs no signature over its
//! certificate again, and no second reading of it. What changes with time (validity, revocation) is kept beside and asked anew; and the handshake's own
//! signature, or its ticket, proves the key each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use rustls::pki_types::{CertificateDer, TrustAnchor};
use serde::{Deserialize, Serialize};

use super::certificate::PeerCertificate;
use crate::hex::{hex_number, hex_octets};
use crate::limits::MAX_VERIFIED_CHAINS;

/// SHA-256 over the certificates of a chain, in order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct ChainDigest([u8; 32]);

impl ChainDigest {
    /// DER says its own length, so that no two chains have the same octets.
    pub(super) fn of(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> Self {
        let mut context = Context::new(&SHA256);
        std::iter::once(end_entity).chain(intermediates).for_each(|certificate| context.update(certificate));
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self(digest)
    }
}

/// One certificate on a verified path, as far as time can change what it is worth.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct PathStep {
    /// Content of the issuer's Name.
    #[serde(with = "hex_octets")]
    pub(super) issuer: Box<[u8]>,
    /// Serial number.
    #[serde(with = "hex_octets")]
    pub(super) serial: Box<[u8]>,
    /// Unix seconds.
    pub(super) not_before: u64,
    /// Unix seconds.
    pub(super) not_after: u64,
}

/// The first half of a SHA-256 over an anchor's subject and public key: whoever has both signs the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(super) struct AnchorId(#[serde(with = "hex_number")] u128);

impl AnchorId {
    pub(super) fn of(anchor: &TrustAnchor<'_>) -> Self {
        let mut context = Context::new(&SHA256);
        // DER says its own length.
        [&anchor.subject, &anchor.subject_public_key_info].into_iter().for_each(|part| context.update(part));
        Self(context.finish().as_ref().first_chunk().copied().map_or(0, u128::from_be_bytes))
    }
}

/// A chain whose path was verified. [`super::TrustStore::check_again`] asks whether it still counts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct VerifiedChain {
    /// From the device's certificate up to the one that an anchor signed.
    pub(super) path: Box<[PathStep]>,
    /// Who signed that.
    pub(super) anchor: AnchorId,
    /// The device's certificate, read.
    pub(super) certificate: Arc<PeerCertificate>,
}

impl VerifiedChain {
    /// The device's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Arc<PeerCertificate> {
        &self.certificate
    }

    /// The last Unix second at which every certificate of the path is valid.
    #[must_use]
    pub fn not_after(&self) -> u64 {
        self.path.iter().map(|step| step.not_after).min().unwrap_or_default()
    }
}

/// The chains, bounded: when the younger half is full, the older one is forgotten.
#[derive(Default, Debug)]
pub(super) struct VerifiedChains {
    halves: Mutex<Halves>,
}

#[derive(Default, Debug)]
struct Halves {
    younger: HashMap<ChainDigest, Arc<VerifiedChain>>,
    older: HashMap<ChainDigest, Arc<VerifiedChain>>,
}

impl VerifiedChains {
    /// A chain that was verified before.
    pub(super) fn get(&self, chain: ChainDigest) -> Option<Arc<VerifiedChain>> {
        let halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        halves.younger.get(&chain).or_else(|| halves.older.get(&chain)).map(Arc::clone)
    }

    /// Keep a chain that was just verified.
    pub(super) fn add(&self, chain: ChainDigest, verified: Arc<VerifiedChain>) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if halves.younger.len() >= MAX_VERIFIED_CHAINS / 2 {
            halves.older = std::mem::take(&mut halves.younger);
        }
        halves.younger.insert(chain, verified);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chains_are_bounded_and_the_oldest_forgotten() {
        let chains = VerifiedChains::default();
        let chain = |number: usize| ChainDigest::of(&CertificateDer::from(number.to_be_bytes().to_vec()), &[]);
        let verified =
            Arc::new(VerifiedChain { path: Box::from([]), anchor: AnchorId(0), certificate: Arc::default() });
        (0..=MAX_VERIFIED_CHAINS).for_each(|number| chains.add(chain(number), Arc::clone(&verified)));
        assert!(chains.get(chain(0)).is_none() && chains.get(chain(MAX_VERIFIED_CHAINS)).is_some());
        let halves = chains.halves.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(halves.younger.len() + halves.older.len() <= MAX_VERIFIED_CHAINS);
    }
}
