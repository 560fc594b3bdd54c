//! The queue between the planes: bounded, and never waited for by the data plane.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Event;
use super::json::Writer;

/// A bounded queue: the data plane never waits for its reader.
pub struct EventQueue {
    inner: Mutex<Inner>,
    filled: Condvar,
    capacity: usize,
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<(u64, Event)>,
    sequence: u64,
    closed: bool,
    /// How many events the reader waits for; zero when it does not wait.
    awaited: usize,
}

impl EventQueue {
    /// With room for `capacity` events.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { inner: Mutex::default(), filled: Condvar::new(), capacity: capacity.max(1), writer: Mutex::default() }
    }

    /// Append; false when the queue was full and its oldest event had to go.
    pub fn push(&self, event: Event) -> bool {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = inner.events.len() < self.capacity;
        if !fits {
            inner.events.pop_front();
        }
        inner.sequence += 1;
        let sequence = inner.sequence;
        inner.events.push_back((sequence, event));
        if inner.events.len() == inner.awaited {
            self.filled.notify_one();
        }
        fits
    }

    /// Whether less than half of it is taken: room for what can wait.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).events.len() < self.capacity.div_ceil(2)
    }

    /// Up to `most` events as JSON, oldest first, each after what it refers to; waits at most `timeout` for the first, then `gather` for more.
    pub fn wait(&self, timeout: Duration, gather: Duration, most: usize) -> Vec<Vec<u8>> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = self.wait_for(inner, 1, timeout);
        let gather = if inner.events.is_empty() { Duration::ZERO } else { gather };
        let mut inner = self.wait_for(inner, most, gather);
        let count = inner.events.len().min(most);
        let events: Vec<_> = inner.events.drain(..count).collect();
        if inner.events.is_empty() && inner.events.capacity() > 1_024 {
            inner.events = VecDeque::new();
        }
        drop(inner);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = Vec::with_capacity(events.len());
        events.iter().for_each(|(sequence, event)| writer.write(*sequence, event, &mut written));
        written
    }

    fn wait_for<'a>(&self, mut inner: MutexGuard<'a, Inner>, count: usize, timeout: Duration) -> MutexGuard<'a, Inner> {
        inner.awaited = count;
        let (mut inner, _) = self
            .filled
            .wait_timeout_while(inner, timeout, |inner| inner.events.len() < count && !inner.closed)
            .unwrap_or_else(PoisonError::into_inner);
        inner.awaited = 0;
        inner
    }

    /// Closed?
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).closed
    }

    /// Wait at most `patience`; true when the queue is closed.
    pub fn wait_for_close(&self, patience: Duration) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.filled.wait_timeout_while(inner, patience, |inner| !inner.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// Wake the reader for good.
    pub fn close(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.filled.notify_all();
    }
}
