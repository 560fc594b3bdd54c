//! Going through the octets of a segment, over what is damaged.

use std::ops::Range;

use crate::layout::{Kind, Parsed, RECORD_HEADER, SEGMENT_HEADER, SegmentHeader, parse};

/// What was found, in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found<'a> {
    /// A record.
    Record {
        /// Its number.
        sequence: u64,
        /// Unix microseconds.
        at: u64,
        /// What the payload is.
        kind: Kind,
        /// Its payload.
        payload: &'a [u8],
    },
    /// Octets between records, or behind the last, that are none.
    Damage(Range<usize>),
    /// Zeros up to the end, written ahead for records to come.
    Unwritten(Range<usize>),
}

/// Goes through a segment's records.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    octets: &'a [u8],
    place: usize,
    last: u64,
    seed: u32,
}

impl<'a> Scan<'a> {
    /// Over a whole file; its own header is not looked at: `header` says what it must be.
    #[must_use]
    pub fn over(octets: &'a [u8], header: &SegmentHeader) -> Self {
        let place = SEGMENT_HEADER.min(octets.len());
        Self { octets, place, last: header.first.saturating_sub(1), seed: header.seed() }
    }
}

impl<'a> Iterator for Scan<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        let rest = self.octets.get(self.place..).filter(|rest| !rest.is_empty())?;
        if let Parsed::Record(sequence, at, kind, payload) = parse(rest, self.last, self.seed) {
            self.last = sequence;
            self.place += RECORD_HEADER + payload.len();
            return Some(Found::Record { sequence, at, kind, payload });
        }
        let begin = self.place;
        if rest.iter().all(|octet| *octet == 0) {
            self.place = self.octets.len();
            return Some(Found::Unwritten(begin..self.place));
        }
        self.place += next_record(rest, self.last, self.seed);
        Some(Found::Damage(begin..self.place))
    }
}

/// How many octets to skip until a record begins, or all.
pub(crate) fn next_record(octets: &[u8], last: u64, seed: u32) -> usize {
    let begins = |at: &usize| {
        let rest = octets.get(*at..).unwrap_or_default();
        matches!(parse(rest, last, seed), Parsed::Record(..))
    };
    (1..octets.len()).find(begins).unwrap_or(octets.len())
}
