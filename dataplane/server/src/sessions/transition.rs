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

#[cfg(test)]
mod tests {
    use super::Change as C;
    use super::Happening as H;
    use super::State as S;
    use super::next;

    #[test]
    fn the_life_of_a_session() {
        let table = [
            (None, true, H::Accepted, Some((S::Active, C::Opened))),
            (None, false, H::Named, Some((S::Accounted, C::Opened))),
            (None, false, H::Ended, None),
            (Some(S::Active), true, H::Accepted, Some((S::Active, C::Reauthorized))),
            (Some(S::Accounted), true, H::Accepted, Some((S::Active, C::Reauthorized))),
            (Some(S::Stale), true, H::Accepted, Some((S::Active, C::Reauthorized))),
            (Some(S::Active), true, H::Named, Some((S::Active, C::Bound))),
            (Some(S::Stale), true, H::Named, Some((S::Stale, C::Bound))),
            (Some(S::Active), true, H::Seen, None),
            (Some(S::Accounted), false, H::Seen, None),
            (Some(S::Stale), true, H::Seen, Some((S::Active, C::Resumed))),
            (Some(S::Stale), false, H::Seen, Some((S::Accounted, C::Resumed))),
            (Some(S::Active), true, H::Silent, Some((S::Stale, C::Stale))),
            (Some(S::Accounted), false, H::Silent, Some((S::Stale, C::Stale))),
            (Some(S::Stale), true, H::Silent, None),
            (Some(S::Active), true, H::Applied, Some((S::Active, C::Applied))),
            (Some(S::Accounted), false, H::Applied, None),
            (Some(S::Active), true, H::Moved, Some((S::Closed, C::Moved))),
            (Some(S::Active), true, H::Ended, Some((S::Closed, C::Closed))),
            (Some(S::Accounted), false, H::Ended, Some((S::Closed, C::Closed))),
            (Some(S::Stale), true, H::Ended, Some((S::Closed, C::Closed))),
        ];
        for (state, authorized, happening, expected) in table {
            assert_eq!(next(state, authorized, happening), expected, "{state:?} {happening:?}");
        }
    }

    #[test]
    fn nothing_happens_to_what_is_over() {
        for happening in [H::Accepted, H::Named, H::Seen, H::Silent, H::Applied, H::Moved, H::Ended] {
            assert_eq!(next(Some(S::Closed), true, happening), None);
        }
    }
}
