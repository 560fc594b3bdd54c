//! Where each device was placed last: history, so it is bounded, and the oldest goes first.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::device::MacAddress;
use crate::text::Text;

/// Most placements remembered; at least the last half of them are. Some 40 octets each.
pub const MAX_PLACEMENTS: usize = 1 << 20;
/// Locks, so that two packets seldom wait for each other.
const STRIPES: usize = 64;

/// Whose placement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// A device that is known by its name, in any case.
    Device(&'a str),
    /// A device that is known by nothing else.
    Mac(MacAddress),
}

/// Bounded by generations: when the young one is full it becomes the old one, which is forgotten. Keys are keyed hashes of
/// 128 bits, so that a name costs no memory and nobody can choose two that collide.
#[derive(Debug)]
pub(super) struct Placements {
    hashers: [RandomState; 2],
    stripes: Box<[Mutex<Generations>]>,
    /// Most placements in one generation of one stripe.
    generation: usize,
}

/// By hashes: the second half of one finds its place, as the first has found the stripe.
type Placed = HashMap<(u64, u64), Text, BuildHasherDefault<Hashed>>;

#[derive(Debug, Default)]
struct Generations {
    young: Placed,
    old: Placed,
}

/// What is a keyed hash already is not hashed again.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, octets: &[u8]) {
        octets.iter().for_each(|octet| self.0 = self.0 << 8 | u64::from(*octet));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Default for Placements {
    fn default() -> Self {
        Self::bounded(MAX_PLACEMENTS)
    }
}

impl Placements {
    pub(super) fn bounded(most: usize) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::default()).collect();
        Self { hashers: [RandomState::new(), RandomState::new()], stripes, generation: most / STRIPES / 2 }
    }

    pub(super) fn put(&self, whose: Whose<'_>, segment: &Text) {
        let key = self.key(whose);
        let Some(stripe) = self.stripe(key) else { return };
        let mut generations = stripe.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= self.generation && !generations.young.contains_key(&key) {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(key, segment.clone());
    }

    pub(super) fn get(&self, whose: Whose<'_>) -> Option<Text> {
        let key = self.key(whose);
        let generations = self.stripe(key)?.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.get(&key).or_else(|| generations.old.get(&key)).cloned()
    }

    fn key(&self, whose: Whose<'_>) -> (u64, u64) {
        let [first, second] = &self.hashers;
        match whose {
            Whose::Device(name) => {
                let name = Text::new(name);
                (first.hash_one((0_u8, &name)), second.hash_one((0_u8, &name)))
            }
            Whose::Mac(mac) => (first.hash_one((1_u8, mac)), second.hash_one((1_u8, mac))),
        }
    }

    fn stripe(&self, key: (u64, u64)) -> Option<&Mutex<Generations>> {
        self.stripes.get(usize::try_from(key.0 >> 32).unwrap_or(0) % STRIPES)
    }
}
