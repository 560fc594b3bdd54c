"""The decision alone, without a packet: nac's compiled policy over the facts of the request that is asked."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
from pathlib import Path

from lab.bench.rules.text import ASKED, Rules, mac
from lab.bench.running_server import ServerError
from nac import _dataplane

BATCHES = 20
BATCH_S = 0.02
NATIVE_SHAPE = "users"
"""Of the shapes that the program `decide` knows the one that is most like these rules: every rule its own user."""

_MEDIAN = re.compile(r"median\s+(\d+) ns")


def through_python(rules: Rules) -> float:
    """Microseconds of `Policy.decide` by the processor's clock, the median of `BATCHES`.

    Facts go in and reasons come out as Python objects with every call, which no packet pays for.
    """
    policy, facts = _compiled(rules), _facts()
    found = policy.decide(facts).segment
    if found != rules.asked_segment():
        raise ServerError(f"nac decides for {found} where the rules say {rules.asked_segment()}")
    calls = 1
    while _batch_s(policy, facts, calls) < BATCH_S:
        calls *= 2
    return statistics.median(_batch_s(policy, facts, calls) / calls * 1e6 for _ in range(BATCHES))


def native(program: Path, count: int) -> float:
    """Microseconds of a decision in Rust alone, the median that `program` (example `decide` of nac-policy) tells."""
    command = [str(program), "--rules", str(count), "--shape", NATIVE_SHAPE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    median = _MEDIAN.search(done.stdout)
    if done.returncode != 0 or median is None:
        raise ServerError(f"{program.name} tells no median: {done.stdout}{done.stderr}")
    return int(median[1]) / 1000


def _batch_s(policy: _dataplane.Policy, facts: dict[str, str | bool], calls: int) -> float:
    begun = time.process_time()
    for _ in range(calls):
        policy.decide(facts)
    return time.process_time() - begun


def _compiled(rules: Rules) -> _dataplane.Policy:
    """The rules without their text, so that it need not be parsed: for replies there are no dialects."""
    return _dataplane.Policy(
        rules=[
            _dataplane.Rule(
                effect=statement.effect,
                targets=[statement.target],
                condition=_dataplane.Condition.compare(fact=statement.fact, operator="=", value=statement.value),
                label="",
                location=f"rules.policy:{line}",
            )
            for line, statement in enumerate(rules.statements(), start=1)
        ],
        segments=[_dataplane.Segment(name=name, replies={}) for name in rules.segments()],
        resources=[_dataplane.Resource(name=name, access_list={}) for name in rules.resources()],
        dialects=[],
        digest="",
    )


def _facts() -> dict[str, str | bool]:
    """Of MAC authentication bypass by the device that the other benchmarks put on record."""
    return {
        "method": "mab",
        "mac": mac(ASKED),
        "mac.oui": mac(ASKED)[:8],
        "device.name": f"printer-{ASKED}",
        "device.kind": "printer",
        "device.known": True,
        "device.managed": False,
        "device.disabled": False,
        "user.known": False,
        "user.disabled": False,
        "client.name": "bench",
        "connection": "wired",
    }
