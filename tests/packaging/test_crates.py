"""What the crates of the data plane depend on (docs/ARCHITECTURE.md, invariants 1 and 2)."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PURE = {"nac-protocol", "nac-policy"}
IMPURE = {"tokio", "mio", "socket2", "nix", "libc", "rustix", "pyo3", "chrono", "time"}
"""Crates that bring sockets, clocks or Python."""


@cache
def _dependencies() -> dict[str, set[str]]:
    """Crate -> every crate it needs to run, at any depth; Linux, no features that are not on by default."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    direct = {
        node["id"]: {
            needed["pkg"] for needed in node["deps"] if any(kind["kind"] is None for kind in needed["dep_kinds"])
        }
        for node in metadata["resolve"]["nodes"]
    }
    return {names[root]: {names[crate] for crate in _closure(root, direct)} for root in metadata["workspace_members"]}


def _closure(root: str, direct: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    open_ends = [root]
    while open_ends:
        for needed in direct[open_ends.pop()] - seen:
            seen.add(needed)
            open_ends.append(needed)
    return seen


@pytest.mark.parametrize("crate", sorted(PURE))
def test_protocol_and_policy_bring_no_socket_and_no_clock(crate: str) -> None:
    assert not _dependencies()[crate] & (IMPURE - {"libc"})


@pytest.mark.parametrize("crate", sorted(PURE))
def test_protocol_and_policy_read_no_clock_and_do_no_io(crate: str) -> None:
    files = (ROOT / "dataplane" / crate.removeprefix("nac-") / "src").rglob("*.rs")
    sources = [path for path in files if path.name != "tests.rs"]
    assert sources
    forbidden = ("std::net::Udp", "std::net::Tcp", "std::fs", "std::thread", "Instant::now", "SystemTime", "std::env")
    found = [f"{path}: {word}" for path in sources for word in forbidden if word in path.read_text()]
    assert not found


def test_only_one_crate_knows_python() -> None:
    assert {crate for crate, needed in _dependencies().items() if "pyo3" in needed} == {"nac-python"}
