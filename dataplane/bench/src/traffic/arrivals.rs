//! When conversations begin: the share of one worker in a phase of the load.

use std::time::{Duration, Instant};

use aws_lc_rs::rand;

use super::Pace;

/// When a phase stops beginning conversations.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PhaseEnd {
    /// After this many, over all workers.
    Count(u64),
    /// At this time.
    At(Instant),
}

/// One worker's arrivals. Asked by [`Arrivals::due`], told by [`Arrivals::begun`].
#[derive(Debug)]
pub(crate) struct Arrivals {
    schedule: Schedule,
    left: u64,
    until: Option<Instant>,
}

#[derive(Debug)]
enum Schedule {
    Closed { concurrency: usize },
    Open { mean_gap: f64, next: Instant },
}

impl Arrivals {
    /// The share of worker `index` among `workers`.
    pub(crate) fn share(pace: Pace, end: PhaseEnd, index: usize, workers: usize, now: Instant) -> Self {
        let schedule = match pace {
            Pace::Closed { concurrency } => Schedule::Closed { concurrency: part(concurrency, index, workers) },
            Pace::Open { rate } => {
                Schedule::Open { mean_gap: f64::from(u32::try_from(workers).unwrap_or(u32::MAX)) / rate, next: now }
            }
        };
        let (left, until) = match end {
            PhaseEnd::Count(count) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                (u64::try_from(part(count, index, workers)).unwrap_or(u64::MAX), None)
            }
            PhaseEnd::At(time) => (u64::MAX, Some(time)),
        };
        Self { schedule, left, until }
    }

    /// The time from which the next conversation counts, if one is due while `running` others run.
    pub(crate) fn due(&self, now: Instant, running: usize) -> Option<Instant> {
        if self.is_over(now) {
            return None;
        }
        match &self.schedule {
            Schedule::Closed { concurrency } => (running < *concurrency).then_some(now),
            Schedule::Open { next, .. } => (*next <= now).then_some(*next),
        }
    }

    /// A due conversation has begun (or was given up): schedules the next.
    pub(crate) fn begun(&mut self) {
        self.left = self.left.saturating_sub(1);
        if let Schedule::Open { mean_gap, next } = &mut self.schedule {
            *next += Duration::from_secs_f64(*mean_gap * exponential());
        }
    }

    /// No more will begin. Open arrivals whose time came before the end are still due.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        let reference = match &self.schedule {
            Schedule::Closed { .. } => now,
            Schedule::Open { next, .. } => *next,
        };
        self.left == 0 || self.until.is_some_and(|until| reference >= until)
    }

    /// When to look again, if time alone decides.
    pub(crate) fn next_time(&self) -> Option<Instant> {
        match &self.schedule {
            Schedule::Closed { .. } => None,
            Schedule::Open { next, .. } => Some(*next),
        }
    }
}

/// Shares that differ by one at most and add up to `whole`.
fn part(whole: usize, index: usize, workers: usize) -> usize {
    whole / workers + usize::from(index < whole % workers)
}

/// Exponentially distributed with mean 1, so that arrivals are a Poisson process.
fn exponential() -> f64 {
    let mut octets = [0; 4];
    // Without randomness the gaps are even, which only makes the load gentler.
    if rand::fill(&mut octets).is_err() {
        return 1.0;
    }
    let uniform = (f64::from(u32::from_be_bytes(octets)) + 1.0) / (f64::from(u32::MAX) + 1.0);
    -uniform.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for (whole, workers) in [(10, 3), (2, 4), (256, 1)] {
            let sum: usize = (0..workers).map(|index| part(whole, index, workers)).sum();
            assert_eq!(sum, whole);
        }
    }

    #[test]
    fn closed_loop_keeps_its_concurrency_and_its_count() {
        let now = Instant::now();
        let mut arrivals = Arrivals::share(Pace::Closed { concurrency: 2 }, PhaseEnd::Count(3), 0, 1, now);
        let mut begun = 0;
        while arrivals.due(now, begun.min(1)).is_some() {
            arrivals.begun();
            begun += 1;
        }
        assert_eq!(begun, 3);
        assert!(arrivals.is_over(now));
        let full = Arrivals::share(Pace::Closed { concurrency: 2 }, PhaseEnd::Count(3), 0, 1, now);
        assert_eq!(full.due(now, 2), None);
    }

    #[test]
    fn open_loop_has_its_mean_rate_and_does_not_wait_for_the_server() {
        let start = Instant::now();
        let end = start + Duration::from_secs(100);
        let mut arrivals = Arrivals::share(Pace::Open { rate: 100.0 }, PhaseEnd::At(end), 0, 1, start);
        let mut begun = 0_u32;
        while arrivals.due(end, 1_000_000).is_some() {
            arrivals.begun();
            begun += 1;
        }
        assert!((9_000..11_000).contains(&begun), "{begun}");
        assert!(arrivals.is_over(end));
    }
}
