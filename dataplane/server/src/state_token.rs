//! The State attribute (RFC 2865 section 5.24): which shard, which conversation, and a MAC that says it is ours.
//!
//! ```text
//! shard (1) | conversation (16, random) | HMAC-SHA256 of those, first 8 octets
//! ```
//!
//! A State that does not verify was never ours, or was made before a restart: the request is rejected at once and the
//! supplicant starts again (RFC 5080 section 2.1.1).

use std::cell::RefCell;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::hex;

const BODY: usize = 17;
const MAC: usize = 8;

/// A call of the generator costs what some hundred octets cost.
const DRAWN_AT_ONCE: usize = 512;

thread_local! {
    static DRAWN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A conversation's identity: random, unique, and the id of its record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ConversationId(pub [u8; 16]);

impl std::fmt::Display for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        hex::write(self.0, f)
    }
}

/// Makes and checks State values; the key lives as long as the process.
pub struct StateSealer {
    key: hmac::Key,
    random: SystemRandom,
}

/// No randomness to be had: the server must not run.
#[derive(Clone, Copy, Debug)]
pub struct NoRandomness;

impl StateSealer {
    /// With a fresh key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn new() -> Result<Self, NoRandomness> {
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(|_| NoRandomness)?;
        Ok(Self { key, random })
    }

    /// Random octets for identifiers and salts: nothing that stays secret, as each thread draws some in advance.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn random<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        DRAWN.with_borrow_mut(|drawn| {
            if drawn.len() < N {
                drawn.resize(DRAWN_AT_ONCE.max(N), 0);
                if self.random.fill(drawn).is_err() {
                    drawn.clear();
                    return Err(NoRandomness);
                }
            }
            let octets = drawn.last_chunk::<N>().copied().ok_or(NoRandomness)?;
            drawn.truncate(drawn.len() - N);
            Ok(octets)
        })
    }

    /// The State of a conversation.
    #[must_use]
    pub fn seal(&self, shard: u8, id: ConversationId) -> Vec<u8> {
        let mut state = Vec::with_capacity(BODY + MAC);
        state.push(shard);
        state.extend(id.0);
        let tag = hmac::sign(&self.key, &state);
        state.extend(tag.as_ref().iter().take(MAC));
        state
    }

    /// The conversation of a State; `None` when it is not ours.
    #[must_use]
    pub fn open(&self, state: &[u8]) -> Option<(u8, ConversationId)> {
        let (body, mac) = state.split_first_chunk::<BODY>()?;
        let tag = hmac::sign(&self.key, body);
        let same = tag.as_ref().get(..MAC)?;
        aws_lc_rs::constant_time::verify_slices_are_equal(same, mac).ok()?;
        let (shard, id) = body.split_first_chunk::<1>()?;
        Some((*shard.first()?, ConversationId(id.try_into().ok()?)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

    use super::*;

    #[test]
    fn what_was_drawn_in_advance_is_given_once() {
        let sealer = StateSealer::new().unwrap();
        let mut seen: Vec<[u8; 16]> = (0..200).map(|_| sealer.random().unwrap()).collect();
        let large: [u8; 1_000] = sealer.random().unwrap();
        seen.extend(large.as_chunks().0);
        seen.sort_unstable();
        assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn only_our_own_state_opens() {
        let sealer = StateSealer::new().unwrap();
        let id = ConversationId([9; 16]);
        let state = sealer.seal(3, id);
        assert_eq!(sealer.open(&state), Some((3, id)));
        for position in 0..state.len() {
            let mut forged = state.clone();
            forged[position] ^= 1;
            assert_eq!(sealer.open(&forged), None);
        }
        assert_eq!(sealer.open(&state[..24]), None);
        assert_eq!(StateSealer::new().unwrap().open(&state), None);
    }
}
