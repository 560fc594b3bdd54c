"""What declarations are made of: `{ property value ... }` and values with commas between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from nac.policy.cursor import Cursor, SyntaxProblem
from nac.policy.source import Diagnostic

Property = Callable[[Cursor], object]
"""Reads the value of one property."""

_T = TypeVar("_T")


def block(cursor: Cursor, what: str, properties: Mapping[str, Property]) -> dict[str, object]:
    """The properties between braces, each at most once. `what`: as in `resource gpu`."""
    cursor.expect_symbol("{", f"after `{what}`")
    found: dict[str, object] = {}
    while not cursor.accept_symbol("}"):
        keyword = cursor.choose("a property or `}`", tuple(properties))
        if keyword.value in found:
            raise SyntaxProblem(Diagnostic(keyword.span, f"`{keyword.value}` stands twice in `{what}`"))
        found[keyword.value] = properties[keyword.value](cursor)
    return found


def items(cursor: Cursor, item: Callable[[Cursor], _T], most: int) -> list[_T]:
    """One item or several with commas between them."""
    found = [item(cursor)]
    while cursor.accept_symbol(","):
        if len(found) == most:
            cursor.fail(f"at most {most:,} in one list")
        found.append(item(cursor))
    return found
