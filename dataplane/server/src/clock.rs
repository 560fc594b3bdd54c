//! Time as an argument: read in `listen/`, passed down from there.

use std::time::Duration;

/// One reading of the clocks. Timers use `monotonic`; certificates and records use `unix_micros`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Now {
    /// Since the data plane started.
    pub monotonic: Duration,
    /// Since 1970-01-01T00:00:00Z.
    pub unix_micros: u64,
}

impl Now {
    /// Unix seconds.
    #[must_use]
    pub fn unix(&self) -> u64 {
        self.unix_micros / 1_000_000
    }
}

/// `YYYY-MM-DD HH:MM:SSZ` of Unix seconds (the civil calendar from day counts).
#[must_use]
pub fn utc(unix: u64) -> String {
    let (days, second) = (unix / 86_400, unix % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn utc_of_known_instants() {
        for (unix, text) in [
            (0, "1970-01-01 00:00:00Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (1_795_404_245, "2026-11-23 03:24:05Z"),
            (4_102_444_799, "2099-12-31 23:59:59Z"),
        ] {
            assert_eq!(super::utc(unix), text);
        }
    }
}
