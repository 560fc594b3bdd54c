"""What is printed obeys nobody but us."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nac.cli.output import cell, print_json, print_record, print_table, printable


@given(st.text())
def test_printable_text_moves_no_cursor(text: str) -> None:
    shown = printable(text)
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zoë 東京", "Zoë 東京"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb", "a\\x0d\\x0ab"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("\U000e0041", "\\U000e0041"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), ("", "-"), (True, "yes"), (False, "no"), (0, "0"), ([], "-"), (["a", "b\x07"], "a, b\\x07")],
)
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown  # type: ignore[arg-type]


def test_tables_interpret_no_markup_and_cut_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A", "B"), [["[bold]x[/bold] :smile:", "y" * 500], ["\x1b[31m", None]])
    print_record({"name": "[link=http://evil]x[/link]"})
    out = capsys.readouterr().out
    assert "[bold]x[/bold] :smile:" in out
    assert "y" * 500 in out
    assert "\\x1b[31m" in out
    assert "[link=http://evil]x[/link]" in out
    assert "\x1b" not in out


def test_an_empty_table_says_so_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A",), [], empty="nothing here")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "nothing here\n")


def test_json_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"x": "\x1b\u202e\x9bé"})
    out = capsys.readouterr().out
    assert out.isascii()
    assert "\x1b" not in out
    assert json.loads(out) == {"x": "\x1b\u202e\x9bé"}
