//! Live sessions: what every port was given, by an Access-Accept or as accounting tells, and what it should have now.
//!
//! [`transition`] is the life of a session, [`table`] all of them, [`evaluate`] the second decision. Here they meet what
//! the shards, the accounting threads and the control plane share. One lock is held for the length of one transition:
//! every index changes with it, and it takes a microsecond.

mod accounting;
mod ended;
mod evaluate;
mod index;
pub mod json;
mod notes;
mod session;
mod table;
mod transition;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nac_journal::{Journal, Record};
use nac_policy::{DeviceFacts, MacAddress, Text};

pub use accounting::Report;
pub use evaluate::{LaidOut, Wanted, evaluate, next_change};
pub use notes::{Sign, Why};
pub use session::{Authorized, Granted, Names, NotASessionId, Session, SessionId};
pub use table::{Accepted, Counts, Due, Patience, SessionChange, Table, Task};
pub use transition::{Change, Happening, State, next};

use crate::accounting::{ACCOUNTING, AccountingRecord, EVENT};
use crate::clock::Now;
use crate::core::Core;
use crate::counters::Counter;
use crate::event::Event;
use crate::limits::{MAX_REEVALUATED_AT_ONCE, MAX_REPLAYED_AT_ONCE};

/// The sessions of a data plane.
#[derive(Debug, Default)]
pub struct Sessions {
    table: Mutex<Table>,
    /// Something is to be decided on again.
    work: Condvar,
    /// Something is to be told.
    told: Condvar,
    closed: AtomicBool,
    /// Decided on again.
    pub reevaluated: Counter,
    /// Records of sessions that could not be read.
    pub unreadable: Counter,
}

/// Which sessions are asked for; a field that is `None` does not matter.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "documented with nac._dataplane.DataPlane.find_sessions")]
pub struct Filter {
    pub client: Option<String>,
    pub mac: Option<MacAddress>,
    pub user: Option<Text>,
    pub device: Option<Text>,
    pub acct_session_id: Option<String>,
    pub state: Option<String>,
}

impl Filter {
    fn takes(&self, session: &Session) -> bool {
        let authorized = session.authorized.as_ref();
        let is = |name: Option<&str>, asked: &Text| name.is_some_and(|name| Text::new(name) == *asked);
        let user = authorized.and_then(|authorized| authorized.user.as_deref());
        let device = authorized.and_then(|authorized| authorized.device.as_deref());
        self.client.as_ref().is_none_or(|client| **client == *session.client)
            && self.mac.is_none_or(|mac| session.names.mac == Some(mac))
            && self.user.as_ref().is_none_or(|asked| is(user, asked))
            && self.device.as_ref().is_none_or(|asked| is(device, asked))
            && self.acct_session_id.as_deref().is_none_or(|id| session.names.acct_session_id.as_deref() == Some(id))
            && self.state.as_ref().is_none_or(|state| session.state.word() == state)
    }
}

impl Sessions {
    /// None yet.
    #[must_use]
    pub fn new(patience: Patience) -> Self {
        Self { table: Mutex::new(Table::new(patience)), ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.lock().counts()
    }

    /// Counters, by name.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Counts { open, stale, accounted, differing, evicted } = self.counts();
        [
            ("sessions.open", open),
            ("sessions.stale", stale),
            ("sessions.accounted", accounted),
            ("sessions.differing", differing),
            ("sessions.evicted", evicted),
            ("sessions.reevaluated", self.reevaluated.get()),
            ("sessions.unreadable", self.unreadable.get()),
        ]
        .into_iter()
    }

    /// Sessions from the records of earlier events; all are to be decided on again, as policy and facts may have changed.
    pub fn restore<'a>(&self, records: impl IntoIterator<Item = &'a [u8]>, now: Now) {
        let mut table = self.lock();
        for record in records {
            match json::restored(record) {
                Some(session) => table.restore(session, now),
                None => self.unreadable.add(),
            }
        }
        table.all_due(Due { at: now.unix_micros, why: Why::Policy });
    }

    /// Nobody waits any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // Taken so that nobody is between looking and waiting.
        drop(self.lock());
        self.work.notify_all();
        self.told.notify_all();
    }

    /// A session as JSON.
    #[must_use]
    pub fn view(&self, id: SessionId) -> Option<Vec<u8>> {
        let session = self.lock().get(id).cloned();
        session.map(|session| json::view(&session))
    }

    /// Up to `most` sessions above `after`, as JSON.
    #[must_use]
    pub fn find(&self, filter: &Filter, mut after: Option<SessionId>, most: usize) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        loop {
            // In slices: logins wait for the same lock.
            let (sessions, last) = self.lock().find(filter, after, most.saturating_sub(found.len()));
            found.extend(sessions.iter().map(json::view));
            match last {
                Some(last) if found.len() < most => after = Some(last),
                _ => return found,
            }
        }
    }
}

/// Do something to the sessions: what comes of it is told and worked on.
fn with<R>(core: &Core, act: impl FnOnce(&mut Table) -> R) -> R {
    let sessions = &core.sessions;
    let mut table = sessions.lock();
    let done = act(&mut table);
    // Under the lock, so that events of one session are in order.
    table.take_changes().into_iter().for_each(|change| core.tell(Event::Session(Box::new(change))));
    if table.has_due() {
        sessions.work.notify_one();
    }
    if table.has_notes() {
        sessions.told.notify_one();
    }
    done
}

/// An Access-Accept was sent.
/// `as_of`: revision of the facts that were decided on.
pub fn accepted(core: &Core, accepted: Accepted, as_of: u64, now: Now) {
    with(core, |table| {
        // Under the lock: who changes something afterwards finds this session.
        let generation = accepted.session.granted.as_ref().map(|granted| granted.generation);
        let why = match (generation == Some(core.snapshot.load().generation), as_of == core.facts.revision()) {
            (false, _) => Some(Why::Policy),
            (true, false) => Some(Why::Facts),
            (true, true) => None,
        };
        let outdated = why.map(|why| Due { at: now.unix_micros, why });
        table.accept(Accepted { outdated, ..accepted }, now);
    });
}

/// An Access-Reject was sent.
pub fn rejected(core: &Core, client: &Arc<str>, source: IpAddr, names: &Names, now: Now) {
    with(core, |table| table.reject(client, source, names, now));
}

/// An Accounting-Request is recorded.
pub fn accounted(core: &Core, report: &Report<'_>) {
    let fresh = || core.states.random().ok().map(SessionId);
    with(core, |table| table.account(report, fresh));
}

/// A snapshot was published.
pub fn policy_changed(core: &Core, now: Now) {
    with(core, |table| table.all_due(Due { at: now.unix_micros, why: Why::Policy }));
}

/// The record of a device was put down or removed.
pub fn device_changed(core: &Core, name: &str, device: Option<&DeviceFacts>, now: Now) {
    with(core, |table| table.device_due(name, device, Due { at: now.unix_micros, why: Why::Facts }));
}

/// The record of a user was put down or removed.
pub fn user_changed(core: &Core, name: &str, now: Now) {
    with(core, |table| table.user_due(name, Due { at: now.unix_micros, why: Why::Facts }));
}

/// The NAS took up the attributes of that digest. False when the session is not known.
pub fn applied(core: &Core, id: SessionId, authorization: u128, now: Now) -> bool {
    let Some(session) = core.sessions.lock().get(id).cloned() else { return false };
    let wanted = wanted_of(core, &session, now);
    let granted = granted_of(wanted.as_ref(), authorization, session.granted.as_deref());
    with(core, |table| table.applied(id, granted, now))
}

/// Tell every sign of a session and its end from now on; nothing when it is not known.
pub fn follow(core: &Core, id: SessionId) {
    with(core, |table| table.follow(id));
}

/// Tell them no longer.
pub fn unfollow(core: &Core, id: SessionId) {
    with(core, |table| table.unfollow(id));
}

/// The session is over, as somebody else knows. False when it is not known.
pub fn end(core: &Core, id: SessionId, cause: &str, now: Now) -> bool {
    with(core, |table| table.end_by(id, cause, now))
}

fn wanted_of(core: &Core, session: &Session, now: Now) -> Option<Wanted> {
    let snapshot = core.snapshot.load_full();
    let client = snapshot.clients.find(session.source)?;
    let authorized = session.authorized.as_ref()?;
    core.sessions.reevaluated.add();
    Some(evaluate(&snapshot, &core.facts, &core.access_lists, client, &session.names, authorized, now))
}

/// What a port has that took up `authorization`: where the policy wants just that, it says what it is.
fn granted_of(wanted: Option<&Wanted>, authorization: u128, before: Option<&Granted>) -> Granted {
    let session_timeout = before.and_then(|granted| granted.session_timeout);
    let wanted = wanted.filter(|wanted| wanted.authorization() == Some(authorization));
    let Some(decided) = wanted.map(|wanted| &wanted.decided) else {
        let generation = before.map_or(0, |granted| granted.generation);
        return Granted { authorization, generation, segment: None, rule: None, session_timeout };
    };
    Granted { session_timeout, ..Granted::of(decided, authorization) }
}

/// End some of the sessions whose NAS restarted, if there is room for the events, and decide again about some of which it is
/// time to; true when there are more.
pub fn work(core: &Core, now: Now) -> bool {
    if core.events.has_room() {
        with(core, |table| table.end_restarted(MAX_REEVALUATED_AT_ONCE, now));
    }
    let tasks = core.sessions.lock().take_due(MAX_REEVALUATED_AT_ONCE);
    let wanted: Vec<_> = tasks.iter().map(|task| wanted_of(core, &task.session, now)).collect();
    with(core, |table| {
        for (task, wanted) in tasks.iter().zip(&wanted) {
            if let Some(wanted) = wanted {
                table.conclude(task, wanted);
            }
        }
        table.has_due()
    })
}

/// What time alone does; `turn`: a moment came at which a decision about any session may turn.
pub fn tick(core: &Core, turn: Option<Due>, now: Now) {
    with(core, |table| {
        table.tick(now);
        turn.into_iter().for_each(|due| table.all_due(due));
    });
}

/// What the journal has after a sequence, and the records of a start do not: what became of sessions, and what accounting
/// said last.
pub fn replay(core: &Core, after: u64, now: Now) {
    let Some(journal) = &core.journal else { return };
    each(journal, after, |record| {
        if record.kind == EVENT
            && let Some(change) = json::replayed(&record.payload)
        {
            let mut table = core.sessions.lock();
            table.replace(change, now);
        }
    });
    each(journal, after, |record| {
        if record.kind == ACCOUNTING
            && let Some(AccountingRecord { source, client, packet, .. }) = AccountingRecord::read(&record.payload)
        {
            let came = Now { unix_micros: record.at, ..now };
            let report = Report { client: client.into(), source: source.ip().to_canonical(), packet, came };
            with(core, |table| table.account_end(&report));
        }
    });
}

/// Every record of a journal after a sequence, oldest first; one that cannot be read gives what it can.
fn each(journal: &Journal, mut after: u64, mut act: impl FnMut(&Record)) {
    while let Ok(records) = journal.read(after, MAX_REPLAYED_AT_ONCE, Duration::ZERO)
        && let Some(last) = records.last()
    {
        after = last.sequence;
        records.iter().for_each(&mut act);
    }
}

/// Wait until there is something to decide on, until it is time for [`tick`], or for `most`; false when all is closed.
pub fn wait_for_work(core: &Core, turn: Option<i64>, now: Now, most: Duration) -> bool {
    let sessions = &core.sessions;
    let table = sessions.lock();
    let (boundary, silence) = table.next_tick();
    let wall = [boundary, turn].into_iter().flatten().map(|at| until(at, now));
    let quiet = silence.map(|at| at.saturating_sub(now.monotonic));
    let patience = wall.chain(quiet).fold(most, Duration::min);
    let idle = |table: &mut Table| !table.has_due() && !sessions.closed.load(Ordering::Acquire);
    drop(sessions.work.wait_timeout_while(table, patience, idle));
    !sessions.closed.load(Ordering::Acquire)
}

/// The time until a Unix second.
fn until(at: i64, now: Now) -> Duration {
    let micros = u64::try_from(at).unwrap_or_default().saturating_mul(1_000_000);
    Duration::from_micros(micros.saturating_sub(now.unix_micros))
}

/// Notes about up to `most` sessions, as JSON; waits at most `timeout` for the first.
pub fn notes(core: &Core, most: usize, timeout: Duration, clock: impl Fn() -> Now) -> Vec<Vec<u8>> {
    let sessions = &core.sessions;
    let idle = |table: &mut Table| !table.has_notes() && !sessions.closed.load(Ordering::Acquire);
    let waited = sessions.told.wait_timeout_while(sessions.lock(), timeout, idle);
    let (mut table, _) = waited.unwrap_or_else(PoisonError::into_inner);
    let popped: Vec<_> = std::iter::from_fn(|| table.pop_note()).take(most).collect();
    drop(table);
    let mut told = Vec::with_capacity(popped.len());
    for (id, pending) in popped {
        told.extend(json::signs(id, &pending));
        if pending.differs {
            told.extend(differing(core, id, clock()));
        }
    }
    told
}

/// The note of a session that differs, by a decision of this moment; `None` when it does not after all.
fn differing(core: &Core, id: SessionId, now: Now) -> Option<Vec<u8>> {
    let task = core.sessions.lock().task_of(id)?;
    let wanted = wanted_of(core, &task.session, now)?;
    with(core, |table| {
        if !table.conclude(&task, &wanted) {
            table.postpone_note(id);
            return None;
        }
        table.delivered(id);
        table.get(id).map(|session| json::differs(session, &wanted, task.due))
    })
}
