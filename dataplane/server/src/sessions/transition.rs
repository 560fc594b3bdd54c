//! The life of a session: one table of transitions.

use serde::{Deserialize, Serialize};

/// Where a session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted here, and heard of lately.
    Active,
    /// Known from accounting alone: this server does not know who it is.
    Accounted,
    /// Nothing was heard for too long. It may be over, its Stop lost.
    Stale,
    /// Over.
    Closed,
}

impl State {
    /// The word of records and of the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Accounted => "accounted",
            Self::Stale => "stale",
            Self::Closed => "closed",
        }
    }
}

/// What happens to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happening {
    /// An Access-Accept.
    Accepted,
    /// Accounting names it as it was not named before.
    Named,
    /// Accounting says that it lives.
    Seen,
    /// Nothing was heard for too long.
    Silent,
    /// The NAS took up new attributes.
    Applied,
    /// The same device was accepted elsewhere.
    Moved,
    /// It is over.
    Ended,
}

/// What is told of a transition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "documented with nac.events.types.SessionEvent")]
pub enum Change {
    Opened,
    Reauthorized,
    Bound,
    Moved,
    Closed,
    Stale,
    Resumed,
    Applied,
}

/// The state after `happening`, and what is told of it; `None` where nothing changes. `state` is `None` before the session
/// is known. `authorized`: whether an Access-Accept opened it, rather than accounting.
#[must_use]
pub const fn next(state: Option<State>, authorized: bool, happening: Happening) -> Option<(State, Change)> {
    use Happening as H;
    let live = if authorized { State::Active } else { State::Accounted };
    match (state, happening) {
        (None, H::Accepted) => Some((State::Active, Change::Opened)),
        (None, H::Named | H::Seen) => Some((State::Accounted, Change::Opened)),
        (None | Some(State::Closed), _) => None,
        (Some(_), H::Accepted) => Some((State::Active, Change::Reauthorized)),
        (Some(State::Stale), H::Seen) => Some((live, Change::Resumed)),
        (Some(state), H::Named) => Some((state, Change::Bound)),
        (Some(State::Active | State::Accounted), H::Seen) | (Some(State::Stale), H::Silent) => None,
        (Some(_), H::Silent) => Some((State::Stale, Change::Stale)),
        (Some(state), H::Applied) => {
            if authorized {
                Some((state, Change::Applied))
            } else {
                None
            }
        }
        (Some(_), H::Moved) => Some((State::Closed, Change::Moved)),
        (Some(_), H::Ended) => Some((State::Closed, Change::Closed)),
    }
}
