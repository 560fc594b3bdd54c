"""What a session used, counted up from what accounting reports (RFC 2866 5.3, 5.4; RFC 2869 5.1, 5.2). Pure.

A NAS reports what it counted since the session began. Reports come late, twice and out of order; counters of 32 bits
wrap where a NAS does not tell Gigawords; a NAS that restarted begins anew under the same Acct-Session-Id. `Usage.after`
takes one report and says what it adds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

MOST: Final = 2**63 - 1
"""Octets that a column holds. A NAS can say more (64 bits), and has not transferred that."""

_SECOND_US: Final = 1_000_000
_WRAP: Final = 2**32
_HALF: Final = 2**31
_JITTER_US: Final = 2 * _SECOND_US
"""Acct-Session-Time and Acct-Delay-Time are whole seconds, rounded by the NAS as it likes."""


class Report(msgspec.Struct, frozen=True, gc=False):
    """What of an Accounting-Request counts here. Octets are None when it does not say."""

    status: str
    happened_us: int
    session_time: int | None
    input_octets: int | None
    output_octets: int | None


class Added(NamedTuple):
    """Octets that a report adds to those before it."""

    input_octets: int
    output_octets: int


NOTHING: Final = Added(0, 0)


class Hour(NamedTuple):
    """What a session has in the hour that begins at `hour` (Unix seconds), so far: the last columns of
    `nac.db.schema.SessionUsage`."""

    hour: int
    hour_input_octets: int
    hour_output_octets: int

    def and_then(self, more: Hour) -> tuple[Hour, Hour]:
        """The newer of both, and the older one; `NO_HOUR` when they are the same hour, and then one."""
        if self.hour == more.hour:
            return Hour(self.hour, min(self[1] + more[1], MOST), min(self[2] + more[2], MOST)), NO_HOUR
        return (more, self) if self.hour < more.hour else (self, more)


NO_HOUR: Final = Hour(0, 0, 0)


class Usage(msgspec.Struct, frozen=True, gc=False):
    """The columns of `nac.db.schema.SessionUsage`, in their order, up to its hour."""

    first_us: int
    seen_us: int
    session_time: int | None
    input_counter: int
    output_counter: int
    input_octets: int
    output_octets: int
    ended: bool

    @classmethod
    def begun_by(cls, report: Report) -> tuple[Usage, Added]:
        """The first report of a session; it may have begun before anybody listened."""
        added = Added(report.input_octets or 0, report.output_octets or 0)
        times = (_began(report) or report.happened_us, report.happened_us, report.session_time)
        return cls(*times, *added, *added, report.status == "stop"), added

    def after(self, report: Report) -> tuple[Usage, Added]:
        """With one report more. One that is older than what is known adds nothing."""
        if self._is_over(report):
            again, added = Usage.begun_by(report)
            return msgspec.structs.replace(
                again,
                first_us=self.first_us,
                input_octets=min(self.input_octets + added.input_octets, MOST),
                output_octets=min(self.output_octets + added.output_octets, MOST),
            ), added
        if self._knows(report):
            return self, NOTHING
        into, out = report.input_octets, report.output_octets
        added = Added(_growth(self.input_counter, into), _growth(self.output_counter, out))
        return Usage(
            self.first_us,
            max(self.seen_us, report.happened_us),
            self.session_time if report.session_time is None else report.session_time,
            self.input_counter if into is None else into,
            self.output_counter if out is None else out,
            min(self.input_octets + added.input_octets, MOST),
            min(self.output_octets + added.output_octets, MOST),
            self.ended or report.status == "stop",
        ), added

    def _is_over(self, report: Report) -> bool:
        """Whether the NAS began anew: after everything known, and not only because its clock was put forward."""
        again = report.status == "start" or (report.session_time or MOST) < (self.session_time or 0)
        return again and _began(report) > self.seen_us + _JITTER_US

    def _knows(self, report: Report) -> bool:
        """The session's own time says what is newer, and the clocks when it does not: they err by a second or more."""
        if self.session_time is not None and report.session_time is not None:
            newer = report.session_time > self.session_time
            same = report.session_time == self.session_time
            return not newer and not (same and report.status == "stop" and not self.ended)
        return report.happened_us < self.seen_us


def _began(report: Report) -> int:
    """When the session began, in Unix microseconds: as far back as its own time says."""
    if report.status == "start":
        return report.happened_us
    if report.session_time is None:
        return 0
    return report.happened_us - report.session_time * _SECOND_US


def _growth(before: int, now: int | None) -> int:
    """A counter that fell has wrapped at 32 bits, if it was in the upper half of them; or it began at 0 again."""
    if now is None:
        return 0
    if now >= before:
        return now - before
    return now + _WRAP - before if _HALF <= before < _WRAP else now
