//! From what the control plane hands over to what packets read: names become indices, dialects become positions.

use std::collections::HashMap;
use std::fmt;

use super::{Dialect, Effect, Grant, Placement, Policy, PolicySpec, Resource, RuleSpec, RuleText, Segment};
use crate::decision::{ResourceIndex, RuleIndex, SegmentIndex};

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
    /// A segment or resource has no encoding for a dialect that clients may use.
    MissingDialect {
        /// `segment` or `resource`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The dialect.
        dialect: String,
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
            Self::MissingDialect { what, name, dialect } => {
                write!(formatter, "{what} {name:?} has no encoding for dialect {dialect:?}")
            }
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
        for (index, rule) in spec.rules.into_iter().enumerate() {
            let index = RuleIndex(u32::try_from(index).map_err(|_| CompileError::TooMany { what: "rule" })?);
            match rule.effect {
                Effect::Place | Effect::Reject => placements.push(placement(index, &rule, &segment_names)?),
                Effect::Allow => allows.push(grant(index, &rule, &resource_names)?),
                Effect::Forbid => forbids.push(grant(index, &rule, &resource_names)?),
            }
            rules.push(RuleText { label: rule.label.into(), location: rule.location.into() });
        }
        let segments: Result<Box<[Segment]>, CompileError> = spec
            .segments
            .into_iter()
            .map(|segment| {
                let replies = by_dialect("segment", &segment.name, segment.replies, &dialects)?;
                Ok(Segment { name: segment.name.into(), session_timeout: segment.session_timeout, replies })
            })
            .collect();
        let resources: Result<Box<[Resource]>, CompileError> = spec
            .resources
            .into_iter()
            .map(|resource| {
                let access_list = by_dialect("resource", &resource.name, resource.access_list, &dialects)?;
                Ok(Resource { name: resource.name.into(), access_list })
            })
            .collect();
        Ok(Self {
            placements: placements.into(),
            allows: allows.into(),
            forbids: forbids.into(),
            rules: rules.into(),
            segments: segments?,
            resources: resources?,
            dialects,
            digest: spec.digest.into(),
        })
    }
}

impl From<super::DialectSpec> for Dialect {
    fn from(spec: super::DialectSpec) -> Self {
        Self { name: spec.name.into(), before: spec.before.into(), after: spec.after.into() }
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
    Ok(Placement { rule: index, condition: rule.condition.clone(), segment })
}

fn grant(index: RuleIndex, rule: &RuleSpec, resources: &HashMap<String, ResourceIndex>) -> Result<Grant, CompileError> {
    if rule.targets.is_empty() {
        return Err(CompileError::WrongTargets { location: rule.location.clone() });
    }
    let indices: Result<Box<[ResourceIndex]>, CompileError> = rule
        .targets
        .iter()
        .map(|name| resources.get(name).copied().ok_or_else(|| unknown_target(rule, name)))
        .collect();
    Ok(Grant { rule: index, condition: rule.condition.clone(), resources: indices? })
}

fn unknown_target(rule: &RuleSpec, name: &str) -> CompileError {
    CompileError::UnknownTarget { location: rule.location.clone(), name: name.to_owned() }
}

/// The encodings in the order of `dialects`; each must be there.
fn by_dialect(
    what: &'static str,
    name: &str,
    encodings: Vec<(String, Vec<u8>)>,
    dialects: &[Dialect],
) -> Result<Box<[Box<[u8]>]>, CompileError> {
    let mut encodings: HashMap<String, Vec<u8>> = encodings.into_iter().collect();
    dialects
        .iter()
        .map(|dialect| {
            let encoding = encodings.remove(dialect.name.as_ref());
            encoding.map(Box::from).ok_or_else(|| CompileError::MissingDialect {
                what,
                name: name.to_owned(),
                dialect: dialect.name.to_string(),
            })
        })
        .collect()
}
