//! Requests that were recorded before a restart, and whose answers may have been lost with the process: the NAS sends them
//! again, and they are answered, not recorded twice.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nac_journal::Journal;

use super::{ACCOUNTING, AccountingRecord};
use crate::clock::Now;
use crate::duplicate::RequestKey;
use crate::limits::{DUPLICATE_LIFETIME, MAX_DUPLICATES};

/// The time, Unix microseconds, whose requests may be retransmitted still. A clock that was set back leaves what seems to
/// come later out of it.
#[must_use]
pub fn recent(now: Now) -> Range<u64> {
    let lifetime = u64::try_from(DUPLICATE_LIFETIME.as_micros()).unwrap_or_default();
    now.unix_micros.saturating_sub(lifetime)..now.unix_micros.saturating_add(1)
}

/// What was recorded shortly before the start, for as long as it may be retransmitted.
#[derive(Default, Debug)]
pub struct Earlier {
    requests: Mutex<HashSet<(RequestKey, [u8; 16])>>,
    until: Duration,
}

impl Earlier {
    /// From the end of a journal; one that cannot be read gives none.
    pub(crate) fn of(journal: &Journal, now: Now) -> Self {
        let recent = recent(now);
        let mut after = journal.state().last.saturating_sub(u64::try_from(MAX_DUPLICATES).unwrap_or_default());
        let mut requests = HashSet::new();
        while let Ok(records) = journal.read(after, MAX_DUPLICATES, Duration::ZERO)
            && let Some(last) = records.last()
        {
            after = last.sequence;
            for record in records.iter().filter(|record| record.kind == ACCOUNTING && recent.contains(&record.at)) {
                if let Some(accounting) = AccountingRecord::read(&record.payload) {
                    requests.insert((accounting.key(), *accounting.packet.authenticator()));
                }
            }
        }
        Self { requests: Mutex::new(requests), until: now.monotonic + DUPLICATE_LIFETIME }
    }

    /// Was this request recorded before the start?
    pub(crate) fn has(&self, key: RequestKey, authenticator: &[u8; 16]) -> bool {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        !requests.is_empty() && requests.contains(&(key, *authenticator))
    }

    /// Forget all of it once nothing of it is retransmitted any more.
    pub(crate) fn expire(&self, now: Duration) {
        if now > self.until {
            *self.requests.lock().unwrap_or_else(PoisonError::into_inner) = HashSet::new();
        }
    }
}
