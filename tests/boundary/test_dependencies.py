"""Who may depend on what (docs/ARCHITECTURE.md): read from cargo's own resolution, and from the sources."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DOES_IO = {"tokio", "mio", "async-std", "socket2", "nix", "libc", "rustix", "getrandom", "rand", "chrono", "time"}
"""Crates that open sockets or files, read clocks or ask for randomness."""

REACHES_OUT = re.compile(
    r"\bstd::(net::(Udp|Tcp)|fs|io|process|thread|env|time::(Instant|SystemTime))|\b(Instant|SystemTime)::now\b"
)


@cache
def _metadata() -> dict[str, object]:
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


@cache
def dependencies() -> dict[str, set[str]]:
    """Each crate of the workspace with all that is built into it (neither for its tests nor only to build it)."""
    metadata = json.loads(json.dumps(_metadata()))
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    direct = {
        node["id"]: [one["pkg"] for one in node["deps"] if any(kind["kind"] is None for kind in one["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = [one for one in direct[waiting.pop()] if one not in seen]
            seen.update(new)
            waiting += new
        return {names[one] for one in seen}

    return {names[member]: reached(member) for member in metadata["workspace_members"]}


def test_only_the_binding_knows_python() -> None:
    assert {crate for crate, needed in dependencies().items() if "pyo3" in needed} == {"nac-python"}


def test_arrows_point_down() -> None:
    ours = {crate: {one for one in needed if one.startswith("nac-")} for crate, needed in dependencies().items()}
    assert ours["nac-protocol"] == set()
    assert ours["nac-policy"] == set()
    assert ours["nac-journal"] == set()
    assert ours["nac-drain"] == set()
    assert ours["nac-server"] == {"nac-protocol", "nac-policy", "nac-journal"}
    assert ours["nac-python"] == {"nac-protocol", "nac-policy", "nac-journal", "nac-drain", "nac-server"}
    assert "nac-server" not in ours["nac-bench"], "the load generator shares nothing with what it measures"


@pytest.mark.parametrize("crate", ["nac-protocol", "nac-policy", "nac-drain"])
def test_bytes_and_meaning_need_no_io(crate: str) -> None:
    assert dependencies()[crate] & DOES_IO == set()


@pytest.mark.parametrize("folder", ["protocol", "policy", "drain"])
def test_bytes_and_meaning_do_no_io(folder: str) -> None:
    """Neither sockets nor files, clocks or threads in their sources; their tests may read vectors."""
    sources = [path for path in (ROOT / "dataplane" / folder / "src").rglob("*.rs") if path.name != "tests.rs"]
    assert sources
    found = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources
        for number, line in enumerate(path.read_text().split("#[cfg(test)]")[0].splitlines(), 1)
        if REACHES_OUT.search(line)
    }
    assert found == set()
