"""What `allow`, `forbid` and invariants aim at, and whom invariants speak of."""

from __future__ import annotations

from typing import Final, Literal, cast

from nac.policy.cursor import Cursor
from nac.policy.lexer import Kind
from nac.policy.model import Everything, Labelled, Name, Named, OutsideRegion, Selector, Subject
from nac.policy.parse_block import items
from nac.policy.parse_condition import RESERVED
from nac.policy.parse_declaration import KINDS, LABELS, label_value

MAX_SELECTORS: Final = 1024
"""Selectors of one statement."""

_LABELS: Final = ("kind", *LABELS, "residency", "owner")

Statement = Literal["allow", "forbid", "never", "only"]


def parse_selectors(cursor: Cursor, statement: Statement) -> tuple[Selector, ...]:
    """`SELECTOR {"," SELECTOR}` as the statement may have them."""
    return tuple(items(cursor, lambda cursor: _selector(cursor, statement), MAX_SELECTORS))


def _selector(cursor: Cursor, statement: Statement) -> Selector:
    start = cursor.token
    if cursor.is_word("everything"):
        if statement == "allow":
            cursor.fail("`allow` does not open everything", "name the resources, or choose them by label")
        cursor.advance()
        return Everything(start.span)
    if not _is_label(cursor):
        return Named(cursor.expect_name("the name of a resource or a label", reserved=RESERVED))
    if cursor.is_word("residency") and cursor.following.value == "outside" and cursor.following.kind is Kind.WORD:
        if statement != "forbid":
            cursor.fail("`residency outside client.region` stands in `forbid` alone")
        cursor.advance()
        cursor.advance()
        cursor.expect_word("client.region")
        return OutsideRegion(start.span)
    labels = [_label(cursor)]
    while cursor.accept_word("and"):
        labels.append(_label(cursor))
    return Labelled(tuple(labels), start.span)


def _is_label(cursor: Cursor) -> bool:
    """A resource may be called like a label; a label has its value behind it, on the same line."""
    value = cursor.following
    if not cursor.is_word(*_LABELS) or value.first:
        return False
    known = LABELS.get(cursor.token.value, ())
    return value.kind is Kind.TEXT or (
        value.kind is Kind.WORD and (value.value in known or value.value not in RESERVED)
    )


def _label(cursor: Cursor) -> tuple[str, str]:
    label = cursor.choose("a label", _LABELS).value
    if label == "owner":
        return label, cursor.expect_text("the owner").value
    if label == "residency":
        return label, cursor.expect_name("a region", reserved=RESERVED).text
    if label == "kind":
        return label, cursor.choose("a kind of resource", KINDS).value
    return label, label_value(cursor, label).value


def parse_subject(cursor: Cursor) -> Subject:
    """`persona NAME`, `segment NAME`, `environment VALUE` or `anyone`, and the word `reaches`."""
    kind = cursor.choose("whom it is about", ("persona", "segment", "environment", "anyone"))
    name = None
    if kind.value == "environment":
        value = label_value(cursor, "environment")
        name = Name(value.value, value.span)
    elif kind.value != "anyone":
        name = cursor.expect_name(f"the name of a {kind.value}", reserved=RESERVED)
    cursor.expect_word("reaches")
    return Subject(cast('Literal["persona", "segment", "environment", "anyone"]', kind.value), name, kind.span)
