//! Accounting records on their way from the journal into the control plane's database.
//!
//! A [`Batch`] takes the records as JSON, gives the rows of the table `accounting`, and counts up what they say of their
//! sessions: [`Batch::count`] takes what the database has of these and gives what it should have. Rows are [`Value`]s, or the
//! octets of PostgreSQL's binary COPY ([`copy`]). Nothing here knows a database; the columns are those of
//! `nac/db/schema.py`.

mod batch;
pub mod copy;
mod record;
mod usage;
mod value;

pub use batch::{Batch, Counted, Key, Known, Stored};
pub use record::BadRecord;
pub use usage::{Hour, Usage};
pub use value::Value;
