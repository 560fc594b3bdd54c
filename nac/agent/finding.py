"""What one check found: pass, fail or unknown, a value for the server's policy, and a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Result = Literal["pass", "fail", "unknown"]
Value = str | int | bool | tuple[str, ...] | None

LONGEST_TEXT: Final = 160
"""Octets of one text of a finding."""

LONGEST_LIST: Final = 2048
"""Octets of one list: lists of this size keep a report below the 64 KiB that the server takes."""


@dataclass(frozen=True)
class Finding:
    """`value` and `detail` are bounded and printable, whatever a file or a process called itself. Of a list that had
    to be cut nothing is known: what is asked of it may lie behind the cut."""

    result: Result
    value: Value = None
    detail: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "detail", tame(self.detail))
        if isinstance(self.value, str):
            object.__setattr__(self, "value", tame(self.value))
        if isinstance(self.value, tuple):
            kept, left_out = bounded(self.value)
            object.__setattr__(self, "value", kept)
            if left_out:
                object.__setattr__(self, "result", "unknown")
                object.__setattr__(self, "detail", tame(f"{left_out} more are not listed. {self.detail}"))


def passed(value: Value = None, detail: str = "") -> Finding:
    """The device is as it should be."""
    return Finding("pass", value, detail)


def failed(value: Value = None, detail: str = "") -> Finding:
    """The device is not as it should be; `detail` says how."""
    return Finding("fail", value, detail)


def unknown(detail: str) -> Finding:
    """It could not be seen; `detail` says why. The server takes this for no better than a failure."""
    return Finding("unknown", None, detail)


def bounded(texts: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """Each text once, in order, as many as fit, and how many did not."""
    all_of_them = sorted({tame(text) for text in texts})
    kept: list[str] = []
    room = LONGEST_LIST
    for text in all_of_them:
        room -= len(text.encode()) + 4
        if room < 0:
            break
        kept.append(text)
    return tuple(kept), len(all_of_them) - len(kept)


def tame(text: str) -> str:
    """The text without what a terminal or JSON would write longer or obey, at most 160 octets."""
    plain = "".join(sign if sign.isprintable() and sign not in '"\\' else "?" for sign in text[:LONGEST_TEXT])
    return plain.encode("utf-8", "replace")[:LONGEST_TEXT].decode("utf-8", "ignore")
