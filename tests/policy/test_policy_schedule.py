"""Schedules: what the clock on the wall says, over changes to summer time and back, past midnight, on holidays."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.policy import reference
from nac.policy.facts import moment
from nac.policy.load import read
from nac.policy.model import Policy, Schedule
from nac.policy.schedule import SPAN, Interval, intervals, known_span, zones
from nac.policy.source import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def policy(hours: str, zone: str = "Europe/Berlin") -> Policy:
    text = f"""
    schedule hours {{ zone "{zone}" {hours} }}
    segment s {{ vlan 1 }}
    place in s when during hours
    """
    return read([Source("p.policy", text)]).policy


def by_reference(policy: Policy, time: int) -> bool:
    return reference.decide(policy, {"time": time}).segment == "s"


def by_intervals(schedule: Schedule, time: int, span: Interval) -> bool:
    return any(start <= time < end for start, end in intervals(schedule, span))


TABLE = [
    ("mon-fri 08:00-18:00", "2026-11-23T07:59:59+01:00", False),
    ("mon-fri 08:00-18:00", "2026-11-23T08:00+01:00", True),
    ("mon-fri 08:00-18:00", "2026-11-23T17:59:59+01:00", True),
    ("mon-fri 08:00-18:00", "2026-11-23T18:00+01:00", False),
    ("mon-fri 08:00-18:00", "2026-11-22T12:00+01:00", False),
    # The same second, said by another clock: the schedule's zone counts.
    ("mon-fri 08:00-18:00", "2026-11-23T16:30+09:00", True),
    # A range of days over the end of the week, hours past midnight, a whole day.
    ("fri-mon 22:00-06:00", "2026-11-24T05:59+01:00", True),
    ("fri-mon 22:00-06:00", "2026-11-24T22:00+01:00", False),
    ("sun 22:00-00:00", "2026-11-22T23:59+01:00", True),
    ("sun 22:00-00:00", "2026-11-23T00:00+01:00", False),
    ("sun 00:00-24:00", "2026-11-22T23:59:59+01:00", True),
    # 2026-03-29: 02:00 to 03:00 does not exist. 01:59 is followed by 03:00.
    ("sun 01:30-02:30", "2026-03-29T01:59:59+01:00", True),
    ("sun 01:30-02:30", "2026-03-29T03:00+02:00", False),
    ("sun 02:00-03:00", "2026-03-29T03:00+02:00", False),
    ("sun 02:30-03:30", "2026-03-29T03:15+02:00", True),
    # What claims to be 02:30 in winter time is 03:30 on the wall.
    ("sun 02:00-03:00", "2026-03-29T02:30+01:00", False),
    # 2026-10-25: 02:00 to 03:00 comes twice, and both are on the clock.
    ("sun 02:15-02:45", "2026-10-25T02:30+02:00", True),
    ("sun 02:15-02:45", "2026-10-25T02:50+02:00", False),
    ("sun 02:15-02:45", "2026-10-25T02:30+01:00", True),
    ("sun 02:15-02:45", "2026-10-25T02:45+01:00", False),
    ("sun 01:00-02:30", "2026-10-25T02:45+02:00", False),
    ("sun 01:00-02:30", "2026-10-25T02:15+01:00", True),
    # A holiday stops what it would begin, and what ran into it.
    ("mon-sun 22:00-06:00 except 2026-12-25", "2026-12-24T23:00+01:00", True),
    ("mon-sun 22:00-06:00 except 2026-12-25", "2026-12-25T01:00+01:00", False),
    ("mon-sun 22:00-06:00 except 2026-12-25", "2026-12-25T23:00+01:00", False),
    ("mon-sun 22:00-06:00 except 2026-12-25", "2026-12-26T01:00+01:00", False),
    ("mon-sun 22:00-06:00 except 2026-12-25", "2026-12-26T23:00+01:00", True),
]


@pytest.mark.parametrize(("hours", "at", "holds"), TABLE)
def test_the_clock_on_the_wall(hours: str, at: str, holds: bool) -> None:
    time = moment(at)
    assert time is not None
    found = policy(hours)
    assert by_reference(found, time) is holds
    assert by_intervals(found.schedules[0], time, known_span(NOW)) is holds


@pytest.mark.parametrize(
    ("zone", "local", "holds"),
    [("Australia/Lord_Howe", "2026-10-04T02:15", False), ("Asia/Kathmandu", "2026-10-04T02:15", True)],
)
def test_zones_with_half_hours(zone: str, local: str, holds: bool) -> None:
    """Lord Howe Island skips 02:00 to 02:30 on that day; Nepal is 5 hours 45 minutes ahead and skips nothing."""
    wall = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    found = policy("sun 02:00-02:30", zone)
    time = int(wall.timestamp())
    assert by_reference(found, time) is holds
    assert by_intervals(found.schedules[0], time, known_span(NOW)) is holds


def test_without_the_time_nothing_is_known() -> None:
    text = 'schedule h { zone "UTC" mon-sun 00:00-24:00 } reject when not during h'
    found = read([Source("p", text)]).policy
    assert reference.evaluate(found, found.rules[0].condition, {}) is None


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC",
         "America/Santiago", "Asia/Tehran", "Pacific/Apia")  # fmt: skip


def written(random: Random) -> str:
    """Random hours, some of them past midnight, with holidays."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon-fri", "sat-tue", "mon-sun")
    lines = []
    for _ in range(random.randrange(1, 5)):
        start, end = random.sample(range(0, 1440, 15), 2)
        lines.append(f"{random.choice(days)} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    excepted = [str((NOW + timedelta(days=random.randrange(-400, 400))).date()) for _ in range(random.randrange(40))]
    return " ".join(lines) + (f" except {', '.join(excepted)}" if excepted else "")


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=25, deadline=None)
def test_intervals_say_what_the_clock_says(seed: int) -> None:
    """At random moments, and at both sides of every bound of an interval."""
    random = Random(seed)
    found = policy(written(random), random.choice(ZONES))
    span = known_span(NOW)
    listed = intervals(found.schedules[0], span)
    assert all(start < end for start, end in listed)
    assert all(one[1] < other[0] for one, other in pairwise(listed))
    held = {*(time for bound in listed for time in bound if span[0] < time < span[1])}
    for time in random.sample(sorted(held), min(len(held), 60)):
        assert by_reference(found, time - 1) is not by_reference(found, time)
    for time in (random.randrange(*span) for _ in range(100)):
        assert by_reference(found, time) is any(start <= time < end for start, end in listed)


def test_the_largest_schedule_stays_within_what_the_data_plane_takes() -> None:
    hours = ", ".join(f"{hour:02}:00-{hour:02}:30" for hour in range(16))
    (schedule,) = policy(f"mon-sun {hours}").schedules
    assert len(intervals(schedule, known_span(NOW))) <= 16_384
    assert known_span(NOW)[1] - int(NOW.timestamp()) == SPAN.total_seconds()


def test_every_zone_of_this_machine_is_known() -> None:
    assert {*ZONES} <= zones()
