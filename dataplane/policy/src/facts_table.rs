//! Facts of devices and users, read by every packet and changed at any time: one change costs O(1), never a republish.
//!
//! Readers lock one stripe of one map for the length of a lookup; writers take turns and lock one stripe at a time. A
//! reader sees the record before a change or after it, never half of one.

mod keys;
mod placements;
mod pool;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::device::{DeviceFacts, Fingerprint, MacAddress, UserFacts};
use crate::text::Text;

use self::keys::{ByCertificate, ByName, Named};
use self::placements::Placements;
pub use self::placements::{MAX_PLACEMENTS, Whose};
use self::pool::Pool;

/// Stripes of each map: more than there are cores, so that two readers seldom share a lock word, and such a number that their
/// tables are well filled, not just doubled, at a million records.
const STRIPES: usize = 96;

/// The table. Share it behind an `Arc`. Names compare without case.
#[derive(Debug, Default)]
pub struct FactsTable {
    devices: Striped<ByName, ()>,
    by_mac: Striped<MacAddress, Arc<DeviceFacts>>,
    by_certificate: Striped<ByCertificate, ()>,
    users: Striped<Text, Arc<UserFacts>>,
    placements: Placements,
    /// Held by who writes.
    pool: Mutex<Pool>,
    revision: AtomicU64,
}

impl FactsTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a device on record, or replaces its record. A MAC address or certificate that another device had is from
    /// now on this one's.
    pub fn upsert_device(&self, mut device: DeviceFacts) {
        let mut pool = self.take_turn();
        pool.share_device(&mut device);
        let device = Arc::new(device);
        let previous = self.devices.replace(ByName(Arc::clone(&device)), ());
        for mac in &device.macs {
            self.by_mac.replace(*mac, Arc::clone(&device));
        }
        for (position, _) in (0..).zip(&device.certificates) {
            self.by_certificate.replace(ByCertificate { device: Arc::clone(&device), position }, ());
        }
        if let Some((ByName(previous), ())) = previous {
            self.forget(&previous);
        }
        self.changed();
    }

    /// Takes a device off the record; unknown names are fine.
    pub fn remove_device(&self, name: &str) {
        let _turn = self.take_turn();
        if let Some((ByName(previous), ())) = self.devices.remove(&name as &dyn Named) {
            self.forget(&previous);
        }
        self.changed();
    }

    /// Removes what still leads to the record `previous`, and nothing that leads elsewhere by now.
    fn forget(&self, previous: &Arc<DeviceFacts>) {
        for mac in &previous.macs {
            self.by_mac.remove_if(mac, |_, device| Arc::ptr_eq(device, previous));
        }
        for certificate in &previous.certificates {
            self.by_certificate.remove_if(certificate, |key, ()| Arc::ptr_eq(&key.device, previous));
        }
    }

    /// Puts a user on record, or replaces the record.
    pub fn upsert_user(&self, mut user: UserFacts) {
        let mut pool = self.take_turn();
        pool.share_user(&mut user);
        self.users.replace(Text::new(&user.name), Arc::new(user));
        self.changed();
    }

    /// Takes a user off the record; unknown names are fine.
    pub fn remove_user(&self, name: &str) {
        let _turn = self.take_turn();
        self.users.remove(&Text::new(name));
        self.changed();
    }

    /// The device of that name.
    pub fn device_by_name(&self, name: &str) -> Option<Arc<DeviceFacts>> {
        self.devices.get(&name as &dyn Named).map(|(ByName(device), ())| device)
    }

    /// The device with that MAC address.
    pub fn device_by_mac(&self, mac: &MacAddress) -> Option<Arc<DeviceFacts>> {
        self.by_mac.get(mac).map(|(_, device)| device)
    }

    /// The device to which that certificate is bound.
    pub fn device_by_certificate(&self, fingerprint: &Fingerprint) -> Option<Arc<DeviceFacts>> {
        self.by_certificate.get(fingerprint).map(|(key, ())| key.device)
    }

    /// The user of that name.
    pub fn user_by_name(&self, name: &str) -> Option<Arc<UserFacts>> {
        self.users.get(&Text::new(name)).map(|(_, user)| user)
    }

    /// Remembers where a session was placed.
    pub fn placed(&self, whose: Whose<'_>, segment: &Text) {
        self.placements.put(whose, segment);
    }

    /// Where the last session was placed; `None` when that is not remembered.
    pub fn previous_segment(&self, whose: Whose<'_>) -> Option<Text> {
        self.placements.get(whose)
    }

    /// Grows with every change of a record, once the change can be read: what was read at a revision that is still the same
    /// is current.
    pub fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn changed(&self) {
        self.revision.fetch_add(1, Ordering::Release);
    }

    /// Number of devices on record.
    pub fn device_count(&self) -> usize {
        self.devices.len()
    }

    /// Number of users on record.
    pub fn user_count(&self) -> usize {
        self.users.len()
    }

    /// Writers are serialised, because one change touches several maps. A writer that panicked left whole records.
    fn take_turn(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Stripe<K, V> = RwLock<HashMap<K, V>>;

#[derive(Debug)]
struct Striped<K, V> {
    hasher: RandomState,
    stripes: Box<[Stripe<K, V>]>,
}

impl<K, V> Default for Striped<K, V> {
    fn default() -> Self {
        Self { hasher: RandomState::new(), stripes: (0..STRIPES).map(|_| RwLock::default()).collect() }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Striped<K, V> {
    fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        let stripe = self.stripe(key)?.read().unwrap_or_else(PoisonError::into_inner);
        stripe.get_key_value(key).map(|(key, value)| (key.clone(), value.clone()))
    }

    /// Puts a key and its value in the place of an equal key and its value, which come back.
    fn replace(&self, key: K, value: V) -> Option<(K, V)> {
        let mut stripe = self.stripe(&key)?.write().unwrap_or_else(PoisonError::into_inner);
        let previous = stripe.remove_entry(&key);
        stripe.insert(key, value);
        previous
    }

    fn remove<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(K, V)>
    where
        K: Borrow<Q>,
    {
        self.stripe(key)?.write().unwrap_or_else(PoisonError::into_inner).remove_entry(key)
    }

    fn remove_if<Q: Hash + Eq + ?Sized>(&self, key: &Q, remove: impl FnOnce(&K, &V) -> bool)
    where
        K: Borrow<Q>,
    {
        let Some(stripe) = self.stripe(key) else {
            return;
        };
        let mut map = stripe.write().unwrap_or_else(PoisonError::into_inner);
        if map.get_key_value(key).is_some_and(|(key, value)| remove(key, value)) {
            map.remove(key);
        }
    }
}

impl<K: Hash + Eq, V> Striped<K, V> {
    fn len(&self) -> usize {
        self.stripes.iter().map(|stripe| stripe.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn stripe<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&Stripe<K, V>> {
        let hash = usize::try_from(self.hasher.hash_one(key) >> 32).unwrap_or(0);
        self.stripes.get(hash % STRIPES)
    }
}

#[cfg(test)]
mod tests;
