"""The pages name what is there: every link resolves, every command exists with its options."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest

from nac.cli import cli

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "lab/README.md", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")))
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ROOMS = ("nac", "dataplane", "tests", "lab", "packaging", "scripts", "docs", "dictionaries")
"""What a path in a page begins with, when it is one of the repository."""


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def prose(page: str) -> str:
    """Without what stands between fences: output and examples are no links."""
    return FENCE.sub("", text(page))


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links() -> list[tuple[str, str]]:
    return [(page, link) for page in PAGES for link in LINK.findall(prose(page)) if "://" not in link]


@pytest.mark.parametrize(("page", "link"), links())
def test_a_link_leads_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.exists(), f"{page}: {link}"
    assert not anchor or anchor in anchors(target.resolve()), f"{page}: {link}"


def paths() -> list[tuple[str, str]]:
    """Files and folders of the repository that pages name in code."""
    named = rf"`((?:{'|'.join(ROOMS)})/[\w./+-]+)`"
    return sorted({(page, path) for page in PAGES for path in re.findall(named, prose(page))})


@pytest.mark.parametrize(("page", "path"), paths())
def test_a_named_file_is_there(page: str, path: str) -> None:
    assert (ROOT / path).exists(), f"{page}: {path}"


def commands() -> list[tuple[str, str]]:
    """What pages tell to type: lines of code, and code within text, that begin with `nac` and a word."""
    found = []
    for page in PAGES:
        lines = re.findall(r"^    (?:sudo |\S*/)?(nac [a-z].*)$", text(page), re.MULTILINE)
        spans = re.findall(r"`(nac [a-z][^`]*)`", prose(page))
        joined = (" ".join(command.split()) for command in (*lines, *spans))
        found += [(page, part) for one in joined for part in re.findall(r"nac [a-z][^&|;>#\\]*", one)]
    return sorted(set(found))


def options(command: click.Command) -> set[str]:
    given = (one for one in command.params if isinstance(one, click.Option))
    own = {option for one in given for option in (*one.opts, *one.secondary_opts)}
    return {*own, "--help", "-h"}


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_exists_with_its_options(page: str, line: str) -> None:
    _, *words = shlex.split(line)
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-") and words[0].islower():
        word = words.pop(0)
        under = command.get_command(context, word)
        assert under is not None, f"{page}: {line}: there is no {word!r}"
        command = under
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= options(command), f"{page}: {line}"
