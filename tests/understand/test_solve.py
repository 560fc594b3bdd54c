"""The solver against trying everything: the same answer, both ways, and each witness stands before the reference."""

from collections.abc import Collection
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from worlds import Writer, policy_of, told_apart

from nac.policy import reference
from nac.policy.model import Place, Value
from nac.policy.sessions import Sessions
from nac.policy.solve import Space, UndecidedError


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=60, deadline=None)
def test_conditions_are_satisfiable_when_some_session_satisfies_them(seed: int) -> None:
    writer = Writer(Random(seed))
    policy = policy_of("\n".join(f"persona p{number} when {writer.condition(3)}" for number in range(3)))
    space = Space([policy])
    world = told_apart(space.asked)
    for persona in policy.personas:
        truths = [reference.evaluate(policy, persona.condition, facts) for facts in world]
        true, false = space.true(policy, persona.condition), space.false(policy, persona.condition)
        for wanted, goals in ((True, (true,)), (False, (false,)), (None, (space.no(true), space.no(false)))):
            facts = space.satisfy(*goals)
            assert (facts is not None) is (wanted in truths), f"{persona} {wanted}"
            if facts is not None:
                assert reference.evaluate(policy, persona.condition, facts) is wanted


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=40, deadline=None)
def test_placements_and_reach_are_those_of_the_reference(seed: int) -> None:
    policy = policy_of(Writer(Random(seed)).policy())
    space = Space([policy])
    goals = Sessions(space, policy)
    verdicts = [reference.decide(policy, facts) for facts in told_apart(space.asked)]
    for segment in ("s0", "s1"):
        facts = space.satisfy(goals.placed(segment))
        assert (facts is not None) is any(verdict.segment == segment for verdict in verdicts)
        assert facts is None or reference.decide(policy, facts).segment == segment
    for resource in policy.resources:
        name = resource.name.text
        facts = space.satisfy(goals.granted(name))
        assert (facts is not None) is any(name in verdict.grants for verdict in verdicts)
        assert facts is None or name in reference.decide(policy, facts).grants


@given(st.integers(0, 2**64 - 1))
@example(46873)
@settings(max_examples=25, deadline=None)
def test_nothing_is_cheaper_than_the_cheapest_change(seed: int) -> None:
    random = Random(seed)
    policy = policy_of(Writer(random).policy())
    space = Space([policy])
    world = told_apart(space.asked)
    start = random.choice(world)
    changes = space.cheapest(Sessions(space, policy).granted("r1"), start, cost)
    reached = [facts for facts in world if "r1" in reference.decide(policy, facts).grants]
    assert (changes is None) is (not reached)
    if changes is not None:
        least = min(sum(cost(name, None) for name in differing(start, facts, space.asked)) for facts in reached)
        assert sum(cost(change.fact, change.member) for change in changes) <= least


def cost(fact: str, member: str | None) -> int:
    """Members of a set cost nothing: they go when it becomes unknown, and count once here, with it."""
    return {"user.groups": 0, "ssid": 2, "posture.status": 3}.get(fact, 5) if member is None else 0


def differing(one: dict[str, Value], other: dict[str, Value], asked: Collection[str]) -> set[str]:
    return {name for name in asked if one.get(name) != other.get(name)}


def test_mac_addresses_and_their_vendors_agree() -> None:
    policy = policy_of(
        'persona both when mac.oui = "00-1b-77" and mac matches "00-1B-78-*"\n'
        'persona one when mac.oui matches "00-1*" and not mac = "00:1b:77:00:00:01"\n'
        'persona odd when mac matches "x*"\n'
    )
    space = Space([policy])
    both, one, odd = (space.true(policy, persona.condition) for persona in policy.personas)
    assert space.satisfy(both) is None
    assert space.satisfy(odd) is None
    facts = space.satisfy(one)
    assert facts is not None
    assert str(facts["mac"]).startswith(str(facts["mac.oui"]))
    assert reference.evaluate(policy, policy.personas[1].condition, facts) is True


def test_schedules_that_never_meet() -> None:
    policy = policy_of(
        'schedule day { zone "Europe/Berlin" mon-fri 08:00-18:00 }\n'
        'schedule night { zone "Europe/Berlin" mon-sun 22:00-06:00 }\n'
        'schedule tokyo { zone "Asia/Tokyo" mon-fri 08:00-18:00 }\n'
        "persona apart when during day and during night\n"
        "persona early when during day and during tokyo\n"
    )
    space = Space([policy])
    apart, early = (space.true(policy, persona.condition) for persona in policy.personas)
    assert space.satisfy(apart) is None
    facts = space.satisfy(early)
    assert facts is not None
    assert reference.evaluate(policy, policy.personas[1].condition, facts) is True


def test_an_excepted_date_closes_the_schedule() -> None:
    policy = policy_of(
        'schedule day { zone "Europe/Berlin" fri 08:00-18:00 except 2099-12-25 }\n'
        "persona p when during day and time >= 4101840000 and time < 4101926400\n"
    )
    space = Space([policy])
    assert space.satisfy(space.true(policy, policy.personas[0].condition)) is None


def test_patterns_that_combine_in_too_many_ways_are_not_decided() -> None:
    many = " or ".join(f'ssid matches "*{letter}*{letter}*"' for letter in "abcdefghijklm")
    with pytest.raises(UndecidedError):
        Space([policy_of(f"persona p when {many}")])


def test_too_few_steps_are_not_an_answer() -> None:
    policy = policy_of(Writer(Random(1)).policy())
    space = Space([policy])
    with pytest.raises(UndecidedError, match="not decided after 3 steps"):
        space.satisfy(Sessions(space, policy).accepted, steps=3)


def test_a_thousand_rules_are_proved() -> None:
    rules = [f'place in s when user.groups has "g{number}" and not ssid = "n{number}"' for number in range(1000)]
    rules += [f'allow r{number % 20} when user.groups has "g{number}" and device.managed' for number in range(1000)]
    resources = [f"resource r{number} {{ address 10.0.{number}.0/24 }}" for number in range(20)]
    policy = policy_of("\n".join([*resources, "segment s { vlan 1 }", *rules]))
    space = Space([policy])
    goals = Sessions(space, policy)
    managed = next(rule.condition.parts[1] for rule in policy.rules if not isinstance(rule, Place))
    assert space.satisfy(goals.reaches("r7"), space.false(policy, managed)) is None
    facts = space.satisfy(goals.reaches("r7"))
    assert facts is not None
    assert "r7" in reference.decide(policy, facts).grants
