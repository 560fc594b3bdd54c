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
    /// The placement rule, then the `allow` and `forbid` rules that took part, in file order.
    pub reasons: Vec<Reason>,
}
