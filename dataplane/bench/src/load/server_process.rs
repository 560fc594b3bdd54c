//! CPU time and memory of a process, from `/proc` (proc(5)).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};

use super::LoadError;

/// A process id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId(pub u32);

/// A process whose use of the machine is read.
#[derive(Debug)]
pub(super) struct ServerProcess {
    folder: PathBuf,
    ticks_per_second: f64,
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
        Self::at(PathBuf::from(format!("/proc/{}", id.0)))
    }

    pub(super) fn own() -> Result<Self, LoadError> {
        Self::at(PathBuf::from("/proc/self"))
    }

    pub(super) fn usage(&self) -> Result<Usage, LoadError> {
        let unreadable = || LoadError::ServerProcess(format!("{} is not readable", self.folder.display()));
        let stat = fs::read_to_string(self.folder.join("stat")).map_err(|_| unreadable())?;
        let status = fs::read_to_string(self.folder.join("status")).map_err(|_| unreadable())?;
        Ok(Usage {
            cpu: cpu_ticks(&stat)
                .map(|ticks| Duration::from_secs_f64(ticks / self.ticks_per_second))
                .ok_or_else(unreadable)?,
            rss_kib: rss_kib(&status).ok_or_else(unreadable)?,
        })
    }

    fn at(folder: PathBuf) -> Result<Self, LoadError> {
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten();
        let ticks = ticks.and_then(|ticks| u32::try_from(ticks).ok());
        Ok(Self {
            folder,
            ticks_per_second: f64::from(ticks.ok_or_else(|| LoadError::ServerProcess("no clock tick".to_owned()))?),
        })
    }
}

/// utime + stime, fields 14 and 15, counted behind the command's closing parenthesis, which may hold anything.
fn cpu_ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let utime: u32 = fields.next()?.parse().ok()?;
    let stime: u32 = fields.next()?.parse().ok()?;
    Some(f64::from(utime) + f64::from(stime))
}

fn rss_kib(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{cpu_ticks, rss_kib};

    #[test]
    fn proc5_stat_with_parentheses_in_the_command() {
        let stat = "41 (a) b) S 1 41 41 0 -1 4194560 100 0 0 0 250 31 0 0 20 0 9 0 5 6 7";
        assert_eq!(cpu_ticks(stat), Some(281.0));
    }

    #[test]
    fn proc5_status_resident_set() {
        assert_eq!(rss_kib("Name:\tx\nVmRSS:\t   1234 kB\nThreads:\t9\n"), Some(1234));
        assert_eq!(rss_kib("Name:\tx\n"), None);
    }
}
