//! A progress bar for people who watch: how many devices are in, and how many have gone again.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Columns of the bar itself.
const COLUMNS: u64 = 30;

/// Counted by the workers, drawn by the thread that waits for them.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    visible: bool,
    began: Instant,
    inside: AtomicU64,
    gone: AtomicU64,
}

impl Progress {
    /// `total`: how many devices are to come. An invisible one draws nothing.
    pub(super) fn new(total: u32, visible: bool) -> Self {
        Self {
            total: u64::from(total),
            visible,
            began: Instant::now(),
            inside: AtomicU64::new(0),
            gone: AtomicU64::new(0),
        }
    }

    /// A device was admitted for the first time.
    pub(super) fn one_in(&self) {
        self.inside.fetch_add(1, Ordering::Relaxed);
    }

    /// A device does nothing any more.
    pub(super) fn one_gone(&self) {
        self.gone.fetch_add(1, Ordering::Relaxed);
    }

    /// Draws one line over the last one.
    pub(super) fn draw(&self) {
        self.write(&self.line());
    }

    /// Leaves no trace.
    pub(super) fn clear(&self) {
        self.write("");
    }

    fn line(&self) -> String {
        let (inside, gone) = (self.inside.load(Ordering::Relaxed), self.gone.load(Ordering::Relaxed));
        let filled = inside * COLUMNS / self.total.max(1);
        let bar: String = (0..COLUMNS).map(|column| if column < filled { '#' } else { '.' }).collect();
        let seconds = self.began.elapsed().as_secs();
        format!("[{bar}] {inside} of {} in, {gone} gone, {seconds} s", self.total)
    }

    /// A terminal that is gone is no reason to stop.
    fn write(&self, line: &str) {
        if self.visible {
            let mut terminal = io::stderr().lock();
            let _ = write!(terminal, "\r\x1b[K{line}");
            let _ = terminal.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_with_those_who_are_in() {
        let progress = Progress::new(4, false);
        (0..3).for_each(|_| progress.one_in());
        progress.one_gone();
        let line = progress.line();
        assert_eq!(line.matches('#').count(), 22);
        assert!(line.contains("3 of 4 in, 1 gone"), "{line}");
        assert!(!Progress::new(0, false).line().contains('#'));
    }
}
