//! What a session used, counted up from what accounting reports (RFC 2866 5.3, 5.4; RFC 2869 5.1, 5.2).
//!
//! A NAS reports what it counted since the session began. Reports come late, twice and out of order; counters of 32 bits wrap
//! where a NAS does not tell Gigawords; a NAS that restarted begins anew under the same Acct-Session-Id. [`Usage::after`]
//! takes one report and says what it adds. Octets are at least 0, and counted up to what a column holds.

const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
const HALF: i64 = 1 << 31;
const WRAP: i64 = 1 << 32;
/// Acct-Session-Time and Acct-Delay-Time are whole seconds, rounded by the NAS as it likes.
const JITTER_US: i64 = 2 * SECOND_US;

/// What of an Accounting-Request counts here. Octets are `None` when it does not say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) starts: bool,
    pub(crate) stops: bool,
    pub(crate) happened_us: i64,
    pub(crate) session_time: Option<i64>,
    pub(crate) input_octets: Option<i64>,
    pub(crate) output_octets: Option<i64>,
}

impl Report {
    /// When the session began, in Unix microseconds: as far back as its own time says; 0 when it says nothing.
    fn began(&self) -> i64 {
        match self.session_time {
            _ if self.starts => self.happened_us,
            Some(seconds) => self.happened_us.saturating_sub(seconds.saturating_mul(SECOND_US)),
            None => 0,
        }
    }
}

/// Octets of a session within the hour that begins at `hour` (Unix seconds).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// When it begins.
    pub hour: i64,
    /// From the device.
    pub input_octets: i64,
    /// To the device.
    pub output_octets: i64,
}

impl Hour {
    fn is_empty(&self) -> bool {
        self.input_octets == 0 && self.output_octets == 0
    }

    pub(crate) fn add(&mut self, more: Self) {
        self.input_octets = self.input_octets.saturating_add(more.input_octets);
        self.output_octets = self.output_octets.saturating_add(more.output_octets);
    }

    /// Takes another in; what is over then is the older of both, and nothing when they are the same hour.
    fn and_then(&mut self, more: Self) -> Option<Self> {
        if self.is_empty() {
            *self = more;
            None
        } else if self.hour == more.hour {
            self.add(more);
            None
        } else if self.hour < more.hour {
            Some(std::mem::replace(self, more))
        } else {
            Some(more)
        }
    }
}

/// What is known of a session: the columns of `session_usage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// When it began, as far as anybody told; Unix microseconds.
    pub first_us: i64,
    /// The newest report, Unix microseconds.
    pub seen_us: i64,
    /// Acct-Session-Time.
    pub session_time: Option<i64>,
    /// The NAS's newest word.
    pub input_counter: i64,
    /// The NAS's newest word.
    pub output_counter: i64,
    /// Counted up from all of its words.
    pub input_octets: i64,
    /// Counted up from all of its words.
    pub output_octets: i64,
    /// A Stop was seen.
    pub ended: bool,
    /// The newest hour in which octets were reported.
    pub newest: Hour,
}

impl Usage {
    /// The first report of a session; it may have begun before anybody listened.
    pub(crate) fn begun_by(report: &Report) -> Self {
        let mut usage = Self::new(report);
        usage.count(report, usage.input_octets, usage.output_octets);
        usage
    }

    /// One report more, and which hour is over then. One that is older than what is known adds nothing.
    pub(crate) fn after(&mut self, report: &Report) -> Option<Hour> {
        if self.is_over(report) {
            let again = Self::new(report);
            let (input, output) = (again.input_octets, again.output_octets);
            *self = Self {
                first_us: self.first_us,
                input_octets: self.input_octets.saturating_add(input),
                output_octets: self.output_octets.saturating_add(output),
                newest: self.newest,
                ..again
            };
            return self.count(report, input, output);
        }
        if self.knows(report) {
            return None;
        }
        let input = report.input_octets.map_or(0, |now| growth(self.input_counter, now));
        let output = report.output_octets.map_or(0, |now| growth(self.output_counter, now));
        self.seen_us = self.seen_us.max(report.happened_us);
        self.session_time = report.session_time.or(self.session_time);
        self.input_counter = report.input_octets.unwrap_or(self.input_counter);
        self.output_counter = report.output_octets.unwrap_or(self.output_counter);
        self.input_octets = self.input_octets.saturating_add(input);
        self.output_octets = self.output_octets.saturating_add(output);
        self.ended |= report.stops;
        self.count(report, input, output)
    }

    fn new(report: &Report) -> Self {
        let (input, output) = (report.input_octets.unwrap_or(0), report.output_octets.unwrap_or(0));
        let began = report.began();
        Self {
            first_us: if began == 0 { report.happened_us } else { began },
            seen_us: report.happened_us,
            session_time: report.session_time,
            input_counter: input,
            output_counter: output,
            input_octets: input,
            output_octets: output,
            ended: report.stops,
            newest: Hour::default(),
        }
    }

    /// Counts octets to the hour in which they were reported: no NAS says how they spread over the time since its last
    /// report.
    fn count(&mut self, report: &Report, input_octets: i64, output_octets: i64) -> Option<Hour> {
        let hour = report.happened_us.div_euclid(HOUR_US).saturating_mul(HOUR_US / SECOND_US);
        let added = Hour { hour, input_octets, output_octets };
        if added.is_empty() { None } else { self.newest.and_then(added) }
    }

    /// Whether the NAS began anew: after everything known, and not only because its clock was put forward.
    fn is_over(&self, report: &Report) -> bool {
        let told = report.session_time.filter(|&time| time != 0).unwrap_or(i64::MAX);
        let again = report.starts || told < self.session_time.unwrap_or(0);
        again && report.began() > self.seen_us.saturating_add(JITTER_US)
    }

    /// The session's own time says what is newer, and the clocks when it does not: they err by a second or more.
    fn knows(&self, report: &Report) -> bool {
        match (report.session_time, self.session_time) {
            (Some(told), Some(known)) if told == known => !report.stops || self.ended,
            (Some(told), Some(known)) => told < known,
            _ => report.happened_us < self.seen_us,
        }
    }
}

/// A counter that fell has wrapped at 32 bits, if it was in the upper half of them; or it began at 0 again.
fn growth(before: i64, now: i64) -> i64 {
    if now >= before {
        now - before
    } else if (HALF..WRAP).contains(&before) {
        now + WRAP - before
    } else {
        now
    }
}
