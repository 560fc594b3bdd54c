//! The journal on a real folder: what is kept, what a crash leaves, what damage costs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nac_journal::{Alarm, Batch, Journal, JournalError, Kind, MAX_PAYLOAD, NodeId};
use tempfile::TempDir;

const NODE: NodeId = NodeId([7; 16]);
const BOUND: u64 = 64 << 20;

fn open(folder: &Path) -> Journal {
    Journal::open(folder, NODE, BOUND).unwrap()
}

fn keep(journal: &Journal, payloads: &[&[u8]]) -> u64 {
    let mut batch = Batch::default();
    for payload in payloads {
        batch.push(Kind(1), 1_000_000, |out| out.extend_from_slice(payload)).unwrap();
    }
    let last = journal.commit(&mut batch).unwrap();
    assert!(batch.is_empty(), "ready for the next");
    last
}

fn read(journal: &Journal, after: u64) -> Vec<(u64, Vec<u8>)> {
    let records = journal.read(after, usize::MAX, Duration::ZERO).unwrap();
    records.into_iter().map(|record| (record.sequence, record.payload)).collect()
}

fn sequences(journal: &Journal) -> Vec<u64> {
    read(journal, 0).into_iter().map(|(sequence, _)| sequence).collect()
}

fn segments(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|found| found == extension));
    found.sort();
    found
}

/// A journal of several segments, closed.
fn many_segments(folder: &Path) -> u64 {
    let journal = Journal::open(folder, NODE, 80_000).unwrap();
    let last = (0..40).map(|number| keep(&journal, &[&[number; 1_000]])).last().unwrap();
    assert!(segments(folder, "journal").len() > 3);
    last
}

/// What was written of a file, without the zeros ahead.
fn written(path: &Path) -> Vec<u8> {
    let mut octets = fs::read(path).unwrap();
    octets.truncate(octets.iter().rposition(|octet| *octet != 0).unwrap() + 1);
    octets
}

fn flip(path: &Path, at: usize) {
    let mut octets = fs::read(path).unwrap();
    octets[at] ^= 0x10;
    fs::write(path, octets).unwrap();
}

#[test]
fn records_come_back_in_order_and_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path());
    assert_eq!(keep(&journal, &[b"one", b"", b"three"]), 3);
    assert_eq!(keep(&journal, &[b"four"]), 4);
    let expected = [(1, b"one".to_vec()), (2, Vec::new()), (3, b"three".to_vec()), (4, b"four".to_vec())];
    assert_eq!(read(&journal, 0), expected);
    assert_eq!(read(&journal, 2), expected[2..]);
    assert_eq!(read(&journal, 1), expected[1..], "backwards too");
    assert_eq!(journal.read(1, 2, Duration::ZERO).unwrap().len(), 2);
    drop(journal);
    let again = open(folder.path());
    assert_eq!(again.node(), NODE);
    assert_eq!(keep(&again, &[b"five"]), 5);
    assert_eq!(sequences(&again), [1, 2, 3, 4, 5]);
}

#[test]
fn a_node_keeps_its_name_and_an_empty_folder_gets_the_one_that_is_offered() {
    let folder = TempDir::new().unwrap();
    keep(&open(folder.path()), &[b"mine"]);
    let other = NodeId([9; 16]);
    assert_eq!(Journal::open(folder.path(), other, BOUND).unwrap().node(), NODE);
    let fresh = TempDir::new().unwrap();
    assert_eq!(Journal::open(fresh.path(), other, BOUND).unwrap().node(), other);
}

#[test]
fn what_is_acknowledged_is_removed_by_whole_segments_and_numbers_go_on() {
    let folder = TempDir::new().unwrap();
    let last = many_segments(folder.path());
    let journal = Journal::open(folder.path(), NODE, 80_000).unwrap();
    let before = segments(folder.path(), "journal").len();
    journal.acknowledge(last / 2, &(0..0));
    let left = segments(folder.path(), "journal").len();
    assert!((2..before).contains(&left));
    assert!(sequences(&journal).contains(&(last / 2 + 1)));
    journal.acknowledge(u64::MAX, &(0..0));
    assert_eq!(segments(folder.path(), "journal").len(), 1, "the newest stays");
    drop(journal);
    assert_eq!(keep(&open(folder.path()), &[b"next"]), last + 1);
}

#[test]
fn what_may_be_asked_about_again_is_kept_a_while_longer() {
    let folder = TempDir::new().unwrap();
    let last = many_segments(folder.path());
    let journal = Journal::open(folder.path(), NODE, 80_000).unwrap();
    let before = segments(folder.path(), "journal").len();
    journal.acknowledge(last, &(1_000_000..2_000_000));
    assert_eq!((segments(folder.path(), "journal").len(), journal.state().waiting), (before, 0));
    journal.acknowledge(last, &(500_000..1_000_000));
    assert_eq!(segments(folder.path(), "journal").len(), 1, "what seems to come from the future is not recent");
}

#[test]
fn the_bound_refuses_and_acknowledging_makes_room() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::open(folder.path(), NODE, 80_000).unwrap();
    let mut batch = Batch::default();
    let mut seen_filling = false;
    let refused = loop {
        batch.push(Kind(1), 5, |out| out.extend_from_slice(&[0; 1_000])).unwrap();
        match journal.commit(&mut batch) {
            Ok(_) => seen_filling |= journal.state().alarm == Some(Alarm::Filling),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, JournalError::Full { .. }), "{refused}");
    assert!(seen_filling, "the alarm comes long before");
    assert_eq!(journal.state().alarm, Some(Alarm::Full));
    assert_eq!(batch.len(), 1, "what was refused can be tried again");
    let octets: u64 = segments(folder.path(), "journal").iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(octets <= 80_000);
    journal.acknowledge(u64::MAX, &(0..0));
    assert!(journal.commit(&mut batch).is_ok());
    assert_eq!(journal.state().alarm, None);
}

#[test]
fn a_torn_end_is_cut_wherever_it_is_torn() {
    let whole = TempDir::new().unwrap();
    keep(&open(whole.path()), &[b"kept", b"torn by the crash"]);
    let octets = written(&segments(whole.path(), "journal")[0]);
    let second = octets.len() - 25 - b"torn by the crash".len();
    for end in second + 1..octets.len() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("00000000000000000001.journal");
        fs::write(&path, &octets[..end]).unwrap();
        let journal = open(folder.path());
        assert_eq!(read(&journal, 0), [(1, b"kept".to_vec())]);
        let state = journal.state();
        assert!((1..=u64::try_from(end - second).unwrap()).contains(&state.torn) && state.damaged.is_empty());
        assert!(keep(&journal, &[b"next"]) > 2, "the number of what was torn is not used again");
        drop(journal);
        assert_eq!(open(folder.path()).state().torn, 0, "told once");
        assert_eq!(open(folder.path()).state().waiting, 2);
    }
}

#[test]
fn damage_inside_costs_one_record_and_the_file_is_set_aside() {
    let folder = TempDir::new().unwrap();
    let last = many_segments(folder.path());
    let victim = segments(folder.path(), "journal").remove(1);
    let octets = fs::read(&victim).unwrap();
    flip(&victim, octets.len() / 2);
    let journal = Journal::open(folder.path(), NODE, 80_000).unwrap();
    assert_eq!(sequences(&journal).len() as u64, last - 1);
    assert_eq!(journal.state().damaged.len(), 1);
    journal.acknowledge(last, &(0..0));
    assert_eq!(segments(folder.path(), "damaged").len(), 1);
    assert_eq!(journal.state().damaged.len(), 1, "and is still told of");
}

#[test]
fn damage_that_comes_while_it_runs_is_skipped() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path());
    keep(&journal, &[b"one", b"two", b"three"]);
    flip(&segments(folder.path(), "journal")[0], 36 + 28 + 26);
    assert_eq!(sequences(&journal), [1, 3]);
    assert_eq!(journal.state().damaged.len(), 1);
    flip(&segments(folder.path(), "journal")[0], 36 + 28 + 28 + 26);
    assert_eq!(sequences(&journal), [1]);
    assert_eq!(keep(&journal, &[b"four"]), 4);
    assert_eq!(sequences(&journal), [1, 4]);
}

#[test]
fn a_damaged_header_loses_no_record() {
    let folder = TempDir::new().unwrap();
    let last = many_segments(folder.path());
    for at in [0, 9, 25, 33] {
        flip(&segments(folder.path(), "journal")[1], at);
        let journal = Journal::open(folder.path(), NodeId([1; 16]), 80_000).unwrap();
        assert_eq!(sequences(&journal).len() as u64, last);
        assert_eq!(journal.state().damaged.len(), 1);
    }
}

#[test]
fn files_that_are_no_segments_do_not_keep_it_from_starting() {
    let folder = TempDir::new().unwrap();
    let last = many_segments(folder.path());
    for (name, octets) in [
        ("00000000000000000000.journal", &b""[..]),
        ("18446744073709551615.journal", b"garbage"),
        ("00000000000000000003.new", b"nacj"),
        ("notes.journal", b"not ours"),
        ("00000000000000099999.damaged", b"from an earlier time"),
    ] {
        fs::write(folder.path().join(name), octets).unwrap();
    }
    let journal = Journal::open(folder.path(), NODE, 160_000).unwrap();
    assert_eq!(sequences(&journal).len() as u64, last);
    assert!(segments(folder.path(), "new").is_empty());
    assert!(folder.path().join("notes.journal").exists());
}

#[test]
fn a_record_inside_a_payload_is_none() {
    let folder = TempDir::new().unwrap();
    let elsewhere = TempDir::new().unwrap();
    keep(&Journal::open(elsewhere.path(), NodeId([1; 16]), BOUND).unwrap(), &[b"x", b"forged"]);
    let forged = written(&segments(elsewhere.path(), "journal")[0]).split_off(36);
    let journal = open(folder.path());
    keep(&journal, &[&forged, b"after"]);
    drop(journal);
    flip(&segments(folder.path(), "journal")[0], 36);
    assert_eq!(read(&open(folder.path()), 0), [(2, b"after".to_vec())]);
}

#[test]
fn a_payload_beyond_the_bound_is_refused_and_the_batch_stays() {
    let mut batch = Batch::default();
    batch.push(Kind(1), 1, |out| out.push(1)).unwrap();
    let refused = batch.push(Kind(1), 1, |out| out.resize(out.len() + MAX_PAYLOAD + 1, 0));
    assert!(matches!(refused, Err(JournalError::TooLong { octets }) if octets == MAX_PAYLOAD + 1));
    assert_eq!(batch.len(), 1);
    let folder = TempDir::new().unwrap();
    assert_eq!(open(folder.path()).commit(&mut batch).unwrap(), 1);
}

#[test]
fn a_folder_that_is_a_file_is_an_error_with_its_name() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal");
    fs::write(&path, b"").unwrap();
    let error = Journal::open(&path, NODE, BOUND).unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()), "{error}");
}

#[test]
fn a_folder_that_goes_away_fails_and_comes_back() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal");
    let journal = open(&path);
    fs::remove_dir_all(&path).unwrap();
    let mut batch = Batch::default();
    batch.push(Kind(1), 1, |out| out.push(1)).unwrap();
    assert!(journal.commit(&mut batch).is_err());
    let state = journal.state();
    assert_eq!((state.alarm, state.failures), (Some(Alarm::Failing), 1));
    fs::create_dir(&path).unwrap();
    journal.commit(&mut batch).unwrap();
    assert_eq!(journal.state().alarm, None);
    assert_eq!(sequences(&journal).len(), 1);
}

#[test]
fn a_journal_that_failed_finds_out_by_itself_that_it_can_be_written_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal");
    let journal = open(&path);
    fs::remove_dir_all(&path).unwrap();
    let mut batch = Batch::default();
    batch.push(Kind(1), 1, |out| out.push(1)).unwrap();
    assert!(journal.commit(&mut batch).is_err());
    journal.retry(&(0..0));
    assert_eq!(journal.state().alarm, Some(Alarm::Failing), "it is still so");
    fs::create_dir(&path).unwrap();
    for _ in 0..2 {
        journal.retry(&(0..0));
        let state = journal.state();
        assert_eq!((state.alarm, state.error, state.failures, state.waiting), (None, None, 1, 0));
        assert_eq!(segments(&path, "journal").len(), 1);
    }
    let last = keep(&journal, &[b"after"]);
    drop(journal);
    let journal = open(&path);
    assert_eq!((journal.state().torn, read(&journal, 0)), (0, vec![(last, b"after".to_vec())]));
}

#[test]
fn waiting_ends_when_a_record_is_durable_and_when_it_is_closed() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path());
    let forever = Duration::from_secs(3_600);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| journal.read(0, 10, forever).unwrap().len());
        keep(&journal, &[b"now"]);
        assert_eq!(reading.join().unwrap(), 1);
        let reading = scope.spawn(|| journal.read(1, 10, forever).unwrap().len());
        journal.close();
        assert_eq!(reading.join().unwrap(), 0);
    });
}

#[test]
fn it_tells_what_waits_and_since_when() {
    let folder = TempDir::new().unwrap();
    let journal = open(folder.path());
    let mut batch = Batch::default();
    for at in [10, 20, 30] {
        batch.push(Kind(1), at, |out| out.push(1)).unwrap();
    }
    journal.commit(&mut batch).unwrap();
    assert_eq!((journal.state().waiting, journal.oldest_waiting_at()), (3, Some(10)));
    journal.acknowledge(2, &(0..0));
    assert_eq!((journal.state().waiting, journal.oldest_waiting_at()), (1, Some(30)));
    journal.acknowledge(3, &(0..0));
    assert_eq!((journal.state().waiting, journal.oldest_waiting_at()), (0, None));
    assert_eq!(journal.state().last, 3);
}
