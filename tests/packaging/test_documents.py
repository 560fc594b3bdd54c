"""The documents lead somewhere: every link and every path of this project that they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "lab").glob("*.md"), *ROOT.glob("packaging/*.md")]
)

LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:tests|dataplane|dictionaries|nac|lab|packaging|scripts)/[\w/.-]+)`")
TARGET = re.compile(r"^    make (\w[\w-]*)|`make (\w[\w-]*)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [path for path in PATH.findall(text) if not (ROOT / path).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_has_the_targets(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {first or second for first, second in TARGET.findall(page.read_text(encoding="utf-8"))} <= targets


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    decisions = [path.name for path in (ROOT / "docs" / "decisions").glob("0*.md")]
    assert decisions
    assert not [name for name in decisions if f"({name})" not in listed]


def test_every_counter_and_discard_reason_is_explained() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    source = ROOT / "dataplane" / "server" / "src"
    counters = re.findall(r'\("([a-z_.]+)", &?self\.', (source / "counters.rs").read_text())
    reasons = re.findall(r'^ {4}\w+ "([a-z_]+)" "', (source / "discard.rs").read_text(), re.MULTILINE)
    assert len(counters) > 15
    assert len(reasons) > 10
    assert not [word for word in counters + reasons if f"`{word}`" not in page]
