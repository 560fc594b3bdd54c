"""`posture NAME { applies when ...  require CHECK ...  forbid CHECK ...  grace 4h for CHECK  fresh 10m  stale 1h }`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, cast

from nac.config.duration import Duration
from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.lexer import Token
from nac.policy.model import Always, Comparison, Condition, Grace, Name, Operator, Posture, Requirement
from nac.policy.parse_condition import RESERVED, parse_condition, parse_texts, parse_value
from nac.policy.source import Diagnostic

MAX_REQUIREMENTS: Final = 256
"""Of one posture."""

LONGEST: Final = 30 * 86400
"""Seconds: what is older than this says nothing about a device any more, and no grace lasts longer."""

_TIMES: Final = ("fresh", "stale", "unknown")
_ITEMS: Final = ("applies", "require", "forbid", "grace", *_TIMES)


@dataclass
class _Block:
    condition: Condition | None = None
    requirements: list[Requirement] = field(default_factory=list)
    graces: list[Grace] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)


def parse_posture(cursor: Cursor) -> Posture:
    """After the word `posture`."""
    name = cursor.expect_name("the name of the posture", reserved=RESERVED)
    cursor.expect_symbol("{", f"after `posture {name.text}`")
    block = _Block()
    try:
        while not cursor.accept_symbol("}"):
            _item(cursor, name, block)
    except SyntaxProblem:
        cursor.skip_block()  # `forbid` inside would be taken for a statement
        raise
    return Posture(
        name=name,
        condition=block.condition or Always(),
        requirements=tuple(block.requirements),
        graces=tuple(block.graces),
        **block.times,
    )


def _item(cursor: Cursor, name: Name, block: _Block) -> None:
    start = cursor.position
    keyword = cursor.choose("a line of a posture or `}`", _ITEMS)
    if keyword.value == "applies":
        if block.condition is not None:
            raise _twice(keyword, name)
        cursor.expect_word("when")
        block.condition = parse_condition(cursor, 0)
    elif keyword.value == "grace":
        seconds = _duration(cursor)
        cursor.expect_word("for")
        block.graces.append(Grace(seconds, cursor.expect_names("the name of a check", reserved=RESERVED)))
    elif keyword.value in _TIMES:
        if keyword.value in block.times:
            raise _twice(keyword, name)
        block.times[keyword.value] = _duration(cursor)
    else:
        if len(block.requirements) == MAX_REQUIREMENTS:
            fix = "make two postures of it: all that apply count"
            raise SyntaxProblem(Diagnostic(keyword.span, f"a posture has at most {MAX_REQUIREMENTS} requirements", fix))
        check = cursor.expect_name("the name of a check", reserved=RESERVED)
        wanted = _found(cursor, check)
        forbidden = keyword.value == "forbid"
        block.requirements.append(Requirement(check, wanted, forbidden, cursor.text_since(start)))


def _found(cursor: Cursor, check: Name) -> Comparison | None:
    """`[found]`."""
    token = cursor.accept_symbol("=", "<", "<=", ">", ">=") or cursor.accept_word("has", "matches", "in")
    if token is None:
        return None
    value, span = parse_texts(cursor, check) if token.value == "in" else parse_value(cursor, check)
    return Comparison(check, cast(Operator, token.value), value, span)


def _duration(cursor: Cursor) -> int:
    token = cursor.expect_any_word("a duration")
    try:
        seconds = Duration.parse(token.value).seconds
    except ValueError:
        seconds = 0
    if not 0 < seconds <= LONGEST:
        fix = "write it like `10m`, `4h` or `7d`, at most `30d`"
        raise SyntaxProblem(Diagnostic(token.span, f"`{token.value}` is not a duration", fix))
    return seconds


def _twice(keyword: Token, name: Name) -> SyntaxProblem:
    message = f"`{keyword.value}` stands twice in `posture {name.text}`"
    return SyntaxProblem(Diagnostic(keyword.span, message))
