"""The fact `time`: moments fall into classes by the schedules that hold then and the numbers they are compared with.

Schedules repeat by the week and change with the zone's offset and on their excepted dates. So all that can happen is
found in `DAYS` from a given day on and around the excepted dates.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from nac.policy import reference
from nac.policy.abstract_fact import Asked, ClassedFact, Truths
from nac.policy.facts import TIME
from nac.policy.model import During, Policy, Schedule, Value
from nac.policy.sat import Sat

DAYS: Final = 400
"""A year, and the weeks in which two zones change their clocks at different times."""

_DAY_S: Final = 86_400


class TimeFact:
    """Every packet has a time."""

    def __init__(self, sat: Sat, asked: Iterable[Asked], schedules: Sequence[Schedule], today: date) -> None:
        self._asked = [one for one in asked if isinstance(one.value, int)]
        self._timetables = [Timetable(schedule, today) for schedule in schedules]
        first = _midnight(today)
        moments = {first, *(moment for one in self._timetables for moment in one.moments)}
        moments |= {int(str(one.value)) + step for one in self._asked for step in (-1, 0, 1)}
        classes: dict[Truths, Value] = {}
        for moment in sorted(moments, key=lambda moment: (moment < first, moment)):
            classes.setdefault(self._truths_of(moment), moment)
        self._fact = ClassedFact(sat, classes, always_known=True)
        self.known = self._fact.known

    def _truths_of(self, moment: int) -> Truths:
        holding = [one.schedule for one in self._timetables if one.holds(moment)]
        return frozenset([*holding, *(one for one in self._asked if _compares(one, moment))])

    def truth(self, asked: Asked) -> int:
        return self._fact.truth(asked)

    def during(self, schedule: Schedule) -> int:
        """Holds when the schedule does."""
        return self._fact.truth(schedule)

    def value(self) -> Value | None:
        return self._fact.value()

    def keeping(self, value: Value | None) -> Mapping[str | None, int]:
        return {None: self._fact.class_of(None if value is None else self._truths_of(int(str(value))))}


class Timetable:
    """When a schedule begins and ends to hold. `moments`: Unix seconds between which nothing changes."""

    def __init__(self, schedule: Schedule, today: date) -> None:
        self.schedule = schedule
        self._alone = Policy(sources=(), schedules=(schedule,))
        every_day = [today + timedelta(days=number) for number in range(-1, DAYS)]
        around = [day + timedelta(days=step) for day in sorted(schedule.excepted) for step in (-1, 0, 1, 2)]
        self._listed = sorted({moment for day in every_day for moment in _moments(schedule, day)})
        self._states = [self._evaluate(moment) for moment in self._listed]
        self.moments = {*self._listed, *(moment for day in around for moment in _moments(schedule, day))}

    def holds(self, moment: int) -> bool:
        """Whether the schedule holds then."""
        if self._listed[0] <= moment < self._listed[-1]:
            return self._states[bisect_right(self._listed, moment) - 1]
        return self._evaluate(moment)

    def _evaluate(self, moment: int) -> bool:
        return reference.evaluate(self._alone, During(self.schedule.name), {TIME: moment}) is True


def _moments(schedule: Schedule, day: date) -> Iterator[int]:
    """When the schedule can change on one local day: at its windows' ends, at midnight, with the zone's clocks."""
    zone = ZoneInfo(schedule.zone.text)
    minutes = {0, *(minute % 1440 for window in schedule.windows for minute in (window.start, window.end))}
    for minute in sorted(minutes):
        for fold in (0, 1):
            wall = datetime.combine(day, time(minute // 60, minute % 60, fold=fold), zone)
            yield int(wall.timestamp())
    begin, end = _midnight(day) - _DAY_S, _midnight(day) + 2 * _DAY_S
    if _offset(zone, begin) != _offset(zone, end):
        yield _change_of_clocks(zone, begin, end)


def _change_of_clocks(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second with the offset that holds `after`, not yet `before`."""
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == _offset(zone, before) else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: int) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _compares(asked: Asked, moment: int) -> bool:
    number = int(str(asked.value))
    return {
        "=": moment == number,
        "<": moment < number,
        "<=": moment <= number,
        ">": moment > number,
        ">=": moment >= number,
    }[asked.operator]
