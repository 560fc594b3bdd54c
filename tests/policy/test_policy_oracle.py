"""The data plane's decision and the reference evaluator agree, on random policies and facts, absent ones too."""

import os
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.policy import reference
from nac.policy.compile import compile_native
from nac.policy.facts import Fact, catalogue
from nac.policy.model import Policy, Value
from nac.policy.parse import parse
from nac.policy.source import Source

POLICIES = int(os.environ.get("NAC_ORACLE_POLICIES", "400"))
FACTS_PER_POLICY = 25

TEXTS = ("", "a", "A", "ab", "aB*", "*", "b.corp", "Ärger", "ärger", "ΟΔΟΣ", "İ", "straße", "x-ray", 'q"\\')
PATTERNS = ("*", "a*", "*b", "A*B", "*r*", "**", "a", "ä*r", "", "*.CORP", "o*σ", "ΟΔ*")
INTEGERS = (0, 1, 7, 90)
NAMES = ("r0", "r1", "r2", "r3", "world")


class Writer:
    """Writes a random policy text; small vocabularies make comparisons hit and miss about equally often."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._facts = random.sample(list(catalogue().values()), 6)
        self._personas: list[str] = []

    def policy(self) -> str:
        lines = [f"resource {name} {{ address 10.0.0.1 }}" for name in NAMES[:-1]]
        lines.insert(self._random.randrange(4), "resource world { kind internet }")
        lines += ["segment s0 { vlan 1 }", "segment s1 { vlan 2 }"]
        for number in range(self._random.randrange(3)):
            lines.append(f"persona p{number} when {self._condition(2)}")
            self._personas.append(f"p{number}")
        lines += [self._rule() for _ in range(self._random.randrange(1, 12))]
        return "\n".join(lines)

    def _rule(self) -> str:
        names = ", ".join(self._random.sample(NAMES, self._random.randrange(1, 4)))
        effects = [
            f"place in s{self._random.randrange(2)}",
            "reject",
            f"allow {names}",
            f"allow {names}",
            f"forbid {names}",
        ]
        effect = self._random.choice(effects)
        return effect if self._random.random() < 0.1 else f"{effect} when {self._condition(3)}"

    def _condition(self, depth: int) -> str:
        kind = self._random.random()
        if depth == 0 or kind < 0.4:
            return self._comparison()
        if kind < 0.5 and self._personas:
            return f"persona {self._random.choice(self._personas)}"
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
                return f"{fact.name} {operator} {self._random.choice(INTEGERS)}"
            case "set":
                return f"{fact.name} has {quoted(self._random.choice(TEXTS))}"
            case "text":
                return self._text_comparison(fact.name)

    def _text_comparison(self, name: str) -> str:
        match self._random.randrange(3):
            case 0:
                return f"{name} = {quoted(self._random.choice(TEXTS))}"
            case 1:
                return f"{name} matches {quoted(self._random.choice(PATTERNS))}"
        values = self._random.sample(TEXTS, self._random.randrange(1, 4))
        return f"{name} in ({', '.join(map(quoted, values))})"

    def facts(self) -> dict[str, Value]:
        return {fact.name: self._value(fact) for fact in self._facts if self._random.random() < 0.75}

    def _value(self, fact: Fact) -> Value:
        match fact.kind:
            case "boolean":
                return self._random.random() < 0.5
            case "integer":
                return self._random.choice(INTEGERS)
            case "set":
                return tuple(self._random.sample(TEXTS, self._random.randrange(4)))
            case "text":
                return self._random.choice(TEXTS)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=POLICIES, deadline=None)
def test_the_data_plane_decides_like_the_reference(seed: int) -> None:
    writer = Writer(Random(seed))
    text = writer.policy()
    policy, problems = parse([Source("p", text)])
    assert problems == []
    native = compile_native(policy, [], "00")
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
