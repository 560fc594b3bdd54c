"""docs/vendors, the configuration snippets and the dialects say the same."""

import re
from ipaddress import ip_address
from pathlib import Path

import pytest
from click.testing import CliRunner

from nac.cli import cli
from nac.enforcement.snippet import SECRET, SERVER, configuration
from nac.enforcement.vendor import DIALECTS, MAKES, make_of

PAGES = Path(__file__).parents[2] / "docs" / "vendors"


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_a_page_and_a_snippet_for_each_make_and_no_other() -> None:
    snippets = Path(__file__).parents[2] / "nac" / "enforcement" / "snippets"
    assert {path.stem for path in PAGES.glob("*.md")} == {*MAKES, "README"}
    assert {path.stem for path in snippets.iterdir()} == set(MAKES)


@pytest.mark.parametrize("make", MAKES)
def test_the_page_shows_the_snippet(make: str) -> None:
    assert f"```text\n{configuration(make)}```" in page(make)


@pytest.mark.parametrize("make", MAKES)
def test_the_page_names_the_dialects_and_their_limits(make: str) -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", page(make), re.MULTILINE)
    assert rows == [name for name in DIALECTS if make_of(name) == make]
    for dialect in (DIALECTS[name] for name in rows if DIALECTS[name].lists):
        for number in (dialect.budget.lines, dialect.budget.characters):
            assert number is None or str(number) in page(make)


def test_the_longest_rule_of_a_fortiswitch() -> None:
    assert f"**{DIALECTS['fortiswitch+ipv4'].budget.line_characters} characters**" in page("fortiswitch")


@pytest.mark.parametrize("name", [name for name in DIALECTS if name.endswith("+ipv4")])
def test_lists_for_ipv4_alone_ask_for_ports_that_block_ipv6(name: str) -> None:
    row = next(row for row in page(make_of(name)).splitlines() if row.startswith(f"| `{name}` |"))
    assert re.search(r"\*\*.*(block|drop) IPv6.*\*\*", row)
    assert re.search(r"(?i)nothing of IPv6|know no IPv6|drops IPv6", configuration(make_of(name)))


@pytest.mark.parametrize("name", DIALECTS)
def test_the_overview_names_every_dialect(name: str) -> None:
    assert f"`{name}`" in page("README")


@pytest.mark.parametrize("make", MAKES)
def test_snippet_on_the_command_line(make: str) -> None:
    result = CliRunner().invoke(cli, ["client", "snippet", "--vendor", make, "--server", "192.0.2.7"])
    assert result.exit_code == 0, result.output
    assert result.stdout == configuration(make, ip_address("192.0.2.7"))
    assert "192.0.2.7" in result.stdout
    assert SERVER not in result.stdout
    assert SECRET in result.stdout, "the secret stays a placeholder"


def test_snippet_without_a_server_keeps_the_placeholder() -> None:
    result = CliRunner().invoke(cli, ["client", "snippet", "--vendor", "fortiswitch"])
    assert result.exit_code == 0, result.output
    assert SERVER in result.stdout
    assert "docs/vendors/fortiswitch.md" in result.stderr


@pytest.mark.parametrize("words", [["--vendor", "nobody"], ["--vendor", "unifi", "--server", "x; reboot"], []])
def test_snippet_refuses(words: list[str]) -> None:
    assert CliRunner().invoke(cli, ["client", "snippet", *words]).exit_code == 2


@pytest.mark.parametrize("make", MAKES)
def test_snippets_hold_no_secret_and_say_what_is_unverified(make: str) -> None:
    text = configuration(make)
    assert SECRET in text
    assert not re.search(r"(?i)(secret|key)[ =\"]+(?!.*<SECRET>)[a-z0-9]{12,}", text)
    assert "erify on your release" in text or make in ("rfc4849", "vlan-only", "hostapd")
