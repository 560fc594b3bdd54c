//! What happened on its way from the journal into the control plane's database.
//!
//! A [`Batch`] takes accounting records as JSON, gives the rows of the table `accounting`, and counts up what they say of their
//! sessions: [`Batch::count`] takes what the database has of these and gives what it should have. [`Authentications`] gives the
//! rows of three tables: what happened, the sets of facts it was decided over, and where devices were seen. Rows are [`Value`]s, or the
//! octets of PostgreSQL's binary COPY ([`copy`]). Nothing here knows a database; the columns are those of
//! `nac/db/schema`.

mod authentications;
mod batch;
pub mod copy;
mod record;
mod usage;
mod value;

pub use authentications::Authentications;
pub use batch::{Batch, Counted, Key, Known, Stored};
pub use record::BadRecord;
pub use usage::{Hour, Usage};
pub use value::Value;
