//! How the journal stands, as Python sees it.

use nac_journal::Alarm;
use pyo3::prelude::*;

/// How the journal stands.
#[pyclass(frozen, get_all, module = "nac._dataplane")]
pub(crate) struct JournalState {
    node: String,
    last: u64,
    waiting: u64,
    octets: u64,
    bound: u64,
    alarm: Option<&'static str>,
    error: Option<String>,
    failures: u64,
    torn: u64,
    damaged: Vec<String>,
}

impl From<nac_journal::JournalState> for JournalState {
    fn from(state: nac_journal::JournalState) -> Self {
        Self {
            node: state.node.to_string(),
            last: state.last,
            waiting: state.waiting,
            octets: state.octets,
            bound: state.bound,
            alarm: state.alarm.map(Alarm::word),
            error: state.error,
            failures: state.failures,
            torn: state.torn,
            damaged: state.damaged,
        }
    }
}
