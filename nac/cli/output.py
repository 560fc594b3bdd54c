"""How every noun prints: `-o table` for people, `-o json` for programs.

Text that came from the network is never trusted by a terminal: control characters, escape sequences and bidirectional
overrides are shown as `\\x1b`-like escapes, and rich's markup is never interpreted. JSON is pure ASCII for the same
reason. Without a terminal there is no colour and nothing is cut off.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Format = Literal["table", "json"]
Cell = str | int | float | bool | None | Sequence[str]

_F = TypeVar("_F", bound=Callable[..., Any])

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that may move the cursor, hide or reorder text."""


def output_option(command: _F) -> _F:
    """Add `-o table|json` to a click command; its parameter is `output`."""
    option = click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="How to print: a table for people, JSON for programs.",
    )
    return option(command)


def printable(text: str) -> str:
    """`text` with every character that a terminal might obey shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def _escape(character: str) -> str:
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def cell(value: Cell) -> str:
    """A value as a table shows it: `-` for nothing, `yes`/`no`, lists joined by commas; always printable."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return printable(str(value))
    return ", ".join(printable(item) for item in value) or "-"


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, empty: str = "") -> None:
    """Print rows under `columns`. `empty` is said on standard error when there is none."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row))
    if table.row_count:
        print_lines(table)
    elif empty:
        click.echo(empty, err=True)


def print_record(fields: Mapping[str, Cell]) -> None:
    """Print one thing, a line for each of its fields."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(Text(name), Text(cell(value)))
    print_lines(table)


def print_lines(table: Table) -> None:
    """To a terminal as it is; into a pipe without the blanks that fill a table's lines."""
    out = console()
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def print_json(value: object) -> None:
    """Print one JSON document, indented, keys in the order given."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def print_json_line(value: object) -> None:
    """Print one JSON document on one line, at once (for streams)."""
    click.echo(json.dumps(value, ensure_ascii=True, separators=(",", ":")))


def say(text: str) -> None:
    """Print one plain line of our own words; what comes from elsewhere must pass `printable` or `cell` before."""
    click.echo(text)


def note(text: str) -> None:
    """Print a remark on standard error, so that it never mixes with what is piped on."""
    click.echo(printable(text), err=True)


def console() -> Console:
    """A console for standard output that neither interprets markup nor cuts what goes into a pipe."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            """Let the root command give it an exit code, instead of rich's own 1."""
            raise BrokenPipeError

    terminal = sys.stdout.isatty()
    return Plain(
        file=sys.stdout,
        markup=False,
        highlight=False,
        emoji=False,
        width=None if terminal else 100_000,
        no_color=True if os.environ.get("NO_COLOR") or not terminal else None,
    )


def local_time(unix: float) -> str:
    """Unix seconds as local time to the second, with the offset from UTC."""
    return datetime.fromtimestamp(unix, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
