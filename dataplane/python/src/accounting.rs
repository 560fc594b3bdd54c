//! Accounting records as rows of the control plane's database.

use nac_drain::{Batch, Hour, Key, Known, Stored, Usage};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::rows::{Form, bad_record, casefold, numbered};

/// Of `session_usage`.
const COLUMNS: usize = 13;

/// Records of one journal, in its order.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct AccountingBatch {
    inner: Batch,
    form: Form,
}

#[pymethods]
impl AccountingBatch {
    #[new]
    #[pyo3(signature = (*, node, records, form))]
    fn new(py: Python<'_>, node: String, records: Vec<(i64, Bound<'_, PyBytes>)>, form: &str) -> PyResult<Self> {
        let (form, events) = (Form::parse(form)?, numbered(&records));
        let inner = py.detach(|| Batch::read(node, events.into_iter(), &casefold)).map_err(bad_record)?;
        Ok(Self { inner, form })
    }

    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.form.give(py, self.inner.rows())
    }

    fn sessions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.form.give(py, self.inner.sessions())
    }

    fn count<'py>(
        &self,
        py: Python<'py>,
        known: Vec<Bound<'py, PyTuple>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let known = known.iter().map(session).collect::<PyResult<Known>>()?;
        let counted = py.detach(|| self.inner.count(&known));
        let usages = match self.form {
            Form::Copy => self.form.give(py, counted.placed())?,
            Form::Tuples => self.form.give(py, counted.usages())?,
        };
        Ok((usages, self.form.give(py, counted.hours())?))
    }
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
