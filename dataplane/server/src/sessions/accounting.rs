//! What accounting (RFC 2866) says of sessions. Reports come late, twice and out of order: what happened is compared, not
//! what came.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use nac_protocol::radius::{AttributeType, Packet};
use smol_str::SmolStr;

use super::ended::{By, End};
use super::index::{Key, Slot};
use super::notes::{Sign, Why};
use super::session::{Names, Session, SessionId, differ};
use super::table::{Due, Table};
use super::transition::{Happening, State};
use crate::accounting::{decision_of, happened_at, terminate_cause_word};
use crate::clock::Now;
use crate::hex;
use crate::origin::{NasPort, Said, integer, text};
use crate::state_token::ConversationId;

/// Event-Timestamp has whole seconds, and clocks differ a little: microseconds by which a report may seem to be older than
/// the Accept that it follows.
const ORDER_SLACK: u64 = 2_000_000;

const START: u32 = 1;
const STOP: u32 = 2;
const INTERIM_UPDATE: u32 = 3;
const ACCOUNTING_ON: u32 = 7;
const ACCOUNTING_OFF: u32 = 8;

/// An Accounting-Request that is recorded.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// Name of the RADIUS client.
    pub client: Arc<str>,
    /// Where it came from.
    pub source: IpAddr,
    /// The request.
    pub packet: Packet<'a>,
    /// When it came.
    pub came: Now,
}

impl Report<'_> {
    fn number(&self, ty: AttributeType) -> Option<u32> {
        self.packet.first(ty).and_then(integer)
    }

    fn session(&self) -> Option<SmolStr> {
        self.packet.first(AttributeType::ACCT_SESSION_ID).map(text)
    }

    /// By the NAS's clock, Unix microseconds: to compare reports with each other.
    fn happened_at(&self) -> u64 {
        let delay = self.number(AttributeType::ACCT_DELAY_TIME);
        happened_at(self.came.unix_micros, self.number(AttributeType::EVENT_TIMESTAMP), delay)
    }

    /// When it came less how old it says to be, Unix microseconds: to compare it with what this server did. Event-Timestamp
    /// has whole seconds of another clock.
    fn told_at(&self) -> u64 {
        let delay = self.number(AttributeType::ACCT_DELAY_TIME).unwrap_or_default();
        self.came.unix_micros.saturating_sub(u64::from(delay).saturating_mul(1_000_000))
    }

    /// By this server's clock if the report says how old it is, Unix microseconds: to compare it with Accepts.
    fn happened_here(&self) -> u64 {
        match self.number(AttributeType::ACCT_DELAY_TIME) {
            Some(_) => self.told_at(),
            None => self.happened_at(),
        }
    }

    /// The decision that Class says.
    fn decision(&self) -> Option<ConversationId> {
        let class = self.packet.all(AttributeType::CLASS).find_map(decision_of)?;
        hex::number(&class).map(|number| ConversationId(number.to_be_bytes()))
    }

    fn nas(&self) -> NasPort {
        Said::of(&self.packet).nas
    }
}

impl Table {
    /// A report is recorded; `fresh` names a session that is known from nothing else.
    pub fn account(&mut self, report: &Report<'_>, fresh: impl FnOnce() -> Option<SessionId>) {
        match report.number(AttributeType::ACCT_STATUS_TYPE) {
            Some(START) => self.lives(report, Sign::Start, fresh),
            Some(INTERIM_UPDATE) => self.lives(report, Sign::Interim, fresh),
            Some(STOP) => self.stops(report),
            Some(ACCOUNTING_ON | ACCOUNTING_OFF) => self.restarts(report),
            _ => {}
        }
    }

    /// The same of a report of before a restart, as far as it ends something.
    pub(super) fn account_end(&mut self, report: &Report<'_>) {
        match report.number(AttributeType::ACCT_STATUS_TYPE) {
            Some(STOP) => self.stops(report),
            Some(ACCOUNTING_ON | ACCOUNTING_OFF) => self.restarts(report),
            _ => {}
        }
    }

    /// Start or Interim-Update.
    fn lives(&mut self, report: &Report<'_>, sign: Sign, fresh: impl FnOnce() -> Option<SessionId>) {
        let Some(id) = report.session() else { return };
        if let Some(slot) = self.index.by_accounting(report.source, &id) {
            return self.hears(slot, report, sign, Names::of_session(&report.packet));
        }
        let happened = report.happened_at();
        if self.ended.get(report.source, &id).is_some_and(|end| end.overtook(sign, happened)) {
            return;
        }
        let names = Names::of(&report.packet);
        match self.meant(report, &names) {
            Some(slot) => {
                let newer = self.session(slot).is_some_and(|session| {
                    !differ(&session.names.acct_session_id, &names.acct_session_id) || happened >= session.named_at
                });
                if newer {
                    self.hears(slot, report, sign, names);
                }
            }
            None if self.has_left(report, &names) => {}
            None => self.opens(report, names, fresh),
        }
    }

    /// The session that a report means which does not name it in a way that is known.
    fn meant(&self, report: &Report<'_>, names: &Names) -> Option<Slot> {
        let of_client = |slot: &Slot| self.session(*slot).is_some_and(|session| session.client == report.client);
        let by_decision = report.decision().and_then(|decision| self.index.by_decision(decision)).filter(of_client);
        by_decision.or_else(|| {
            let slot = self.index.by_key(&key_of(report, names));
            slot.filter(|slot| self.session(*slot).is_some_and(|session| !session.names.is_another_port(&names.nas)))
        })
    }

    /// Whether its device was seen elsewhere after that, or its NAS restarted.
    fn has_left(&self, report: &Report<'_>, names: &Names) -> bool {
        let here = report.happened_here();
        let after = |slot: &Slot| self.session(*slot).is_some_and(|session| session.since() >= here);
        let gone = |mac| self.ended.gone_since(mac, here) || self.index.by_mac(mac).iter().any(after);
        let elsewhere = names.mac.is_some_and(gone);
        elsewhere
            || self.index.by_key(&key_of(report, names)).is_some()
            || self.ended.restarted_since(report.source, here)
    }

    fn hears(&mut self, slot: Slot, report: &Report<'_>, sign: Sign, names: Names) {
        let (now, happened) = (report.came, report.happened_at());
        let Some(session) = self.session(slot) else { return };
        let (source, before) = (session.source, session.names.acct_session_id.clone());
        let mut learnt = Arc::clone(&session.names);
        let newest = happened >= session.named_at;
        let age = now.unix_micros.saturating_sub(report.happened_here());
        let heard = now.monotonic.saturating_sub(Duration::from_micros(age));
        self.heard(slot, heard, now.unix_micros.saturating_sub(age), now);
        self.sign(slot, sign, report.told_at());
        if newest && Names::learn(&mut learnt, names) {
            if let Some(before) = before.filter(|before| Some(before) != learnt.acct_session_id.as_ref()) {
                self.ended.add(source, before, End { at: happened, by: By::Accounting });
            }
            self.change(slot, Happening::Named, now, |session| {
                session.names = learnt;
                session.named_at = happened;
            });
        }
    }

    /// It is not known who this is: its Accept was given before a restart, or by another server.
    fn opens(&mut self, report: &Report<'_>, names: Names, fresh: impl FnOnce() -> Option<SessionId>) {
        let now = report.came;
        let kept = names.acct_session_id.as_deref().and_then(|id| self.ended.kept(report.source, id));
        if let Some(session) = kept {
            return self.survives(session, now);
        }
        let Some(id) = fresh() else { return };
        let here = report.happened_here();
        let age = Duration::from_micros(now.unix_micros.saturating_sub(here));
        let session = Session {
            id,
            client: Arc::clone(&report.client),
            source: report.source,
            state: State::Accounted,
            names: Arc::new(names),
            authorized: None,
            granted: None,
            interim: None,
            opened_at: here,
            seen_at: here,
            seen: now.monotonic.saturating_sub(age),
            named_at: report.happened_at(),
            closed_at: None,
            differs: false,
        };
        self.open(session, now);
    }

    /// It seemed to be over, and is not: who it is, is known.
    fn survives(&mut self, session: Session, now: Now) {
        let session = Session { seen: now.monotonic, seen_at: now.unix_micros, ..session };
        if let Some(slot) = self.open(session, now) {
            self.make_due(slot, Due { at: now.unix_micros, why: Why::Facts });
        }
    }

    fn stops(&mut self, report: &Report<'_>) {
        let Some(id) = report.session() else { return };
        let (now, happened) = (report.came, report.happened_at());
        let slot = self.index.by_accounting(report.source, &id);
        let slot = slot.or_else(|| self.meant(report, &Names::of(&report.packet)));
        self.ended.add(report.source, id.clone(), End { at: happened, by: By::Accounting });
        let Some((slot, session)) = slot.and_then(|slot| Some((slot, self.session(slot)?))) else { return };
        match stopped(session, report, &id) {
            Stopped::This => {
                let cause = report.number(AttributeType::ACCT_TERMINATE_CAUSE).map(terminate_cause_word);
                self.sign(slot, Sign::Stop, report.told_at());
                self.end(slot, Happening::Ended, cause.as_deref().unwrap_or("unknown"), now);
            }
            // What accounting calls the present one is yet to be told.
            Stopped::Before => self.change(slot, Happening::Named, now, |session| {
                Arc::make_mut(&mut session.names).acct_session_id = None;
                session.named_at = happened;
            }),
            Stopped::Another => {}
        }
    }

    /// Accounting-On or -Off: the NAS restarts, and what was open there before is over (RFC 2866 section 5.1).
    fn restarts(&mut self, report: &Report<'_>) {
        let (nas, here) = (report.nas(), report.happened_here());
        let over = |slot: &Slot| {
            let session = self.session(*slot);
            session.is_some_and(|session| session.since() <= here && is_at(session, &nas, report.source))
        };
        let over: Vec<_> = self.index.by_client(&report.client).into_iter().filter(over).collect();
        self.ended.restarted(report.source, here);
        self.restarted(over, here);
    }
}

/// Which session a Stop is about.
enum Stopped {
    This,
    /// The one before it at the same port, whose name it still has.
    Before,
    Another,
}

fn stopped(session: &Session, report: &Report<'_>, id: &str) -> Stopped {
    let accepted = session.authorized.as_ref().map(|authorized| (authorized.decision, authorized.at));
    let since_then = accepted.is_none_or(|(decision, at)| {
        report.decision() == Some(decision) || report.happened_here().saturating_add(ORDER_SLACK) >= at
    });
    match session.names.acct_session_id.as_deref() {
        // Accounting gave it another name, and this overtook the Start that says so.
        Some(named) if named != id => {
            let here = session.source == report.source && !session.names.is_another_port(&report.nas());
            let renamed = here && since_then && report.happened_at() >= session.named_at;
            if renamed { Stopped::This } else { Stopped::Another }
        }
        _ if since_then => Stopped::This,
        Some(_) => Stopped::Before,
        None => Stopped::Another,
    }
}

fn key_of(report: &Report<'_>, names: &Names) -> Key {
    Key::of(&report.client, report.source, names, SessionId([0; 16]))
}

/// Whether a session is at the NAS that calls itself so; where the two have nothing to compare, the address decides.
fn is_at(session: &Session, nas: &NasPort, source: IpAddr) -> bool {
    let known = &session.names.nas;
    let same = |one: bool, known: bool| one && known;
    let named = same(known.identifier == nas.identifier, nas.identifier.is_some())
        || same(known.address == nas.address, nas.address.is_some());
    !session.names.is_another_nas(nas) && (named || session.source == source)
}
