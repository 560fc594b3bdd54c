//! What each RADIUS client holds of one bounded thing, and who gives something up when there is too much of it: the
//! client that holds most. So a flood through one client costs that client alone, whatever its size.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::state_token::ConversationId;

/// How far a conversation has got; what has got further is given up later.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Stage {
    /// No TLS engine is held: not begun, or failed.
    Beginning,
    /// A handshake is under way.
    Handshake,
    /// The client's certificate was received, with the proof that it is the client's.
    Certified,
}

/// The order in which one client's conversations are given up: stage, then number of opening. No two have the same.
pub(super) type Turn = (Stage, u64);

/// One bounded thing, shared out. Each step costs the logarithm of the clients and of one client's conversations.
#[derive(Default)]
pub(super) struct Shares {
    total: usize,
    clients: HashMap<Arc<str>, Share>,
    /// Who holds most comes last; of equals, whose first has the earlier turn.
    ranking: BTreeMap<(usize, Reverse<Turn>), Arc<str>>,
}

/// What one client holds.
#[derive(Default)]
struct Share {
    amount: usize,
    held: BTreeMap<Turn, (ConversationId, usize)>,
}

impl Share {
    fn rank(&self) -> Option<(usize, Reverse<Turn>)> {
        self.held.first_key_value().map(|(turn, _)| (self.amount, Reverse(*turn)))
    }
}

impl Shares {
    /// All that is held.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// A conversation of `client` holds `amount` from now on. Nothing is not held.
    pub(super) fn add(&mut self, client: &Arc<str>, turn: Turn, id: ConversationId, amount: usize) {
        if amount == 0 {
            return;
        }
        let share = self.clients.entry(Arc::clone(client)).or_default();
        let before = share.rank();
        share.held.insert(turn, (id, amount));
        share.amount += amount;
        self.total += amount;
        let after = share.rank();
        self.rank(client, before, after);
    }

    /// What was added with this turn is held no longer.
    pub(super) fn remove(&mut self, client: &Arc<str>, turn: Turn) {
        let Some(share) = self.clients.get_mut(client) else { return };
        let before = share.rank();
        let Some((_, amount)) = share.held.remove(&turn) else { return };
        share.amount -= amount;
        self.total -= amount;
        let after = share.rank();
        if after.is_none() {
            self.clients.remove(client);
        }
        self.rank(client, before, after);
    }

    fn rank(
        &mut self,
        client: &Arc<str>,
        before: Option<(usize, Reverse<Turn>)>,
        after: Option<(usize, Reverse<Turn>)>,
    ) {
        before.and_then(|rank| self.ranking.remove(&rank));
        after.and_then(|rank| self.ranking.insert(rank, Arc::clone(client)));
    }

    /// Who has to go: of the client that holds most, the conversation that got least far, the oldest of those.
    pub(super) fn next(&self) -> Option<ConversationId> {
        let (_, client) = self.ranking.last_key_value()?;
        let (_, (id, _)) = self.clients.get(client)?.held.first_key_value()?;
        Some(*id)
    }
}

#[cfg(test)]
mod tests;
