"""Policy text -> tokens. Words are runs of letters, digits and `_ - . : /`: names, numbers, addresses and durations
all look alike here, and the parser, which knows what it expects, tells them apart.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from nac.policy.source import Diagnostic, Source, Span

MAX_WORD: Final = 255
"""Characters in a word: no name, address or number needs more."""

MAX_TEXT: Final = 1000
"""Characters in a text between quotes: values of facts and reasons for people."""


class Kind(Enum):
    """What a token is; the value says it in an error message."""

    WORD = "a word"
    TEXT = "text"
    SYMBOL = "a symbol"
    END = "the end of the file"


class Token(NamedTuple):
    """`value` is the text without quotes and escapes. `first`: nothing but white space stands before it on its line."""

    kind: Kind
    value: str
    span: Span
    first: bool
    spaced: bool

    def __str__(self) -> str:
        match self.kind:
            case Kind.END:
                return Kind.END.value
            case Kind.TEXT:
                return "a text"
            case _:
                return f"`{self.value}`"


_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r]*+)
        (?: (?P<word>[A-Za-z0-9_][A-Za-z0-9_.:/-]*|::[A-Za-z0-9_.:/-]*)
          | (?P<newline>\n)
          | (?P<symbol><=|>=|!=|[{}(),=<>])
          | (?P<text>"(?:[^"\\\n]|\\.)*")
          | (?P<comment>\#[^\n]*|\Z)
          | (?P<unreadable>.) )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(.)")


def tokens(source: Source) -> tuple[list[Token], list[Diagnostic]]:
    """Every token, the last of kind END, and what could not be read (which is left out)."""
    found: list[Token] = []
    problems: list[Diagnostic] = []
    text = source.text
    position, line, line_start = 0, 1, 0
    first = spaced = True
    while position < len(text) and (match := _TOKEN.match(text, position)):
        group, begin, end = match.lastgroup, match.end("blank"), match.end()
        spaced = spaced or begin > position
        position = end
        if group == "newline":
            line, line_start, first, spaced = line + 1, end, True, True
            continue
        if group == "comment":
            spaced = True
            continue
        span = Span(source, line, begin - line_start + 1, end - begin)
        if group == "unreadable":
            position, problem = _unreadable(text, begin, span)
            problems.append(problem)
            spaced = True
            continue
        written = text[begin:end]
        if group == "word":
            kind, value = Kind.WORD, written
            if len(value) > MAX_WORD:
                problems.append(Diagnostic(span, f"a word has at most {MAX_WORD} characters"))
        elif group == "symbol":
            kind, value = Kind.SYMBOL, written
        else:
            kind, value = Kind.TEXT, _text(problems, written, span)
        found.append(Token(kind, value, span, first, spaced))
        first = spaced = False
    found.append(Token(Kind.END, "", Span(source, line, position - line_start + 1), first=True, spaced=True))
    return found, problems


def _text(problems: list[Diagnostic], quoted: str, span: Span) -> str:
    """What a text between quotes says."""
    value = quoted[1:-1]
    if "\\" in value:
        if any(escaped not in '"\\' for escaped in _ESCAPE.findall(value)):
            problems.append(Diagnostic(span, r"in a text only \" and \\ may follow a backslash"))
        value = _ESCAPE.sub(r"\1", value)
    if not value.isprintable():
        problems.append(Diagnostic(span, "a text may not hold control characters"))
    if len(value) > MAX_TEXT:
        problems.append(Diagnostic(span, f"a text has at most {MAX_TEXT} characters"))
    return value


def _unreadable(text: str, position: int, span: Span) -> tuple[int, Diagnostic]:
    """Where to go on, and what is wrong with the character at `position`."""
    if text[position] == '"':
        line_end = text.find("\n", position)
        end = line_end if line_end >= 0 else len(text)
        return end, Diagnostic(span, "this text is not closed on its line", 'close it with `"`')
    character = text[position]
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return position + 1, Diagnostic(span, f"unexpected character `{shown}`")
