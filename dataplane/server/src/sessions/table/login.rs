//! What logins do to sessions.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Due, Table};
use crate::clock::Now;
use crate::sessions::index::{Key, Slot, fingerprint_of};
use crate::sessions::notes::Sign;
use crate::sessions::session::{Names, Session, SessionId, differ};
use crate::sessions::transition::Happening;

/// An Access-Accept that was sent.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The session as it is if it is new.
    pub session: Session,
    /// Unix second at which time alone may change the decision.
    pub boundary: Option<i64>,
    /// Something that was decided on has changed since: decide again.
    pub outdated: Option<Due>,
}

impl Table {
    /// An Access-Accept was sent.
    pub fn accept(&mut self, accepted: Accepted, now: Now) {
        let Accepted { session, boundary, outdated } = accepted;
        let key = Key::of(&session.client, session.source, &session.names, session.id);
        let before = self.index.by_key(&key);
        self.leave_elsewhere(&session, before, now);
        let superseded = before.and_then(|slot| superseded(&self.session(slot)?.names, &session.names));
        let slot = match (before, superseded) {
            (Some(slot), None) => Some(self.reauthorize(slot, session, now)),
            (Some(slot), Some((happening, cause))) => {
                self.end(slot, happening, cause, now);
                self.open(session, now)
            }
            (None, _) => self.open(session, now),
        };
        let Some(slot) = slot else { return };
        self.set_boundary(slot, boundary);
        outdated.into_iter().for_each(|due| self.make_due(slot, due));
    }

    /// The same device, proven in the same way, was accepted elsewhere: it is there now.
    fn leave_elsewhere(&mut self, session: &Session, except: Option<Slot>, now: Now) {
        let (Some(mac), Some(authorized)) = (session.names.mac, &session.authorized) else { return };
        let fingerprint = fingerprint_of(session);
        for slot in self.index.by_mac(mac) {
            let same = self.session(slot).is_some_and(|other| {
                let method = other.authorized.as_ref().map(|other| other.method);
                Some(slot) != except && method == Some(authorized.method) && fingerprint_of(other) == fingerprint
            });
            if same {
                self.end(slot, Happening::Moved, "moved", now);
            }
        }
    }

    fn reauthorize(&mut self, slot: Slot, session: Session, now: Now) -> Slot {
        self.change(slot, Happening::Accepted, now, |known| {
            let Session { source, names, authorized, granted, interim, .. } = session;
            let names = Arc::new(Arc::unwrap_or_clone(names).or(&known.names));
            *known = Session { source, names, authorized, granted, interim, ..known.clone() };
        });
        self.watch(slot);
        self.heard(slot, now.monotonic, now.unix_micros, now);
        self.sign(slot, Sign::Accept, now.unix_micros);
        self.regranted(slot, "authentication");
        slot
    }

    /// An Access-Reject was sent for a device that asked again at its port.
    pub fn reject(&mut self, client: &Arc<str>, source: IpAddr, names: &Names, now: Now) {
        if names.mac.is_none() && names.nas.port_id.is_none() && names.nas.port.is_none() {
            return;
        }
        let key = Key::of(client, source, names, SessionId([0; 16]));
        let Some(slot) = self.index.by_key(&key) else { return };
        let asks_here = |session: &Session| {
            let elsewhere = differ(&session.names.nas.called_station, &names.nas.called_station);
            !elsewhere && superseded(&session.names, names).is_none()
        };
        if self.session(slot).is_some_and(asks_here) {
            self.sign(slot, Sign::Reject, now.unix_micros);
            self.end(slot, Happening::Ended, "rejected", now);
        }
    }
}

/// Why a session at the same key is another one than `later` names.
fn superseded(known: &Names, later: &Names) -> Option<(Happening, &'static str)> {
    if known.is_another_port(&later.nas) {
        return Some((Happening::Moved, "moved"));
    }
    differ(&known.acct_session_id, &later.acct_session_id).then_some((Happening::Ended, "replaced"))
}
