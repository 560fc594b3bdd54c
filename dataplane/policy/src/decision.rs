//! The decision about one request, with its reasons. Everything is an index into the policy that decided.

/// Position of a rule in [`crate::PolicySpec::rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u32);

/// Position of a segment in [`crate::PolicySpec::segments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentIndex(pub u32);

/// Position of a resource in [`crate::PolicySpec::resources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceIndex(pub u32);

/// Access-Accept or Access-Reject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The session is placed in a segment.
    Accept,
    /// A rule rejects, or nothing matched.
    Reject,
}

/// What a rule that took part did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A `place` matched first.
    Placed,
    /// A `reject` matched first.
    Rejected,
    /// A `reject` could not be ruled out, because a fact is unknown.
    RejectedByUnknown,
    /// An `allow` matched.
    Granted,
    /// A `forbid` matched and removed a grant.
    Forbidden,
    /// A `forbid` could not be ruled out, because a fact is unknown, and removed a grant.
    ForbiddenByUnknown,
    /// The client cannot be told what was granted: the session is confined to its segment's fallback.
    Confined,
    /// A monitored `place` that would have decided.
    WouldPlace,
    /// A monitored `reject` that would have decided.
    WouldReject,
    /// A monitored `reject` that would have decided, because a fact is unknown.
    WouldRejectByUnknown,
    /// A monitored `allow` matched.
    WouldGrant,
    /// A monitored `forbid` matched and would have removed a grant.
    WouldForbid,
    /// A monitored `forbid` could not be ruled out, because a fact is unknown, and would have removed a grant.
    WouldForbidByUnknown,
}

impl Outcome {
    /// The outcome in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Rejected => "rejected",
            Self::RejectedByUnknown => "rejected, because a fact it needs is unknown",
            Self::Granted => "granted",
            Self::Forbidden => "forbade",
            Self::ForbiddenByUnknown => "forbade, because a fact it needs is unknown",
            Self::Confined => "confined to its fallback, because this client cannot take the access list",
            Self::WouldPlace => "would have placed",
            Self::WouldReject => "would have rejected",
            Self::WouldRejectByUnknown => "would have rejected, because a fact it needs is unknown",
            Self::WouldGrant => "would have granted",
            Self::WouldForbid => "would have forbidden",
            Self::WouldForbidByUnknown => "would have forbidden, because a fact it needs is unknown",
        }
    }

    /// The outcome of the same rule in mode monitor.
    pub(crate) const fn monitored(self) -> Self {
        match self {
            Self::Placed => Self::WouldPlace,
            Self::Rejected => Self::WouldReject,
            Self::RejectedByUnknown => Self::WouldRejectByUnknown,
            Self::Granted => Self::WouldGrant,
            Self::Forbidden => Self::WouldForbid,
            Self::ForbiddenByUnknown => Self::WouldForbidByUnknown,
            other => other,
        }
    }
}

/// A rule that took part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The rule.
    pub rule: RuleIndex,
    /// What it did.
    pub outcome: Outcome,
}

/// What [`crate::Policy::decide`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Accept or reject.
    pub verdict: Verdict,
    /// Where the session is put; `None` when rejected.
    pub segment: Option<SegmentIndex>,
    /// The placement rule that decided; `None` when nothing matched (default deny).
    pub rule: Option<RuleIndex>,
    /// What the session may reach, in declaration order.
    pub grants: Vec<ResourceIndex>,
    /// The session is in its segment's fallback: the client could not be told what was granted.
    pub confined: bool,
    /// The placement rule that decided, then all others that took part, in file order. A rule in mode monitor is among
    /// them with what it would have done: a `place` or `reject` when it matches and stands above the one that decided, an
    /// `allow` when it matches, a `forbid` when it matches and names something that was allowed.
    pub reasons: Vec<Reason>,
}
