"""Names of devices, users, groups and clients: kept as typed, compared without case."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nac.errors import NacError, NotFoundError

LONGEST_NAME: Final = 253
"""What one RADIUS attribute can carry (RFC 2865 5): a longer name could never match one."""


class BadNameError(NacError):
    """Text cannot be a name."""

    exit_code = 2


@dataclass(frozen=True)
class Name:
    """`text` as typed, `key` for comparison. Make one with `parse`."""

    text: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Name:
        """Raises `BadNameError` for empty, too long or unprintable text."""
        stripped = text.strip()
        if not stripped or not stripped.isprintable() or len(stripped.encode()) > LONGEST_NAME:
            raise BadNameError(f"{text!r} cannot be a name", fix=f"use 1 to {LONGEST_NAME} octets of printable text")
        return cls(stripped, fold(stripped))

    def __str__(self) -> str:
        return self.text


def fold(text: str) -> str:
    """The form in which names are compared."""
    return text.casefold()


def not_found(noun: str, wanted: str, known: Iterable[str]) -> NotFoundError:
    """The error for an unknown name, with the nearest known one."""
    near = difflib.get_close_matches(wanted, list(known), n=1)
    fix = f"did you mean {near[0]!r}?" if near else f"`nac {noun} list` shows the known ones"
    return NotFoundError(f"there is no {noun} {wanted!r}", fix=fix)
