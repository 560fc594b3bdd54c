//! The devices of one worker as they arrive in one phase of the load.

use std::time::{Duration, Instant};

use super::devices::{Device, Devices};
use super::tally::Tally;
use crate::authentication::Authentication;
use crate::traffic::arrivals::Arrivals;
use crate::traffic::crowd::{Crowd, Due, Ended, Onward};

/// An open-loop arrival that could not begin for this long is given up and counted as shed.
const MAX_WAIT_TO_BEGIN: Duration = Duration::from_secs(5);

/// Devices, when they arrive, and what became of them.
#[derive(Debug)]
pub(super) struct Arriving<'a> {
    pub(super) devices: &'a mut Devices,
    pub(super) arrivals: Arrivals,
    pub(super) tally: Tally,
}

impl Crowd for Arriving<'_> {
    type Member = Device;

    fn due(&mut self, now: Instant, running: usize) -> Option<Due> {
        loop {
            let at = self.arrivals.due(now, running)?;
            if now.duration_since(at) <= MAX_WAIT_TO_BEGIN {
                return Some(Due { at, route: 0 });
            }
            self.tally.shed += 1;
            self.arrivals.begun();
        }
    }

    fn begin(&mut self, _now: Instant) -> Option<(Device, Authentication)> {
        let begun = self.devices.begin()?;
        self.tally.started += 1;
        self.arrivals.begun();
        Some(begun)
    }

    fn next_time(&self) -> Option<Instant> {
        self.arrivals.next_time()
    }

    fn is_over(&self, now: Instant) -> bool {
        self.arrivals.is_over(now)
    }

    fn answered(&mut self, conversation: &Authentication, round_trip: Duration) -> Onward {
        self.tally.round(round_trip);
        if self.devices.rounds_before_silence() == Some(conversation.rounds()) {
            Onward::Leave
        } else {
            Onward::Continue
        }
    }

    fn ended(&mut self, device: Device, ended: Ended) {
        self.tally.ended(&ended);
        self.devices.give_back(device);
    }
}
