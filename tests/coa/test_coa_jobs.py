"""A change from the decision to its confirmation, in simulated time: the table of its states, what comes of answers,
silence, refusals and notes. The switch is the simulated one; the live sessions are a plain dictionary here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import pytest
from sessions import differs, session, wanted

from lab.nas import makes
from lab.nas.das import Das, Faults, Port
from nac.clients.secret import SharedSecret
from nac.coa.client import CoaClient
from nac.coa.exchange import Exchange, Pace, Retransmission, Target
from nac.coa.job import FINAL, TABLE, Happened, Job, State, TransitionError, advance
from nac.coa.jobs import NOT_KNOWN, PARKED_S, Jobs, Surroundings
from nac.coa.learnt import FORGOTTEN_AFTER_US, Learnt
from nac.coa.moment import Moment
from nac.coa.recipe import Verb
from nac.coa.session import Seen, Settled
from nac.coa.vendor import recipe_of
from nac.enforcement.dictionary import shipped_dictionary
from nac.errors import ConflictError, NotFoundError
from nac.events.types import AdminEvent, CoaEvent, Session

SECRET = SharedSecret(b"correct horse battery staple")
START_US = 1_900_000_000_000_000
CONFIRM_S = 10.0
MAKES = {make.name: make for make in makes.MAKES}


@dataclass
class World:
    """Jobs before one simulated switch. `live`: the sessions that the data plane would know."""

    make: str = "cisco-ios-xe"
    verbs: tuple[Verb, ...] | None = None
    enabled: bool = True
    restored: Sequence[CoaEvent] = ()
    now: float = 0.0
    live: dict[str, Session] = field(default_factory=dict)
    told: list[CoaEvent] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)
    failures: list[Job] = field(default_factory=list)
    followed: set[str] = field(default_factory=set)
    acts: list[AdminEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.das = Das(MAKES[self.make], SECRET.reveal(), faults=Faults(idle=True))
        self.exchange = Exchange(Pace(), Retransmission(), lambda: 0.0)
        self.learnt = Learnt()
        around = Surroundings(self.exchange, self, shipped_dictionary(), self.learnt, CONFIRM_S, self.failures.append)
        self.jobs = Jobs(around, self.clients(), restored=self.restored, now=self.moment)

    def clients(self, **changes: Any) -> dict[str, CoaClient]:
        fields: dict[str, Any] = {"enabled": self.enabled, "verbs": self.verbs, **changes}
        return {"switch": CoaClient("switch", recipe_of(self.make), (SECRET,), **fields)}

    @property
    def moment(self) -> Moment:
        return Moment(self.now, START_US + int(self.now * 1_000_000))

    # what the data plane does

    def generation(self) -> int:
        return 7

    def follow_session(self, session: str) -> None:
        self.followed.add(session)

    def unfollow_session(self, session: str) -> None:
        self.followed.discard(session)

    def session(self, id: str) -> bytes | None:  # noqa: A002
        return msgspec.json.encode(self.live[id]) if id in self.live else None

    def session_applied(self, session: str, authorization: str) -> bool:
        self.applied.append((session, authorization))
        self.live[session] = msgspec.structs.replace(self.live[session], authorization=authorization, differs=False)
        return True

    def end_session(self, session: str, cause: str) -> bool:
        self.ended.append((session, cause))
        return self.live.pop(session, None) is not None

    def record_event(self, event: bytes) -> None:
        said = msgspec.json.decode(event, type=CoaEvent | AdminEvent)
        (self.told if isinstance(said, CoaEvent) else self.acts).append(said)  # type: ignore[arg-type]

    # what happens

    def open(self, one: Session) -> Session:
        self.live[one.session] = one
        self.das.ports.append(Port(one.mac or "", one.acct_session_id or "", lambda: True, one.audit_session_id))
        return one

    def differ(self, one: Session, segment: str | None = "remediation", **more: Any) -> None:
        self.jobs.take(differs(one, wanted(segment, **more)), self.moment)

    def settle(self, one: Session, by: str) -> None:
        self.jobs.take(Settled(session=one.session, by=by), self.moment)

    def seen(self, one: Session, by: Literal["start", "interim", "accept"] = "interim", ago: float = 0.0) -> None:
        assert one.session in self.followed
        self.jobs.take(Seen(session=one.session, by=by, at=self.moment.unix_us - int(ago * 1_000_000)), self.moment)

    def step(self) -> None:
        """What the loop does at one moment; the answer comes a millisecond later."""
        self.jobs.tick(self.moment)
        progress = self.exchange.poll(self.now)
        for ticket in progress.sent:
            self.jobs.sent(ticket, self.moment)
        for ticket in progress.silent:
            self.jobs.silent(ticket, self.moment)
        for target, octets in progress.datagrams:
            if self.das.faults.deaf:
                continue
            if self.das.faults.lose > 0:
                self.das.faults.lose -= 1
                continue
            reply = self.das._answer(octets, ("192.0.2.250", 40000))
            assert reply is not None
            self.now += 0.001
            found = self.exchange.receive(reply, target, self.now, unix=self.moment.unix)
            if found is not None:
                self.jobs.answered(*found, self.moment)

    def run(self, until: float) -> None:
        """Everything that is due until then."""
        while True:
            times = [time for time in (self.exchange.next_at(), self.jobs.next_at()) if time is not None]
            if not times or min(times) > until:
                break
            self.now = max(self.now, min(times))
            self.step()
        self.now = max(self.now, until)

    @property
    def last(self) -> CoaEvent:
        return self.told[-1]

    @property
    def states(self) -> list[str]:
        return [event.state for event in self.told]

    @property
    def verbs_sent(self) -> list[str]:
        return [f"{one.verb} {one.answer}" for one in self.last.tries]


# --- the table ---


def plain_job(state: State) -> Job:
    return Job(
        id="00" * 8,
        session=session(),
        reason="facts",
        wanted=wanted(),
        verbs=(Verb.DISCONNECT,),
        decided_at=1,
        due_at=1,
        state=state,
    )


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happened", Happened)
def test_only_what_stands_in_the_table_can_happen(state: State, happened: Happened) -> None:
    job = plain_job(state)
    if (state, happened) not in TABLE:
        with pytest.raises(TransitionError):
            advance(job, happened, 5)
        return
    after = advance(job, happened, 5, by="test")
    assert (after.state, after.step) == (TABLE[state, happened], 1)
    assert after.is_open == (after.state not in FINAL)
    assert (after.ended_at, after.by) == ((None, None) if after.is_open else (5, "test"))


def test_what_is_over_stays_over_and_what_is_open_can_end() -> None:
    assert {state for state, _ in TABLE} == set(State) - FINAL
    for state in set(State) - FINAL:
        assert TABLE[state, Happened.REACHED] is State.CONFIRMED
        assert TABLE[state, Happened.WITHDRAWN] is State.WITHDRAWN


# --- the way of a job ---


def test_a_login_confirms_it() -> None:
    world = World()
    one = world.open(session())
    world.differ(one)
    world.run(1)
    world.settle(one, "authentication")
    assert world.states == ["decided", "sent", "acked", "confirmed"]
    assert (world.last.by, world.verbs_sent) == ("authentication", ["reauthenticate ack"])
    at = (world.last.decided_at, world.last.sent_at, world.last.acked_at, world.last.ended_at)
    assert None not in at
    assert list(at) == sorted(at, key=lambda one: one or 0)
    assert world.jobs.counts() == {state.value: 0 for state in State if state not in FINAL} | {"silent_switches": 0}
    world.run(100)
    assert len(world.das.received) == 1, "nothing comes after the end"


def test_an_ack_without_effect_leads_to_the_next_verb_and_to_an_alarm_in_the_end() -> None:
    world = World()
    world.differ(world.open(session()))
    world.run(200)
    assert world.verbs_sent == [
        "reauthenticate ack",
        "reauthenticate no-effect",
        "disconnect ack",
        "disconnect no-effect",
        "bounce ack",
        "bounce no-effect",
        "bounce ack",
        "bounce no-effect",
    ]
    assert world.last.state == "failed"
    assert [job.id for job in world.failures] == [world.last.job]
    assert world.jobs.counts()["failed"] == 1


def test_a_failed_one_may_still_come_true() -> None:
    world = World("hostapd")
    one = world.open(session())
    world.differ(one)
    world.run(100)
    assert world.last.state == "failed"
    world.settle(one, "rejected")
    assert (world.last.state, world.last.by, world.jobs.counts()["failed"]) == ("confirmed", "rejected", 0)


def test_rfc5176_3_5_session_not_found_ends_the_session() -> None:
    world = World("hostapd")
    one = world.open(session())
    world.das.ports.clear()
    world.differ(one, None)
    world.run(1)
    assert (world.states, world.last.by, world.last.error_cause) == (["decided", "sent", "confirmed"], NOT_KNOWN, 503)
    assert world.ended == [(one.session, NOT_KNOWN)]


def test_a_second_disconnect_tells_that_the_first_one_worked() -> None:
    """A switch without accounting says nothing when a session ends."""
    world = World("hostapd")
    one = world.open(session())
    world.differ(one, None)
    world.run(1)
    world.das.ports.clear()
    world.run(CONFIRM_S + 1)
    assert world.verbs_sent == ["disconnect ack", "disconnect no-effect", "disconnect nak"]
    assert (world.last.state, world.last.by) == ("confirmed", NOT_KNOWN)


@pytest.mark.parametrize(("cause", "learnt"), [(405, True), (501, True), (407, False), (506, False)])
def test_a_refused_verb_is_followed_by_the_next_one(cause: int, learnt: bool) -> None:
    world = World()
    one = world.open(session())
    world.das.faults.nak = cause
    world.differ(one)
    world.step()
    world.das.faults.nak = None
    world.run(1)
    assert world.verbs_sent == ["reauthenticate nak", "disconnect ack"]
    assert (Verb.REAUTHENTICATE in world.learnt.useless("SWITCH", now=START_US)) == learnt
    world.settle(one, "admin-reset")
    world.differ(world.open(session(2)))
    world.run(2)
    assert world.verbs_sent == (["disconnect ack"] if learnt else ["reauthenticate ack"])
    assert world.learnt.useless("switch", now=START_US + FORGOTTEN_AFTER_US + 5_000_000) == frozenset()


def test_rfc5176_3_5_request_initiated_counts_as_begun() -> None:
    world = World()
    one = world.open(session())
    world.das.faults.nak = 507
    world.differ(one)
    world.run(1)
    assert world.last.state == "acked"


def test_a_lost_request_is_sent_again_as_it_was() -> None:
    world = World()
    one = world.open(session())
    world.das.faults.lose = 2
    world.differ(one)
    world.run(7)
    assert world.verbs_sent == ["reauthenticate ack"]
    assert len(world.das.received) == 1
    assert world.now >= 6
    assert world.last.acked_at == START_US + 6_001_000


def test_what_is_no_longer_wanted_is_withdrawn() -> None:
    world = World()
    world.das.faults.deaf = True
    one = world.open(session())
    world.differ(one)
    world.run(1)
    world.settle(one, "facts")
    assert (world.last.state, world.last.by) == ("withdrawn", "facts")
    world.das.faults.deaf = False
    world.run(60)
    assert world.das.received == []


def test_something_else_is_wanted_meanwhile() -> None:
    world = World()
    one = world.open(session())
    world.differ(one)
    world.run(1)
    world.differ(one, None)
    world.run(2)
    first, second = dict.fromkeys(event.job for event in world.told)
    assert [e.state for e in world.told if e.job == first] == ["decided", "sent", "acked", "withdrawn"]
    assert (world.last.job, world.last.wanted, world.verbs_sent) == (
        second,
        "reject (user_disabled)",
        ["disconnect ack"],
    )


def test_a_change_in_place_is_taken_at_its_word_and_confirmed_by_a_sign() -> None:
    world = World("ruckus-icx")
    one = world.open(session())
    filter_id = shipped_dictionary().encode("Filter-Id", "permit ip any any")
    world.differ(one, "office", encoded=filter_id)
    world.run(1)
    assert world.applied == [(one.session, "bb" * 16)]
    world.settle(one, "applied")
    world.run(120)
    assert world.last.state == "acked", "an ACK is not yet a sign of the session"
    world.seen(one, ago=130)
    assert world.last.state == "acked", "it tells of before the request"
    world.seen(one)
    assert (world.last.state, world.last.by) == ("confirmed", "accounting")
    assert world.last.ended_at == world.moment.unix_us, "at once"
    assert (len(world.das.received), world.followed) == (1, set())


@pytest.mark.parametrize(("before_the_ack", "state"), [(0.5, "confirmed"), (3.0, "acked")])
def test_a_sign_may_come_just_before_the_ack(before_the_ack: float, state: str) -> None:
    """The switch accounts first and answers then; an answer to a repeated request is long after it."""
    world = World("ruckus-icx")
    one = world.open(session())
    world.das.faults.lose = 2
    world.differ(one, "office", encoded=shipped_dictionary().encode("Filter-Id", "permit ip any any"))
    world.run(5)
    world.now = 6 - before_the_ack
    world.seen(one)
    assert world.last.state == "sent"
    world.run(7)
    assert (world.last.state, len(world.das.received)) == (state, 1)


def test_accounting_alone_confirms_no_login_and_no_end() -> None:
    world = World()
    one = world.open(session())
    world.differ(one)
    world.run(1)
    world.seen(one)
    world.seen(one, "accept")
    assert world.last.state == "acked", "a login that got something else is none"


def test_no_verb_is_an_alarm_at_once() -> None:
    world = World("hostapd", verbs=(Verb.REAUTHENTICATE,))
    world.differ(world.open(session()))
    assert world.states == ["decided", "failed"]
    assert world.failures


def test_a_session_that_cannot_be_named_is_an_alarm() -> None:
    world = World("hostapd")
    world.differ(world.open(session(calling_station=None, acct_session_id=None)))
    assert world.states == ["decided", "failed"]
    assert "Acct-Session-Id" in world.last.detail


# --- silence ---


def test_a_silent_switch_is_asked_now_and_then_by_one_request() -> None:
    world = World()
    world.das.faults.deaf = True
    ones = [world.open(session(number)) for number in range(1, 41)]
    for one in ones:
        world.differ(one)
    world.run(31)
    counts = world.jobs.counts()
    assert (counts["sent"], counts["unreachable"]) == (0, 40)
    assert world.jobs.counts()["silent_switches"] == 1
    late = world.open(session(99))
    world.differ(late)
    assert world.last.state == "unreachable", "it is not even tried"
    world.run(32 + 15)
    counts = world.jobs.counts()
    assert (counts["sent"], counts["unreachable"]) == (1, 40)
    world.das.faults.deaf = False
    world.run(60)
    assert world.jobs.counts()["acked"] + world.jobs.counts()["sent"] >= 40
    assert world.jobs.counts()["silent_switches"] == 0


def test_a_sign_of_a_session_brings_the_next_try_forward() -> None:
    world = World()
    world.das.faults.deaf = True
    one = world.open(session())
    world.differ(one)
    world.run(31)
    assert world.last.state == "unreachable"
    world.das.faults.deaf = False
    world.now = 36
    world.seen(one)
    world.run(37)
    assert world.last.state == "acked"


def test_a_session_that_fell_silent_gets_nothing() -> None:
    """faults.md 19: no change goes to a ghost."""
    world = World()
    world.das.faults.deaf = True
    one = world.open(session())
    world.differ(one)
    world.settle(one, "stale")
    world.das.faults.deaf = False
    world.run(60)
    assert (world.last.state, world.last.by, world.das.received) == ("withdrawn", "stale", [])


def test_a_client_that_takes_no_changes_waits_until_it_does() -> None:
    world = World(enabled=False)
    world.differ(world.open(session()))
    world.run(60)
    assert (world.last.state, world.das.received) == ("unreachable", [])
    world.jobs.replace_clients(world.clients(enabled=True), world.moment)
    world.run(61)
    assert world.last.state == "acked"
    said = len(world.told)
    world.jobs.replace_clients(world.clients(enabled=True), world.moment)
    assert len(world.told) == said, "the same clients change nothing"


# --- orders ---


def test_an_order_is_confirmed_by_what_becomes_of_the_session() -> None:
    world = World()
    one = world.open(session(differs=False))
    world.jobs.order(one.session, Verb.REAUTHENTICATE, "root", world.moment)
    world.run(1)
    assert (world.last.state, world.last.reason, world.last.actor) == ("acked", "administrator", "root")
    (act,) = world.acts
    assert (act.actor, act.action, act.subject, act.generation) == ("root", "session reauth", one.session, 7)
    assert act.detail.endswith(f" job={world.last.job}")
    world.settle(one, "authentication")
    assert (world.last.state, world.last.by) == ("confirmed", "authentication")
    world.jobs.order(one.session, Verb.DISCONNECT, "root", world.moment)
    world.settle(one, "authentication")
    world.run(6)
    assert world.last.state == "acked", "that login was before the request"
    world.settle(one, "admin-reset")
    assert (world.last.state, world.last.by, world.last.wanted) == ("confirmed", "admin-reset", "disconnect")


def test_an_order_without_effect_fails_and_is_forgotten() -> None:
    world = World()
    one = world.open(session(differs=False))
    world.jobs.order(one.session, Verb.REAUTHENTICATE, "root", world.moment)
    world.run(30)
    assert world.last.state == "failed"
    assert world.jobs.counts()["failed"] == 0
    assert world.failures


def test_an_order_goes_before_what_was_planned() -> None:
    world = World()
    one = world.open(session())
    world.differ(one)
    world.run(1)
    job = world.jobs.order(one.session, Verb.BOUNCE, "root", world.moment)
    world.run(2)
    assert (job.id, len({event.job for event in world.told})) == (world.last.job, 1)
    assert (world.verbs_sent, world.last.actor) == (["reauthenticate ack", "bounce ack"], "root")


def test_orders_that_are_refused() -> None:
    world = World("hostapd")
    one = world.open(session())
    with pytest.raises(NotFoundError, match="no live session"):
        world.jobs.order("ff" * 16, Verb.DISCONNECT, "root", world.moment)
    with pytest.raises(ConflictError, match="cannot reauthenticate"):
        world.jobs.order(one.session, Verb.REAUTHENTICATE, "root", world.moment)
    world.jobs.replace_clients(world.clients(enabled=False), world.moment)
    with pytest.raises(ConflictError, match="are off"):
        world.jobs.order(one.session, Verb.DISCONNECT, "root", world.moment)
    assert world.acts == [], "what is refused was not done"


# --- a restart ---


def test_a_restart_goes_on_where_it_was_decided_again() -> None:
    before = World()
    before.das.faults.deaf = True
    one = before.open(session())
    before.differ(one)
    before.run(1)
    after = World(restored=[before.last])
    after.open(one)
    after.differ(one)
    after.run(1)
    assert (after.last.job, after.last.state) == (before.last.job, "acked")
    assert after.last.decided_at == before.last.decided_at
    assert [event.step for event in after.told] == [before.last.step + number for number in (1, 2, 3)]


def test_a_restart_withdraws_what_is_decided_otherwise_or_no_more() -> None:
    before = World()
    before.das.faults.deaf = True
    one, other = before.open(session(1)), before.open(session(2))
    before.differ(one)
    before.differ(other)
    restored = [event for event in before.told if event.state == "decided"]
    after = World(restored=restored)
    after.open(one)
    after.differ(one, None)
    assert [(e.job, e.state) for e in after.told if e.job == restored[0].job] == [(restored[0].job, "withdrawn")]
    after.run(PARKED_S + 1)
    assert [(e.state, e.by) for e in after.told if e.job == restored[1].job] == [("withdrawn", "restart")]


def test_an_answer_from_elsewhere_moves_nothing() -> None:
    world = World()
    one = world.open(session())
    world.differ(one)
    progress = world.exchange.poll(0)
    world.jobs.sent(progress.sent[0], world.moment)
    reply = world.das._answer(progress.datagrams[0].octets, ("192.0.2.250", 1))
    assert reply is not None
    assert world.exchange.receive(reply, Target("192.0.2.66", 3799), 0.1, unix=world.moment.unix) is None
    assert world.last.state == "sent"
