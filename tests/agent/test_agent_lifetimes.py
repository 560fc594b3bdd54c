"""The dates of others' software are data that can be read, and every date has its place."""

from __future__ import annotations

import json
import re

import pytest

from nac.agent.checks.lifetimes import FILE, dates
from nac.agent.checks.os_release import OsRelease

KNOWN = json.loads(FILE.read_text())


@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_each_table_names_its_sources_and_reads_as_dates(kind: str) -> None:
    assert set(KNOWN[kind]) == {"about", "sources", "dates"}
    assert all(source.startswith("https://") for source in KNOWN[kind]["sources"])
    form = r"[a-z]+ \d+(\.\d+)?" if kind == "os_support_ends" else r"\d+\.\d+"
    assert all(re.fullmatch(form, version) for version in KNOWN[kind]["dates"])
    assert all(2020 < day.year < 2040 for day in dates(kind).values())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("identifier", "version", "year"),
    [
        ("debian", "12", 2028),
        ("rocky", "9.4", 2032),
        ("rhel", "9.4", 2032),
        ("centos", "9", 2027),
        ("centos", "8", 2024),
        ("ubuntu", "24.04", 2029),
        ("alpine", "3.20.3", None),
    ],
)
def test_until_when_a_system_is_mended(identifier: str, version: str, year: int | None) -> None:
    ends = OsRelease(identifier, version).support_ends
    assert (ends.year if ends else None) == year
