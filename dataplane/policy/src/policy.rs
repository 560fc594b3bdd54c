//! A policy: rules, segments, resources and dialects, compiled once and then immutable.
//!
//! `place` and `reject` are ordered, the first that matches decides; nothing matched is a reject. `allow` adds
//! resources, `forbid` removes them and wins whatever the order. Unknown never matches a `place` or an `allow`, and does
//! match a `reject` or a `forbid`: an absent fact closes, it never opens.

mod compile;
mod reply;

use crate::condition::{Condition, Truth};
use crate::decision::{Decision, Outcome, Reason, ResourceIndex, RuleIndex, SegmentIndex, Verdict};
use crate::fact::FactSet;

pub use compile::CompileError;
pub use reply::ReplyError;

/// What a rule does when it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Puts the session in a segment.
    Place,
    /// Ends with an Access-Reject.
    Reject,
    /// Adds resources.
    Allow,
    /// Removes resources.
    Forbid,
}

/// One statement of the policy text.
#[derive(Clone, Debug)]
pub struct RuleSpec {
    /// What it does.
    pub effect: Effect,
    /// One segment for `Place`, resources for `Allow` and `Forbid`, nothing for `Reject`.
    pub targets: Vec<String>,
    /// When it matches.
    pub condition: Condition,
    /// The statement as written, for people.
    pub label: String,
    /// `file:line`.
    pub location: String,
}

/// Where a session is put.
#[derive(Clone, Debug)]
pub struct SegmentSpec {
    /// Its name.
    pub name: String,
    /// Encoded attributes by dialect.
    pub replies: Vec<(String, Vec<u8>)>,
    /// Session-Timeout in seconds (RFC 3580 3.17).
    pub session_timeout: Option<u32>,
}

/// What a grant opens.
#[derive(Clone, Debug)]
pub struct ResourceSpec {
    /// Its name.
    pub name: String,
    /// Encoded access-list attributes by dialect.
    pub access_list: Vec<(String, Vec<u8>)>,
}

/// A way of writing access lists, with what encloses the resources' lines.
#[derive(Clone, Debug)]
pub struct DialectSpec {
    /// Its name, the key of replies and access lists.
    pub name: String,
    /// Encoded attributes before the resources' lines.
    pub before: Vec<u8>,
    /// Encoded attributes after the resources' lines.
    pub after: Vec<u8>,
}

/// What the control plane hands over.
#[derive(Clone, Debug)]
pub struct PolicySpec {
    /// In file order.
    pub rules: Vec<RuleSpec>,
    /// In declaration order.
    pub segments: Vec<SegmentSpec>,
    /// In the order in which their lines stand in an access list.
    pub resources: Vec<ResourceSpec>,
    /// Every dialect that a client may use.
    pub dialects: Vec<DialectSpec>,
    /// Identifies the text it was compiled from, hex.
    pub digest: String,
}

/// A compiled policy. Immutable; share it behind an `Arc`.
#[derive(Debug)]
pub struct Policy {
    placements: Box<[Placement]>,
    allows: Box<[Grant]>,
    forbids: Box<[Grant]>,
    rules: Box<[RuleText]>,
    segments: Box<[Segment]>,
    resources: Box<[Resource]>,
    dialects: Box<[Dialect]>,
    digest: Box<str>,
}

#[derive(Debug)]
struct Placement {
    rule: RuleIndex,
    condition: Condition,
    /// `None` rejects.
    segment: Option<SegmentIndex>,
}

#[derive(Debug)]
struct Grant {
    rule: RuleIndex,
    condition: Condition,
    resources: Box<[ResourceIndex]>,
}

#[derive(Debug)]
struct RuleText {
    label: Box<str>,
    location: Box<str>,
}

#[derive(Debug)]
struct Segment {
    name: Box<str>,
    session_timeout: Option<u32>,
    /// Indexed like [`Policy::dialects`].
    replies: Box<[Box<[u8]>]>,
}

#[derive(Debug)]
struct Resource {
    name: Box<str>,
    /// Indexed like [`Policy::dialects`].
    access_list: Box<[Box<[u8]>]>,
}

#[derive(Debug)]
struct Dialect {
    name: Box<str>,
    before: Box<[u8]>,
    after: Box<[u8]>,
}

impl Policy {
    /// Decides over what is known. Total: every fact set has a decision. Allocates only for grants and reasons.
    pub fn decide(&self, facts: &FactSet) -> Decision {
        let Some((placement, outcome)) = self.place(facts) else {
            return Decision {
                verdict: Verdict::Reject,
                segment: None,
                rule: None,
                grants: Vec::new(),
                reasons: Vec::new(),
            };
        };
        let mut decision = Decision {
            verdict: if placement.segment.is_some() { Verdict::Accept } else { Verdict::Reject },
            segment: placement.segment,
            rule: Some(placement.rule),
            grants: Vec::new(),
            reasons: vec![Reason { rule: placement.rule, outcome }],
        };
        if decision.verdict == Verdict::Accept {
            self.grant(facts, &mut decision);
        }
        decision
    }

    fn place(&self, facts: &FactSet) -> Option<(&Placement, Outcome)> {
        self.placements.iter().find_map(|placement| {
            let truth = placement.condition.evaluate(facts);
            let outcome = match (placement.segment, truth) {
                (_, Truth::False) | (Some(_), Truth::Unknown) => return None,
                (Some(_), Truth::True) => Outcome::Placed,
                (None, Truth::True) => Outcome::Rejected,
                (None, Truth::Unknown) => Outcome::RejectedByUnknown,
            };
            Some((placement, outcome))
        })
    }

    fn grant(&self, facts: &FactSet, decision: &mut Decision) {
        for allow in &self.allows {
            if allow.condition.evaluate(facts) == Truth::True {
                decision.grants.extend_from_slice(&allow.resources);
                decision.reasons.push(Reason { rule: allow.rule, outcome: Outcome::Granted });
            }
        }
        decision.grants.sort_unstable();
        decision.grants.dedup();
        self.forbid(facts, decision);
        if let Some((_, granting)) = decision.reasons.split_first_mut() {
            granting.sort_unstable_by_key(|reason| reason.rule);
        }
    }

    /// Every `forbid` is held against what was allowed, so that its place in the file does not matter.
    fn forbid(&self, facts: &FactSet, decision: &mut Decision) {
        let mut removed: Vec<ResourceIndex> = Vec::new();
        for forbid in &self.forbids {
            let mut hit =
                forbid.resources.iter().filter(|index| decision.grants.binary_search(index).is_ok()).peekable();
            if hit.peek().is_none() {
                continue;
            }
            let outcome = match forbid.condition.evaluate(facts) {
                Truth::False => continue,
                Truth::True => Outcome::Forbidden,
                Truth::Unknown => Outcome::ForbiddenByUnknown,
            };
            removed.extend(hit);
            decision.reasons.push(Reason { rule: forbid.rule, outcome });
        }
        decision.grants.retain(|index| !removed.contains(index));
    }

    /// What identifies the text this was compiled from, hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// `file:line` of a rule of this policy; empty for an index of another one.
    pub fn rule_location(&self, rule: RuleIndex) -> &str {
        self.rules.get(rule.0 as usize).map_or("", |text| &text.location)
    }

    /// The rule as written; empty for an index of another policy.
    pub fn rule_label(&self, rule: RuleIndex) -> &str {
        self.rules.get(rule.0 as usize).map_or("", |text| &text.label)
    }

    /// The name of a segment; empty for an index of another policy.
    pub fn segment_name(&self, segment: SegmentIndex) -> &str {
        self.segments.get(segment.0 as usize).map_or("", |segment| &segment.name)
    }

    /// The name of a resource; empty for an index of another policy.
    pub fn resource_name(&self, resource: ResourceIndex) -> &str {
        self.resources.get(resource.0 as usize).map_or("", |resource| &resource.name)
    }

    /// Session-Timeout in seconds of the segment that was decided (RFC 3580 3.17).
    pub fn session_timeout(&self, decision: &Decision) -> Option<u32> {
        let segment = decision.segment?;
        self.segments.get(segment.0 as usize).and_then(|segment| segment.session_timeout)
    }

    /// `(file:line, what it did)` for every reason, as events and the console show them.
    pub fn reasons<'a>(&'a self, decision: &'a Decision) -> impl Iterator<Item = (&'a str, String)> {
        decision.reasons.iter().map(|reason| {
            let label = self.rule_label(reason.rule);
            (self.rule_location(reason.rule), format!("{}: {label}", reason.outcome.words()))
        })
    }
}

#[cfg(test)]
mod tests;
