"""Any sequence of reports, silences, graces, restarts, other policies and other tags leaves what a plain model says.

The model keeps a list of what happened and works the present out anew each time, from the first report on. The store
keeps a row; what a reader of it sees at any moment - status, freshness, failed checks - has to be the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holders import policy
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.db import Database, upgrade
from nac.db.audit import Actor
from nac.identity.devices import RECORD_CHANGED, DeviceChange, Devices, NewDevice
from nac.identity.name import Name
from nac.identity.store import DeviceFields, devices_of
from nac.posture.findings import Finding
from nac.posture.freshness import Ages
from nac.posture.record import by_ids
from nac.posture.store import Postures, Rules, after, due

MINUTE, HOUR = 60, 3600
AGES = Ages(10 * MINUTE, HOUR, 4 * HOUR)
CHECKS = ("disk_encryption", "firewall", "automatic_updates", "screen_lock")
START = 1_790_000_000

TAGGED = ' posture tagged { applies when device.tags has "ml" require screen_lock }'
TEXTS = (
    "posture p { require disk_encryption require firewall require automatic_updates grace 1h for automatic_updates }",
    "posture p { require disk_encryption require automatic_updates grace 2h for automatic_updates, disk_encryption }",
)
RULES = tuple(Rules(policy(text + TAGGED), AGES, keep_values=True) for text in TEXTS)
GRACE = ({"automatic_updates": HOUR}, {"automatic_updates": 2 * HOUR, "disk_encryption": 2 * HOUR})
ASKED = (frozenset(CHECKS[:3]), frozenset({"disk_encryption", "automatic_updates"}))


@dataclass
class Model:
    """What happened to a device: its last report (time, failed checks), its tag, and since when each check has been
    failing."""

    at: int | None = None
    failed: frozenset[str] = frozenset()
    tagged: bool = False
    since: dict[str, int] = field(default_factory=dict)

    def failing(self, rules: int) -> frozenset[str]:
        """What fails of all that is asked."""
        return self.failed & (ASKED[rules] | ({"screen_lock"} if self.tagged else set()))

    def report(self, now: int, failed: frozenset[str]) -> None:
        self.at, self.failed = now, failed

    def judge(self, now: int, rules: int) -> None:
        """Whenever it is judged, what does not fail any more, or is not asked for, begins anew the next time."""
        if self.at is not None and now < self.at + AGES.unknown:
            self.since = {check: self.since.get(check, now) for check in self.failing(rules)}

    def shown(self, now: int, rules: int) -> tuple[str, str, frozenset[str]]:
        if self.at is None or now >= self.at + AGES.unknown:
            return "unknown", "unknown", frozenset()
        age = now - self.at
        freshness = "fresh" if age < AGES.fresh else "ageing" if age < AGES.stale else "stale"
        over = [now >= self.since[check] + GRACE[rules].get(check, 0) for check in self.failing(rules)]
        status = "healthy" if not over else "unhealthy" if any(over) else "degraded"
        return status, freshness, self.failing(rules)


def shown(facts: DeviceFields, now: int) -> tuple[str, str, frozenset[str]]:
    """What a decision at `now` sees, by the times that the data plane is told."""
    expires, fresh, ageing = (facts[f"posture_{name}"] for name in ("expires_at", "fresh_until", "ageing_until"))  # type: ignore[literal-required]
    if facts["posture_status"] is None or now >= expires:
        return "unknown", "unknown", frozenset()
    freshness = "fresh" if now < fresh else "ageing" if now < ageing else "stale"
    return facts["posture_status"], freshness, frozenset(facts["posture_failed"] or ())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("report"), st.sets(st.sampled_from(CHECKS)).map(frozenset)),
        st.tuples(st.just("policy"), st.integers(0, 1)),
        st.tuples(st.just("restart"), st.integers(0, 1)),
        st.tuples(st.just("tag"), st.booleans()),
        st.tuples(st.just("silence"), st.sampled_from([1, 5 * MINUTE, 10 * MINUTE, 50 * MINUTE, HOUR, 3 * HOUR])),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_a_device_stands_as_the_model_says(steps: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/nac.db"
        upgrade(url)
        run(url, steps)


def run(url: str, steps: list[tuple[str, object]]) -> None:
    database = Database.open(url)
    model, now, rules = Model(), START, 0
    with database.write() as session:
        new = NewDevice(Name.parse("laptop-17"), managed=True)
        device_id = Devices(session, actor=Actor("test"), now=now).add(new).id
    for what, value in steps:
        if what == "report":
            assert isinstance(value, frozenset)
            model.report(now, value)
            with database.write() as session:
                found = {c: Finding(c, "fail" if c in value else "pass") for c in CHECKS}
                postures = Postures(session, RULES[rules], now=now)
                postures.judge(*by_ids(session, [device_id]), found, source="agent")
                postures.finish()
            model.judge(now, rules)
        elif what in ("policy", "restart"):
            assert isinstance(value, int)
            rules = value
            if what == "restart":  # with what may be another policy
                database.close()
                database = Database.open(url)
            with database.read() as session:
                everybody = after(session, 0, 10)
            judge_again(database, rules, now, everybody)
            model.judge(now, rules)
        elif what == "tag":
            change = DeviceChange(**{"add_tags" if value else "remove_tags": (Name.parse("ml"),)})
            with database.write() as session:
                Devices(session, actor=Actor("test"), now=now).change("laptop-17", change)
            judge_again(database, rules, now, marked(database, RECORD_CHANGED))
            model.tagged = bool(value)
            model.judge(now, rules)
        else:
            assert isinstance(value, int)
            now += value
            ended = marked(database, now)
            judge_again(database, rules, now, ended)
            if ended:
                model.judge(now, rules)
        with database.read() as session:
            (facts,) = devices_of(session, [device_id])
        assert shown(facts, now) == model.shown(now, rules), (what, value)
    database.close()


def marked(database: Database, now: int) -> Sequence[int]:
    with database.read() as session:
        return due(session, now=now, most=10)


def judge_again(database: Database, rules: int, now: int, ids: object) -> None:
    with database.write() as session:
        postures = Postures(session, RULES[rules], now=now)
        for device in by_ids(session, ids):  # type: ignore[arg-type]
            postures.judge_again(device)
        postures.finish()
