//! Authentications as rows of the control plane's database.

use std::collections::HashMap;

use nac_drain::Authentications;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::rows::{Form, bad_record, casefold, numbered};

/// Records of one journal, in its order.
#[pyclass(frozen, module = "nac._dataplane")]
pub(crate) struct AuthenticationBatch {
    inner: Authentications,
    form: Form,
}

#[pymethods]
impl AuthenticationBatch {
    #[new]
    #[pyo3(signature = (*, records, form))]
    fn new(py: Python<'_>, records: Vec<(i64, Bound<'_, PyBytes>)>, form: &str) -> PyResult<Self> {
        let (form, events) = (Form::parse(form)?, numbered(&records));
        let inner = py.detach(|| Authentications::read(events.into_iter(), &casefold)).map_err(bad_record)?;
        Ok(Self { inner, form })
    }

    fn fact_sets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Form::Tuples.give(py, self.inner.fact_sets())
    }

    fn rows<'py>(&self, py: Python<'py>, sets: HashMap<String, i64>) -> PyResult<Bound<'py, PyAny>> {
        self.form.give(py, self.inner.rows(&sets))
    }

    fn sightings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.form.give(py, self.inner.sightings().into_iter())
    }
}
