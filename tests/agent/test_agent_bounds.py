"""Whatever a device holds, a report stays readable, printable and below 64 KiB."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from agent_device import LOOPBACK4, listening, machine, make_tree
from agent_server import KEYS
from hypothesis import given
from hypothesis import strategies as st

import nac.agent.root
from nac.agent.boot import Boot
from nac.agent.checks import NAMES, Check
from nac.agent.checks.os_release import OsRelease
from nac.agent.finding import LONGEST_LIST, LONGEST_TEXT, Finding, bounded, failed, passed, tame
from nac.agent.jws import signed_token
from nac.agent.machine import Machine
from nac.agent.missed import MOST, Missed
from nac.agent.observation import Observation, SeenService, observe
from nac.agent.platforms import checks_of
from nac.agent.report import Author, Freshness, claims
from nac.agent.root import Root, UnreadableError
from nac.agent.signer import DeviceIdentity, FileSigner

WORST = "\U0001f600" * 500


@given(st.text(max_size=400))
def test_a_text_is_tame(text: str) -> None:
    shown = tame(text)
    assert len(shown.encode()) <= LONGEST_TEXT
    assert shown.isprintable()
    assert len(json.dumps(shown, ensure_ascii=False).encode()) <= LONGEST_TEXT + 2


@given(st.lists(st.text(max_size=200), max_size=200))
def test_a_list_is_bounded_and_says_what_is_left_out(texts: list[str]) -> None:
    kept, left_out = bounded(texts)
    assert len(json.dumps(kept, ensure_ascii=False).encode()) <= LONGEST_LIST + 2
    assert len(kept) + left_out == len({tame(text) for text in texts})


@pytest.mark.parametrize("made", [passed, failed])
def test_of_a_list_that_was_cut_nothing_is_known(made: Callable[..., Finding]) -> None:
    whole, cut = (made(tuple(f"tcp/0.0.0.0:{number}" for number in range(many))) for many in (9, 900))
    assert whole.result == made().result
    assert cut.result == "unknown"
    assert cut.value
    assert "more are not listed" in cut.detail


def test_what_is_too_large_to_be_looked_through_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nac.agent.root, "MOST_NAMES", 3)
    monkeypatch.setattr(nac.agent.root, "MOST_LINES", 3)
    (tmp_path / "table").write_text("line\n" * 3)
    for name in "ab":
        (tmp_path / name).touch()
    root = Root(tmp_path)
    assert len(root.names("/")) == len(list(root.lines("/table"))) == 3
    (tmp_path / "c").touch()
    (tmp_path / "table").write_text("line\n" * 4)
    with pytest.raises(UnreadableError, match="more than 3 names"):
        root.names("/")
    with pytest.raises(UnreadableError, match="more than 3 lines"):
        list(root.lines("/table"))


def test_the_largest_report_fits() -> None:
    many = tuple(f"{number:04}{WORST}" for number in range(500))
    findings = {name: failed(many if number < 9 else WORST, WORST) for number, name in enumerate(NAMES)}
    services = tuple(SeenService(65535, "f" * 39, WORST[:15], "model-server", None) for _ in range(500))
    boot = Boot("b" * 36, 2**31, bytes(17), OsRelease(WORST, WORST), WORST)
    missed = tuple(Missed(2**31, NAMES, ()) for _ in range(MOST))
    freshness = Freshness(2**53, "n" * 22, bytes(16), 2**31)
    said = claims(
        Observation(0.0, findings, services), boot, Author("d" * 255, "1", "linux", "0" * 64), freshness, missed
    )
    identity = DeviceIdentity("d", bytes(32), FileSigner(KEYS["PS256"]()))
    assert len(signed_token(said, identity)) <= 65536


@pytest.mark.parametrize(
    "error", [UnreadableError("/x: denied"), ValueError("odd"), KeyError("k"), RecursionError(), EOFError()]
)
def test_a_check_that_breaks_is_unknown(error: Exception, tmp_path: Path) -> None:
    def run(_machine: Machine) -> Finding:
        raise error

    assert Check("kernel", run).finding(machine(Root(tmp_path))).result == "unknown"


@pytest.mark.parametrize("content", ["[" * 90000, "\0", "[]", '{"port": "8888"}'])
def test_what_a_user_writes_does_not_stop_the_agent(content: str, tmp_path: Path) -> None:
    files = listening(LOOPBACK4, 8888, comm="jupyter-lab")
    files["/home/alice/.local/share/jupyter/runtime/jpserver-1.json"] = content
    seen = observe(machine(make_tree(tmp_path, files)), checks_of("linux"))
    assert seen.findings["rogue_notebook"].result == "unknown"
    assert [service.token for service in seen.services] == [None]


def test_a_pipe_in_the_place_of_a_file_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableError, match="not a file"):
        Root(tmp_path).text("/pipe")
