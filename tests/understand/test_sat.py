"""Clauses: the search agrees with trying everything, alone and under assumptions; its cores are really in conflict."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.policy.sat import FALSE, TRUE, OutOfStepsError, Sat

STEPS = 1_000_000


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=300, deadline=None)
def test_the_search_agrees_with_trying_everything(seed: int) -> None:
    random = Random(seed)
    sat = Sat()
    literals = [sat.variable(prefer=random.random() < 0.5) for _ in range(random.randrange(3, 8))]
    clauses: list[list[int]] = []
    for _ in range(2):
        for _ in range(random.randrange(3, 2 * len(literals))):
            clauses.append([random.choice(literals) ^ random.randrange(2) for _ in range(random.randrange(1, 4))])
            sat.add(clauses[-1])
        chosen = random.sample(literals, random.randrange(len(literals)))
        assumptions = [literal ^ random.randrange(2) for literal in chosen]
        found = sat.solve(assumptions, steps=STEPS)
        assert found is any_solution(literals, clauses, assumptions)
        if found:
            assert all(any(sat.holds(one) for one in clause) for clause in clauses)
            assert all(sat.holds(one) for one in assumptions)
        else:
            assert sat.core <= set(assumptions)
            assert not any_solution(literals, clauses, list(sat.core))


def any_solution(literals: list[int], clauses: list[list[int]], assumptions: list[int]) -> bool:
    for values in itertools.product((0, 1), repeat=len(literals)):
        true = {literal ^ (1 - value) for literal, value in zip(literals, values, strict=True)}
        if true.issuperset(assumptions) and all(not true.isdisjoint(clause) for clause in clauses):
            return True
    return False


def test_named_parts_mean_what_they_say() -> None:
    sat = Sat()
    one, other = sat.variable(), sat.variable()
    both, either = sat.both([one, other]), sat.either([one, other])
    assert sat.both([]) == TRUE
    assert sat.either([]) == FALSE
    assert sat.either([one, one ^ 1]) == TRUE
    assert not sat.solve([both, one ^ 1], steps=STEPS)
    assert not sat.solve([either ^ 1, other], steps=STEPS)
    assert sat.solve([either, both ^ 1, one], steps=STEPS)
    assert not sat.holds(other)


def test_running_out_of_steps_is_no_answer() -> None:
    sat = Sat()
    holes = [[sat.variable() for _ in range(8)] for _ in range(9)]
    for pigeon in holes:
        sat.add(pigeon)
    for hole in zip(*holes, strict=True):
        for one, other in itertools.combinations(hole, 2):
            sat.add([one ^ 1, other ^ 1])
    with pytest.raises(OutOfStepsError):
        sat.solve([], steps=2000)
