//! Counters: for the whole data plane, and for each RADIUS client.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::discard::DiscardReason;

/// A number that only grows.
#[derive(Default, Debug)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// `by` more.
    pub fn add_many(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// The value now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of the data plane.
#[derive(Default, Debug)]
#[expect(missing_docs, reason = "each is listed with its meaning in docs/operations.md")]
pub struct Counters {
    pub requests: Counter,
    pub replies: Counter,
    pub duplicates: Counter,
    pub status_server: Counter,
    pub accepts: Counter,
    pub rejects: Counter,
    pub challenges: Counter,
    pub abandoned: Counter,
    pub evicted: Counter,
    pub resumed: Counter,
    pub downloads: Counter,
    pub accounting_requests: Counter,
    pub accounting_responses: Counter,
    pub accounting_duplicates: Counter,
    pub accounting_unrecorded: Counter,
    pub events_dropped: Counter,
    pub kernel_drops: Counter,
    pub panics: Counter,
    pub send_failures: Counter,
    discards: [Counter; DiscardReason::ALL.len()],
}

impl Counters {
    /// The counter of a discard reason.
    pub fn discard(&self, reason: DiscardReason) {
        if let Some(counter) = self.discards.get(reason as usize) {
            counter.add();
        }
    }

    /// All of them, by name.
    #[must_use]
    pub fn read(&self) -> Vec<(String, u64)> {
        let plain = [
            ("requests", &self.requests),
            ("replies", &self.replies),
            ("duplicates", &self.duplicates),
            ("status_server", &self.status_server),
            ("accepts", &self.accepts),
            ("rejects", &self.rejects),
            ("challenges", &self.challenges),
            ("conversations.abandoned", &self.abandoned),
            ("conversations.evicted", &self.evicted),
            ("resumed", &self.resumed),
            ("access_list_pages", &self.downloads),
            ("accounting.requests", &self.accounting_requests),
            ("accounting.responses", &self.accounting_responses),
            ("accounting.duplicates", &self.accounting_duplicates),
            ("accounting.unrecorded", &self.accounting_unrecorded),
            ("events.dropped", &self.events_dropped),
            ("kernel.dropped", &self.kernel_drops),
            ("panics", &self.panics),
            ("send_failures", &self.send_failures),
        ];
        let discards = DiscardReason::ALL.iter().zip(&self.discards);
        plain
            .iter()
            .map(|(name, counter)| ((*name).to_string(), counter.get()))
            .chain(discards.map(|(reason, counter)| (format!("discard.{}", reason.word()), counter.get())))
            .collect()
    }
}

/// Counters of one RADIUS client; they live on when a new snapshot still has the client.
#[derive(Default, Debug)]
#[expect(missing_docs, reason = "each is listed with its meaning in docs/operations.md")]
pub struct ClientCounters {
    pub requests: Counter,
    pub without_message_authenticator: Counter,
    pub bad_message_authenticator: Counter,
    pub second_secret: Counter,
    pub discarded: Counter,
    pub rate_limited: Counter,
    pub accepts: Counter,
    pub rejects: Counter,
    pub accounting: Counter,
}

impl ClientCounters {
    /// All of them, by name.
    #[must_use]
    pub fn read(&self) -> [(&'static str, u64); 9] {
        [
            ("requests", self.requests.get()),
            ("without_message_authenticator", self.without_message_authenticator.get()),
            ("bad_message_authenticator", self.bad_message_authenticator.get()),
            ("second_secret", self.second_secret.get()),
            ("discarded", self.discarded.get()),
            ("rate_limited", self.rate_limited.get()),
            ("accepts", self.accepts.get()),
            ("rejects", self.rejects.get()),
            ("accounting", self.accounting.get()),
        ]
    }
}
