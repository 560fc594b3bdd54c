//! What is in force at each device's port, as far as changes of authorization (RFC 5176) reach it.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The ports, by number of the device. Shared by the logins, the reports and those who take changes.
#[derive(Debug)]
pub(super) struct Seats(Vec<Mutex<Seat>>);

#[derive(Debug, Default)]
struct Seat {
    session: Option<Taken>,
    reported: Option<Instant>,
}

/// A live session.
#[derive(Debug)]
struct Taken {
    login: u32,
    switch: Option<IpAddr>,
    vlan: Option<String>,
}

/// A session at a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) login: u32,
    pub(super) switch: Option<IpAddr>,
}

/// Which session a switch is asked about. `login`: None where only the device is named; `switch`: where it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) number: u32,
    pub(super) login: Option<u32>,
    pub(super) switch: IpAddr,
}

/// A session was changed or ended, that of `login`; `after_report`: time since the device began the report before it,
/// None without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) login: u32,
    pub(super) after_report: Option<Duration>,
}

impl Seats {
    pub(super) fn new(devices: u32) -> Self {
        Self((0..devices).map(|_| Mutex::default()).collect())
    }

    /// A device was let in, into `vlan`.
    pub(super) fn take(&self, place: Place, vlan: Option<String>) {
        if let Some(mut seat) = self.seat(place.number) {
            seat.session = Some(Taken { login: place.login, switch: place.switch, vlan });
        }
    }

    /// A device begins a report.
    pub(super) fn reporting(&self, number: u32, now: Instant) {
        if let Some(mut seat) = self.seat(number) {
            seat.reported = Some(now);
        }
    }

    /// A switch changes a session, into `vlan` if it is told one; None when there is no such session.
    pub(super) fn change(&self, asked: Asked, vlan: Option<String>, now: Instant) -> Option<Changed> {
        let mut seat = self.seat(asked.number)?;
        let session = seat.session.as_mut().filter(|session| session.is_meant(asked))?;
        session.vlan = vlan.or(session.vlan.take());
        let login = session.login;
        Some(seat.changed(login, now))
    }

    /// A switch ends a session; None when there is no such session.
    pub(super) fn end(&self, asked: Asked, now: Instant) -> Option<Changed> {
        let mut seat = self.seat(asked.number)?;
        let ended = seat.session.take_if(|session| session.is_meant(asked))?;
        Some(seat.changed(ended.login, now))
    }

    /// A device leaves its session, if none ended it before; the VLAN that was in force last.
    pub(super) fn leave(&self, number: u32) -> Option<Option<String>> {
        Some(self.seat(number)?.session.take()?.vlan)
    }

    fn seat(&self, number: u32) -> Option<MutexGuard<'_, Seat>> {
        let seat = self.0.get(usize::try_from(number).ok()?)?;
        Some(seat.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seat {
    fn changed(&mut self, login: u32, now: Instant) -> Changed {
        Changed { login, after_report: self.reported.take().map(|began| now.saturating_duration_since(began)) }
    }
}

impl Taken {
    fn is_meant(&self, asked: Asked) -> bool {
        self.switch == Some(asked.switch) && asked.login.is_none_or(|login| login == self.login)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const SWITCH: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 9, 0, 1));
    const HERE: Place = Place { number: 1, login: 2, switch: Some(SWITCH) };
    const ASKED: Asked = Asked { number: 1, login: Some(2), switch: SWITCH };

    #[test]
    fn a_change_finds_the_session_that_it_names_and_no_other() {
        let (seats, now) = (Seats::new(2), Instant::now());
        let vlan = |text: &str| Some(text.to_owned());
        assert_eq!(seats.change(ASKED, vlan("66"), now), None);
        seats.take(HERE, vlan("120"));
        let elsewhere = [
            Asked { number: 0, ..ASKED },
            Asked { number: 9, ..ASKED },
            Asked { login: Some(1), ..ASKED },
            Asked { switch: IpAddr::from([127, 9, 0, 2]), ..ASKED },
        ];
        for asked in elsewhere {
            assert_eq!((seats.change(asked, vlan("66"), now), seats.end(asked, now)), (None, None), "{asked:?}");
        }
        let changed = |after_report| Some(Changed { login: 2, after_report });
        assert_eq!(seats.change(ASKED, None, now), changed(None));
        seats.reporting(1, now);
        let second = Duration::from_secs(1);
        assert_eq!(seats.change(Asked { login: None, ..ASKED }, vlan("66"), now + second), changed(Some(second)));
        assert_eq!((seats.leave(1), seats.leave(1)), (Some(vlan("66")), None));
        seats.take(HERE, vlan("120"));
        assert_eq!((seats.end(Asked { login: None, ..ASKED }, now), seats.leave(1)), (changed(None), None));
    }
}
