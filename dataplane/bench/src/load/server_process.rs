//! CPU time and memory of a process: its CPU clock (POSIX clock_getcpuclockid) and `/proc` (proc(5)).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::time::ClockId;
use nix::unistd::Pid;

use super::LoadError;

/// A process id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId(pub u32);

/// A process whose use of the machine is read.
#[derive(Debug)]
pub(super) struct ServerProcess {
    clock: ClockId,
    status: PathBuf,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// User and system time of all its threads, ended ones among them.
    pub(super) cpu: Duration,
    /// Resident set in KiB.
    pub(super) rss_kib: u64,
}

impl ServerProcess {
    pub(super) fn open(id: ProcessId) -> Result<Self, LoadError> {
        let gone = || LoadError::ServerProcess(format!("there is no process {}", id.0));
        let pid = i32::try_from(id.0).map_err(|_| gone())?;
        Ok(Self {
            clock: ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).map_err(|_| gone())?,
            status: PathBuf::from(format!("/proc/{pid}/status")),
        })
    }

    pub(super) fn own() -> Result<Self, LoadError> {
        Self::open(ProcessId(std::process::id()))
    }

    pub(super) fn usage(&self) -> Result<Usage, LoadError> {
        let unreadable = || LoadError::ServerProcess(format!("{} is not readable", self.status.display()));
        let cpu = self.clock.now().map_err(|_| unreadable())?;
        let status = fs::read_to_string(&self.status).map_err(|_| unreadable())?;
        Ok(Usage { cpu: Duration::from(cpu), rss_kib: rss_kib(&status).ok_or_else(unreadable)? })
    }
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
