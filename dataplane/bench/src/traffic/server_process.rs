//! CPU time and memory of a process: its CPU clock (POSIX clock_getcpuclockid) and `/proc` (proc(5)).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;

use super::TrafficError;

/// A process id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId(pub u32);

/// A process whose use of the machine is read.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    clock: ClockId,
    folder: PathBuf,
}

/// What a process has used so far.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    /// User and system time of all its threads, ended ones among them.
    pub(crate) cpu: Duration,
    /// The same by thread name, of the threads that live.
    pub(crate) threads: BTreeMap<String, Duration>,
    /// Resident set in KiB.
    pub(crate) rss_kib: u64,
}

impl ServerProcess {
    pub(crate) fn open(id: ProcessId) -> Result<Self, TrafficError> {
        let gone = || TrafficError::ServerProcess(format!("there is no process {}", id.0));
        let pid = i32::try_from(id.0).map_err(|_| gone())?;
        Ok(Self {
            clock: ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).map_err(|_| gone())?,
            folder: PathBuf::from(format!("/proc/{pid}")),
        })
    }

    pub(crate) fn own() -> Result<Self, TrafficError> {
        Self::open(ProcessId(std::process::id()))
    }

    pub(crate) fn usage(&self) -> Result<Usage, TrafficError> {
        let cpu = self.clock.now().map_err(|_| self.unreadable())?;
        Ok(Usage { cpu: Duration::from(cpu), threads: self.threads(), rss_kib: self.rss_kib()? })
    }

    /// The resident set alone, in KiB.
    pub(crate) fn rss_kib(&self) -> Result<u64, TrafficError> {
        let status = fs::read_to_string(self.folder.join("status")).map_err(|_| self.unreadable())?;
        rss_kib(&status).ok_or_else(|| self.unreadable())
    }

    fn unreadable(&self) -> TrafficError {
        TrafficError::ServerProcess(format!("{} is not readable", self.folder.display()))
    }

    /// Empty where the kernel keeps no such account.
    fn threads(&self) -> BTreeMap<String, Duration> {
        let mut threads = BTreeMap::new();
        let tasks = fs::read_dir(self.folder.join("task")).into_iter().flatten().flatten();
        for (name, used) in tasks.filter_map(|task| thread(&task.path())) {
            *threads.entry(name).or_default() += used;
        }
        threads
    }
}

/// Name and CPU time of a thread (the first number of schedstat, nanoseconds); None when it has just ended.
fn thread(folder: &Path) -> Option<(String, Duration)> {
    let name = fs::read_to_string(folder.join("comm")).ok()?;
    let account = fs::read_to_string(folder.join("schedstat")).ok()?;
    let nanoseconds = account.split_whitespace().next()?.parse().ok()?;
    Some((name.trim_end().to_owned(), Duration::from_nanos(nanoseconds)))
}

fn rss_kib(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use super::*;

    #[test]
    fn proc5_status_resident_set() {
        assert_eq!(rss_kib("Name:\tx\nVmRSS:\t   1234 kB\nThreads:\t9\n"), Some(1234));
        assert_eq!(rss_kib("Name:\tx\n"), None);
    }

    #[test]
    fn own_process_has_used_time_and_memory() {
        let usage = ServerProcess::own().unwrap().usage().unwrap();
        assert!(usage.cpu > Duration::ZERO && usage.rss_kib > 0);
    }

    #[test]
    fn no_such_process_is_said() {
        assert!(ServerProcess::open(ProcessId(u32::MAX)).is_err());
    }
}
