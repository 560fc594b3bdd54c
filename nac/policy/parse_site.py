"""`site NAME { region NAME  client "switch-*", ... }` and `list NAME { "text", ... }`."""

from __future__ import annotations

from typing import Final, cast

from nac.policy.cursor import Cursor
from nac.policy.model import ListDeclaration, Name, Site
from nac.policy.parse_block import Property, block, items
from nac.policy.parse_condition import RESERVED

MAX_CLIENTS: Final = 4096
"""Patterns of one site."""

MAX_LIST: Final = 100_000
"""Texts in one list."""


def parse_site(cursor: Cursor) -> Site:
    """After the word `site`."""
    name = cursor.expect_name("the name of the site", reserved=RESERVED)
    found = block(cursor, f"site {name.text}", _SITE)
    return Site(name, cast("Name | None", found.get("region")), cast("tuple[Name, ...]", found.get("client", ())))


def parse_list(cursor: Cursor) -> ListDeclaration:
    """After the word `list`."""
    name = cursor.expect_name("the name of the list", reserved=RESERVED)
    cursor.expect_symbol("{", f"after `list {name.text}`")
    values = items(cursor, lambda cursor: cursor.expect_text("a value"), MAX_LIST)
    cursor.expect_symbol("}", "or `,` after a value")
    return ListDeclaration(name, tuple(one.value for one in values), tuple(one.span for one in values))


def _region(cursor: Cursor) -> Name:
    return cursor.expect_name("a region", reserved=RESERVED)


def _clients(cursor: Cursor) -> tuple[Name, ...]:
    return tuple(items(cursor, _client, MAX_CLIENTS))


def _client(cursor: Cursor) -> Name:
    token = cursor.expect_text("a pattern of client names")
    return Name(token.value, token.span)


_SITE: Final[dict[str, Property]] = {"region": _region, "client": _clients}
