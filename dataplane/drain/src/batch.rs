//! Records that are stored together.

use std::collections::{BTreeMap, HashMap};

use crate::record::{BadRecord, Record};
use crate::usage::{Hour, Report, Usage};
use crate::value::Value;

/// Client and Acct-Session-Id.
pub type Key = (String, String);

/// What a database has of sessions.
pub type Known = HashMap<Key, Stored>;

/// A row of `session_usage`.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Its columns.
    pub usage: Usage,
    /// Where the database has it, if it says so.
    pub place: Option<Vec<u8>>,
}

/// Records of one journal, in its order.
#[derive(Debug)]
pub struct Batch {
    node: String,
    records: Vec<Record>,
    /// What counts, by session, in order: the sessions sorted, so that the database finds neighbours together.
    reports: BTreeMap<Key, Vec<Report>>,
}

/// What the database should have: a row for each session of a batch, and for each hour that is over.
#[derive(Debug, Default)]
pub struct Counted<'a> {
    usages: Vec<CountedOn<'a>>,
    hours: BTreeMap<(i64, &'a Key), Hour>,
}

#[derive(Debug)]
struct CountedOn<'a> {
    key: &'a Key,
    usage: Usage,
    place: Option<&'a [u8]>,
}

impl Batch {
    /// Reads events (JSON), each with its place in the journal of `node`. `fold`: the form in which names are compared, for
    /// those that are not ASCII.
    ///
    /// # Errors
    ///
    /// The first record that is no accounting.
    pub fn read<'a>(
        node: String,
        events: impl Iterator<Item = (i64, &'a [u8])>,
        fold: &dyn Fn(&str) -> String,
    ) -> Result<Self, BadRecord> {
        let records: Vec<_> =
            events.map(|(sequence, event)| Record::read(sequence, event, fold)).collect::<Result<_, _>>()?;
        let mut reports: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in &records {
            if let (Some(session_id), Some(report)) = (&record.session_id, record.report()) {
                reports.entry((record.client.clone(), session_id.clone())).or_default().push(report);
            }
        }
        Ok(Self { node, records, reports })
    }

    /// Of `accounting`.
    pub fn rows(&self) -> impl Iterator<Item = [Value<'_>; 14]> + Clone {
        self.records.iter().map(|record| record.row(&self.node))
    }

    /// Client and Acct-Session-Id of each session of which these records tell.
    pub fn sessions(&self) -> impl Iterator<Item = [Value<'_>; 2]> + Clone {
        self.reports.keys().map(|(client, session_id)| [Value::Text(client), Value::Text(session_id)])
    }

    /// Counts on from what is known.
    #[must_use]
    pub fn count<'a>(&'a self, known: &'a Known) -> Counted<'a> {
        let mut counted = Counted::default();
        for (key, reports) in &self.reports {
            let stored = known.get(key);
            let mut usage = stored.map(|stored| stored.usage);
            for report in reports {
                let over = match &mut usage {
                    Some(usage) => usage.after(report),
                    None => {
                        usage = Some(Usage::begun_by(report));
                        None
                    }
                };
                if let Some(over) = over {
                    counted
                        .hours
                        .entry((over.hour, key))
                        .or_insert(Hour { hour: over.hour, ..Hour::default() })
                        .add(over);
                }
            }
            let place = stored.and_then(|stored| stored.place.as_deref());
            counted.usages.extend(usage.map(|usage| CountedOn { key, usage, place }));
        }
        counted
    }
}

impl Counted<'_> {
    /// Of `session_usage`, to be put in the place of what is there.
    pub fn usages(&self) -> impl Iterator<Item = [Value<'_>; 13]> + Clone {
        self.placed().map(|[_, row @ ..]| row)
    }

    /// The same, each after the place where the database has it.
    pub fn placed(&self) -> impl Iterator<Item = [Value<'_>; 14]> + Clone {
        self.usages.iter().map(|CountedOn { key: (client, session_id), usage, place }| {
            [
                place.map_or(Value::Null, Value::Octets),
                Value::Text(client),
                Value::Text(session_id),
                Value::Int(usage.first_us),
                Value::Int(usage.seen_us),
                usage.session_time.into(),
                Value::Int(usage.input_counter),
                Value::Int(usage.output_counter),
                Value::Int(usage.input_octets),
                Value::Int(usage.output_octets),
                Value::Bool(usage.ended),
                Value::Int(usage.newest.hour),
                Value::Int(usage.newest.input_octets),
                Value::Int(usage.newest.output_octets),
            ]
        })
    }

    /// Of `session_hours`, to be added to what is there.
    pub fn hours(&self) -> impl Iterator<Item = [Value<'_>; 5]> + Clone {
        self.hours.iter().map(|((hour, (client, session_id)), used)| {
            let (input, output) = (Value::Int(used.input_octets), Value::Int(used.output_octets));
            [Value::Int(*hour), Value::Text(client), Value::Text(session_id), input, output]
        })
    }
}
