//! Which segments there are, and what of them has been acknowledged.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::PathBuf;

use crate::layout::{NodeId, SegmentHeader};

/// A segment as far as it is durable.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) header: SegmentHeader,
    pub(crate) path: PathBuf,
    /// Sequence of its last record; one less than its first when there is none.
    pub(crate) last: u64,
    pub(crate) records: u64,
    /// Unix microseconds of its last record.
    pub(crate) newest_at: u64,
    pub(crate) octets: u64,
    pub(crate) damaged: bool,
}

/// Why somebody should look after the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// The last write failed.
    Failing,
    /// There is no room for more.
    Full,
    /// Half of the room is taken.
    Filling,
}

impl Alarm {
    /// One word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Full => "full",
            Self::Filling => "filling",
        }
    }
}

/// How a journal stands.
#[derive(Clone, Debug)]
pub struct JournalState {
    /// Who writes it.
    pub node: NodeId,
    /// Sequence of the last durable record; zero before the first.
    pub last: u64,
    /// Records that are not acknowledged.
    pub waiting: u64,
    /// Octets on disk.
    pub octets: u64,
    /// Octets that may be kept.
    pub bound: u64,
    /// What is wrong.
    pub alarm: Option<Alarm>,
    /// What the last write failed with.
    pub error: Option<String>,
    /// Writes that failed since the start.
    pub failures: u64,
    /// Octets of a torn end, cut off at the start.
    pub torn: u64,
    /// Files with damage inside: set aside, or to be set aside once their good records are acknowledged.
    pub damaged: Vec<String>,
}

/// The segments, oldest first. The newest is never removed: its name keeps sequences from coming twice.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) segments: VecDeque<Segment>,
    pub(crate) acknowledged: u64,
    pub(crate) last: u64,
    pub(crate) closed: bool,
}

impl Shelf {
    /// The segment to look into for what comes after `sequence`.
    pub(crate) fn after(&self, sequence: u64) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.records > 0 && segment.last > sequence)
    }

    pub(crate) fn octets(&self) -> u64 {
        self.segments.iter().map(|segment| segment.octets).sum()
    }

    pub(crate) fn waiting(&self) -> u64 {
        let waits = |segment: &Segment| match self.acknowledged.checked_sub(segment.header.first) {
            None => segment.records,
            Some(before) => segment.records.saturating_sub(before + 1),
        };
        self.segments.iter().map(waits).sum()
    }

    /// Note what is acknowledged; the segments that are done with, and whose last record is not of the time `recent`.
    pub(crate) fn acknowledge(&mut self, sequence: u64, recent: &Range<u64>) -> Vec<Segment> {
        self.acknowledged = self.acknowledged.max(sequence.min(self.last));
        let mut done = Vec::new();
        while self.segments.len() > 1
            && let Some(oldest) =
                self.segments.pop_front_if(|it| it.last <= self.acknowledged && !recent.contains(&it.newest_at))
        {
            done.push(oldest);
        }
        done
    }

    /// The newest segment, if it holds nothing that is waited for.
    pub(crate) fn spent(&self) -> Option<&Segment> {
        self.segments.back().filter(|newest| newest.last <= self.acknowledged && !newest.damaged)
    }

    /// Nothing more can be read from this segment after `sequence`.
    pub(crate) fn exhausted(&mut self, first: u64, sequence: u64) {
        if let Some(segment) = self.segments.iter_mut().find(|segment| segment.header.first == first) {
            segment.damaged = true;
            segment.last = segment.last.min(sequence.max(first.saturating_sub(1)));
            segment.records = segment.records.min((segment.last + 1).saturating_sub(first));
        }
    }

    pub(crate) fn note_damage(&mut self, first: u64) {
        if let Some(segment) = self.segments.iter_mut().find(|segment| segment.header.first == first) {
            segment.damaged = true;
        }
    }
}
