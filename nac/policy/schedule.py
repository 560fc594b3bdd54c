"""A schedule -> the intervals of time in which it holds, for the data plane, which knows no time zones.

`nac.policy.reference` reads the clock of the zone instead; `tests/policy/test_policy_schedule.py` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from nac.policy.model import Schedule

Interval = tuple[int, int]
"""Unix seconds, half-open."""

SPAN: Final = timedelta(days=400)
"""How far back and ahead intervals are worked out: a year, with time to publish the next ones."""

_DAY: Final = 86400
_STEP: Final = 6 * 3600
"""Seconds: no zone changes its offset twice within so short a time."""


@cache
def zones() -> frozenset[str]:
    """The time zones that this machine knows (IANA time zone database)."""
    return frozenset(available_timezones())


def known_span(now: datetime) -> Interval:
    """The span for which intervals are worked out at `now`."""
    return int((now - SPAN).timestamp()), int((now + SPAN).timestamp())


def intervals(schedule: Schedule, span: Interval) -> list[Interval]:
    """When the schedule holds within `span`: in order, apart. The clock's hours are mapped by stretches of one offset
    from UTC, so an hour that the clock skips is in none of them, and one that it strikes twice is in two.
    """
    found = sorted(
        (max(start - offset, begin), min(end - offset, stop))
        for begin, stop, offset in _stretches(ZoneInfo(schedule.zone.text), span)
        for day in _days(begin + offset, stop + offset)
        for start, end in _hours(schedule, day)
    )
    joined: list[Interval] = []
    for start, end in found:
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _stretches(zone: ZoneInfo, span: Interval) -> Iterator[tuple[int, int, int]]:
    """(begin, end, offset from UTC) in seconds: the span cut wherever the zone changes its offset."""
    begin, end = span
    at, offset = begin, _offset(zone, begin)
    while at < end:
        ahead = min(at + _STEP, end)
        if _offset(zone, ahead) != offset:
            changed = _change(zone, at, ahead)
            yield begin, changed, offset
            begin, offset = changed, _offset(zone, changed)
        at = ahead
    yield begin, end, offset


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second with the offset of `after`."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, time: int) -> int:
    offset = datetime.fromtimestamp(time, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())


def _days(begin: int, end: int) -> Iterator[date]:
    """The dates of a stretch of local time, and the one before: its windows may run past midnight."""
    first, last = date(1970, 1, 1) + timedelta(days=begin // _DAY - 1), date(1970, 1, 1) + timedelta(days=end // _DAY)
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _hours(schedule: Schedule, day: date) -> Iterator[Interval]:
    """In seconds of local time: what begins on that date."""
    if day in schedule.excepted:
        return
    midnight = (day - date(1970, 1, 1)).days * _DAY
    tomorrow = midnight + _DAY
    for window in schedule.windows:
        if day.weekday() not in window.days:
            continue
        if window.start < window.end:
            yield midnight + window.start * 60, midnight + window.end * 60
            continue
        yield midnight + window.start * 60, tomorrow
        if day + timedelta(days=1) not in schedule.excepted:
            yield tomorrow, tomorrow + window.end * 60
