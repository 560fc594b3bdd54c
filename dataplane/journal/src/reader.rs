//! Reading a segment record by record, no further than it is durable.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use crate::error::JournalError;
use crate::layout::{Parsed, RECORD_HEADER, Record, SEGMENT_HEADER, parse};
use crate::scan::next_record;
use crate::shelf::Segment;

/// Octets taken from the file at once.
const CHUNK: usize = 1 << 20;

/// A place in a segment.
#[derive(Debug)]
pub(crate) struct Reader {
    file: File,
    path: PathBuf,
    pub(crate) first: u64,
    /// Sequence of the record before the place.
    pub(crate) last: u64,
    seed: u32,
    octets: Vec<u8>,
    start: usize,
    /// Where in the file `octets` ends.
    end: u64,
    /// Something was skipped that was no record.
    pub(crate) damage: bool,
}

impl Reader {
    /// At the beginning of a segment.
    pub(crate) fn open(segment: &Segment) -> Result<Self, JournalError> {
        let file = File::open(&segment.path).map_err(JournalError::disk("open", &segment.path))?;
        Ok(Self {
            file,
            path: segment.path.clone(),
            first: segment.header.first,
            last: segment.header.first.saturating_sub(1),
            seed: segment.header.seed(),
            octets: Vec::new(),
            start: 0,
            end: u64::try_from(SEGMENT_HEADER).unwrap_or_default(),
            damage: false,
        })
    }

    /// The next record that ends before `durable`, an offset of the file.
    pub(crate) fn next(&mut self, durable: u64) -> Result<Option<Record>, JournalError> {
        loop {
            let rest = self.octets.get(self.start..).unwrap_or_default();
            let may_go_on = match parse(rest, self.last, self.seed) {
                Parsed::Record(sequence, at, kind, payload) => {
                    let record = Record { sequence, at, kind, payload: payload.to_vec() };
                    self.start += RECORD_HEADER + record.payload.len();
                    self.last = sequence;
                    return Ok(Some(record));
                }
                Parsed::Short => true,
                Parsed::Bad => false,
            };
            if may_go_on && self.fill(durable)? {
                continue;
            }
            if self.octets.len() <= self.start {
                return Ok(None);
            }
            self.skip_damage(durable)?;
        }
    }

    fn skip_damage(&mut self, durable: u64) -> Result<(), JournalError> {
        self.damage = true;
        while self.fill(durable)? {}
        self.start += next_record(self.octets.get(self.start..).unwrap_or_default(), self.last, self.seed);
        Ok(())
    }

    /// Take more of the file; false when all that is durable is here.
    fn fill(&mut self, durable: u64) -> Result<bool, JournalError> {
        let left = usize::try_from(durable.saturating_sub(self.end)).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(false);
        }
        self.octets.drain(..self.start);
        self.start = 0;
        let before = self.octets.len();
        self.octets.resize(before + left.min(CHUNK), 0);
        let room = self.octets.get_mut(before..).unwrap_or_default();
        let read = self.file.read_at(room, self.end);
        let length = *read.as_ref().unwrap_or(&0);
        self.octets.truncate(before + length);
        self.end += u64::try_from(length).unwrap_or_default();
        read.map(|length| length > 0).map_err(JournalError::disk("read", &self.path))
    }
}
