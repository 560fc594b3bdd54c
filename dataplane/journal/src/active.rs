//! The segment that is written to.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::batch::Batch;

/// Octets of zeros that are written ahead of the records, at once: while a file keeps its length, fdatasync need not wait
/// for the file system's own journal, and with it for what others are writing.
const AHEAD: u64 = 1 << 20;

/// The segment that is written to.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) file: File,
    pub(crate) seed: u32,
    /// Octets that are durable.
    pub(crate) length: u64,
    /// Octets of the file; what is behind `length` is zeros.
    pub(crate) allocated: u64,
    /// Octets that it may have.
    pub(crate) most: u64,
}

impl Active {
    /// Write a batch behind what is there, durably.
    pub(crate) fn append(&mut self, batch: &mut Batch, first: u64, room: u64) -> std::io::Result<()> {
        self.allocate(batch.octets(), room);
        let octets = batch.stamp(first, self.seed);
        let written = self.file.write_all_at(octets, self.length).and_then(|()| self.file.sync_data());
        match written {
            Ok(()) => self.length += u64::try_from(octets.len()).unwrap_or(u64::MAX),
            // The segment is closed with what was durable before; if not even that can be done, its reader stops there.
            Err(_) => drop(self.file.set_len(self.length)),
        }
        written
    }

    /// Write zeros ahead, at most `room`, when the file has none left for so many octets. On a disk that has no room the
    /// records follow without.
    fn allocate(&mut self, octets: u64, room: u64) {
        let end = self.length.saturating_add(octets);
        if end <= self.allocated {
            return;
        }
        let ahead = self.most.saturating_sub(end).min(AHEAD).min(room);
        self.allocated = if self.write_zeros(end, ahead).is_ok() { end + ahead } else { end };
    }

    /// Zeros in the place of records to come.
    pub(crate) fn write_zeros(&self, at: u64, octets: u64) -> std::io::Result<()> {
        self.file.write_all_at(&vec![0; usize::try_from(octets).unwrap_or_default()], at)
    }
}
