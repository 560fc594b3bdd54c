//! From what the control plane hands over to what packets read: names become indices, dialects become positions.

use std::collections::HashMap;
use std::fmt;

use super::moments::Moments;
use super::{
    Dialect, Effect, Extent, Grant, Lines, Placement, Policy, PolicySpec, Reply, Resource, ResourceSpec, RuleSpec,
    RuleText, Segment, SegmentSpec, Targets,
};
use crate::condition::Condition;
use crate::decision::{ResourceIndex, RuleIndex, SegmentIndex};
use crate::matcher::{Candidate, MAX_CLAUSES, MAX_TOTAL, Matcher, Section, TooManyClauses};
use crate::text::Text;

/// Why a policy cannot be compiled. Nothing half-compiled exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// Two segments, resources or dialects have one name.
    Duplicate {
        /// `segment`, `resource` or `dialect`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A rule names a target that is not declared.
    UnknownTarget {
        /// `file:line` of the rule.
        location: String,
        /// The name.
        name: String,
    },
    /// A rule has too few or too many targets for its effect.
    WrongTargets {
        /// `file:line` of the rule.
        location: String,
    },
    /// A segment has no encoding for a dialect that clients may use.
    MissingDialect {
        /// Its name.
        segment: String,
        /// The dialect.
        dialect: String,
    },
    /// A resource has an encoding for a dialect that bounds access lists, and no extent.
    MissingExtent {
        /// Its name.
        resource: String,
        /// The dialect.
        dialect: String,
    },
    /// A segment's fallback is not declared, is the segment itself, or has a fallback of its own.
    WrongFallback {
        /// The segment's name.
        segment: String,
        /// The name of its fallback.
        fallback: String,
    },
    /// A rule's condition has more clauses than are compiled: an `any` of `all`s multiplies out.
    TooManyClauses {
        /// `file:line` of the rule.
        location: String,
    },
    /// More rules, segments or resources than an index can hold.
    TooMany {
        /// `rule`, `segment` or `resource`.
        what: &'static str,
    },
}

impl fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { what, name } => {
                write!(formatter, "{what} {name:?} is declared twice")
            }
            Self::UnknownTarget { location, name } => {
                write!(formatter, "{location}: {name:?} is not declared")
            }
            Self::WrongTargets { location } => {
                write!(formatter, "{location}: place has one segment, allow and forbid have resources, reject nothing")
            }
            Self::MissingDialect { segment, dialect } => {
                write!(formatter, "segment {segment:?} has no encoding for dialect {dialect:?}")
            }
            Self::MissingExtent { resource, dialect } => {
                write!(formatter, "resource {resource:?} has no extent for dialect {dialect:?}, which bounds it")
            }
            Self::WrongFallback { segment, fallback } => write!(
                formatter,
                "segment {segment:?}: its fallback {fallback:?} must be another segment, without fallback of its own"
            ),
            Self::TooManyClauses { location } => write!(
                formatter,
                "{location}: the condition multiplies out to more than {MAX_CLAUSES} alternatives (or the policy to more than \
                 {MAX_TOTAL}); put what `or` parts into several rules"
            ),
            Self::TooMany { what } => write!(formatter, "more {what}s than can be numbered"),
        }
    }
}

impl std::error::Error for CompileError {}

impl Policy {
    /// Compiles what the control plane hands over.
    pub fn compile(spec: PolicySpec) -> Result<Self, CompileError> {
        let segment_names = numbered("segment", spec.segments.iter().map(|segment| &segment.name), SegmentIndex)?;
        let resource_names = numbered("resource", spec.resources.iter().map(|resource| &resource.name), ResourceIndex)?;
        numbered("dialect", spec.dialects.iter().map(|dialect| &dialect.name), |index| index)?;

        let dialects: Box<[Dialect]> = spec.dialects.into_iter().map(Dialect::from).collect();
        let (mut placements, mut allows, mut forbids, mut rules) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut conditions = Vec::with_capacity(spec.rules.len());
        for (index, rule) in spec.rules.into_iter().enumerate() {
            let index = RuleIndex(u32::try_from(index).map_err(|_| CompileError::TooMany { what: "rule" })?);
            match rule.effect {
                Effect::Place | Effect::Reject => placements.push(placement(index, &rule, &segment_names)?),
                Effect::Allow => allows.push(grant(index, &rule, &resource_names)?),
                Effect::Forbid => forbids.push(grant(index, &rule, &resource_names)?),
            }
            conditions.push(rule.condition);
            rules.push(RuleText { label: rule.label.into(), location: rule.location.into() });
        }
        let fallbacks = fallbacks(&spec.segments, &segment_names)?;
        let segments: Result<Box<[Segment]>, CompileError> = spec
            .segments
            .into_iter()
            .zip(fallbacks)
            .map(|(segment, fallback)| {
                let confined = by_dialect(segment.confined_replies, segment.confined_site_replies, &dialects);
                let replies = by_dialect(segment.replies, segment.site_replies, &dialects);
                let replies = all_dialects(&segment.name, replies, &dialects)?;
                let session_timeout = segment.session_timeout;
                let text = Text::new(&segment.name);
                Ok(Segment { name: segment.name.into(), text, session_timeout, replies, confined, fallback })
            })
            .collect();
        let resources: Result<Box<[Resource]>, CompileError> =
            spec.resources.into_iter().map(|resource| resource_by_dialect(resource, &dialects)).collect();
        let matcher = matcher(&placements, &allows, &forbids, &conditions, resource_names.len())
            .map_err(|rule| CompileError::TooManyClauses { location: rule_location(&rules, rule) })?;
        Ok(Self {
            matcher,
            moments: Moments::of(&conditions),
            placements: placements.into(),
            allows: allows.into(),
            forbids: forbids.into(),
            rules: rules.into(),
            conditions: conditions.into(),
            segments: segments?,
            resources: resources?,
            dialects,
            digest: spec.digest.into(),
        })
    }
}

/// The matcher of all rules; else the rule that has too many clauses.
fn matcher(
    placements: &[Placement],
    allows: &[Grant],
    forbids: &[Grant],
    conditions: &[Condition],
    resources: usize,
) -> Result<Matcher, RuleIndex> {
    let placed = (0..).zip(placements).map(|(owner, placement)| {
        let section = if placement.segment.is_some() { Section::Place } else { Section::Reject };
        (placement.rule, section, owner, &[][..])
    });
    let allowed = (0..).zip(allows).map(|(owner, allow)| (allow.rule, Section::Allow, owner, &[][..]));
    let forbidden =
        (0..).zip(forbids).map(|(owner, forbid)| (forbid.rule, Section::Forbid, owner, forbid.resources.as_slice()));
    let candidates = placed.chain(allowed).chain(forbidden).filter_map(|(rule, section, owner, resources)| {
        let condition = conditions.get(rule.0 as usize)?;
        Some((rule, Candidate { section, owner, condition, resources }))
    });
    let (rules, candidates): (Vec<RuleIndex>, Vec<Candidate<'_>>) = candidates.unzip();
    Matcher::compile(&candidates, resources)
        .map_err(|TooManyClauses(position)| rules.get(position).copied().unwrap_or(RuleIndex(0)))
}

fn rule_location(rules: &[RuleText], rule: RuleIndex) -> String {
    rules.get(rule.0 as usize).map(|text| text.location.to_string()).unwrap_or_default()
}

impl From<super::DialectSpec> for Dialect {
    fn from(spec: super::DialectSpec) -> Self {
        let lines = |encoded: Vec<u8>, extent| Lines { encoded: encoded.into(), extent };
        Self {
            name: spec.name.into(),
            before: lines(spec.before, spec.before_extent),
            after: lines(spec.after, spec.after_extent),
            limits: spec.limits,
            downloads: spec.downloads,
        }
    }
}

/// Name to position; a name that comes twice is refused.
fn numbered<'a, I>(
    what: &'static str,
    names: impl Iterator<Item = &'a String>,
    index: impl Fn(u32) -> I,
) -> Result<HashMap<String, I>, CompileError> {
    let mut numbers = HashMap::new();
    for (position, name) in names.enumerate() {
        let position = u32::try_from(position).map_err(|_| CompileError::TooMany { what })?;
        if numbers.insert(name.clone(), index(position)).is_some() {
            return Err(CompileError::Duplicate { what, name: name.clone() });
        }
    }
    Ok(numbers)
}

fn placement(
    index: RuleIndex,
    rule: &RuleSpec,
    segments: &HashMap<String, SegmentIndex>,
) -> Result<Placement, CompileError> {
    let segment = match (rule.effect, rule.targets.as_slice()) {
        (Effect::Reject, []) => None,
        (Effect::Place, [name]) => Some(*segments.get(name).ok_or_else(|| unknown_target(rule, name))?),
        _ => {
            return Err(CompileError::WrongTargets { location: rule.location.clone() });
        }
    };
    Ok(Placement { rule: index, segment, monitor: rule.monitor })
}

fn grant(index: RuleIndex, rule: &RuleSpec, resources: &HashMap<String, ResourceIndex>) -> Result<Grant, CompileError> {
    if rule.targets.is_empty() {
        return Err(CompileError::WrongTargets { location: rule.location.clone() });
    }
    let resource = |name: &String| resources.get(name).copied().ok_or_else(|| unknown_target(rule, name));
    let resources = match rule.targets.as_slice() {
        [name] => Targets::One(resource(name)?),
        names => Targets::Several(names.iter().map(resource).collect::<Result<_, _>>()?),
    };
    Ok(Grant { rule: index, resources, monitor: rule.monitor })
}

fn unknown_target(rule: &RuleSpec, name: &str) -> CompileError {
    CompileError::UnknownTarget { location: rule.location.clone(), name: name.to_owned() }
}

/// The fallback of each segment.
fn fallbacks(
    segments: &[SegmentSpec],
    names: &HashMap<String, SegmentIndex>,
) -> Result<Vec<Option<SegmentIndex>>, CompileError> {
    let fallback = |segment: &SegmentSpec| {
        let Some(name) = &segment.fallback else { return Ok(None) };
        let wrong = || CompileError::WrongFallback { segment: segment.name.clone(), fallback: name.clone() };
        let index = names.get(name).ok_or_else(wrong)?;
        // A segment that is its own fallback has a fallback.
        let last = segments.get(index.0 as usize).is_some_and(|target| target.fallback.is_none());
        if last { Ok(Some(*index)) } else { Err(wrong()) }
    };
    segments.iter().map(fallback).collect()
}

/// Encodings in the order of `dialects`.
fn by_dialect(
    everywhere: Vec<(String, Vec<u8>)>,
    by_site: Vec<((String, String), Vec<u8>)>,
    dialects: &[Dialect],
) -> Box<[Option<Reply>]> {
    let mut everywhere: HashMap<String, Vec<u8>> = everywhere.into_iter().collect();
    let mut sites: HashMap<String, HashMap<Text, Box<[u8]>>> = HashMap::new();
    for ((site, dialect), encoded) in by_site {
        sites.entry(dialect).or_default().insert(Text::new(&site), encoded.into());
    }
    let reply = |dialect: &Dialect| {
        let encoded = everywhere.remove(dialect.name.as_ref())?;
        let by_site = sites.remove(dialect.name.as_ref()).unwrap_or_default();
        Some(Reply { everywhere: encoded.into(), by_site })
    };
    dialects.iter().map(reply).collect()
}

/// None may be missing.
fn all_dialects(
    segment: &str,
    replies: Box<[Option<Reply>]>,
    dialects: &[Dialect],
) -> Result<Box<[Reply]>, CompileError> {
    let missing = |dialect: &Dialect| CompileError::MissingDialect {
        segment: segment.to_owned(),
        dialect: dialect.name.to_string(),
    };
    replies.into_iter().zip(dialects).map(|(reply, dialect)| reply.ok_or_else(|| missing(dialect))).collect()
}

/// The encodings of a resource in the order of `dialects`; one that is missing cannot be expressed there.
fn resource_by_dialect(resource: ResourceSpec, dialects: &[Dialect]) -> Result<Resource, CompileError> {
    let mut encodings: HashMap<String, Vec<u8>> = resource.access_list.into_iter().collect();
    let extents: HashMap<String, Extent> = resource.extents.into_iter().collect();
    let lines = |dialect: &Dialect| {
        let name = dialect.name.as_ref();
        let Some(encoded) = encodings.remove(name) else { return Ok(None) };
        let bounded = dialect.limits.lines.is_some() || dialect.limits.characters.is_some();
        let extent = match extents.get(name) {
            Some(extent) => *extent,
            None if !bounded => Extent::default(),
            None => {
                let (resource, dialect) = (resource.name.clone(), name.to_owned());
                return Err(CompileError::MissingExtent { resource, dialect });
            }
        };
        Ok(Some(Lines { encoded: encoded.into(), extent }))
    };
    let access_list: Box<[Option<Lines>]> = dialects.iter().map(lines).collect::<Result<_, _>>()?;
    Ok(Resource { name: resource.name.into(), access_list })
}
