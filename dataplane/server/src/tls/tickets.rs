//! Session tickets in an envelope of our own, so that nodes can share keys and rotation drops nobody.
//!
//! ```text
//! key name (16) | nonce (12) | AES-256-GCM( authenticated at (8, Unix seconds) | rustls' session state ) | tag (16)
//! ```
//!
//! The additional data is the trust store's digest: a ticket does not outlive the trust under which its chain was
//! verified. Age is enforced here, counted from the full handshake: a resumption brings a new ticket, but no new time
//! (RFC 8446 section 4.6.1). Expiry, revocation and policy are checked again after every resumption.

use std::cell::Cell;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use rustls::server::ProducesTickets;
use rustls::time_provider::TimeProvider;
use zeroize::{Zeroize, ZeroizeOnDrop};

const NAME_LEN: usize = 16;
const SINCE_LEN: usize = 8;

/// A ticket key as the control plane hands it over. Prints nothing of itself.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TicketKey {
    /// Names the key inside a ticket.
    pub name: [u8; NAME_LEN],
    /// AES-256 key.
    pub key: [u8; 32],
}

impl std::fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketKey(..)")
    }
}

/// Why ticket keys are not usable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TicketKeyError;

thread_local! {
    /// Of the handshake that this thread works on right now: when its session was fully authenticated.
    static AUTHENTICATED_AT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Run one step of a handshake whose session was authenticated at `since` (`None`: not by a ticket, so far as is known).
/// rustls shares one sealer among all handshakes and calls it synchronously, so this is how the two sides of a
/// resumption, opening the old ticket and sealing the new one, learn of each other.
pub(super) fn within<T>(since: &mut Option<u64>, step: impl FnOnce() -> T) -> T {
    AUTHENTICATED_AT.set(*since);
    let result = step();
    *since = AUTHENTICATED_AT.take();
    result
}

struct LiveKey {
    name: [u8; NAME_LEN],
    key: LessSafeKey,
}

/// Seals with the first key, opens with any.
pub struct TicketSealer {
    keys: Vec<LiveKey>,
    lifetime: u32,
    trust: [u8; 32],
    time: Arc<dyn TimeProvider>,
    random: SystemRandom,
}

impl std::fmt::Debug for TicketSealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketSealer").field("keys", &self.keys.len()).field("lifetime", &self.lifetime).finish()
    }
}

impl TicketSealer {
    /// Prepare `keys`; without any, resumption is off. `lifetime` in seconds, at most seven days (RFC 8446 4.6.1).
    ///
    /// # Errors
    /// [`TicketKeyError`] when the cipher refuses a key.
    pub fn new(
        keys: &[TicketKey],
        lifetime: u32,
        trust: [u8; 32],
        time: Arc<dyn TimeProvider>,
    ) -> Result<Self, TicketKeyError> {
        let keys = keys.iter().map(prepare).collect::<Result<_, _>>()?;
        Ok(Self { keys, lifetime: lifetime.min(604_800), trust, time, random: SystemRandom::new() })
    }

    fn now(&self) -> Option<u64> {
        Some(self.time.current_time()?.as_secs())
    }
}

fn prepare(key: &TicketKey) -> Result<LiveKey, TicketKeyError> {
    let unbound = UnboundKey::new(&AES_256_GCM, &key.key).map_err(|_| TicketKeyError)?;
    Ok(LiveKey { name: key.name, key: LessSafeKey::new(unbound) })
}

impl ProducesTickets for TicketSealer {
    fn enabled(&self) -> bool {
        !self.keys.is_empty()
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let live = self.keys.first()?;
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut sealed = Vec::with_capacity(SINCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend(AUTHENTICATED_AT.get().or(self.now())?.to_be_bytes());
        sealed.extend(plain);
        live.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(self.trust), &mut sealed)
            .ok()?;
        Some([&live.name[..], &nonce[..], &sealed[..]].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME_LEN>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let live = self.keys.iter().find(|live| live.name == *name)?;
        let mut sealed = sealed.to_vec();
        let plain =
            live.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(self.trust), &mut sealed).ok()?;
        let (since, state) = plain.split_first_chunk::<SINCE_LEN>()?;
        let since = u64::from_be_bytes(*since);
        let age = self.now()?.checked_sub(since)?;
        if age > u64::from(self.lifetime) {
            return None;
        }
        AUTHENTICATED_AT.set(Some(since));
        Some(state.to_vec())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use rustls::pki_types::UnixTime;

    use super::*;

    const BEGIN: u64 = 1_800_000_000;

    #[derive(Debug)]
    struct Passing(AtomicU64);

    impl TimeProvider for Passing {
        fn current_time(&self) -> Option<UnixTime> {
            Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0.load(Ordering::Relaxed))))
        }
    }

    /// One conversation that resumes with a ticket and gets another, as the engine and rustls do it.
    fn renewed(sealer: &TicketSealer, ticket: &[u8]) -> Option<Vec<u8>> {
        let mut since = None;
        within(&mut since, || sealer.decrypt(ticket))?;
        within(&mut since, || sealer.encrypt(b"state"))
    }

    #[test]
    fn rfc8446_4_6_1_a_ticket_renewed_over_and_over_ends_with_the_first_one() {
        let time = Arc::new(Passing(AtomicU64::new(BEGIN)));
        let key = TicketKey { name: [1; 16], key: [2; 32] };
        let sealer = TicketSealer::new(&[key], 100, [3; 32], Arc::clone(&time) as Arc<_>).unwrap();
        let mut ticket = within(&mut None, || sealer.encrypt(b"state")).unwrap();
        for age in [40, 80, 100] {
            time.0.store(BEGIN + age, Ordering::Relaxed);
            ticket = renewed(&sealer, &ticket).unwrap();
        }
        time.0.store(BEGIN + 101, Ordering::Relaxed);
        assert_eq!(renewed(&sealer, &ticket), None);
        let fresh = within(&mut None, || sealer.encrypt(b"state")).unwrap();
        assert!(renewed(&sealer, &fresh).is_some(), "another conversation begins with no time of its own");
    }
}
