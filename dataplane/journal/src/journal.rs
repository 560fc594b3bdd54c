//! The journal itself: opened once, written by few threads, read by one.

use std::fs::{self, OpenOptions};
use std::ops::Range;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::active::Active;
use crate::batch::Batch;
use crate::error::JournalError;
use crate::folder::{Folder, beyond, name_of};
use crate::layout::{NodeId, Record, SEGMENT_HEADER, SegmentHeader};
use crate::reader::Reader;
use crate::scan::{Found, Scan};
use crate::shelf::{Alarm, JournalState, Segment, Shelf};

/// Octets after which a segment is closed: what is read again after a restart, and let go of at once.
const SEGMENT_OCTETS: u64 = 8 << 20;
/// Octets that must fit again for a failing journal to count as usable: a batch of accounting.
const RETRY: u64 = 64 << 10;
/// Octets after which one reading ends, whatever was asked for.
const READ_OCTETS: usize = 4 << 20;

/// A node's journal. Share it behind an `Arc`.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    node: NodeId,
    bound: u64,
    segment_octets: u64,
    torn: u64,
    writer: Mutex<Writer>,
    shelf: Mutex<Shelf>,
    filled: Condvar,
    reader: Mutex<Option<Reader>>,
}

#[derive(Debug)]
struct Writer {
    next: u64,
    active: Option<Active>,
    error: Option<String>,
    failures: u64,
}

impl Writer {
    /// A segment that is closed needs no room ahead; left there, it is zeros and in nobody's way.
    fn close_active(&mut self) {
        drop(self.active.take().map(|active| active.file.set_len(active.length)));
    }
}

impl Journal {
    /// Open the journal in a folder, which is made if need be. `node` is its writer if it has none yet; `bound`: octets
    /// that it may take.
    ///
    /// A torn end is cut, a segment with damage inside keeps its good records; [`Journal::state`] tells of both.
    ///
    /// # Errors
    /// [`JournalError::Disk`] when the folder cannot be made, or what is in it cannot be read.
    pub fn open(path: &Path, node: NodeId, bound: u64) -> Result<Self, JournalError> {
        let folder = Folder::open(path)?;
        let files = folder.segments()?;
        let mut headers = Vec::new();
        for (first, path) in &files {
            let octets = fs::read(path).map_err(JournalError::disk("read", path))?;
            let header = SegmentHeader::parse(&octets).filter(|header| header.first == *first);
            headers.push((*first, header, octets));
        }
        // Without a segment numbers begin anew, and so does the name that makes them unique.
        let named = folder.node().filter(|_| !files.is_empty()).unwrap_or(node);
        let node = headers.iter().rev().find_map(|(_, header, _)| *header).map_or(named, |header| header.node);
        folder.name_node(node);
        let mut shelf = Shelf::default();
        let mut next = folder.beyond_damaged()?;
        let mut torn = 0;
        for (position, ((first, header, octets), (_, path))) in headers.iter().zip(&files).enumerate() {
            let newest = position + 1 == files.len();
            let mine = header.is_none_or(|header| header.node == node);
            let (segment, cut) = examine(path, SegmentHeader { node, first: *first }, octets, newest);
            let damaged = segment.damaged || header.is_none();
            // What was cut or damaged may have been read before, by its number.
            let whole = !damaged && cut == 0;
            next = next.max(if whole { segment.last.saturating_add(1) } else { beyond(*first, length_of(octets)) });
            torn += cut;
            shelf.segments.push_back(Segment { damaged: damaged || !mine, ..segment });
        }
        shelf.last = shelf.segments.iter().map(|segment| segment.last).max().unwrap_or(next.saturating_sub(1));
        let segment_octets = SEGMENT_OCTETS.min(bound / 8).max(1);
        let journal = Self {
            folder,
            node,
            bound,
            segment_octets,
            torn,
            writer: Mutex::new(Writer { next, active: None, error: None, failures: 0 }),
            shelf: Mutex::new(shelf),
            filled: Condvar::new(),
            reader: Mutex::default(),
        };
        journal.settle();
        Ok(journal)
    }

    /// Make durable what a killed process wrote last, and cut a torn end: after a new segment has begun, whose name keeps
    /// the numbers of what is cut from being used again. On a disk that is full all stays until the next start.
    fn settle(&self) {
        let Some(newest) = lock(&self.shelf).segments.back().cloned() else { return };
        let mut writer = lock(&self.writer);
        if self.torn > 0 {
            let Ok(active) = self.begin(writer.next) else { return };
            writer.active = Some(active);
        }
        let settled = OpenOptions::new().write(true).open(&newest.path).and_then(|file| {
            file.set_len(newest.octets)?;
            file.sync_all()
        });
        if self.torn > 0 && settled.is_err() {
            lock(&self.shelf).note_damage(newest.header.first);
        }
    }

    /// Who writes this journal.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Make a batch durable, and empty it; the sequence of its last record.
    ///
    /// # Errors
    /// None of it counts as kept then, and the batch is as before: to be tried again, or dropped.
    pub fn commit(&self, batch: &mut Batch) -> Result<u64, JournalError> {
        let mut writer = lock(&self.writer);
        let kept = self.write(&mut writer, batch);
        match &kept {
            Ok(_) => {
                writer.error = None;
                batch.clear();
            }
            Err(why) => {
                writer.error = Some(why.to_string());
                writer.failures += 1;
            }
        }
        kept
    }

    fn write(&self, writer: &mut Writer, batch: &mut Batch) -> Result<u64, JournalError> {
        if batch.is_empty() {
            return Ok(writer.next - 1);
        }
        let octets = lock(&self.shelf).octets();
        let wanted = batch.octets().saturating_add(u64::try_from(SEGMENT_HEADER).unwrap_or_default());
        let Some(room) = self.bound.checked_sub(octets).and_then(|room| room.checked_sub(wanted)) else {
            return Err(JournalError::Full { octets, bound: self.bound });
        };
        if writer.active.as_ref().is_none_or(|active| active.length + batch.octets() > self.segment_octets) {
            writer.close_active();
            writer.active = Some(self.begin(writer.next)?);
        }
        let first = writer.next;
        // Numbers of a write that failed are not used again: nobody knows what of it the disk will show.
        writer.next += batch.len();
        let written = writer.active.as_mut().map(|active| active.append(batch, first, room)).transpose();
        if let Err(why) = written {
            writer.active = None;
            return Err(JournalError::Disk { doing: "write into", path: self.folder.path().to_path_buf(), why });
        }
        self.put_on_shelf(batch, writer.next - 1);
        Ok(writer.next - 1)
    }

    fn begin(&self, first: u64) -> Result<Active, JournalError> {
        let header = SegmentHeader { node: self.node, first };
        let (file, path) = self.folder.begin(&header).or_else(|why| {
            let mut shelf = lock(&self.shelf);
            let spent = shelf.spent().map(|spent| spent.path.clone()).ok_or(why)?;
            shelf.segments.pop_back();
            self.folder.begin_over(&spent, &header).map_err(JournalError::disk("write into", self.folder.path()))
        })?;
        let length = u64::try_from(SEGMENT_HEADER).unwrap_or_default();
        let mut shelf = lock(&self.shelf);
        shelf.segments.retain(|segment| {
            let in_use = segment.records > 0 || segment.damaged;
            if !in_use && segment.path != path {
                // One without records is only clutter.
                let _ = fs::remove_file(&segment.path);
            }
            in_use
        });
        let segment = Segment {
            header,
            path,
            last: first.saturating_sub(1),
            records: 0,
            newest_at: 0,
            octets: length,
            damaged: false,
        };
        shelf.segments.push_back(segment);
        Ok(Active { file, seed: header.seed(), length, allocated: length, most: self.segment_octets })
    }

    fn put_on_shelf(&self, batch: &Batch, last: u64) {
        let mut shelf = lock(&self.shelf);
        shelf.last = last;
        if let Some(newest) = shelf.segments.back_mut() {
            newest.last = last;
            newest.records += batch.len();
            newest.newest_at = batch.newest_at();
            newest.octets += batch.octets();
        }
        drop(shelf);
        self.filled.notify_all();
    }

    /// Up to `most` durable records after a sequence, oldest first; waits at most `patience` for the first.
    ///
    /// # Errors
    /// [`JournalError::Disk`] when a segment cannot be read; what is damaged inside one is skipped and noted.
    pub fn read(&self, after: u64, most: usize, patience: Duration) -> Result<Vec<Record>, JournalError> {
        let shelf = lock(&self.shelf);
        let nothing = |shelf: &mut Shelf| !shelf.closed && shelf.after(after).is_none();
        drop(self.filled.wait_timeout_while(shelf, patience, nothing).unwrap_or_else(PoisonError::into_inner));
        let mut reader = lock(&self.reader);
        self.collect(&mut reader, after, most)
    }

    fn collect(&self, slot: &mut Option<Reader>, after: u64, most: usize) -> Result<Vec<Record>, JournalError> {
        let mut records = Vec::new();
        let (mut after, mut octets) = (after, 0);
        while records.len() < most && octets < READ_OCTETS {
            let Some(segment) = lock(&self.shelf).after(after).cloned() else { break };
            let usable = slot.take().filter(|it| it.first == segment.header.first && it.last <= after);
            let reader = match usable {
                Some(reader) => slot.insert(reader),
                None => slot.insert(Reader::open(&segment)?),
            };
            let record = reader.next(segment.octets)?;
            if std::mem::take(&mut reader.damage) {
                lock(&self.shelf).note_damage(segment.header.first);
            }
            match record {
                None => lock(&self.shelf).exhausted(segment.header.first, after),
                Some(record) if record.sequence > after => {
                    after = record.sequence;
                    octets += record.payload.len();
                    records.push(record);
                }
                Some(_) => {}
            }
        }
        Ok(records)
    }

    /// All records up to this sequence are kept elsewhere: whole segments of them are removed, damaged ones set aside. One
    /// whose last record is of the time `recent`, Unix microseconds, is kept a while longer.
    pub fn acknowledge(&self, sequence: u64, recent: &Range<u64>) {
        let done = lock(&self.shelf).acknowledge(sequence, recent);
        for segment in done {
            // One that cannot be removed is read again at the next start, and known by its numbers.
            let _ = match segment.damaged {
                true => self.folder.set_aside(&segment.path, segment.header.first),
                false => fs::remove_file(&segment.path),
            };
        }
    }

    /// After a commit that failed: find out whether there is room again, which nobody would notice while nothing happens.
    /// `recent` as in [`Journal::acknowledge`].
    pub fn retry(&self, recent: &Range<u64>) {
        if !self.is_failing() {
            return;
        }
        self.acknowledge(0, recent);
        let mut writer = lock(&self.writer);
        let wanted = RETRY.min(self.segment_octets);
        if lock(&self.shelf).octets().saturating_add(wanted) > self.bound {
            return;
        }
        writer.close_active();
        if let Ok(active) = self.begin(writer.next)
            && active.write_zeros(active.length, wanted).is_ok()
        {
            writer.active = Some(active);
            writer.error = None;
        }
    }

    /// Unix microseconds of the oldest record that is not acknowledged. Reads up to it from the start of its segment.
    #[must_use]
    pub fn oldest_waiting_at(&self) -> Option<u64> {
        let acknowledged = lock(&self.shelf).acknowledged;
        let oldest = self.collect(&mut None, acknowledged, 1).unwrap_or_default();
        oldest.first().map(|record| record.at)
    }

    /// How it stands. Reads no file.
    #[must_use]
    pub fn state(&self) -> JournalState {
        let shelf = lock(&self.shelf);
        let (last, waiting, octets) = (shelf.last, shelf.waiting(), shelf.octets());
        let in_place = shelf.segments.iter().filter(|segment| segment.damaged);
        let damaged: Vec<_> = in_place.filter_map(|segment| name_of(&segment.path)).collect();
        drop(shelf);
        let writer = lock(&self.writer);
        let alarm = match &writer.error {
            _ if octets.saturating_add(self.segment_octets) > self.bound => Some(Alarm::Full),
            Some(_) => Some(Alarm::Failing),
            None if octets > self.bound / 2 => Some(Alarm::Filling),
            None => None,
        };
        JournalState {
            node: self.node,
            last,
            waiting,
            octets,
            bound: self.bound,
            alarm,
            error: writer.error.clone(),
            failures: writer.failures,
            torn: self.torn,
            damaged: self.folder.damaged().into_iter().chain(damaged).collect(),
        }
    }

    /// The last commit failed.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        lock(&self.writer).error.is_some()
    }

    /// Wake the reader for good.
    pub fn close(&self) {
        lock(&self.shelf).closed = true;
        self.filled.notify_all();
    }
}

/// What of a file is records, and how many octets of the newest are a torn end.
fn examine(path: &Path, header: SegmentHeader, octets: &[u8], newest: bool) -> (Segment, u64) {
    let last = header.first.saturating_sub(1);
    let mut segment = Segment {
        header,
        path: path.to_path_buf(),
        last,
        records: 0,
        newest_at: 0,
        octets: length_of(octets),
        damaged: false,
    };
    let mut torn = 0;
    for found in Scan::over(octets, &header) {
        match found {
            Found::Record { sequence, at, .. } => {
                segment.last = sequence;
                segment.newest_at = at;
                segment.records += 1;
            }
            Found::Damage(range) if newest && range.end == octets.len() => {
                segment.octets = u64::try_from(range.start).unwrap_or_default();
                torn = length_of(without_zeros(octets.get(range).unwrap_or_default()));
            }
            Found::Damage(_) => segment.damaged = true,
            Found::Unwritten(range) => segment.octets = u64::try_from(range.start).unwrap_or_default(),
        }
    }
    (segment, torn)
}

/// Without the zeros at the end, which were written ahead.
fn without_zeros(octets: &[u8]) -> &[u8] {
    let end = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
    octets.get(..end).unwrap_or_default()
}

fn length_of(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
