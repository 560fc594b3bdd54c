//! The folder of a journal: its files by name, made so that a crash leaves either all of one or none.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::JournalError;
use crate::layout::{NodeId, RECORD_HEADER, SegmentHeader};

const SEGMENT: &str = "journal";
const DAMAGED: &str = "damaged";
const UNFINISHED: &str = "new";
const NODE: &str = "node";

/// The folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Make it if need be, and remove what an interrupted start of a segment left.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(JournalError::disk("make", path))?;
        let folder = Self { path: path.to_path_buf() };
        for (_, left) in folder.files(UNFINISHED)? {
            // On a disk that cannot be written it stays, and is in nobody's way.
            let _ = fs::remove_file(left);
        }
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The node that the file beside the segments names.
    pub(crate) fn node(&self) -> Option<NodeId> {
        NodeId::parse(&fs::read_to_string(self.path.join(NODE)).ok()?)
    }

    /// Name the node for a day when the header of its only segment is damaged; without that, nothing is missed.
    pub(crate) fn name_node(&self, node: NodeId) {
        if self.node() != Some(node) {
            let unfinished = self.path.join("0.new");
            let _ = make(&unfinished, format!("{node}\n").as_bytes())
                .and_then(|_| fs::rename(&unfinished, self.path.join(NODE)));
        }
    }

    /// Segments by the first sequence that their names say, oldest first.
    pub(crate) fn segments(&self) -> Result<Vec<(u64, PathBuf)>, JournalError> {
        self.files(SEGMENT)
    }

    /// A sequence that nothing set aside can have used.
    pub(crate) fn beyond_damaged(&self) -> Result<u64, JournalError> {
        let files = self.files(DAMAGED)?;
        Ok(files.iter().map(|(first, path)| beyond(*first, length(path))).max().unwrap_or(1))
    }

    /// The names of files that were set aside.
    pub(crate) fn damaged(&self) -> Vec<String> {
        self.files(DAMAGED).unwrap_or_default().iter().filter_map(|(_, path)| name_of(path)).collect()
    }

    fn files(&self, extension: &str) -> Result<Vec<(u64, PathBuf)>, JournalError> {
        let unreadable = JournalError::disk("read", &self.path);
        let entries = fs::read_dir(&self.path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
        let named = entries.iter().map(fs::DirEntry::path).filter_map(|path| {
            let (stem, end) = path.file_name()?.to_str()?.split_once('.')?;
            let first = stem.parse().ok().filter(|_| end == extension)?;
            Some((first, path))
        });
        let mut files: Vec<_> = named.collect();
        files.sort_unstable();
        Ok(files)
    }

    /// Begin a segment; it is there, and its header durable, when this returns.
    pub(crate) fn begin(&self, header: &SegmentHeader) -> Result<(File, PathBuf), JournalError> {
        let path = self.path_of(header.first, SEGMENT);
        let unfinished = self.path_of(header.first, UNFINISHED);
        let file = make(&unfinished, &header.octets())
            .and_then(|file| fs::rename(&unfinished, &path).map(|()| file))
            .and_then(|file| File::open(&self.path)?.sync_all().map(|()| file));
        match file {
            Ok(file) => Ok((file, path)),
            Err(why) => {
                // What is left is empty, and replaced or removed later.
                let _ = fs::remove_file(&unfinished);
                Err(JournalError::Disk { doing: "write into", path: self.path.clone(), why })
            }
        }
    }

    /// Begin a segment on a disk that has no room for another: over one that holds nothing that is waited for. Its name
    /// comes first, so that whatever happens in between, no number comes twice.
    pub(crate) fn begin_over(&self, spent: &Path, header: &SegmentHeader) -> io::Result<(File, PathBuf)> {
        let path = self.path_of(header.first, SEGMENT);
        fs::rename(spent, &path)?;
        let file = OpenOptions::new().write(true).open(&path)?;
        let octets = header.octets();
        file.write_all_at(&octets, 0)?;
        file.set_len(u64::try_from(octets.len()).unwrap_or_default())?;
        file.sync_all()?;
        Ok((file, path))
    }

    /// Give a damaged segment a name that says so.
    pub(crate) fn set_aside(&self, path: &Path, first: u64) -> io::Result<()> {
        fs::rename(path, self.path_of(first, DAMAGED))
    }

    fn path_of(&self, first: u64, extension: &str) -> PathBuf {
        self.path.join(format!("{first:020}.{extension}"))
    }
}

fn make(path: &Path, octets: &[u8]) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(octets)?;
    file.sync_data()?;
    Ok(file)
}

/// A sequence that no record of a file of this length can have, if its first is `first`.
pub(crate) fn beyond(first: u64, octets: u64) -> u64 {
    let smallest = u64::try_from(RECORD_HEADER).unwrap_or(1);
    first.saturating_add(octets / smallest).saturating_add(1)
}

/// The file's length; a file that is not to be read counts as a whole segment and more.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(1 << 30, |metadata| metadata.len())
}

pub(crate) fn name_of(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}
