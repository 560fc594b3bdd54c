//! A switch for test builds: panics in the middle of a request, where a defect would.

use std::sync::{Mutex, PoisonError};

use crate::state_token::ConversationId;

static ARMED: Mutex<Vec<ConversationId>> = Mutex::new(Vec::new());

/// The next packet of this conversation panics.
pub(crate) fn arm(id: ConversationId) {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner).push(id);
}

/// Where it happens.
pub(crate) fn strike(id: ConversationId) {
    let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    let before = armed.len();
    armed.retain(|known| *known != id);
    let armed_for_this = armed.len() < before;
    drop(armed);
    assert!(!armed_for_this, "a fault, as a test asked for");
}
