//! What waits for a shard: conversations under way before new ones, so that a flood of beginnings does not starve who is
//! nearly done.

use std::collections::VecDeque;
use std::sync::Arc;

use super::socket::Socket;
use crate::clock::Now;
use crate::core::Core;
use crate::discard::DiscardReason;
use crate::limits::MAX_SHARD_QUEUE;
use crate::pipeline::{Request, Route};

/// A request with its route and the socket to answer on.
pub(super) struct Job {
    pub(super) request: Box<Request>,
    pub(super) route: Route,
    pub(super) socket: Arc<Socket>,
}

impl Job {
    /// It is not served, for this reason: the NAS sends it again.
    pub(super) fn discard(&self, reason: DiscardReason, core: &Core, now: Now) {
        let Request { verified, key, .. } = &*self.request;
        core.duplicates.forget(*key, verified.authenticator());
        core.discard(reason, key.source, Some(&verified.client().name), now);
    }
}

/// Requests in the order in which they are served.
#[derive(Default)]
pub(super) struct Lanes {
    under_way: VecDeque<Job>,
    beginning: VecDeque<Job>,
}

impl Lanes {
    /// Put one in; gives the job back when its lane is full.
    pub(super) fn push(&mut self, job: Job) -> Result<(), Job> {
        let lane = match job.route {
            Route::Known(..) => &mut self.under_way,
            Route::New | Route::Stale => &mut self.beginning,
        };
        if lane.len() >= MAX_SHARD_QUEUE {
            return Err(job);
        }
        lane.push_back(job);
        Ok(())
    }

    /// The next.
    pub(super) fn take(&mut self) -> Option<Job> {
        self.under_way.pop_front().or_else(|| self.beginning.pop_front())
    }

    /// Nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.beginning.is_empty()
    }
}
