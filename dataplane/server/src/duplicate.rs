//! Duplicate detection with reply cache (RFC 5080 section 2.2.2).
//!
//! The key is the receiving socket, source address and port, and Identifier; the Request Authenticator tells a
//! retransmission from a new request. Only verified requests come here, so a forged one cannot displace an entry.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limits::{DUPLICATE_LIFETIME, MAX_DUPLICATE_OCTETS, MAX_DUPLICATES};

const STRIPES: usize = 64;

/// Which request, apart from its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestKey {
    /// Receiving socket.
    pub socket: u8,
    /// Where it came from.
    pub source: SocketAddr,
    /// Identifier.
    pub identifier: u8,
}

/// As two numbers: the derived one would feed the hasher seven times, for every packet and every map.
impl Hash for RequestKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u128(match self.source.ip() {
            IpAddr::V4(address) => address.to_bits().into(),
            IpAddr::V6(address) => address.to_bits(),
        });
        hasher
            .write_u32(u32::from(self.source.port()) << 16 | u32::from_be_bytes([0, 0, self.socket, self.identifier]));
    }
}

/// What is known of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sighting {
    /// Not seen before, or another request with the same Identifier: it is marked as in work now.
    Fresh,
    /// The same request, being worked on.
    InWork,
    /// The same request, answered with these octets.
    Answered(Arc<[u8]>),
}

struct Entry {
    authenticator: [u8; 16],
    seen: Duration,
    reply: Option<Arc<[u8]>>,
}

#[derive(Default)]
struct Stripe {
    entries: HashMap<RequestKey, Entry>,
    order: VecDeque<(Duration, RequestKey)>,
    octets: usize,
}

/// The cache. Share it behind an `Arc`.
pub struct DuplicateCache {
    stripes: Vec<Mutex<Stripe>>,
    hasher: RandomState,
}

impl Default for DuplicateCache {
    fn default() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl DuplicateCache {
    /// Look a request up, and mark it as in work when it is fresh.
    pub fn sight(&self, key: RequestKey, authenticator: &[u8; 16], now: Duration) -> Sighting {
        let Some(mut stripe) = self.stripe(&key) else { return Sighting::Fresh };
        stripe.expire(now);
        if let Some(entry) = stripe.entries.get(&key)
            && entry.authenticator == *authenticator
        {
            return entry.reply.as_ref().map_or(Sighting::InWork, |reply| Sighting::Answered(Arc::clone(reply)));
        }
        stripe.forget(&key);
        stripe.make_room();
        stripe.entries.insert(key, Entry { authenticator: *authenticator, seen: now, reply: None });
        stripe.order.push_back((now, key));
        Sighting::Fresh
    }

    /// Keep the answer for retransmissions. A request that was replaced meanwhile is left alone.
    pub fn answer(&self, key: RequestKey, authenticator: &[u8; 16], reply: &Arc<[u8]>) {
        let Some(mut stripe) = self.stripe(&key) else { return };
        if let Some(entry) = stripe.entries.get_mut(&key)
            && entry.authenticator == *authenticator
        {
            let before = entry.reply.replace(Arc::clone(reply)).map_or(0, |earlier| earlier.len());
            stripe.octets = stripe.octets + reply.len() - before;
        }
        stripe.make_room();
    }

    /// Forget a request that got no answer, so that its retransmission counts as fresh. A request that was replaced
    /// meanwhile has nothing to forget: the entry is its successor's.
    pub fn forget(&self, key: RequestKey, authenticator: &[u8; 16]) {
        if let Some(mut stripe) = self.stripe(&key)
            && stripe.entries.get(&key).is_some_and(|entry| entry.authenticator == *authenticator)
        {
            stripe.forget(&key);
        }
    }

    fn stripe(&self, key: &RequestKey) -> Option<MutexGuard<'_, Stripe>> {
        let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or_default();
        let stripe = self.stripes.get(hash % STRIPES)?;
        Some(stripe.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Entries held now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stripes.iter().map(|stripe| stripe.lock().unwrap_or_else(PoisonError::into_inner).entries.len()).sum()
    }

    /// True when nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drop what is past its time; for quiet hours, when no request does it in passing.
    pub fn expire(&self, now: Duration) {
        for stripe in &self.stripes {
            stripe.lock().unwrap_or_else(PoisonError::into_inner).expire(now);
        }
    }
}

impl Stripe {
    fn expire(&mut self, now: Duration) {
        while let Some((seen, _)) = self.order.front()
            && now.saturating_sub(*seen) > DUPLICATE_LIFETIME
        {
            self.drop_oldest();
        }
        if self.order.is_empty() && self.order.capacity() > 64 {
            *self = Self::default();
        }
    }

    fn make_room(&mut self) {
        while self.order.len() >= MAX_DUPLICATES / STRIPES || self.octets > MAX_DUPLICATE_OCTETS / STRIPES {
            if !self.drop_oldest() {
                break;
            }
        }
    }

    /// Drop the oldest; a key whose entry is younger than its place in the queue stays.
    fn drop_oldest(&mut self) -> bool {
        let Some((seen, key)) = self.order.pop_front() else { return false };
        if self.entries.get(&key).is_some_and(|entry| entry.seen == seen) {
            self.forget(&key);
        }
        true
    }

    fn forget(&mut self, key: &RequestKey) {
        if let Some(entry) = self.entries.remove(key) {
            self.octets -= entry.reply.map_or(0, |reply| reply.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(port: u16, identifier: u8) -> RequestKey {
        RequestKey { socket: 0, source: SocketAddr::from(([192, 0, 2, 1], port)), identifier }
    }

    fn reply(octets: usize) -> Arc<[u8]> {
        vec![7; octets].into()
    }

    #[test]
    fn rfc5080_2_2_2_a_retransmission_gets_the_same_octets() {
        let cache = DuplicateCache::default();
        assert_eq!(cache.sight(key(1, 1), &[1; 16], Duration::ZERO), Sighting::Fresh);
        assert_eq!(cache.sight(key(1, 1), &[1; 16], Duration::ZERO), Sighting::InWork);
        cache.answer(key(1, 1), &[1; 16], &reply(20));
        assert_eq!(cache.sight(key(1, 1), &[1; 16], Duration::ZERO), Sighting::Answered(reply(20)));
        assert_eq!(cache.sight(key(2, 1), &[1; 16], Duration::ZERO), Sighting::Fresh);
    }

    #[test]
    fn rfc5080_2_2_2_a_new_authenticator_replaces_the_entry() {
        let cache = DuplicateCache::default();
        cache.sight(key(1, 1), &[1; 16], Duration::ZERO);
        assert_eq!(cache.sight(key(1, 1), &[2; 16], Duration::ZERO), Sighting::Fresh);
        cache.answer(key(1, 1), &[1; 16], &reply(20));
        assert_eq!(cache.sight(key(1, 1), &[2; 16], Duration::ZERO), Sighting::InWork);
    }

    #[test]
    fn rfc5080_2_2_2_what_is_forgotten_is_the_request_and_not_its_successor() {
        let cache = DuplicateCache::default();
        cache.sight(key(1, 1), &[1; 16], Duration::ZERO);
        cache.sight(key(1, 1), &[2; 16], Duration::ZERO);
        cache.forget(key(1, 1), &[1; 16]);
        assert_eq!(cache.sight(key(1, 1), &[2; 16], Duration::ZERO), Sighting::InWork);
        cache.forget(key(1, 1), &[2; 16]);
        assert_eq!(cache.sight(key(1, 1), &[2; 16], Duration::ZERO), Sighting::Fresh);
    }

    #[test]
    fn entries_expire_and_return_their_memory() {
        let cache = DuplicateCache::default();
        for port in 0..5_000 {
            cache.sight(key(port, 1), &[1; 16], Duration::ZERO);
        }
        assert_eq!(cache.len(), 5_000);
        cache.expire(DUPLICATE_LIFETIME + Duration::from_millis(1));
        assert!(cache.is_empty());
        assert!(
            cache
                .stripes
                .iter()
                .all(|stripe| { stripe.lock().unwrap_or_else(PoisonError::into_inner).order.capacity() <= 64 })
        );
    }

    #[test]
    fn octets_and_entries_are_bounded() {
        let cache = DuplicateCache::default();
        for port in 0..60_000 {
            for identifier in 0..2 {
                cache.sight(key(port, identifier), &[1; 16], Duration::ZERO);
                cache.answer(key(port, identifier), &[1; 16], &reply(4_096));
            }
        }
        let octets: usize =
            cache.stripes.iter().map(|stripe| stripe.lock().unwrap_or_else(PoisonError::into_inner).octets).sum();
        assert!(octets <= MAX_DUPLICATE_OCTETS && cache.len() <= MAX_DUPLICATES);
    }
}
