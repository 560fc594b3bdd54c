//! One shard's table of open conversations, with its bounds: what is open, and what each RADIUS client holds of it.

use std::collections::HashMap;
use std::sync::Arc;

use super::Conversation;
use super::shares::{Shares, Stage, Turn};
use crate::clock::Now;
use crate::limits::{CONVERSATION_IDLE, CONVERSATION_LIFETIME, MAX_CONVERSATIONS, MAX_FRAGMENT_OCTETS, MAX_HANDSHAKES};
use crate::state_token::ConversationId;

/// A conversation that left the table.
pub(super) type Left = (ConversationId, Box<Conversation>);

/// The table. What a conversation holds is kept while it is away being served, and given back by the next call when it
/// does not return: it was closed, or lost in a panic.
#[derive(Default)]
pub(super) struct Table {
    open: HashMap<ConversationId, Box<Conversation>>,
    conversations: Shares,
    handshakes: Shares,
    fragment_octets: Shares,
    away: Option<(ConversationId, Seat)>,
    opened: u64,
}

/// What one conversation holds.
#[derive(Clone, PartialEq, Eq)]
struct Seat {
    client: Arc<str>,
    turn: Turn,
    fragment_octets: usize,
}

impl Seat {
    fn of(conversation: &Conversation) -> Self {
        let stage = match (conversation.eap.is_handshaking(), &conversation.peer) {
            (false, _) => Stage::Beginning,
            (true, None) => Stage::Handshake,
            (true, Some(_)) => Stage::Certified,
        };
        Self {
            client: Arc::clone(&conversation.origin.client.name),
            turn: (stage, conversation.number),
            fragment_octets: conversation.eap.fragment_octets(),
        }
    }

    fn is_handshake(&self) -> bool {
        self.turn.0 != Stage::Beginning
    }
}

impl Table {
    /// Conversations in the table.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The conversation of this id, when it is in the table.
    pub(super) fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.open.get(&id).map(|conversation| &**conversation)
    }

    /// Put a conversation in, new or back; what has to go for it comes out.
    pub(super) fn put(&mut self, id: ConversationId, mut conversation: Box<Conversation>) -> Vec<Left> {
        match self.away.take_if(|(away, _)| *away == id) {
            Some((_, before)) => {
                let seat = Seat::of(&conversation);
                if seat != before {
                    self.vacate(&before);
                    self.occupy(id, &seat);
                }
            }
            None => {
                self.settle();
                self.opened += 1;
                conversation.number = self.opened;
                self.occupy(id, &Seat::of(&conversation));
            }
        }
        self.open.insert(id, conversation);
        self.make_room()
    }

    /// Take a conversation out to serve it. What it holds is free unless it is put back next.
    pub(super) fn take(&mut self, id: ConversationId) -> Option<Box<Conversation>> {
        self.settle();
        let conversation = self.open.remove(&id)?;
        self.away = Some((id, Seat::of(&conversation)));
        Some(conversation)
    }

    /// What was taken out and did not come back holds nothing any more.
    fn settle(&mut self) {
        if let Some((_, seat)) = self.away.take() {
            self.vacate(&seat);
        }
    }

    fn occupy(&mut self, id: ConversationId, seat: &Seat) {
        self.conversations.add(&seat.client, seat.turn, id, 1);
        self.handshakes.add(&seat.client, seat.turn, id, usize::from(seat.is_handshake()));
        self.fragment_octets.add(&seat.client, seat.turn, id, seat.fragment_octets);
    }

    fn vacate(&mut self, seat: &Seat) {
        for shares in [&mut self.conversations, &mut self.handshakes, &mut self.fragment_octets] {
            shares.remove(&seat.client, seat.turn);
        }
    }

    /// A table that is full takes from who holds most of what there is too much of.
    fn make_room(&mut self) -> Vec<Left> {
        let mut left = Vec::new();
        while let Some(id) = self.too_much().and_then(Shares::next) {
            let Some(conversation) = self.take(id) else { break };
            self.settle();
            left.push((id, conversation));
        }
        left
    }

    fn too_much(&self) -> Option<&Shares> {
        [
            (&self.fragment_octets, MAX_FRAGMENT_OCTETS),
            (&self.handshakes, MAX_HANDSHAKES),
            (&self.conversations, MAX_CONVERSATIONS),
        ]
        .into_iter()
        .find_map(|(shares, limit)| (shares.total() > limit).then_some(shares))
    }

    /// Take out what fell silent or lasts too long. An empty table gives its memory back.
    pub(super) fn take_silent(&mut self, now: Now) -> Vec<Left> {
        let over: Vec<_> = self
            .open
            .iter()
            .filter(|(_, open)| {
                now.monotonic.saturating_sub(open.last) >= CONVERSATION_IDLE
                    || now.monotonic.saturating_sub(open.opened.monotonic) >= CONVERSATION_LIFETIME
            })
            .map(|(id, _)| *id)
            .collect();
        let left = over.into_iter().filter_map(|id| Some((id, self.take(id)?))).collect();
        self.settle();
        if self.open.is_empty() && self.open.capacity() > 64 {
            *self = Self::default();
        }
        left
    }
}

#[cfg(test)]
impl Table {
    /// Handshakes and octets of incomplete flights, as the books say.
    pub(super) fn held(&mut self) -> (usize, usize) {
        self.settle();
        (self.handshakes.total(), self.fragment_octets.total())
    }

    /// Conversations that the books know, and places that are kept for more.
    pub(super) fn sizes(&mut self) -> (usize, usize) {
        self.settle();
        (self.conversations.total(), self.open.capacity())
    }
}
