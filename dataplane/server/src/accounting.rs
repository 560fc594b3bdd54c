//! Accounting (RFC 2866, RFC 2869): what is recorded of a request, and what is told of a record.

mod earlier;
mod json;
mod record;

use nac_journal::{Kind, Record};
use nac_protocol::dictionary::Dictionary;

pub use earlier::{Earlier, recent};
pub(crate) use json::{decision_of, happened_at, terminate_cause_word};
pub use record::AccountingRecord;

/// A payload that is an event, as JSON.
pub const EVENT: Kind = Kind(1);
/// A payload that is an [`AccountingRecord`].
pub const ACCOUNTING: Kind = Kind(2);

/// A record of the journal as the JSON that `nac/events/types.py` decodes. What this version does not know is given as it
/// is, for the reader to count.
#[must_use]
pub fn told(record: Record, dictionary: &Dictionary) -> Vec<u8> {
    if record.kind != ACCOUNTING {
        return record.payload;
    }
    match AccountingRecord::read(&record.payload) {
        Some(accounting) => json::json_of(&accounting, record.at, dictionary),
        None => record.payload,
    }
}
