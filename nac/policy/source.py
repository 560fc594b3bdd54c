"""Policy text, places in it, and what is said about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Source:
    """One policy file: `name` as people know it, and its text."""

    name: str
    text: str
    lines: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(self.text.split("\n")))


class Span(NamedTuple):
    """A place in a source. `line` and `column` count from 1, in characters; `length` is at least 1."""

    source: Source
    line: int
    column: int
    length: int = 1

    @property
    def location(self) -> str:
        """`file:line`, as rules carry it into decisions."""
        return f"{self.source.name}:{self.line}"

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


class Severity(Enum):
    """An error keeps a policy from being published; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong where, and what to write instead."""

    span: Span
    message: str
    fix: str = ""
    severity: Severity = Severity.ERROR

    def render(self) -> str:
        """Several lines: place and message, the source line, a caret under the place, the fix."""
        source_line = (
            self.span.source.lines[self.span.line - 1] if self.span.line <= len(self.span.source.lines) else ""
        )
        shown = _visible(source_line)
        width = max(1, min(self.span.length, len(source_line) - self.span.column + 1))
        margin = f"{self.span.line:>5} | "
        head = f"{self.span}: {self.severity.value}: {self.message}"
        lines = [head, f"{margin}{shown}", f"{'':>{len(margin) - 2}}| {' ' * (self.span.column - 1)}{'^' * width}"]
        if self.fix:
            lines.append(f"{'':>{len(margin) - 2}}= {self.fix}")
        return "\n".join(lines)


def _visible(line: str) -> str:
    """The line with each control character as one space or `?`, so that the caret stands where it should."""
    return "".join(" " if character == "\t" else character if character.isprintable() else "?" for character in line)


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics in the order of the text, each once."""
    return sorted(dict.fromkeys(diagnostics), key=lambda one: (one.span.source.name, one.span.line, one.span.column))


def nearest(name: str, known: Sequence[str]) -> str:
    """A fix that names the nearest of the known names, or all of them when they are few and none is near."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    if 0 < len(known) <= 12:
        return "known: " + ", ".join(known)
    return ""
