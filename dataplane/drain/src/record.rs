//! One accounting record: the fields of its JSON that have a column.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::usage::Report;
use crate::value::Value;

/// A record that is no accounting record as the data plane tells one.
#[derive(Debug)]
pub struct BadRecord {
    /// Its place in the journal.
    pub sequence: i64,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} of the journal: {}", self.sequence, self.why)
    }
}

impl std::error::Error for BadRecord {}

/// The fields that have a column, as they were told; the others are in the text alone.
#[derive(Deserialize)]
struct Told<'a> {
    at: i64,
    happened_at: i64,
    #[serde(borrow)]
    client: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    decision: Option<Cow<'a, str>>,
    #[serde(borrow)]
    mac: Option<Cow<'a, str>>,
    #[serde(borrow)]
    user_name: Option<Cow<'a, str>>,
    session_time: Option<i64>,
    input_octets: Option<u64>,
    output_octets: Option<u64>,
}

/// A row of `accounting`, but for the node.
#[derive(Debug)]
pub(crate) struct Record {
    sequence: i64,
    at: i64,
    happened_at: i64,
    pub(crate) client: String,
    status: String,
    pub(crate) session_id: Option<String>,
    decision: Option<String>,
    mac: Option<String>,
    user_name: Option<String>,
    session_time: Option<i64>,
    input_octets: Option<i64>,
    output_octets: Option<i64>,
    event: String,
}

impl Record {
    /// Reads one event. `fold`: the form in which names are compared, for those that are not ASCII.
    pub(crate) fn read(sequence: i64, event: &[u8], fold: &dyn Fn(&str) -> String) -> Result<Self, BadRecord> {
        let bad = |why: String| BadRecord { sequence, why };
        let event = std::str::from_utf8(event).map_err(|why| bad(why.to_string()))?;
        let told: Told<'_> = serde_json::from_str(event).map_err(|why| bad(why.to_string()))?;
        Ok(Self {
            sequence,
            at: told.at,
            happened_at: told.happened_at,
            client: without_nul(folded(&told.client, fold)),
            status: told.status.into_owned(),
            session_id: said(told.session_id).map(|id| without_nul(id.into_owned())),
            decision: told.decision.map(Cow::into_owned),
            mac: said(told.mac).map(|mac| stored_mac(&mac)),
            user_name: said(told.user_name).map(|name| without_nul(folded(&name, fold))),
            session_time: told.session_time,
            input_octets: told.input_octets.map(held),
            output_octets: told.output_octets.map(held),
            event: event.to_owned(),
        })
    }

    /// The columns of `accounting`, in their order.
    pub(crate) fn row<'a>(&'a self, node: &'a str) -> [Value<'a>; 14] {
        [
            Value::Text(node),
            Value::Int(self.sequence),
            Value::Int(self.at),
            Value::Int(self.happened_at),
            Value::Text(&self.client),
            Value::Text(&self.status),
            self.session_id.as_deref().into(),
            self.decision.as_deref().into(),
            self.mac.as_deref().into(),
            self.user_name.as_deref().into(),
            self.session_time.into(),
            self.input_octets.into(),
            self.output_octets.into(),
            Value::Text(&self.event),
        ]
    }

    /// What counts of it, when it is of a session (RFC 2866 5.1).
    pub(crate) fn report(&self) -> Option<Report> {
        let (starts, stops) = match self.status.as_str() {
            "start" => (true, false),
            "interim-update" => (false, false),
            "stop" => (false, true),
            _ => return None,
        };
        Some(Report {
            starts,
            stops,
            happened_us: self.happened_at,
            session_time: self.session_time,
            input_octets: self.input_octets,
            output_octets: self.output_octets,
        })
    }
}

pub(crate) fn said(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty())
}

pub(crate) fn folded(name: &str, fold: &dyn Fn(&str) -> String) -> String {
    if name.is_ascii() { name.to_ascii_lowercase() } else { fold(name) }
}

/// What the data plane writes, `00-11-22-33-44-55` (RFC 3580 3.21), as columns have it.
pub(crate) fn stored_mac(mac: &str) -> String {
    mac.replace('-', ":").to_ascii_lowercase()
}

/// PostgreSQL keeps no NUL in text. JSON writes one as an escape, so the event as a whole has none to lose.
pub(crate) fn without_nul(mut text: String) -> String {
    text.retain(|character| character != '\0');
    text
}

/// A column holds 63 bits. A NAS can say more, and has not transferred that.
fn held(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}
