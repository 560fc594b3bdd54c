//! The journal against a plain model, over random lives: commits, crashes in mid write, flipped bits, a disk that is full.
//!
//! The disk is filled by RLIMIT_FSIZE. Its signal has to be ignored from the start of a process on, so the test runs
//! itself again under a shell that does that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail loudly")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nac_journal::{Batch, Found, Journal, JournalError, Kind, NodeId, Scan, SegmentHeader};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use proptest::prelude::*;
use tempfile::TempDir;

const NODE: NodeId = NodeId([7; 16]);
const BOUND: u64 = 64 << 10;
const INSIDE: &str = "NAC_JOURNAL_MODEL";

#[derive(Clone, Debug)]
enum Step {
    /// Records of these lengths, committed together.
    Commit(Vec<usize>),
    /// Read that many and acknowledge them.
    Drain(usize),
    /// Nothing is acknowledged, but the process starts anew.
    Restart,
    /// The process dies while it writes: that many octets of a further record stand at the end.
    Torn(usize),
    /// A bit of some file flips while the process is down.
    Flip(usize, usize),
    /// Files cannot grow beyond this.
    DiskFull(u64),
    /// They can again.
    DiskFree,
    /// It is tried whether the disk takes something.
    Retry,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0_usize..1_500, 1..6).prop_map(Step::Commit),
        3 => (1_usize..40).prop_map(Step::Drain),
        1 => Just(Step::Restart),
        1 => (1_usize..600).prop_map(Step::Torn),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(file, at)| Step::Flip(file, at)),
        1 => (0_u64..9_000).prop_map(Step::DiskFull),
        2 => Just(Step::DiskFree),
        2 => Just(Step::Retry),
    ]
}

/// What must be there: every record that was committed and neither acknowledged nor hit.
struct Life {
    folder: TempDir,
    journal: Option<Journal>,
    kept: BTreeMap<u64, Vec<u8>>,
    acknowledged: u64,
    highest: u64,
    written: u8,
}

impl Life {
    fn begin() -> Self {
        let folder = TempDir::new().unwrap();
        let journal = Some(Journal::open(folder.path(), NODE, BOUND).unwrap());
        Self { folder, journal, kept: BTreeMap::new(), acknowledged: 0, highest: 0, written: 0 }
    }

    fn journal(&self) -> &Journal {
        self.journal.as_ref().unwrap()
    }

    fn down(&mut self) {
        self.journal = None;
    }

    fn up(&mut self) {
        self.journal = Some(Journal::open(self.folder.path(), NodeId([1; 16]), BOUND).unwrap());
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Commit(lengths) => self.commit(&lengths),
            Step::Drain(most) => self.drain(most),
            Step::Restart => self.down(),
            Step::Torn(octets) => self.tear(octets),
            Step::Flip(file, at) => self.flip(file, at),
            Step::DiskFull(octets) => limit_files(octets),
            Step::DiskFree => limit_files(u64::MAX),
            Step::Retry => self.journal().retry(&(0..0)),
        }
        if self.journal.is_none() {
            self.up();
        }
        self.check();
    }

    fn commit(&mut self, lengths: &[usize]) {
        let mut batch = Batch::default();
        let mut payloads = Vec::new();
        for length in lengths {
            self.written = self.written.wrapping_add(1);
            payloads.push(vec![self.written; *length]);
            batch.push(Kind(1), 1, |out| out.resize(out.len() + length, self.written)).unwrap();
        }
        match self.journal().commit(&mut batch) {
            Ok(last) => {
                let first = last + 1 - lengths.len() as u64;
                assert!(first > self.highest, "a number came twice");
                self.highest = last;
                self.kept.extend((first..).zip(payloads));
            }
            Err(JournalError::Full { octets, .. }) => assert!(octets + 10_000 > BOUND),
            Err(JournalError::Disk { .. }) => assert!(self.journal().is_failing()),
            Err(other) => panic!("{other}"),
        }
    }

    fn drain(&mut self, most: usize) {
        let records = self.journal().read(self.acknowledged, most, Duration::ZERO).unwrap();
        if let Some(last) = records.last() {
            self.acknowledged = last.sequence;
            self.journal().acknowledge(last.sequence, &(0..0));
        }
    }

    fn tear(&mut self, octets: usize) {
        self.down();
        limit_files(u64::MAX);
        if let Some((_, newest)) = self.files().pop() {
            let mut file = fs::OpenOptions::new().append(true).open(newest).unwrap();
            let torn =
                [&600_u32.to_le_bytes()[..], &[0xAA; 4], &(self.highest + 1).to_le_bytes(), &[0x55; 600]].concat();
            file.write_all(&torn[..octets]).unwrap();
        }
    }

    fn flip(&mut self, file: usize, at: usize) {
        let node = self.journal().node();
        self.down();
        limit_files(u64::MAX);
        let files = self.files();
        if files.is_empty() {
            return;
        }
        let (first, path) = &files[file % files.len()];
        let mut octets = fs::read(path).unwrap();
        let at = at % octets.len();
        let mut begin = 36;
        for found in Scan::over(&octets, &SegmentHeader { node, first: *first }) {
            let end = match &found {
                Found::Record { payload, .. } => begin + 25 + payload.len(),
                Found::Damage(range) | Found::Unwritten(range) => range.end,
            };
            if let Found::Record { sequence, .. } = found
                && (begin..end).contains(&at)
            {
                self.kept.remove(&sequence);
            }
            begin = end;
        }
        octets[at] ^= 4;
        fs::write(path, octets).unwrap();
    }

    fn files(&self) -> Vec<(u64, PathBuf)> {
        let paths = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == "journal")).collect();
        files.sort();
        files.into_iter().map(|path| (first_of(&path), path)).collect()
    }

    fn check(&self) {
        let mut after = self.acknowledged;
        let mut found = Vec::new();
        loop {
            let records = self.journal().read(after, 7, Duration::ZERO).unwrap();
            let Some(last) = records.last() else { break };
            after = last.sequence;
            found.extend(records.into_iter().map(|record| (record.sequence, record.payload)));
        }
        let expected: Vec<_> =
            self.kept.range(self.acknowledged + 1..).map(|(key, value)| (*key, value.clone())).collect();
        assert_eq!(found, expected);
    }
}

fn first_of(path: &Path) -> u64 {
    path.file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

fn limit_files(octets: u64) {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, octets.min(hard), hard).unwrap();
}

#[test]
fn every_life_keeps_what_was_committed() {
    if std::env::var_os(INSIDE).is_none() {
        let again = std::env::current_exe().unwrap();
        let script = "trap '' XFSZ; exec \"$0\" every_life --nocapture";
        let run = Command::new("sh").args(["-c", script]).arg(again).env(INSIDE, "1").output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        return;
    }
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..60))| {
        limit_files(u64::MAX);
        let mut life = Life::begin();
        for step in steps {
            life.take(step);
        }
    });
}
