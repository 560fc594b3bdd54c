//! Why a journal cannot do what is asked.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What stands in the way.
#[derive(Debug)]
pub enum JournalError {
    /// All that is kept waits for its reader, and there is no room for more.
    Full {
        /// Octets kept.
        octets: u64,
        /// Octets that may be kept.
        bound: u64,
    },
    /// A payload above [`crate::MAX_PAYLOAD`].
    TooLong {
        /// Its octets.
        octets: usize,
    },
    /// The disk.
    Disk {
        /// What was tried, as in "cannot ...".
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

impl JournalError {
    pub(crate) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |why| Self::Disk { doing, path: path.to_path_buf(), why }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { octets, bound } => {
                write!(f, "the journal is full: {octets} octets of {bound} wait for the database")
            }
            Self::TooLong { octets } => write!(f, "a record of {octets} octets is above {}", crate::MAX_PAYLOAD),
            Self::Disk { doing, path, why } => write!(f, "cannot {doing} {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for JournalError {}
