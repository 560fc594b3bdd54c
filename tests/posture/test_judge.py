"""Findings and postures -> verdicts, as tables; nothing known is never enough."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from holders import policy
from hypothesis import given
from hypothesis import strategies as st

from nac.policy import reference
from nac.posture.findings import Finding, Findings, by_name
from nac.posture.freshness import Ages, ages, lifetime
from nac.posture.judge import applying, fits_pattern, holds, judge

NOW = 1_790_000_000
HOUR = 3600


def one(requirement: str) -> Any:
    """The requirement of a posture with nothing else."""
    return policy(f"posture p {{ {requirement} }}").postures[0].requirements[0]


def found(result: str, value: Any = None, detail: str = "") -> Any:
    return (result, tuple(value) if isinstance(value, list) else value, detail)


HELD = [
    ("require disk_encryption", found("pass", True), True),
    ("require disk_encryption", found("fail", False), False),
    ("require disk_encryption", found("unknown"), None),
    ("require disk_encryption", None, None),
    ("require patch_age_days <= 30", found("fail", 30), True),
    ("require patch_age_days <= 30", found("pass", 31), False),
    ("require patch_age_days <= 30", found("pass", None), None),
    ("require patch_age_days <= 30", found("pass", "3"), None),
    ("require patch_age_days <= 30", found("pass", True), None),
    ("require patch_age_days <= 30", found("unknown", 3), True),
    ("require patch_age_days <= 30", found("unknown"), None),
    ('forbid listening_ports has "tcp/[::]:22"', found("unknown", ["udp/*:68"]), None),
    ('require os_supported in ("debian 12", "debian 13")', found("pass", "Debian 12"), True),
    ('require os_supported in ("debian 12", "debian 13")', found("pass", "debian 11"), False),
    ('require os_supported matches "debian *"', found("pass", "debian 12"), True),
    ('require kernel >= "6.1"', found("pass", "6.1.0-25-amd64"), True),
    ('require kernel >= "6.1"', found("pass", "6.10"), True),
    ('require kernel >= "6.10"', found("pass", "6.9.12"), False),
    ('require kernel >= "6.1"', found("pass", "none"), None),
    ('forbid kernel = "5.10.0"', found("pass", "5.10.0"), False),
    ('forbid kernel = "5.10.0"', found("pass", "6.1"), True),
    ("forbid rogue_notebook", found("pass", []), True),
    ("forbid rogue_notebook", found("pass", ["jupyter on 0.0.0.0:8888"]), False),
    ("forbid rogue_notebook", found("fail", []), False),
    ("forbid rogue_notebook", found("unknown", []), None),
    ("require required_processes", found("pass", []), True),
    ("require required_processes", found("fail", ["falcon"]), False),
    ('forbid forbidden_processes matches "miner*"', found("fail", ["xmrig"]), True),
    ('forbid forbidden_processes matches "miner*"', found("pass", ["miner-2"]), False),
    ('forbid forbidden_processes matches "miner*"', found("pass", None), None),
    ('forbid listening_ports matches "tcp/0.0.0.0:*"', found("pass", ["tcp/127.0.0.1:22"]), True),
    ('forbid listening_ports matches "tcp/0.0.0.0:*"', found("pass", ["tcp/0.0.0.0:22"]), False),
    ('require administrators in ("root", "alice")', found("pass", ["root"]), True),
    ('require administrators in ("root", "alice")', found("pass", ["root", "mallory"]), False),
    ('require administrators in ("root", "alice")', found("pass", []), True),
]


@pytest.mark.parametrize(("requirement", "finding", "expected"), HELD)
def test_a_requirement_holds_or_not_or_is_not_known(requirement: str, finding: Any, expected: bool | None) -> None:
    asked = one(requirement)
    assert holds(asked, finding and Finding(asked.check.text, *finding)) is expected


def findings(**results: str) -> Findings:
    return by_name(Finding(name, result) for name, result in results.items())  # type: ignore[arg-type]


POSTURES = policy("""
posture everyone {
    applies when device.managed
    require disk_encryption  require firewall  require automatic_updates
    grace 4h for automatic_updates
}
posture strict { applies when device.kind = "laptop"  require automatic_updates  grace 1h for automatic_updates }
posture stricter { applies when device.tags has "ml"  require automatic_updates }
""")
MANAGED = {"device.managed": True, "device.tags": ()}
BAD = findings(disk_encryption="pass", firewall="pass", automatic_updates="fail")


@pytest.mark.parametrize(
    ("device", "said", "since", "status", "score", "until"),
    [
        (
            MANAGED,
            findings(disk_encryption="pass", firewall="pass", automatic_updates="pass"),
            {},
            "healthy",
            100,
            None,
        ),
        (MANAGED, {}, {}, "unhealthy", 0, NOW + HOUR),
        (MANAGED, BAD, {}, "degraded", 66, NOW + HOUR),
        ({**MANAGED, "device.kind": "tower"}, BAD, {}, "degraded", 66, NOW + 4 * HOUR),
        ({**MANAGED, "device.kind": "laptop"}, BAD, {}, "degraded", 66, NOW + HOUR),
        ({**MANAGED, "device.kind": "tower"}, BAD, {"automatic_updates": NOW - HOUR}, "degraded", 66, NOW + 3 * HOUR),
        ({**MANAGED, "device.kind": "tower"}, BAD, {"automatic_updates": NOW - 4 * HOUR}, "unhealthy", 66, None),
        ({**MANAGED, "device.kind": "tower"}, BAD, {"automatic_updates": NOW + 9}, "degraded", 66, NOW + 4 * HOUR),
        ({**MANAGED, "device.tags": ("ml",)}, BAD, {}, "unhealthy", 66, None),
        ({"device.managed": False, "device.tags": (), "device.kind": "tower"}, BAD, {}, "unknown", 0, None),
        ({"device.managed": False, "device.tags": ()}, BAD, {}, "unknown", 0, NOW + HOUR),
    ],
    ids=[
        "all is well",
        "nothing is known",
        "a kind that is not known asks for the shorter grace",
        "within its grace",
        "the shorter grace counts",
        "the grace runs from the first failure",
        "the grace is over",
        "a clock that was set back gives no more grace",
        "a posture without grace ends it",
        "no posture applies",
        "a posture that may apply is not enough",
    ],
)
def test_a_verdict(device: Any, said: Any, since: Any, status: str, score: int, until: int | None) -> None:
    verdict = judge(applying(POSTURES, device), said, since, now=NOW)
    assert (verdict.status, verdict.score, verdict.changes_at) == (status, score, until)


def test_what_passes_again_begins_anew() -> None:
    device = {**MANAGED, "device.kind": "tower"}
    first = judge(applying(POSTURES, device), BAD, {}, now=NOW)
    well = judge(
        applying(POSTURES, device), {**BAD, **findings(automatic_updates="pass")}, first.failing_since, now=NOW + 9
    )
    again = judge(applying(POSTURES, device), BAD, well.failing_since, now=NOW + 5 * HOUR)
    assert (first.status, well.status, again.status) == ("degraded", "healthy", "degraded")
    assert again.changes_at == NOW + 9 * HOUR


def test_a_failure_says_what_was_found_and_asked() -> None:
    postures = applying(
        policy('posture p { require patch_age_days <= 30 forbid listening_ports has "tcp/[::]:8888" }'), {}
    )
    said = by_name(
        [Finding("patch_age_days", "fail", 45), Finding("listening_ports", "pass", ("tcp/[::]:8888", "udp/*:68"))]
    )
    first, second = judge(postures, said, {}, now=NOW).failed
    assert first.says == "Updates are overdue. Found: 45. Asked for: require patch_age_days <= 30."
    assert "Found: tcp/[::]:8888. Asked" in second.says


@given(st.data())
def test_more_postures_never_make_a_device_healthier(data: st.DataObject) -> None:
    rank = {"healthy": 0, "degraded": 1, "unhealthy": 2}
    results = st.sampled_from(["pass", "fail", "unknown"])
    said = findings(**{name: data.draw(results) for name in ("disk_encryption", "firewall", "automatic_updates")})
    since = {"automatic_updates": NOW - data.draw(st.integers(0, 5 * HOUR))}
    kinds = [{}, {"device.kind": "tower"}, {"device.kind": "laptop"}]
    for few, more in itertools.product(kinds, kinds):
        tags = data.draw(st.sampled_from([(), ("ml",)]))
        fewer = applying(POSTURES, {**MANAGED, **few})
        applied = applying(POSTURES, {**MANAGED, **more, "device.tags": tags})
        if set(fewer.all) <= set(applied.all):
            before, after = judge(fewer, said, since, now=NOW), judge(applied, said, since, now=NOW)
            assert rank[after.status] >= rank[before.status]


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_patterns_fit_as_in_the_reference(pattern: str, text: str) -> None:
    written = policy(f'reject when ssid matches "{pattern}"').rules[0].condition if pattern else None
    expected = reference.evaluate(policy(""), written, {"ssid": text}) if written else text == ""
    assert fits_pattern(pattern, text) is expected


def test_a_list_that_is_cut_short_proves_nothing() -> None:
    asked = one('forbid listening_ports has "tcp/[::]:1"')
    for ports, expected in ((256, True), (257, None)):
        listed = tuple(f"udp/[::]:{port}" for port in range(ports))
        (finding,) = by_name([Finding("listening_ports", "pass", listed)]).values()
        assert holds(asked, finding) is expected


def test_the_shortest_times_of_all_postures_count() -> None:
    postures = policy("posture a { require firewall fresh 5m } posture b { require firewall stale 2m }").postures
    default = Ages(600, 3600, 86400)
    assert ages((), default) == default
    assert ages(postures[:1], default) == Ages(300, 3600, 86400)
    assert ages(postures, default) == Ages(120, 120, 86400), "it is never fresh once it is stale"
    times = lifetime(NOW, Ages(600, 3600, 86400))
    steps = [times.freshness(NOW + age) for age in (0, 599, 600, 3599, 3600, 86399, 86400)]
    assert steps == ["fresh", "fresh", "ageing", "ageing", "stale", "stale", "unknown"]
