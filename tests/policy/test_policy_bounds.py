"""The bounds that the checker promises are the ones that the data plane enforces."""

import pytest

from nac._dataplane import Condition, SnapshotError
from nac.errors import PolicyError
from nac.policy.load import read
from nac.policy.source import Source
from nac.policy.walk import MAX_DEPTH, MAX_SIZE


def test_depth() -> None:
    condition = Condition.always()
    for _ in range(MAX_DEPTH - 1):
        condition = Condition.negate(condition)
    with pytest.raises(SnapshotError):
        Condition.negate(condition)


def test_size() -> None:
    Condition.any([Condition.always()] * (MAX_SIZE - 1))
    with pytest.raises(SnapshotError):
        Condition.any([Condition.always()] * MAX_SIZE)


def test_the_checker_refuses_first() -> None:
    deep = "".join(f"persona p{i} when {'not ' * 20}persona p{i + 1}\n" for i in range(4))
    wide = "".join(f"persona p{i} when persona p{i + 1} and persona p{i + 1}\n" for i in range(20))
    for text, last in ((deep, 4), (wide, 20)):
        with pytest.raises(PolicyError, match="nests deeper than 64 or has more than 16384 parts"):
            read([Source("p", f"{text}persona p{last} when device.known\nreject when persona p0")])
    chain = "".join(f"persona p{i} when persona p{i + 1}\n" for i in range(100))
    with pytest.raises(PolicyError, match="leads through more than 64 others"):
        read([Source("p", chain + "persona p100 when device.known\nreject when persona p0")])
