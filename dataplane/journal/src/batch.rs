//! Records on their way into the journal.

use crate::error::JournalError;
use crate::layout::{Kind, MAX_PAYLOAD, RECORD_HEADER, checksum};

/// Records that become durable together, or not at all. Their sequences are given by [`crate::Journal::commit`].
#[derive(Default, Debug)]
pub struct Batch {
    octets: Vec<u8>,
    records: u64,
    newest_at: u64,
}

impl Batch {
    /// Append a record; `write` appends its payload. `at`: Unix microseconds.
    ///
    /// # Errors
    /// [`JournalError::TooLong`]; the batch is then as before.
    pub fn push(&mut self, kind: Kind, at: u64, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), JournalError> {
        let begin = self.octets.len();
        self.octets.extend_from_slice(&[0; 16]);
        self.octets.extend_from_slice(&at.to_le_bytes());
        self.octets.push(kind.0);
        write(&mut self.octets);
        let length = self.octets.len() - begin - RECORD_HEADER;
        match u32::try_from(length) {
            Ok(field) if length <= MAX_PAYLOAD => put(&mut self.octets, begin, &field.to_le_bytes()),
            _ => {
                self.octets.truncate(begin);
                return Err(JournalError::TooLong { octets: length });
            }
        }
        self.records += 1;
        self.newest_at = at;
        Ok(())
    }

    /// How many records.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.records
    }

    /// No record?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Forget all records; the memory is kept for the next.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.records = 0;
    }

    /// Number the records from `first` and sign them for a segment; as they will stand in the file.
    pub(crate) fn stamp(&mut self, first: u64, seed: u32) -> &[u8] {
        let mut begin = 0;
        for sequence in first..first + self.records {
            put(&mut self.octets, begin + 8, &sequence.to_le_bytes());
            let record = self.octets.get(begin..).unwrap_or_default();
            let length = record.first_chunk().copied().map(u32::from_le_bytes).unwrap_or_default();
            let end = RECORD_HEADER + usize::try_from(length).unwrap_or_default();
            let checked = record.get(8..RECORD_HEADER).unwrap_or_default();
            let payload = record.get(RECORD_HEADER..end).unwrap_or_default();
            let crc = checksum(seed, length, checked, payload);
            put(&mut self.octets, begin + 4, &crc.to_le_bytes());
            begin += end;
        }
        &self.octets
    }

    /// Unix microseconds of its last record.
    pub(crate) fn newest_at(&self) -> u64 {
        self.newest_at
    }

    pub(crate) fn octets(&self) -> u64 {
        u64::try_from(self.octets.len()).unwrap_or(u64::MAX)
    }
}

fn put(octets: &mut [u8], at: usize, field: &[u8]) {
    if let Some(place) = octets.get_mut(at..at + field.len()) {
        place.copy_from_slice(field);
    }
}
