"""Combinations of patterns: every one that texts can fit is found, with a text that fits exactly it."""

from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nac.policy.patterns import Globs, Shape, TooManyCombinationsError, combinations


def search(patterns: list[str], apart_from: tuple[str, ...] = ()) -> dict[frozenset[int], str]:
    found = combinations(patterns, [], head_length=0, shape=None, apart_from=apart_from)
    return {fits: text for (fits, _), text in found.items()}


@given(st.integers(0, 2**64 - 1))
@settings(max_examples=150, deadline=None)
def test_all_combinations_of_short_texts_are_found(seed: int) -> None:
    random = Random(seed)
    patterns = ["".join(random.choice("ab**") for _ in range(random.randrange(1, 5))) for _ in range(3)]
    globs, found = Globs(patterns), search(patterns)
    assert all(globs.of(text) == fits for fits, text in found.items())
    tried = {globs.of("".join(text)) for length in range(6) for text in product("abx", repeat=length)}
    assert tried <= found.keys()


def test_a_text_apart_from_those_that_are_named() -> None:
    found = search(["a*", "*b"], ("", "a", "b", "ab", "x"))
    assert set(found) == {frozenset(), frozenset({0}), frozenset({1}), frozenset({0, 1})}
    assert not {"", "a", "b", "ab", "x"} & set(found.values())


def test_a_combination_that_only_named_texts_fit_is_not_there() -> None:
    assert frozenset({0}) not in search(["ab"], ("ab",))


def test_texts_of_a_shape_and_their_head() -> None:
    shape = Shape(("01", "01", "-", "01"))
    found = combinations(["0*1"], ["01"], head_length=2, shape=shape, apart_from=())
    assert {fits: len(text) for fits, text in found.items()} == dict.fromkeys(found, 4)
    assert set(found) == {(frozenset(a), frozenset(b)) for a in ((), (0,)) for b in ((), (0,))}
    assert all((text[:2] == "01") == bool(head) for (_, head), text in found.items())


def test_too_many_combinations_are_refused() -> None:
    with pytest.raises(TooManyCombinationsError):
        search([f"*{letter}*{letter}*" for letter in "abcdefghijkl"])
