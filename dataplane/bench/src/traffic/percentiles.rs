//! Percentiles of durations by nearest rank.

use std::time::Duration;

use serde::Serialize;

/// Durations, kept whole in microseconds: a run has a few million at most.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    microseconds: Vec<u32>,
}

/// Percentiles in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Percentiles {
    /// How many durations there were.
    pub samples: usize,
    /// Median.
    pub p50: u32,
    /// 90 %.
    pub p90: u32,
    /// 99 %.
    pub p99: u32,
    /// 99.9 %.
    pub p99_9: u32,
    /// The longest.
    pub max: u32,
}

impl Durations {
    pub(crate) fn push(&mut self, duration: Duration) {
        self.microseconds.push(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.microseconds.append(&mut other.microseconds);
    }

    pub(crate) fn percentiles(mut self) -> Percentiles {
        self.microseconds.sort_unstable();
        let rank = |per_mille: usize| {
            let index = (self.microseconds.len() * per_mille).div_ceil(1000).saturating_sub(1);
            self.microseconds.get(index).copied().unwrap_or(0)
        };
        Percentiles {
            samples: self.microseconds.len(),
            p50: rank(500),
            p90: rank(900),
            p99: rank(990),
            p99_9: rank(999),
            max: rank(1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        let mut durations = Durations::default();
        (1..=1000).rev().for_each(|us| durations.push(Duration::from_micros(us)));
        let percentiles = durations.percentiles();
        assert_eq!(
            (percentiles.p50, percentiles.p90, percentiles.p99, percentiles.p99_9, percentiles.max),
            (500, 900, 990, 999, 1000)
        );
        assert_eq!(Durations::default().percentiles().p99, 0);
    }
}
