"""Conditions: `or` of `and` of `not` of comparisons, personas and parentheses. Recursive descent, bounded in depth."""

from __future__ import annotations

from typing import Final, cast

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.facts import TIME, moment, normal_mac
from nac.policy.lexer import Kind, Token
from nac.policy.model import (
    All,
    Always,
    Any,
    Comparison,
    Condition,
    During,
    Name,
    Not,
    Operator,
    PersonaReference,
    Value,
)
from nac.policy.source import Diagnostic, Span

MAX_NESTING: Final = 32
"""Parentheses and `not` inside one another; the compiled form allows twice as much for personas."""

MAX_VALUES: Final = 4096
"""Values of one `in`."""

DECLARATIONS: Final = frozenset({"resource", "segment", "persona", "list", "schedule", "site", "posture"})
RULES: Final = frozenset({"place", "reject", "allow", "forbid"})
STATEMENTS: Final = DECLARATIONS | RULES | {"never", "only", "test"}
"""The words that begin a statement; none of them can be a name."""

_OPERATORS: Final = frozenset({"when", "and", "or", "not", "in", "has", "matches", "during"})
RESERVED: Final = STATEMENTS | _OPERATORS | {"true", "false", "given", "expect", "everything", "mode"}
"""Words with a meaning of their own; none can be a name."""

_SYMBOL_OPERATORS: Final = ("=", "<", "<=", ">", ">=")
_WORD_OPERATORS: Final = ("has", "in", "matches")


def parse_when(cursor: Cursor) -> Condition:
    """`[when condition]`."""
    return parse_condition(cursor, 0) if cursor.accept_word("when") else Always()


def parse_condition(cursor: Cursor, depth: int) -> Condition:
    """`conjunction {or conjunction}`."""
    parts = [_conjunction(cursor, depth)]
    while cursor.accept_word("or"):
        parts.append(_conjunction(cursor, depth))
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _conjunction(cursor: Cursor, depth: int) -> Condition:
    parts = [_negation(cursor, depth)]
    while cursor.accept_word("and"):
        parts.append(_negation(cursor, depth))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _negation(cursor: Cursor, depth: int) -> Condition:
    if depth > MAX_NESTING:
        cursor.fail(f"conditions nest at most {MAX_NESTING} deep", "name a part of it with `persona NAME when ...`")
    if cursor.accept_word("not"):
        return Not(_negation(cursor, depth + 1))
    if cursor.accept_symbol("("):
        inner = parse_condition(cursor, depth + 1)
        cursor.expect_symbol(")", "to close the parenthesis")
        return inner
    if cursor.accept_word("persona"):
        return PersonaReference(cursor.expect_name("the name of a persona", reserved=RESERVED))
    if cursor.accept_word("during"):
        return During(cursor.expect_name("the name of a schedule", reserved=RESERVED))
    return _comparison(cursor)


def _comparison(cursor: Cursor) -> Condition:
    fact = cursor.expect_name("a condition", reserved=RESERVED)
    symbol = cursor.accept_symbol(*_SYMBOL_OPERATORS) or cursor.accept_word(*_WORD_OPERATORS)
    if symbol is None:
        if cursor.token.kind is Kind.SYMBOL and cursor.token.value == "!=":
            cursor.fail("there is no `!=`", f"write `not {fact.text} = ...`")
        if cursor.token.kind is Kind.TEXT:
            cursor.fail(f"expected an operator between `{fact.text}` and the text", "one of = has in matches")
        return Comparison(fact, "=", True, fact.span)
    operator = cast(Operator, symbol.value)
    if operator == "in":
        return _in(cursor, fact)
    if operator == "has" and cursor.is_word("any", "all"):
        return _has_several(cursor, fact)
    value, span = parse_value(cursor, fact)
    return Comparison(fact, operator, value, span)


def _in(cursor: Cursor, fact: Name) -> Comparison:
    if cursor.accept_word("list"):
        name = cursor.expect_name("the name of a list", reserved=RESERVED)
        return Comparison(fact, "in", (), name.span, from_list=name)
    values, span = parse_texts(cursor, fact)
    return Comparison(fact, "in", values, span)


def _has_several(cursor: Cursor, fact: Name) -> Condition:
    """`any ("a", "b")`, `all ("a", "b")`, `any list NAME`."""
    quantifier = cursor.advance().value
    if quantifier == "any" and cursor.accept_word("list"):
        name = cursor.expect_name("the name of a list", reserved=RESERVED)
        return Comparison(fact, "has", "", name.span, from_list=name)
    values, span = parse_texts(cursor, fact)
    parts = tuple(Comparison(fact, "has", value, span) for value in values)
    return parts[0] if len(parts) == 1 else Any(parts) if quantifier == "any" else All(parts)


def parse_value(cursor: Cursor, fact: Name) -> tuple[Value, Span]:
    """A text between quotes, an integer, `true` or `false`. A moment stands for its Unix seconds."""
    token = cursor.token
    if token.kind is Kind.TEXT and fact.text == TIME:
        return _seconds(cursor.advance()), token.span
    if token.kind is Kind.TEXT:
        return _as_fact(fact, cursor.advance().value), token.span
    if token.kind is Kind.WORD:
        if token.value in ("true", "false"):
            return cursor.advance().value == "true", token.span
        if token.value.isdecimal() and len(token.value) <= 15:
            return int(cursor.advance().value), token.span
        fix = f'text stands between quotes: `{fact.text} = "{token.value}"`'
        raise SyntaxProblem(Diagnostic(token.span, f"expected a value, found `{token.value}`", fix))
    return cursor.fail(f"expected a value, found {token}")


def parse_texts(cursor: Cursor, fact: Name) -> tuple[tuple[str, ...], Span]:
    """`("a", "b")`."""
    opening = cursor.expect_symbol("(", "before the list of texts")
    values = [_as_fact(fact, cursor.expect_text("a value").value)]
    while cursor.accept_symbol(","):
        values.append(_as_fact(fact, cursor.expect_text("a value").value))
        if len(values) > MAX_VALUES:
            cursor.fail(f"a list has at most {MAX_VALUES} values")
    cursor.expect_symbol(")", "or `,` after a value")
    return tuple(values), opening.span


def _seconds(token: Token) -> int:
    seconds = moment(token.value)
    if seconds is None:
        fix = 'write it with its offset from UTC, like "2026-03-29T02:30+01:00"'
        raise SyntaxProblem(Diagnostic(token.span, f'"{token.value}" is not a moment', fix))
    return seconds


def _as_fact(fact: Name, text: str) -> str:
    """A MAC address in the notation of the fact, whichever was written; anything else as it is."""
    return (normal_mac(text) if fact.text == "mac" else None) or text
