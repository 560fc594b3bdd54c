//! A policy: rules, segments, resources and dialects, compiled once and then immutable.
//!
//! `place` and `reject` are ordered, the first that matches decides; nothing matched is a reject. `allow` adds
//! resources, `forbid` removes them and wins whatever the order. Unknown never matches a `place` or an `allow`, and does
//! match a `reject` or a `forbid`: an absent fact closes, it never opens.

mod compile;
mod decide;
mod moments;
mod reply;

use std::collections::HashMap;

use crate::condition::Condition;
use crate::decision::{Decision, ResourceIndex, RuleIndex, SegmentIndex};
use crate::fact::FactSet;
use crate::matcher::Matcher;
use crate::text::Text;

use self::decide::SCRATCH;
use self::moments::Moments;

pub use compile::CompileError;
pub use reply::{AccessList, ReplyError, Unfit};

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
    /// Mode monitor: what it would do is recorded, and changes nothing.
    pub monitor: bool,
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
    /// Encoded attributes by site and dialect, where they differ from those above.
    pub site_replies: Vec<((String, String), Vec<u8>)>,
    /// The whole reply, by dialect, for a session that falls back to this segment: no access list is added to it.
    pub confined_replies: Vec<(String, Vec<u8>)>,
    /// The same by site and dialect, where they differ.
    pub confined_site_replies: Vec<((String, String), Vec<u8>)>,
    /// Session-Timeout in seconds (RFC 3580 3.17).
    pub session_timeout: Option<u32>,
    /// The segment that takes a session whose access list its client cannot take; has no fallback itself.
    pub fallback: Option<String>,
}

/// What a grant opens.
#[derive(Clone, Debug)]
pub struct ResourceSpec {
    /// Its name.
    pub name: String,
    /// Encoded access-list attributes by dialect. A dialect that is missing cannot express the resource; one without access
    /// lists has an empty entry.
    pub access_list: Vec<(String, Vec<u8>)>,
    /// Size of those by dialect; must be there where the dialect bounds it.
    pub extents: Vec<(String, Extent)>,
}

/// Size of a part of an access list as a switch counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Lines.
    pub lines: u32,
    /// Characters, over all lines.
    pub characters: u32,
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
    /// Size of `before`.
    pub before_extent: Extent,
    /// Size of `after`.
    pub after_extent: Extent,
    /// What its switches take at most.
    pub limits: Limits,
    /// Its switches are told the name of the list and fetch it (Cisco's downloadable ACLs).
    pub downloads: bool,
}

/// What a client can be told at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Octets of all encoded attributes: the segment's, and the access list's or those of its name.
    pub octets: Option<u32>,
    /// Lines of the access list, with what encloses it.
    pub lines: Option<u32>,
    /// Characters of the access list, with what encloses it.
    pub characters: Option<u32>,
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
    matcher: Matcher,
    moments: Moments,
    placements: Box<[Placement]>,
    allows: Box<[Grant]>,
    forbids: Box<[Grant]>,
    rules: Box<[RuleText]>,
    /// By rule.
    conditions: Box<[Condition]>,
    segments: Box<[Segment]>,
    resources: Box<[Resource]>,
    dialects: Box<[Dialect]>,
    digest: Box<str>,
}

#[derive(Debug)]
struct Placement {
    rule: RuleIndex,
    /// `None` rejects.
    segment: Option<SegmentIndex>,
    monitor: bool,
}

#[derive(Debug)]
struct Grant {
    rule: RuleIndex,
    resources: Targets,
    monitor: bool,
}

/// What a grant names; most name one, and then it stands beside the rule.
#[derive(Debug)]
enum Targets {
    One(ResourceIndex),
    Several(Box<[ResourceIndex]>),
}

impl Targets {
    fn iter(&self) -> std::slice::Iter<'_, ResourceIndex> {
        self.as_slice().iter()
    }

    fn as_slice(&self) -> &[ResourceIndex] {
        match self {
            Self::One(resource) => std::slice::from_ref(resource),
            Self::Several(resources) => resources,
        }
    }
}

#[derive(Debug)]
struct RuleText {
    label: Box<str>,
    location: Box<str>,
}

#[derive(Debug)]
struct Segment {
    name: Box<str>,
    /// The name as the fact `previous.segment` has it.
    text: Text,
    session_timeout: Option<u32>,
    /// Indexed like [`Policy::dialects`].
    replies: Box<[Reply]>,
    /// Indexed like [`Policy::dialects`]; `None` where no session can fall back to it.
    confined: Box<[Option<Reply>]>,
    fallback: Option<SegmentIndex>,
}

#[derive(Debug)]
struct Reply {
    everywhere: Box<[u8]>,
    by_site: HashMap<Text, Box<[u8]>>,
}

#[derive(Debug)]
struct Resource {
    name: Box<str>,
    /// Indexed like [`Policy::dialects`]; `None` where the dialect cannot express it.
    access_list: Box<[Option<Lines>]>,
}

/// A part of an access list.
#[derive(Debug)]
struct Lines {
    encoded: Box<[u8]>,
    extent: Extent,
}

#[derive(Debug)]
struct Dialect {
    name: Box<str>,
    before: Lines,
    after: Lines,
    limits: Limits,
    downloads: bool,
}

impl Policy {
    /// Decides over what is known. Total: every fact set has a decision. Allocates only for grants and reasons.
    pub fn decide(&self, facts: &FactSet) -> Decision {
        SCRATCH.with_borrow_mut(|scratch| self.decide_in(facts, scratch))
    }

    /// The first moment after `after`, both Unix seconds, at which the fact `time` alone may change a decision.
    pub fn next_time(&self, after: i64) -> Option<i64> {
        self.moments.next_time(after)
    }

    /// The least `posture.age` above `after`, in seconds, at which a comparison with it may turn.
    pub fn next_posture_age(&self, after: i64) -> Option<i64> {
        self.moments.next_age(after)
    }

    /// The greatest `certificate.days_left` below `before` at which a comparison with it may turn.
    pub fn next_days_left(&self, before: i64) -> Option<i64> {
        self.moments.next_days_left(before)
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

    /// The name of a segment as a fact; `None` for an index of another policy.
    pub fn segment_text(&self, segment: SegmentIndex) -> Option<&Text> {
        self.segments.get(segment.0 as usize).map(|segment| &segment.text)
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
mod oracle;
#[cfg(test)]
mod tests;
