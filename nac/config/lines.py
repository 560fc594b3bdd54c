"""Where each key of a TOML text stands: the line numbers that `tomllib` does not keep.

The text has already passed `tomllib`, so this scanner only needs to find where keys and values begin and end; the keys
themselves are decoded by `tomllib`.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from typing import Final

Key = tuple[str | int, ...]
"""The way to a value from the root: names of tables, and indexes (from 0) of arrays."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\]}\n#]+")
_NAME: Final = re.compile(r"""(?:[^\s"'=\[\]{},#]|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[ \t])+""")


def key_lines(text: str) -> dict[Key, int]:
    """Every key and array element of a valid TOML text with the line (from 1) on which it begins."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(lines: dict[Key, int], key: Key) -> int | None:
    """The line of `key`, or of the nearest thing around it that is written in the text."""
    for length in range(len(key), 0, -1):
        if (line := lines.get(key[:length])) is not None:
            return line
    return None


def dotted(key: Key) -> str:
    """`eap.certificates[0].key`: a key as an administrator writes it."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class _Scanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[Key, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._arrays: dict[Key, int] = {}

    def document(self) -> None:
        table: Key = ()
        self._skip()
        while self._at < len(self._text):
            start = self._at
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()
            if self._at == start:
                return

    def _header(self) -> Key:
        start = self._at
        brackets = 2 if self._text.startswith("[[", start) else 1
        self._at += brackets
        names = self._names()
        self._at += brackets
        table = self._inside_arrays(names[:-1])
        table = (*table, names[-1])
        if brackets == 2:
            index = self._arrays[table] = self._arrays.get(table, -1) + 1
            self._mark(table, start)
            table = (*table, index)
        elif table in self._arrays:
            table = (*table, self._arrays[table])
        self._mark(table, start)
        return table

    def _inside_arrays(self, names: tuple[str, ...]) -> Key:
        """`[[a]]` followed by `[a.b]` speaks of the last element of `a`."""
        table: Key = ()
        for name in names:
            table = (*table, name)
            if table in self._arrays:
                table = (*table, self._arrays[table])
        return table

    def _pair(self, table: Key) -> None:
        start = self._at
        key = table
        for name in self._names():
            key = (*key, name)
            self._mark(key, start)
        self._at += 1
        self._skip()
        self._value(key)

    def _names(self) -> tuple[str, ...]:
        """The dotted key here, decoded; leaves the position at what follows it."""
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise AssertionError(f"no key at offset {self._at} of a TOML text that tomllib accepted")
        self._at = match.end()
        names: list[str] = []
        tree: object = tomllib.loads(f"{match[0].strip()} = 0")
        while isinstance(tree, dict):
            name, tree = next(iter(tree.items()))
            names.append(name)
        return tuple(names)

    def _value(self, key: Key) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._array(key)
        elif opening == "{":
            self._inline_table(key)
        elif opening and opening in "\"'":
            self._take(_STRING)
        else:
            self._take(_SCALAR)

    def _array(self, key: Key) -> None:
        self._at += 1
        index = 0
        while self._more("]"):
            self._mark((*key, index), self._at)
            self._value((*key, index))
            index += 1
        self._at += 1

    def _inline_table(self, key: Key) -> None:
        self._at += 1
        while self._more("}"):
            self._pair(key)
        self._at += 1

    def _more(self, closing: str) -> bool:
        """True while another element follows before `closing`; leaves the position at that element."""
        self._skip()
        if self._text.startswith(",", self._at):
            self._at += 1
            self._skip()
        return self._at < len(self._text) and not self._text.startswith(closing, self._at)

    def _skip(self) -> None:
        self._take(_BLANK)

    def _take(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _mark(self, key: Key, offset: int) -> None:
        self.lines.setdefault(key, bisect.bisect_left(self._breaks, offset) + 1)
