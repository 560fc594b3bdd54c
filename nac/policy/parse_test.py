"""`test "title" { given ... expect ... reaches ... not reaches ... }`."""

from __future__ import annotations

from dataclasses import dataclass, field

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.lexer import Kind, Token
from nac.policy.model import Given, Name, Test, Value
from nac.policy.parse_condition import RESERVED, parse_texts, parse_value
from nac.policy.source import Diagnostic, Span


@dataclass
class _Block:
    given: list[Given] = field(default_factory=list)
    expectations: int = 0
    segment: Name | None = None
    reaches: list[Name] = field(default_factory=list)
    not_reaches: list[Name] = field(default_factory=list)


def parse_test(cursor: Cursor, keyword: Token) -> Test:
    """After the word `test`."""
    title = cursor.expect_text("the title of the test")
    cursor.expect_symbol("{", "after the title")
    block = _Block()
    while not cursor.accept_symbol("}"):
        line = cursor.choose(
            "`given`, `expect`, `reaches`, `not reaches` or `}`", ("given", "expect", "reaches", "not")
        )
        _line(cursor, line, block)
    if block.expectations != 1:
        message = "a test expects nothing" if block.expectations == 0 else "a test has one `expect`"
        raise SyntaxProblem(Diagnostic(title.span, message, "write `expect segment NAME` or `expect reject`"))
    return Test(
        title=title.value,
        span=keyword.span,
        given=tuple(block.given),
        segment=block.segment,
        expects_reject=block.segment is None,
        reaches=tuple(block.reaches),
        not_reaches=tuple(block.not_reaches),
    )


def _line(cursor: Cursor, line: Token, block: _Block) -> None:
    match line.value:
        case "given":
            block.given.append(_given(cursor, block))
            while cursor.accept_symbol(","):
                block.given.append(_given(cursor, block))
        case "expect":
            block.expectations += 1
            if cursor.choose("`segment` or `reject`", ("segment", "reject")).value == "segment":
                block.segment = cursor.expect_name("the name of a segment", reserved=RESERVED)
        case "reaches":
            block.reaches.extend(cursor.expect_names("the name of a resource", reserved=RESERVED))
        case _:
            cursor.expect_word("reaches")
            block.not_reaches.extend(cursor.expect_names("the name of a resource", reserved=RESERVED))


def _given(cursor: Cursor, block: _Block) -> Given:
    negated = cursor.accept_word("not")
    fact = cursor.expect_name("a fact", reserved=RESERVED)
    if negated:
        return Given(fact, False, fact.span)
    if cursor.accept_word("has"):
        token = cursor.expect_text("a member of the set")
        earlier = [given for given in block.given if given.fact.text == fact.text]
        members = tuple(one for given in earlier if isinstance(given.value, tuple) for one in given.value)
        block.given[:] = [given for given in block.given if given not in earlier]
        return Given(fact, (*members, token.value), token.span)
    if cursor.accept_symbol("="):
        value, span = _given_value(cursor, fact)
        return Given(fact, value, span)
    return Given(fact, True, fact.span)


def _given_value(cursor: Cursor, fact: Name) -> tuple[Value, Span]:
    if cursor.token.kind is Kind.SYMBOL and cursor.token.value == "(":
        return parse_texts(cursor, fact)
    return parse_value(cursor, fact)
