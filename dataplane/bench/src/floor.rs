//! The floor: what the cryptography of one handshake costs by itself, with the library that the server uses.
//!
//! A full mutual handshake costs a server one ephemeral key, one key agreement, one signature and two verifications
//! (the client's certificate and its CertificateVerify); a resumed one the first two.

use std::time::Duration;

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair};
use nix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// What is signed in a CertificateVerify: 64 spaces, a context string and a hash (RFC 8446 4.4.3).
const SIGNED: [u8; 130] = [0x20; 130];

/// The cost of one set of operations.
#[derive(Debug, Serialize)]
pub struct FloorSet {
    /// Which operations.
    pub name: &'static str,
    /// Microseconds of CPU per set in the fastest run.
    pub min_us: f64,
    /// Microseconds of CPU per set in the median run.
    pub median_us: f64,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct FloorPlan {
    /// Runs per set; minimum and median are over runs.
    pub runs: u32,
    /// Sets per run.
    pub sets: u32,
}

type Operation = Box<dyn Fn() -> Result<(), Unspecified>>;

/// Measures every set, the sets alternating run by run so that a slow spell of the machine meets all of them.
///
/// # Errors
/// [`Unspecified`] when the library refuses an operation.
pub fn measure(plan: FloorPlan) -> Result<Vec<FloorSet>, Unspecified> {
    let operations = operations()?;
    let mut times: Vec<Vec<Duration>> = operations.iter().map(|_| Vec::new()).collect();
    for _ in 0..plan.runs.max(1) {
        for ((_, operation), times) in operations.iter().zip(&mut times) {
            times.push(timed(plan.sets.max(1), operation)?);
        }
    }
    Ok(operations.iter().zip(times).map(|((name, _), times)| summary(name, times, plan.sets.max(1))).collect())
}

fn operations() -> Result<Vec<(&'static str, Operation)>, Unspecified> {
    Ok(vec![
        ("full-p256", full(ecdsa_p256()?, &agreement::X25519)?),
        ("full-p256-ecdh-p256", full(ecdsa_p256()?, &agreement::ECDH_P256)?),
        ("full-rsa2048", full(rsa_2048()?, &agreement::X25519)?),
        ("resumed-x25519", key_exchange(&agreement::X25519)?),
        ("resumed-ecdh-p256", key_exchange(&agreement::ECDH_P256)?),
        ("sign-p256", ecdsa_p256()?.sign),
        ("verify-p256", ecdsa_p256()?.verify),
        ("sign-rsa2048", rsa_2048()?.sign),
        ("verify-rsa2048", rsa_2048()?.verify),
    ])
}

struct Signer {
    sign: Operation,
    verify: Operation,
}

fn full(signer: Signer, group: &'static agreement::Algorithm) -> Result<Operation, Unspecified> {
    let exchange = key_exchange(group)?;
    Ok(Box::new(move || {
        exchange()?;
        (signer.sign)()?;
        (signer.verify)()?;
        (signer.verify)()
    }))
}

fn key_exchange(group: &'static agreement::Algorithm) -> Result<Operation, Unspecified> {
    let peer = PrivateKey::generate(group)?.compute_public_key()?;
    Ok(Box::new(move || {
        let ours = PrivateKey::generate(group)?;
        std::hint::black_box(ours.compute_public_key()?);
        let peer = UnparsedPublicKey::new(group, peer.as_ref());
        agreement::agree(&ours, peer, Unspecified, |shared| {
            std::hint::black_box(shared);
            Ok(())
        })
    }))
}

fn ecdsa_p256() -> Result<Signer, Unspecified> {
    let key = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?;
    let random = SystemRandom::new();
    let signed = key.sign(&random, &SIGNED)?;
    let public = key.public_key().as_ref().to_vec();
    Ok(Signer {
        sign: Box::new(move || {
            std::hint::black_box(key.sign(&random, &SIGNED)?);
            Ok(())
        }),
        verify: Box::new(move || {
            signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, &public)
                .verify(&SIGNED, signed.as_ref())
        }),
    })
}

fn rsa_2048() -> Result<Signer, Unspecified> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let random = SystemRandom::new();
    let mut signed = vec![0; key.public_modulus_len()];
    key.sign(&signature::RSA_PSS_SHA256, &random, &SIGNED, &mut signed)?;
    let public = key.public_key().as_ref().to_vec();
    Ok(Signer {
        sign: Box::new(move || {
            let mut output = vec![0; key.public_modulus_len()];
            key.sign(&signature::RSA_PSS_SHA256, &random, &SIGNED, &mut output)?;
            std::hint::black_box(output);
            Ok(())
        }),
        verify: Box::new(move || {
            signature::UnparsedPublicKey::new(&signature::RSA_PSS_2048_8192_SHA256, &public).verify(&SIGNED, &signed)
        }),
    })
}

fn timed(sets: u32, operation: &Operation) -> Result<Duration, Unspecified> {
    let started = cpu_time()?;
    for _ in 0..sets {
        operation()?;
    }
    Ok(cpu_time()?.saturating_sub(started))
}

/// CPU time of this thread: what else runs on the machine does not count.
fn cpu_time() -> Result<Duration, Unspecified> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).map_err(|_| Unspecified)
}

fn summary(name: &'static str, mut times: Vec<Duration>, sets: u32) -> FloorSet {
    times.sort_unstable();
    let per_set = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e6 / f64::from(sets));
    FloorSet { name, min_us: per_set(times.first()), median_us: per_set(times.get(times.len() / 2)) }
}
