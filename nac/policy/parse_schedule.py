"""`schedule NAME { zone "Europe/Berlin"  mon-fri 08:00-18:00, 19:00-21:00  sat 10:00-14:00  except 2026-12-25 }`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.lexer import Kind
from nac.policy.model import Name, Schedule, Window
from nac.policy.parse_block import items
from nac.policy.parse_condition import RESERVED
from nac.policy.source import Diagnostic, nearest

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week in the order of `Window.days`."""

MAX_WINDOWS: Final = 16
"""Windows of one schedule: with them the intervals of 800 days stay within what the data plane takes."""

MAX_EXCEPTED: Final = 1024
"""Dates of one `except`."""

_HOURS: Final = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_WHOLE_DAY: Final = 24 * 60


@dataclass
class _Block:
    zone: Name | None = None
    windows: list[Window] = field(default_factory=list)
    excepted: set[date] = field(default_factory=set)


def parse_schedule(cursor: Cursor) -> Schedule:
    """After the word `schedule`."""
    name = cursor.expect_name("the name of the schedule", reserved=RESERVED)
    cursor.expect_symbol("{", f"after `schedule {name.text}`")
    block = _Block()
    while not cursor.accept_symbol("}"):
        _line(cursor, block)
    if block.zone is None:
        fix = 'write `zone "Europe/Berlin"`: hours of the clock mean nothing without it'
        raise SyntaxProblem(Diagnostic(name.span, f"schedule `{name.text}` has no zone", fix))
    if not block.windows:
        fix = "write days and hours, like `mon-fri 08:00-18:00`"
        raise SyntaxProblem(Diagnostic(name.span, f"schedule `{name.text}` has no hours", fix))
    return Schedule(name, block.zone, tuple(block.windows), frozenset(block.excepted))


def _line(cursor: Cursor, block: _Block) -> None:
    keyword = cursor.token
    if cursor.accept_word("zone"):
        if block.zone is not None:
            raise SyntaxProblem(Diagnostic(keyword.span, "a schedule has one `zone`"))
        zone = cursor.expect_text("a time zone")
        block.zone = Name(zone.value, zone.span)
    elif cursor.accept_word("except"):
        block.excepted.update(items(cursor, _date, MAX_EXCEPTED))
    else:
        _hours(cursor, block)


def _hours(cursor: Cursor, block: _Block) -> None:
    days: frozenset[int] = frozenset().union(*items(cursor, _days, len(DAYS)))
    while True:
        if len(block.windows) == MAX_WINDOWS:
            cursor.fail(f"a schedule has at most {MAX_WINDOWS} windows", "make two schedules of it")
        block.windows.append(_window(cursor, days))
        if not cursor.accept_symbol(","):
            return


def _days(cursor: Cursor) -> frozenset[int]:
    """`sat` or `mon-fri`; a range may run over the end of the week."""
    token = cursor.token
    first, dash, last = token.value.partition("-")
    if token.kind is not Kind.WORD or first not in DAYS or (last not in DAYS if dash else False):
        fix = nearest(first, (*DAYS, "zone", "except")) if token.kind is Kind.WORD else ""
        cursor.fail(f"expected a day, `zone`, `except` or `}}`, found {token}", fix)
    cursor.advance()
    start, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset((start + number) % 7 for number in range((end - start) % 7 + 1))


def _window(cursor: Cursor, days: frozenset[int]) -> Window:
    token = cursor.expect_any_word("hours")
    match = _HOURS.fullmatch(token.value)
    if match:
        start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
        on_the_clock = int(match[2]) < 60 and int(match[4]) < 60
        if on_the_clock and start < _WHOLE_DAY and end <= _WHOLE_DAY and start != end:
            return Window(days, start, end, token.span)
    fix = "hours are `08:00-18:00`; `22:00-06:00` runs past midnight, a whole day is `00:00-24:00`"
    raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` are no hours", fix))


def _date(cursor: Cursor) -> date:
    token = cursor.expect_any_word("a date")
    try:
        return date.fromisoformat(token.value)
    except ValueError:
        fix = "a date is `2026-12-25`"
    raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` is not a date", fix))
