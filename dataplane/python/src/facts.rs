//! Facts of devices and users, and the catalogue of facts.

use std::sync::Arc;

use nac_policy::{self as policy, DEFINITIONS, Fingerprint, MacAddress, Posture, Text, TextSet};
use pyo3::prelude::*;

use crate::errors::SnapshotError;

/// What people and compilers need to know about a fact.
#[pyclass(frozen, get_all, module = "nac._dataplane")]
pub(crate) struct FactDefinition {
    name: &'static str,
    kind: &'static str,
    source: &'static str,
    example: &'static str,
    identity: bool,
}

/// Every fact a policy may name.
#[pyfunction]
pub(crate) fn fact_catalogue() -> Vec<FactDefinition> {
    DEFINITIONS
        .iter()
        .map(|definition| FactDefinition {
            name: definition.name,
            kind: definition.kind.name(),
            source: definition.source,
            example: definition.example,
            identity: definition.identity,
        })
        .collect()
}

/// What is on record about a device.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct DeviceFacts {
    pub(crate) inner: policy::DeviceFacts,
}

#[pymethods]
impl DeviceFacts {
    #[new]
    #[pyo3(signature = (*, name, macs = Vec::new(), certificates = Vec::new(), kind = None, owner = None, managed = false,
        disabled = false, tags = Vec::new(), posture_status = None, posture_at = None, posture_expires_at = None,
        posture_score = None, posture_passed = None, posture_failed = None, posture_fresh_until = None, posture_ageing_until = None,
        shared_identity = false, risk_score = None))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only, as the stub shows")]
    fn new(
        name: &str,
        macs: Vec<String>,
        certificates: Vec<String>,
        kind: Option<&str>,
        owner: Option<&str>,
        managed: bool,
        disabled: bool,
        tags: Vec<String>,
        posture_status: Option<&str>,
        posture_at: Option<i64>,
        posture_expires_at: Option<i64>,
        posture_score: Option<i32>,
        posture_passed: Option<Vec<String>>,
        posture_failed: Option<Vec<String>>,
        posture_fresh_until: Option<i64>,
        posture_ageing_until: Option<i64>,
        shared_identity: bool,
        risk_score: Option<u8>,
    ) -> PyResult<Self> {
        let refused = |why: &dyn std::fmt::Display| SnapshotError::new_err(format!("device {name:?}: {why}"));
        let macs = macs.iter().map(|mac| mac.parse::<MacAddress>().map_err(|why| refused(&why)));
        let certificates = certificates.iter().map(|print| print.parse::<Fingerprint>().map_err(|why| refused(&why)));
        if risk_score.is_some_and(|risk| risk > 100) {
            return Err(refused(&"risk_score: 0 to 100"));
        }
        Ok(Self {
            inner: policy::DeviceFacts {
                name: name.into(),
                macs: macs.collect::<PyResult<_>>()?,
                certificates: certificates.collect::<PyResult<_>>()?,
                kind: kind.map(Text::new),
                owner: owner.map(Text::new),
                managed,
                disabled,
                tags: TextSet::new(&tags),
                posture: Arc::new(Posture {
                    status: posture_status.map(Text::new),
                    score: posture_score,
                    passed: posture_passed.map(TextSet::new),
                    failed: posture_failed.map(TextSet::new),
                }),
                posture_at: posture_at.into(),
                posture_fresh_until: posture_fresh_until.into(),
                posture_ageing_until: posture_ageing_until.into(),
                posture_expires_at: posture_expires_at.into(),
                shared_identity,
                risk_score,
            },
        })
    }
}

/// What is on record about a user.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct UserFacts {
    pub(crate) inner: policy::UserFacts,
}

#[pymethods]
impl UserFacts {
    #[new]
    #[pyo3(signature = (*, name, groups = Vec::new(), disabled = false, access_until = None))]
    fn new(name: &str, groups: Vec<String>, disabled: bool, access_until: Option<i64>) -> Self {
        Self { inner: policy::UserFacts { name: name.into(), groups: TextSet::new(&groups), disabled, access_until } }
    }
}
