//! One shard's table of open conversations, with its bounds: what is open, in which order it began, and how much it
//! holds.

use std::collections::{HashMap, VecDeque};

use super::Conversation;
use crate::clock::Now;
use crate::limits::{CONVERSATION_IDLE, CONVERSATION_LIFETIME, MAX_CONVERSATIONS, MAX_FRAGMENT_OCTETS, MAX_HANDSHAKES};
use crate::state_token::ConversationId;

/// A conversation that left the table.
pub(super) type Left = (ConversationId, Box<Conversation>);

/// The table. Entries of `order` and `handshaking` whose conversation is over stay until they come to the front.
#[derive(Default)]
pub(super) struct Table {
    pub(super) open: HashMap<ConversationId, Box<Conversation>>,
    /// In order of opening.
    pub(super) order: VecDeque<ConversationId>,
    /// In order of their ClientHello.
    pub(super) handshaking: VecDeque<ConversationId>,
    pub(super) handshakes: usize,
    pub(super) fragment_octets: usize,
}

impl Table {
    /// Put a conversation in, new or back; what has to go for it comes out.
    pub(super) fn put(&mut self, id: ConversationId, mut conversation: Box<Conversation>, is_new: bool) -> Vec<Left> {
        self.fragment_octets += conversation.eap.fragment_octets();
        self.handshakes += usize::from(conversation.eap.is_handshaking());
        if is_new {
            self.order.push_back(id);
        }
        if conversation.eap.is_handshaking() && !std::mem::replace(&mut conversation.queued, true) {
            self.handshaking.push_back(id);
        }
        self.open.insert(id, conversation);
        self.make_room()
    }

    /// Take a conversation out.
    pub(super) fn take(&mut self, id: ConversationId) -> Option<Box<Conversation>> {
        let conversation = self.open.remove(&id)?;
        self.fragment_octets -= conversation.eap.fragment_octets();
        self.handshakes -= usize::from(conversation.eap.is_handshaking());
        Some(conversation)
    }

    /// A table that is full gives up its oldest conversations: floods outlive nobody who answers promptly.
    fn make_room(&mut self) -> Vec<Left> {
        let mut left = Vec::new();
        while self.handshakes > MAX_HANDSHAKES || self.fragment_octets > MAX_FRAGMENT_OCTETS {
            let Some(oldest) = self.handshaking.pop_front() else { break };
            left.extend(self.take(oldest).map(|conversation| (oldest, conversation)));
        }
        while self.open.len() > MAX_CONVERSATIONS {
            let Some(oldest) = self.order.pop_front() else { break };
            left.extend(self.take(oldest).map(|conversation| (oldest, conversation)));
        }
        for order in [&mut self.order, &mut self.handshaking] {
            if order.len() > 2 * MAX_CONVERSATIONS {
                order.retain(|id| self.open.contains_key(id));
            }
        }
        left
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
        if self.open.is_empty() && self.open.capacity() > 64 {
            *self = Self::default();
        }
        left
    }
}
