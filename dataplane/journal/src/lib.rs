//! The node's journal: what must survive a crash before somebody is told so.
//!
//! Records are gathered in a [`Batch`] and made durable together by [`Journal::commit`]: one write, one fdatasync. They get
//! sequence numbers that never come twice. [`Journal::read`] gives them back in order, [`Journal::acknowledge`] lets go of
//! those that are kept elsewhere. The files are described in `layout`; faults of the disk are values of [`JournalError`].

mod active;
mod batch;
mod error;
mod folder;
mod journal;
mod layout;
mod reader;
mod scan;
mod shelf;

pub use batch::Batch;
pub use error::JournalError;
pub use journal::Journal;
pub use layout::{Kind, MAX_PAYLOAD, NodeId, Record, SegmentHeader};
pub use scan::{Found, Scan};
pub use shelf::{Alarm, JournalState};
