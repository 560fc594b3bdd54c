//! Policy parts as Python builds them, and the compiled policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use nac_policy::{
    self as policy, DialectSpec, Effect, Extent, FactName, FactSet, Limits, Operand, Operator, PolicySpec,
    ResourceSpec, RuleSpec, SegmentSpec, Value, Verdict,
};
use pyo3::prelude::*;

use crate::errors::SnapshotError;

fn refused(why: impl std::fmt::Display) -> PyErr {
    SnapshotError::new_err(why.to_string())
}

/// A value as Python writes it.
#[derive(FromPyObject)]
enum PyValue {
    Boolean(bool),
    Integer(i64),
    Text(String),
    Texts(Vec<String>),
}

/// A three-valued condition over facts.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Condition {
    inner: policy::Condition,
}

#[pymethods]
impl Condition {
    #[staticmethod]
    fn always() -> Self {
        Self { inner: policy::Condition::always() }
    }

    #[staticmethod]
    fn all(parts: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let inner = policy::Condition::all(parts.iter().map(|part| part.inner.clone()).collect()).map_err(refused)?;
        Ok(Self { inner })
    }

    #[staticmethod]
    fn any(parts: Vec<PyRef<'_, Self>>) -> PyResult<Self> {
        let inner = policy::Condition::any(parts.iter().map(|part| part.inner.clone()).collect()).map_err(refused)?;
        Ok(Self { inner })
    }

    #[staticmethod]
    fn negate(part: &Self) -> PyResult<Self> {
        Ok(Self { inner: policy::Condition::negate(part.inner.clone()).map_err(refused)? })
    }

    #[staticmethod]
    #[pyo3(signature = (*, fact, operator, value))]
    fn compare(fact: &str, operator: &str, value: PyValue) -> PyResult<Self> {
        let fact: FactName = fact.parse().map_err(refused)?;
        let operator = Operator::parse(operator).ok_or_else(|| refused(format!("no operator {operator:?}")))?;
        let operand = match value {
            PyValue::Boolean(boolean) => Operand::Boolean(boolean),
            PyValue::Integer(integer) => Operand::Integer(integer),
            PyValue::Text(text) => Operand::Text(text),
            PyValue::Texts(texts) => Operand::Texts(texts),
        };
        Ok(Self { inner: policy::Condition::compare(fact, operator, operand).map_err(refused)? })
    }

    #[staticmethod]
    #[pyo3(signature = (*, intervals, known))]
    fn during(intervals: Vec<(i64, i64)>, known: (i64, i64)) -> PyResult<Self> {
        Ok(Self { inner: policy::Condition::during(intervals, known).map_err(refused)? })
    }
}

/// Where a session is put.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Segment {
    inner: SegmentSpec,
}

#[pymethods]
impl Segment {
    #[new]
    #[pyo3(signature = (*, name, replies, session_timeout = None, site_replies = BTreeMap::new(), fallback = None,
        confined_replies = BTreeMap::new(), confined_site_replies = BTreeMap::new()))]
    fn new(
        name: String,
        replies: BTreeMap<String, Vec<u8>>,
        session_timeout: Option<u32>,
        site_replies: BTreeMap<(String, String), Vec<u8>>,
        fallback: Option<String>,
        confined_replies: BTreeMap<String, Vec<u8>>,
        confined_site_replies: BTreeMap<(String, String), Vec<u8>>,
    ) -> Self {
        Self {
            inner: SegmentSpec {
                name,
                replies: replies.into_iter().collect(),
                site_replies: site_replies.into_iter().collect(),
                confined_replies: confined_replies.into_iter().collect(),
                confined_site_replies: confined_site_replies.into_iter().collect(),
                session_timeout,
                fallback,
            },
        }
    }
}

/// What a grant opens.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Resource {
    inner: ResourceSpec,
}

#[pymethods]
impl Resource {
    #[new]
    #[pyo3(signature = (*, name, access_list, extents = BTreeMap::new()))]
    fn new(name: String, access_list: BTreeMap<String, Vec<u8>>, extents: BTreeMap<String, (u32, u32)>) -> Self {
        let extents = extents.into_iter().map(|(dialect, size)| (dialect, extent(size))).collect();
        Self { inner: ResourceSpec { name, access_list: access_list.into_iter().collect(), extents } }
    }
}

fn extent((lines, characters): (u32, u32)) -> Extent {
    Extent { lines, characters }
}

/// What encloses the resources' lines in an access list.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Dialect {
    inner: DialectSpec,
}

#[pymethods]
impl Dialect {
    #[new]
    #[pyo3(signature = (*, name, before = Vec::new(), after = Vec::new(), before_extent = (0, 0), after_extent = (0, 0),
        max_octets = None, max_lines = None, max_characters = None, downloads = false))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only, as the stub shows")]
    fn new(
        name: String,
        before: Vec<u8>,
        after: Vec<u8>,
        before_extent: (u32, u32),
        after_extent: (u32, u32),
        max_octets: Option<u32>,
        max_lines: Option<u32>,
        max_characters: Option<u32>,
        downloads: bool,
    ) -> Self {
        let (before_extent, after_extent) = (extent(before_extent), extent(after_extent));
        let limits = Limits { octets: max_octets, lines: max_lines, characters: max_characters };
        Self { inner: DialectSpec { name, before, after, before_extent, after_extent, limits, downloads } }
    }
}

/// One statement.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Rule {
    inner: RuleSpec,
}

#[pymethods]
impl Rule {
    #[new]
    #[pyo3(signature = (*, effect, targets = Vec::new(), condition, label, location, monitor = false))]
    fn new(
        effect: &str,
        targets: Vec<String>,
        condition: &Condition,
        label: String,
        location: String,
        monitor: bool,
    ) -> PyResult<Self> {
        let effect = match effect {
            "place" => Effect::Place,
            "reject" => Effect::Reject,
            "allow" => Effect::Allow,
            "forbid" => Effect::Forbid,
            other => return Err(refused(format!("rule {location}: no effect {other:?}"))),
        };
        let condition = condition.inner.clone();
        Ok(Self { inner: RuleSpec { effect, targets, condition, monitor, label, location } })
    }
}

/// A compiled policy.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct Policy {
    pub(crate) inner: Arc<policy::Policy>,
}

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (*, rules, segments, resources, dialects, digest))]
    fn new(
        rules: Vec<PyRef<'_, Rule>>,
        segments: Vec<PyRef<'_, Segment>>,
        resources: Vec<PyRef<'_, Resource>>,
        dialects: Vec<PyRef<'_, Dialect>>,
        digest: String,
    ) -> PyResult<Self> {
        let spec = PolicySpec {
            rules: rules.iter().map(|rule| rule.inner.clone()).collect(),
            segments: segments.iter().map(|segment| segment.inner.clone()).collect(),
            resources: resources.iter().map(|resource| resource.inner.clone()).collect(),
            dialects: dialects.iter().map(|dialect| dialect.inner.clone()).collect(),
            digest,
        };
        Ok(Self { inner: Arc::new(policy::Policy::compile(spec).map_err(refused)?) })
    }

    fn decide(&self, facts: BTreeMap<String, PyValue>) -> PyResult<Decision> {
        let mut set = FactSet::new();
        for (name, value) in facts {
            set.set(name.parse().map_err(refused)?, fact_value(value));
        }
        let decision = self.inner.decide(&set);
        Ok(Decision {
            verdict: match decision.verdict {
                Verdict::Accept => "accept",
                Verdict::Reject => "reject",
            },
            segment: decision.segment.map(|segment| self.inner.segment_name(segment).to_string()),
            rule: decision.rule.map(|rule| self.inner.rule_location(rule).to_string()),
            grants: decision.grants.iter().map(|grant| self.inner.resource_name(*grant).to_string()).collect(),
            reasons: self.inner.reasons(&decision).map(|(location, what)| (location.to_string(), what)).collect(),
        })
    }
}

fn fact_value(value: PyValue) -> Value {
    match value {
        PyValue::Boolean(boolean) => Value::Boolean(boolean),
        PyValue::Integer(integer) => Value::Integer(integer),
        PyValue::Text(text) => Value::text(&text),
        PyValue::Texts(texts) => Value::set(texts),
    }
}

/// What a policy decided.
#[pyclass(frozen, get_all, module = "nac._dataplane")]
pub(crate) struct Decision {
    verdict: &'static str,
    segment: Option<String>,
    rule: Option<String>,
    grants: Vec<String>,
    reasons: Vec<(String, String)>,
}
