"""The data plane's decision and the reference evaluator agree, on random policies and facts, absent ones too.

A case is a policy with a set of facts; `NAC_ORACLE_POLICIES` says how many policies, each has 50 sets. CI runs
100,000 cases and more.
"""

import os
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.policy import reference
from nac.policy.compile import compile_native
from nac.policy.facts import TIME, Fact, catalogue
from nac.policy.model import Policy, Value
from nac.policy.parse import parse
from nac.policy.resolve import resolve
from nac.policy.schedule import known_span
from nac.policy.source import Severity, Source

POLICIES = int(os.environ.get("NAC_ORACLE_POLICIES", "200"))
FACTS_PER_POLICY = 50

TEXTS = ("", "a", "A", "ab", "aB*", "*", "b.corp", "Ärger", "ärger", "ΟΔΟΣ", "İ", "straße", "x-ray", 'q"\\')
PATTERNS = ("*", "a*", "*b", "A*B", "*r*", "**", "a", "ä*r", "", "*.CORP", "o*σ", "ΟΔ*")
INTEGERS = (0, 1, 7, 90)
SPAN = known_span(datetime(2026, 11, 23, 12, tzinfo=UTC))
CHANGES = (1774746000, 1792890000)
"""When the clocks of Berlin go ahead and back in 2026."""
TIMES = tuple(change + hours * 1800 for change in CHANGES for hours in range(-4, 5))
SCHEDULES = """
schedule night { zone "Europe/Berlin" sat-sun 22:00-02:30, 03:00-03:15 except 2026-10-24 }
schedule odd   { zone "America/New_York" mon-fri 08:00-18:00  sat 19:30-23:00  sun 00:30-02:00  except 2026-10-24 }
"""
REGIONS = ("eu", "us")
SELECTORS = ("stage train", "kind dataset", "environment prod", "stage train and environment prod", 'owner "X"')
NAMES = ("r0", "r1", "r2", "r3", "world")


class Writer:
    """Writes a random policy text; small vocabularies make comparisons hit and miss about equally often."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._facts = random.sample(list(catalogue().values()), 6)
        self._personas: list[str] = []

    def policy(self) -> str:
        lines = [
            "resource r0 { kind dataset address 10.0.0.1 residency eu }",
            "resource r1 { address 10.0.0.1 stage train environment prod residency US }",
            'resource r2 { address 10.0.0.1 stage train owner "x" environment dev residency eu }',
            "resource r3 { kind dataset address 10.0.0.1 environment prod }",
        ]
        lines.insert(self._random.randrange(4), "resource world { kind internet }")
        lines += [SCHEDULES, "segment s0 { vlan 1 }", "segment s1 { vlan 2 }"]
        for number in range(2):
            values = self._random.sample(TEXTS, self._random.randrange(1, 6))
            lines.append(f"list l{number} {{ {', '.join(map(quoted, values))} }}")
        for number in range(self._random.randrange(3)):
            lines.append(f"persona p{number} when {self._condition(2)}")
            self._personas.append(f"p{number}")
        lines += [self._rule() for _ in range(self._random.randrange(1, 12))]
        return "\n".join(lines)

    def _rule(self) -> str:
        targets = self._random.sample((*NAMES, *SELECTORS), self._random.randrange(1, 4))
        names = ", ".join(targets)
        forbidden = ", ".join((*targets, *self._random.sample(("everything", "residency outside client.region"), 1)))
        effects = [
            f"place in s{self._random.randrange(2)}",
            "reject",
            f"allow {names}",
            f"allow {names}",
            f"forbid {names}",
            f"forbid {forbidden}",
        ]
        effect = self._random.choice(effects)
        condition = "" if self._random.random() < 0.1 else f" when {self._condition(3)}"
        return effect + condition + (" mode monitor" if self._random.random() < 0.2 else "")

    def _condition(self, depth: int) -> str:
        kind = self._random.random()
        if depth == 0 or kind < 0.4:
            return self._comparison()
        if kind < 0.5 and self._personas:
            return f"persona {self._random.choice(self._personas)}"
        if kind < 0.55:
            return f"during {self._random.choice(('night', 'odd'))}"
        if kind < 0.65:
            return f"not ({self._condition(depth - 1)})"
        word = self._random.choice((" and ", " or "))
        return "(" + word.join(self._condition(depth - 1) for _ in range(self._random.randrange(2, 4))) + ")"

    def _comparison(self) -> str:
        fact = self._random.choice(self._facts)
        match fact.kind:
            case "boolean":
                return self._random.choice((fact.name, f"{fact.name} = false"))
            case "integer":
                operator = self._random.choice(("=", "<", "<=", ">", ">="))
                return f"{fact.name} {operator} {self._random.choice(TIMES if fact.name == TIME else INTEGERS)}"
            case "set":
                return f"{fact.name} has {self._members()}"
            case "text":
                return self._text_comparison(fact.name)

    def _members(self) -> str:
        match self._random.randrange(4):
            case 0:
                return f"any list {self._random.choice(('l0', 'l1'))}"
            case 1:
                return f"any ({self._texts()})"
            case 2:
                return f"all ({self._texts()})"
        return quoted(self._random.choice(TEXTS))

    def _texts(self) -> str:
        return ", ".join(map(quoted, self._random.sample(TEXTS, self._random.randrange(1, 4))))

    def _text_comparison(self, name: str) -> str:
        match self._random.randrange(4):
            case 0:
                return f"{name} = {quoted(self._random.choice(TEXTS))}"
            case 1:
                return f"{name} matches {quoted(self._random.choice(PATTERNS))}"
            case 2:
                return f"{name} in list {self._random.choice(('l0', 'l1'))}"
        return f"{name} in ({self._texts()})"

    def facts(self) -> dict[str, Value]:
        """Some of the policy's facts, and what schedules and residency ask for."""
        asked = (*self._facts, *(catalogue()[name] for name in (TIME, "client.region")))
        return {fact.name: self._value(fact) for fact in asked if self._random.random() < 0.75}

    def _value(self, fact: Fact) -> Value:
        match fact.kind:
            case "boolean":
                return self._random.random() < 0.5
            case "integer":
                return self._time() if fact.name == TIME else self._random.choice(INTEGERS)
            case "set":
                return tuple(self._random.sample(TEXTS, self._random.randrange(4)))
            case "text":
                return self._random.choice(REGIONS if fact.name == "client.region" else TEXTS)

    def _time(self) -> int:
        """Any moment that is known, or one around a change of the clocks."""
        return self._random.choice((self._random.randrange(*SPAN), self._random.choice(TIMES)))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=POLICIES, deadline=None)
def test_the_data_plane_decides_like_the_reference(seed: int) -> None:
    writer = Writer(Random(seed))
    text = writer.policy()
    policy, problems = parse([Source("p", text)])
    assert problems == []
    policy, problems = resolve(policy)
    assert [one for one in problems if one.severity is Severity.ERROR] == []
    native = compile_native(policy, [], "00", SPAN)
    for _ in range(FACTS_PER_POLICY):
        facts = writer.facts()
        assert _native(native.decide(facts)) == _reference(policy, facts), f"{text}\n{facts}"


def _native(decision: object) -> object:
    return {name: getattr(decision, name) for name in ("verdict", "segment", "rule", "grants", "reasons")}


def _reference(policy: Policy, facts: dict[str, Value]) -> object:
    verdict = reference.decide(policy, facts)
    return {
        "verdict": "accept" if verdict.segment is not None else "reject",
        "segment": verdict.segment,
        "rule": verdict.rule.span.location if verdict.rule else None,
        "grants": list(verdict.grants),
        "reasons": [(one.rule.span.location, f"{one.words}: {one.rule.label}") for one in verdict.outcomes],
    }


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("*", "", True), ("a*", "ba", False), ("*a*", "bab", True), ("a*a", "a", False), ("", "", True), ("", "a", False)],
)
def test_the_reference_itself_on_patterns(pattern: str, text: str, fits: bool) -> None:
    policy, _ = parse([Source("p", f'segment s {{ vlan 1 }} place in s when ssid matches "{pattern}"')])
    assert (reference.decide(policy, {"ssid": text}).segment == "s") is fits
