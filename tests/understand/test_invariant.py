"""Invariants hold or are told with a session that breaks them; the answer is that of trying every session."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Writer, policy_of, told_apart

from nac.errors import PolicyError
from nac.policy import reference
from nac.policy.invariant import check_invariants
from nac.policy.load import read
from nac.policy.solve import Space
from nac.policy.source import Source

ESTATE = """
resource ingest { kind dataset address 10.22.1.0/28 port tcp 8443 stage ingest environment prod }
resource data   { kind dataset address 10.22.0.0/16 }
resource models { address 10.1.0.1 port tcp 443 environment prod }
segment lab  { vlan 1 environment dev }
segment work { vlan 2 environment prod }
persona scientist when user.groups has "science"
place in lab  when method = "eap-tls" and user.groups has "lab"
place in work when method = "eap-tls" and device.managed
"""


def told(rules: str) -> list[str]:
    return [found.render() for found in check_invariants(policy_of(ESTATE + rules))]


@pytest.mark.parametrize(
    "rules",
    [
        'allow ingest when user.groups has "pipe"\nforbid ingest when persona scientist\n'
        "never persona scientist reaches stage ingest",
        'allow models when user.groups has "m"\nforbid models when user.groups has "lab"\n'
        "never environment dev reaches environment prod",
        "allow models when persona scientist\nonly persona scientist reaches models",
        'allow models when posture.status = "healthy" and device.managed\n'
        'never anyone reaches models when not posture.status = "healthy"',
        "allow models when device.managed mode monitor\nnever anyone reaches models",
        "never segment lab reaches everything",
    ],
)
def test_invariants_that_hold(rules: str) -> None:
    assert told(rules) == []


def test_a_violation_is_told_with_a_session_a_flow_and_the_rules() -> None:
    (found,) = told(
        "allow models when device.managed and certificate.days_left > 14\nonly persona scientist reaches models"
    )
    for words in (
        "this invariant does not hold: a session of someone else reaches `models`",
        "only persona scientist reaches models",
        'method = "eap-tls"',
        "certificate.days_left = 90",
        "device.managed",
        "opens 10.1.0.1 tcp 443 in segment work",
        'place in work when method = "eap-tls" and device.managed',
        "allow models when device.managed and certificate.days_left > 14",
    ):
        assert words in found


def test_a_resource_is_reached_through_another_with_its_addresses() -> None:
    (found,) = told('allow data when user.groups has "science"\nnever persona scientist reaches ingest')
    assert "opens 10.22.1.1 tcp 8443 through `data`" in found


def test_what_is_unknown_counts_in_when() -> None:
    (found,) = told(
        "allow models when device.known or not device.known and user.known\n"
        'never anyone reaches models when posture.status = "failed"'
    )
    assert "reaches `models`" in found


def test_a_policy_that_breaks_its_invariant_is_not_loaded() -> None:
    with pytest.raises(PolicyError, match="this invariant does not hold"):
        read([Source("p.policy", ESTATE + "allow models when user.known\nnever segment lab reaches models")])


def test_what_cannot_be_decided_is_an_error() -> None:
    many = " or ".join(f'ssid matches "*{letter}*{letter}*"' for letter in "abcdefghijklm")
    (found,) = told(f"allow models when user.known and ({many})\nnever anyone reaches models")
    assert "this invariant could not be proved: the patterns of a fact combine in too many ways" in found


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=40, deadline=None)
def test_the_proof_agrees_with_trying_every_session(seed: int) -> None:
    writer = Writer(Random(seed))
    text = writer.policy() + "\nnever persona p0 reaches r0\nonly segment s0 reaches r1\n"
    policy = policy_of(text)
    told = {found.span.line for found in check_invariants(policy)}
    never, only = len(text.splitlines()) - 1, len(text.splitlines())
    for facts in told_apart(Space([policy]).asked):
        verdict = reference.decide(policy, facts)
        p0 = reference.evaluate(policy, policy.personas[0].condition, facts) is True
        if p0 and {"r0", "r1"} & set(verdict.grants):
            assert never in told
        if verdict.segment == "s1" and set(verdict.grants) & {"r0", "r1", "r2"}:
            assert only in told
    for found in check_invariants(policy):
        assert "opens 10.0.0." in found.fix
