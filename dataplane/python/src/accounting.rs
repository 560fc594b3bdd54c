//! Accounting records as rows of the control plane's database.

use nac_drain::{Batch, Hour, Key, Known, Stored, Usage, Value, copy};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

/// Of `session_usage`.
const COLUMNS: usize = 13;

/// Records of one journal, in its order.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct AccountingBatch {
    inner: Batch,
    copied: bool,
}

#[pymethods]
impl AccountingBatch {
    #[new]
    #[pyo3(signature = (*, node, records, form))]
    fn new(py: Python<'_>, node: String, records: Vec<(i64, Bound<'_, PyBytes>)>, form: &str) -> PyResult<Self> {
        let copied = match form {
            "copy" => true,
            "tuples" => false,
            _ => return Err(PyValueError::new_err(format!("form is copy or tuples, not {form:?}"))),
        };
        let events: Vec<_> = records.iter().map(|(sequence, event)| (*sequence, event.as_bytes())).collect();
        let inner = py.detach(|| Batch::read(node, events.into_iter(), &casefold));
        let inner = inner.map_err(|why| PyValueError::new_err(why.to_string()))?;
        Ok(Self { inner, copied })
    }

    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.given(py, self.inner.rows())
    }

    fn sessions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.given(py, self.inner.sessions())
    }

    fn count<'py>(
        &self,
        py: Python<'py>,
        known: Vec<Bound<'py, PyTuple>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let known = known.iter().map(session).collect::<PyResult<Known>>()?;
        let counted = py.detach(|| self.inner.count(&known));
        let usages = if self.copied { self.given(py, counted.placed())? } else { self.given(py, counted.usages())? };
        Ok((usages, self.given(py, counted.hours())?))
    }
}

impl AccountingBatch {
    /// In the form that was asked for.
    fn given<'py, 'a, const N: usize>(
        &self,
        py: Python<'py>,
        rows: impl Iterator<Item = [Value<'a>; N]> + Clone + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self.copied {
            return Ok(PyBytes::new(py, &py.detach(|| copy::encode(rows))).into_any());
        }
        let tuples = rows.map(|row| tuple(py, row)).collect::<PyResult<Vec<_>>>()?;
        Ok(PyList::new(py, tuples)?.into_any())
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

/// A row of `session_usage`, its columns in their order, and before them its place if the database says that. SQLite has
/// numbers for truth.
fn session(row: &Bound<'_, PyTuple>) -> PyResult<(Key, Stored)> {
    let first = row.len().saturating_sub(COLUMNS);
    let column = |number: usize| row.get_item(first + number);
    let int = |number: usize| column(number)?.extract::<i64>();
    let usage = Usage {
        first_us: int(2)?,
        seen_us: int(3)?,
        session_time: column(4)?.extract()?,
        input_counter: int(5)?,
        output_counter: int(6)?,
        input_octets: int(7)?,
        output_octets: int(8)?,
        ended: int(9)? != 0,
        newest: Hour { hour: int(10)?, input_octets: int(11)?, output_octets: int(12)? },
    };
    let place = if first == 0 { None } else { Some(row.get_item(0)?.extract()?) };
    Ok(((column(0)?.extract()?, column(1)?.extract()?), Stored { usage, place }))
}

/// Python's, for `nac.identity.name` compares names by it.
fn casefold(name: &str) -> String {
    Python::attach(|py| name.into_pyobject(py)?.call_method0("casefold")?.extract())
        .unwrap_or_else(|_: PyErr| name.to_lowercase())
}
