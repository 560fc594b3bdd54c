"""Slow checks are made at once, then hourly beside the others; what they found before holds meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

from agent_device import PASSWD, Size, check, machine, make_tree

from nac.agent.checks import Check
from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine
from nac.agent.root import Root
from nac.agent.slow import EVERY_S, SlowChecks


def test_once_an_hour_and_in_a_thread(tmp_path: Path) -> None:
    on, go = machine(Root(tmp_path)), threading.Event()
    go.set()
    made: list[int] = []

    def run(_machine: Machine) -> Finding:
        go.wait(30)
        made.append(threading.get_ident())
        return passed() if len(made) == 1 else failed()

    slow = SlowChecks([Check("unapproved_models", run, "slow"), Check("kernel", lambda _: failed())], on, 1000.0)
    assert slow.findings == {"unapproved_models": passed()}
    assert not slow.make_if_due(on, 1000.0 + EVERY_S - 1)
    assert len(made) == 1

    go.clear()
    assert not slow.make_if_due(on, 1000.0 + EVERY_S)
    assert not slow.make_if_due(on, 1000.0 + EVERY_S + 2)
    assert slow.findings["unapproved_models"] == passed()
    go.set()
    (thread,) = (one for one in threading.enumerate() if one.name == "slow-checks")
    thread.join()
    assert slow.make_if_due(on, 1000.0 + EVERY_S + 4)
    assert slow.findings["unapproved_models"] == failed()
    assert not slow.make_if_due(on, 1000.0 + EVERY_S + 6)
    assert made[1] != made[0] == threading.get_ident()


def test_a_file_that_was_found_and_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    large = "/home/alice/llama.gguf"
    on = machine(make_tree(tmp_path, {"/etc/passwd": PASSWD, large: Size(60 << 20)}))
    slow = SlowChecks([check("unapproved_models")], on, 1000.0)
    assert slow.findings["unapproved_models"].value == (large,)
    assert not slow.make_if_due(on, 1002.0)
    (tmp_path / large.lstrip("/")).unlink()
    assert not slow.make_if_due(on, 1004.0)
    for thread in threading.enumerate():
        if thread.name == "slow-checks":
            thread.join()
    assert slow.make_if_due(on, 1006.0)
    assert slow.findings["unapproved_models"].result == "pass"
    assert not slow.make_if_due(on, 1008.0)
    assert not [thread for thread in threading.enumerate() if thread.name == "slow-checks"]
