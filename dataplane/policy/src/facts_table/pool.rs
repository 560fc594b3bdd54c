//! Sets and reports that many records have in common, kept once. A text seldom takes memory of its own.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::device::{DeviceFacts, Posture, UserFacts};
use crate::text::TextSet;

/// Below so many values nothing is cleared away.
const SMALL: usize = 1_024;

/// What is shared. What no record has any more is dropped once the pool has doubled.
#[derive(Debug, Default)]
pub(super) struct Pool {
    sets: Shared<TextSet>,
    postures: Shared<Arc<Posture>>,
}

#[derive(Debug)]
struct Shared<T> {
    values: HashSet<T>,
    clear_at: usize,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { values: HashSet::new(), clear_at: SMALL }
    }
}

impl Pool {
    /// Makes a device share what others have: its tags, and what its posture report says.
    pub(super) fn share_device(&mut self, device: &mut DeviceFacts) {
        self.sets.share(&mut device.tags, TextSet::is_unshared);
        self.postures.share(&mut device.posture, |posture| Arc::strong_count(posture) == 1);
    }

    #[cfg(test)]
    pub(super) fn sets(&self) -> usize {
        self.sets.values.len()
    }

    /// Makes a user share what others have: the groups.
    pub(super) fn share_user(&mut self, user: &mut UserFacts) {
        self.sets.share(&mut user.groups, TextSet::is_unshared);
    }
}

impl<T: Clone + Eq + Hash> Shared<T> {
    fn share(&mut self, value: &mut T, is_unshared: impl Fn(&T) -> bool) {
        if let Some(known) = self.values.get(value) {
            value.clone_from(known);
            return;
        }
        if self.values.len() >= self.clear_at {
            self.values.retain(|value| !is_unshared(value));
            self.clear_at = (2 * self.values.len()).max(SMALL);
        }
        self.values.insert(value.clone());
    }
}
