//! Whose certificates count: anchors, revocation lists, and the one check that every chain passes.
//!
//! Issuing CAs that the control plane has verified are anchors too, so a device's path is one signature long. Revocation
//! is looked up in our own sets, for every certificate of the path (RFC 9190 section 5.4), by the same code for full and
//! resumed handshakes.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::digest;
use rustls::DistinguishedName;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs as aws_lc_rs_provider};
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::certificate::{PeerCertificate, validity};
use super::fault::ChainFault;
use super::verified::{AnchorId, ChainDigest, PathStep, VerifiedChain, VerifiedChains};
use crate::limits::{MAX_INTERMEDIATES, MAX_ROOT_HINT_OCTETS};

/// What to do when a certificate's issuer has no current revocation list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RevocationMode {
    /// Refuse (closed; the default).
    Require,
    /// Accept when no list is known at all; refuse when the known list is stale.
    Available,
    /// Accept without a list and with a stale one.
    StaleOk,
}

/// A verified CRL's content. `issuer`: DER Name; `serials`: big-endian; times in Unix seconds.
#[derive(Clone, Debug)]
pub struct RevocationList {
    /// DER of the issuer's Name.
    pub issuer: Vec<u8>,
    /// Revoked serial numbers.
    pub serials: Vec<Vec<u8>>,
    /// thisUpdate.
    pub this_update: u64,
    /// nextUpdate.
    pub next_update: u64,
}

/// What a trust store is compiled from; certificates are DER.
#[derive(Clone, Debug)]
pub struct TrustSpec {
    /// Root certificates.
    pub anchors: Vec<Vec<u8>>,
    /// Issuing certificates, verified against the anchors by the control plane.
    pub intermediates: Vec<Vec<u8>>,
    /// Revocation lists.
    pub revocation_lists: Vec<RevocationList>,
    /// What a missing list means.
    pub revocation: RevocationMode,
    /// Certificate policies, dotted OIDs, that say a key is in hardware.
    pub attested_policies: Vec<String>,
}

/// A certificate that cannot be a trust anchor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrustError(String);

impl std::fmt::Display for TrustError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TrustError {}

#[derive(Debug)]
struct KnownRevocations {
    serials: HashSet<Box<[u8]>>,
    next_update: u64,
}

impl KnownRevocations {
    fn has(&self, serial: &[u8]) -> bool {
        self.serials.contains(significant(serial))
    }
}

/// The compiled trust of one snapshot.
#[derive(Debug)]
pub struct TrustStore {
    anchors: Vec<TrustAnchor<'static>>,
    anchor_ids: HashSet<AnchorId>,
    revocations: HashMap<Box<[u8]>, KnownRevocations>,
    mode: RevocationMode,
    attested_policies: Vec<String>,
    digest: [u8; 32],
    root_hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
    verified: OnceLock<Arc<VerifiedChains>>,
}

impl TrustStore {
    /// Compile.
    ///
    /// # Errors
    /// [`TrustError`] names the certificate (by position) that does not parse, or says that there is no anchor.
    pub fn compile(spec: &TrustSpec) -> Result<Self, TrustError> {
        if spec.anchors.is_empty() {
            return Err(TrustError("trust: no anchor certificate".into()));
        }
        let mut anchors = Vec::new();
        let mut hash = digest::Context::new(&digest::SHA256);
        for (index, der) in spec.anchors.iter().chain(&spec.intermediates).enumerate() {
            let cert = CertificateDer::from(der.as_slice());
            let anchor = anchor_from_trusted_cert(&cert)
                .map_err(|why| TrustError(format!("trust: certificate {index} is not usable: {why}")))?;
            anchors.push(anchor.to_owned());
            hash.update(der);
        }
        let mut id = [0; 32];
        id.copy_from_slice(hash.finish().as_ref());
        Ok(Self {
            root_hints: root_hints(anchors.get(..spec.anchors.len()).unwrap_or_default()),
            anchor_ids: anchors.iter().map(AnchorId::of).collect(),
            anchors,
            revocations: compile_lists(&spec.revocation_lists),
            mode: spec.revocation,
            attested_policies: spec.attested_policies.clone(),
            digest: id,
            algorithms: aws_lc_rs_provider::default_provider().signature_verification_algorithms,
            verified: OnceLock::new(),
        })
    }

    /// SHA-256 over all anchors: resumption tickets are bound to it, so they die with the trust they came from.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Whether the issuer says that the certificate's key is in hardware: by a certificate policy (RFC 5280 section 4.2.1.4).
    #[must_use]
    pub fn attests(&self, certificate: &PeerCertificate) -> bool {
        certificate.policies.iter().any(|policy| self.attested_policies.contains(policy))
    }

    /// Subject names for the CertificateRequest; empty when they would bloat the flight.
    pub(super) fn root_hints(&self) -> &[DistinguishedName] {
        &self.root_hints
    }

    /// Go on with the paths that the trust store before verified, if its anchors were the same.
    pub(super) fn inherit(&self, previous: &Self) {
        if self.digest == previous.digest {
            // A store that was used before keeps its own; a snapshot inherits before it is published.
            let _ = self.verified.set(Arc::clone(previous.verified()));
        }
    }

    fn verified(&self) -> &Arc<VerifiedChains> {
        self.verified.get_or_init(Arc::default)
    }

    /// The check of a chain, on full handshakes and resumed ones alike (RFC 9190 section 5.7): path and purpose, once
    /// for each chain; validity and revocation of every certificate on that path, each time. The chain as it was verified.
    ///
    /// # Errors
    /// [`ChainFault`].
    pub fn check(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<Arc<VerifiedChain>, ChainFault> {
        if intermediates.len() > MAX_INTERMEDIATES {
            return Err(ChainFault::TooLong);
        }
        let digest = ChainDigest::of(end_entity, intermediates);
        let known = self.verified().get(digest);
        let chain = match &known {
            Some(chain) => Arc::clone(chain),
            None => Arc::new(self.verify(end_entity, intermediates, now)?),
        };
        chain.path.iter().try_for_each(|step| self.check_step(step, now))?;
        if known.is_none() {
            self.verified().add(digest, Arc::clone(&chain));
        }
        Ok(chain)
    }

    /// Whether a chain that was good for a login still is good for the session that it opened: its anchor is one still, and
    /// every certificate is valid now and on no list. A list that is missing or past its next update keeps new logins out
    /// (as the mode says) and ends nobody: nothing new is known of this certificate.
    ///
    /// # Errors
    /// [`ChainFault`].
    pub fn check_again(&self, chain: &VerifiedChain, now: UnixTime) -> Result<(), ChainFault> {
        if !self.anchor_ids.contains(&chain.anchor) {
            return Err(ChainFault::UnknownIssuer);
        }
        chain.path.iter().try_for_each(|step| {
            check_validity(step, now)?;
            let revoked = self.revocations.get(&step.issuer).is_some_and(|known| known.has(&step.serial));
            if revoked { Err(ChainFault::Revoked) } else { Ok(()) }
        })
    }

    /// [`check`](Self::check) of certificates as octets (DER, the device's first), at Unix seconds: for those that come
    /// over another connection than EAP.
    ///
    /// # Errors
    /// [`ChainFault`].
    pub fn check_chain(&self, chain: &[Vec<u8>], now: u64) -> Result<Arc<PeerCertificate>, ChainFault> {
        let certificates: Vec<_> = chain.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let (end_entity, intermediates) = certificates.split_first().ok_or(ChainFault::Malformed)?;
        let verified = self.check(end_entity, intermediates, UnixTime::since_unix_epoch(Duration::from_secs(now)))?;
        Ok(Arc::clone(verified.certificate()))
    }

    /// Build and verify the path (RFC 5280 section 6).
    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<VerifiedChain, ChainFault> {
        let refused = |error: webpki::Error| ChainFault::from_webpki(&error);
        let leaf = EndEntityCert::try_from(end_entity).map_err(refused)?;
        let usage = KeyUsage::client_auth();
        let path = leaf
            .verify_for_usage(self.algorithms.all, &self.anchors, intermediates, now, usage, None, None)
            .map_err(refused)?;
        let above =
            path.intermediate_certificates().map(|issuer| step(issuer.issuer(), issuer.serial(), &issuer.der()));
        let steps = std::iter::once(step(leaf.issuer(), leaf.serial(), end_entity)).chain(above);
        let certificate = PeerCertificate::parse(end_entity).map_err(|_| ChainFault::Malformed)?;
        let anchor = AnchorId::of(path.anchor());
        Ok(VerifiedChain { path: steps.collect::<Result<_, _>>()?, anchor, certificate: Arc::new(certificate) })
    }

    fn check_step(&self, step: &PathStep, now: UnixTime) -> Result<(), ChainFault> {
        check_validity(step, now)?;
        self.check_revocation(&step.issuer, &step.serial, now)
    }

    fn check_revocation(&self, issuer: &[u8], serial: &[u8], now: UnixTime) -> Result<(), ChainFault> {
        let Some(known) = self.revocations.get(issuer) else {
            return match self.mode {
                RevocationMode::Require => Err(ChainFault::RevocationUnknown),
                RevocationMode::Available | RevocationMode::StaleOk => Ok(()),
            };
        };
        if known.has(serial) {
            return Err(ChainFault::Revoked);
        }
        if now.as_secs() > known.next_update && self.mode != RevocationMode::StaleOk {
            return Err(ChainFault::RevocationStale { next_update: known.next_update });
        }
        Ok(())
    }
}

fn check_validity(step: &PathStep, now: UnixTime) -> Result<(), ChainFault> {
    if now.as_secs() > step.not_after {
        return Err(ChainFault::Expired { not_after: step.not_after });
    }
    if now.as_secs() < step.not_before {
        return Err(ChainFault::NotYetValid { not_before: step.not_before });
    }
    Ok(())
}

fn step(issuer: &[u8], serial: &[u8], certificate: &CertificateDer<'_>) -> Result<PathStep, ChainFault> {
    let (not_before, not_after) = validity(certificate).map_err(|_| ChainFault::Malformed)?;
    Ok(PathStep { issuer: issuer.into(), serial: serial.into(), not_before, not_after })
}

/// By issuer's Name. Two authorities may share one, as an old and a new key of the same CA do: what either has revoked is
/// revoked, and the list that ends first ends both.
fn compile_lists(lists: &[RevocationList]) -> HashMap<Box<[u8]>, KnownRevocations> {
    let mut known = HashMap::<Box<[u8]>, KnownRevocations>::new();
    for list in lists {
        let empty = KnownRevocations { serials: HashSet::new(), next_update: list.next_update };
        let of_issuer = known.entry(name_content(&list.issuer).into()).or_insert(empty);
        of_issuer.serials.extend(list.serials.iter().map(|serial| significant(serial).into()));
        of_issuer.next_update = of_issuer.next_update.min(list.next_update);
    }
    known
}

/// A serial number without leading zero octets: DER keeps one when the top bit is set, other writers do not.
fn significant(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|octet| **octet == 0).count();
    serial.get(zeros..).unwrap_or_default()
}

/// The content of a DER SEQUENCE: the path builder hands out Names without their outer tag and length.
fn name_content(name: &[u8]) -> &[u8] {
    match name {
        [0x30, short, content @ ..] if usize::from(*short) == content.len() => content,
        [0x30, 0x81, long, content @ ..] if usize::from(*long) == content.len() => content,
        [0x30, 0x82, high, low, content @ ..] if usize::from(u16::from_be_bytes([*high, *low])) == content.len() => {
            content
        }
        other => other,
    }
}

fn root_hints(anchors: &[TrustAnchor<'_>]) -> Vec<DistinguishedName> {
    let hints: Vec<_> = anchors.iter().map(|anchor| DistinguishedName::in_sequence(anchor.subject.as_ref())).collect();
    let octets: usize = hints.iter().map(|hint| hint.as_ref().len()).sum();
    if octets <= MAX_ROOT_HINT_OCTETS { hints } else { Vec::new() }
}
