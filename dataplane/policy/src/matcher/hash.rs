//! A fast hash for tables whose keys come from the policy. What the network sends is only looked up in them, so it
//! cannot crowd one of their buckets.

use std::hash::{BuildHasherDefault, Hasher};

/// A map with policy keys.
pub(super) type Map<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Folded>>;

/// An odd number whose bits look random (the fraction of the golden ratio).
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Eight octets at a time, each folded in by a multiplication of 64 by 64 to 128 bits.
#[derive(Clone, Copy, Default)]
pub(super) struct Folded(u64);

impl Folded {
    #[inline]
    fn fold(&mut self, value: u64) {
        let product = u128::from(self.0 ^ value ^ MULTIPLIER) * u128::from(MULTIPLIER);
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.0 = low ^ high;
    }
}

impl Hasher for Folded {
    #[inline]
    fn write(&mut self, octets: &[u8]) {
        let (chunks, rest) = octets.as_chunks::<8>();
        for chunk in chunks {
            self.fold(u64::from_le_bytes(*chunk));
        }
        // The last eight, of which some were folded in before, are read at once where there are as many.
        let tail = match (octets.last_chunk::<8>(), octets.first_chunk::<4>(), octets.last_chunk::<4>()) {
            (Some(last), _, _) => u64::from_le_bytes(*last),
            (_, Some(first), Some(last)) => {
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
            }
            _ => rest.iter().fold(0, |tail, octet| tail << 8 | u64::from(*octet)),
        };
        self.fold(tail ^ (octets.len() as u64) << 56);
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.fold(value.into());
    }

    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.fold(value.cast_unsigned());
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.fold(value as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}
