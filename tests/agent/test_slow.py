"""Slow checks are made at once, then hourly beside the others; what they found before holds meanwhile."""

from __future__ import annotations

import threading
from pathlib import Path

from device_lab import machine

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
