//! Rows of a database, as Python gives them to it.

use nac_drain::{BadRecord, Value, copy};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

/// What a database is given.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// A list of tuples.
    Tuples,
    /// The octets of PostgreSQL's binary COPY.
    Copy,
}

impl Form {
    pub(crate) fn parse(form: &str) -> PyResult<Self> {
        match form {
            "copy" => Ok(Self::Copy),
            "tuples" => Ok(Self::Tuples),
            _ => Err(PyValueError::new_err(format!("form is copy or tuples, not {form:?}"))),
        }
    }

    pub(crate) fn give<'py, 'a, const N: usize>(
        self,
        py: Python<'py>,
        rows: impl Iterator<Item = [Value<'a>; N]> + Clone + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Copy => Ok(PyBytes::new(py, &py.detach(|| copy::encode(rows))).into_any()),
            Self::Tuples => {
                let tuples = rows.map(|row| tuple(py, row)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyList::new(py, tuples)?.into_any())
            }
        }
    }
}

fn tuple<'py, const N: usize>(py: Python<'py>, row: [Value<'_>; N]) -> PyResult<Bound<'py, PyTuple>> {
    let column = |value| match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Int(number) => Ok(number.into_pyobject(py)?.into_any()),
        Value::Bool(truth) => Ok(truth.into_pyobject(py)?.to_owned().into_any()),
        Value::Text(text) => Ok(text.into_pyobject(py)?.into_any()),
        Value::Octets(octets) => Ok(PyBytes::new(py, octets).into_any()),
    };
    PyTuple::new(py, row.into_iter().map(column).collect::<PyResult<Vec<_>>>()?)
}

/// Records as `nac-drain` reads them.
pub(crate) fn numbered<'a>(records: &'a [(i64, Bound<'_, PyBytes>)]) -> Vec<(i64, &'a [u8])> {
    records.iter().map(|(sequence, event)| (*sequence, event.as_bytes())).collect()
}

pub(crate) fn bad_record(why: BadRecord) -> PyErr {
    PyValueError::new_err(why.to_string())
}

/// Python's, for `nac.identity.name` compares names by it.
pub(crate) fn casefold(name: &str) -> String {
    Python::attach(|py| name.into_pyobject(py)?.call_method0("casefold")?.extract())
        .unwrap_or_else(|_: PyErr| name.to_lowercase())
}
