//! What accounting called sessions that are over, so that a report that was overtaken does not open one again.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::limits::MAX_ENDED_SESSIONS;

/// How a session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct End {
    /// Unix microseconds.
    pub(super) at: u64,
    /// The NAS itself said so: only a Start that came later is another session.
    pub(super) final_word: bool,
}

/// By address of the NAS and Acct-Session-Id; bounded: when the younger half is full, the older one is forgotten.
#[derive(Debug, Default)]
pub(super) struct Ended {
    younger: HashMap<(IpAddr, Box<str>), End>,
    older: HashMap<(IpAddr, Box<str>), End>,
}

impl Ended {
    pub(super) fn add(&mut self, source: IpAddr, session: Box<str>, end: End) {
        if self.younger.len() >= MAX_ENDED_SESSIONS / 2 {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert((source, session), end);
    }

    pub(super) fn get(&self, source: IpAddr, session: &str) -> Option<End> {
        let key = (source, session.into());
        self.younger.get(&key).or_else(|| self.older.get(&key)).copied()
    }
}
