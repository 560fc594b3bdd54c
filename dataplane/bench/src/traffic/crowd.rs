//! Those who have conversations, and what a worker tells them.

use std::time::{Duration, Instant};

use crate::authentication::{Authentication, AuthenticationError, Verdict};

/// Those who have conversations: says who begins when, and learns how each went.
pub(crate) trait Crowd {
    /// Who has a conversation.
    type Member;

    /// The next conversation, if one is due while `running` others run.
    fn due(&mut self, now: Instant, running: usize) -> Option<Due>;

    /// Begins the conversation that is due; None when nobody is free for it yet.
    fn begin(&mut self, now: Instant) -> Option<(Self::Member, Authentication)>;

    /// When to look again, if time alone decides.
    fn next_time(&self) -> Option<Instant>;

    /// No more will begin, unless one that runs leads to another.
    fn is_over(&self, now: Instant) -> bool;

    /// A reply was verified that does not end the conversation.
    fn answered(&mut self, conversation: &Authentication, round_trip: Duration) -> Onward;

    /// A conversation has ended.
    fn ended(&mut self, member: Self::Member, ended: Ended);
}

/// A conversation that is to begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    /// The time from which it counts.
    pub(crate) at: Instant,
    /// Index of its [`Route`].
    pub(crate) route: usize,
}

/// What follows a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onward {
    /// The next request.
    Continue,
    /// Silence.
    Leave,
}

/// A conversation that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    /// As it was in the end.
    pub(crate) conversation: Authentication,
    /// How it ended.
    pub(crate) ending: Ending,
    /// The time from which it counts.
    pub(crate) due: Instant,
    /// When it ended.
    pub(crate) at: Instant,
    /// Its round trips added up.
    pub(crate) server_time: Duration,
    /// The last of them, if a reply ended it.
    pub(crate) last_round: Option<Duration>,
}

/// How a conversation ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Accepted, rejected, or recorded.
    Verdict(Verdict),
    /// No reply to a request after all transmissions.
    Timeout,
    /// The server broke the protocol.
    Broken(AuthenticationError),
    /// The crowd left it.
    Left,
}
