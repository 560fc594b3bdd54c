"""Play scenarios on a running lab, one after the other."""

from __future__ import annotations

import fcntl
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.campus.error import LabError
from lab.campus.state import Lab
from lab.scenarios.found import Scenario
from lab.scenarios.record import Record, ScenarioError
from lab.scenarios.vocabulary import Campus


@dataclass(frozen=True)
class Verdict:
    """How a scenario went. `failure` is empty when everything was as it must be."""

    scenario: Scenario
    failure: str
    seconds: float
    record: Record


def play(lab: Lab, scenarios: Iterable[Scenario], told: Callable[[Verdict], None]) -> list[Verdict]:
    """The verdicts, each `told` as soon as it is there. Raises `LabError` while somebody else plays on this lab."""
    verdicts = []
    with _alone(lab):
        for scenario in scenarios:
            verdicts.append(_play(lab, scenario))
            told(verdicts[-1])
    return verdicts


def _play(lab: Lab, scenario: Scenario) -> Verdict:
    begun = time.monotonic()
    campus = Campus(lab, f"{scenario.covers.lower()}{secrets.token_hex(2)}")
    failure = ""
    try:
        scenario.play(campus)
    except (ScenarioError, LabError) as error:
        failure = str(error)
    except Exception as error:  # noqa: BLE001  (a mistake in one scenario must not keep the others from being played)
        failure = f"{type(error).__name__}: {error}"
    finally:
        campus.leave()
    return Verdict(scenario, failure, time.monotonic() - begun, campus.record)


@contextmanager
def _alone(lab: Lab) -> Iterator[None]:
    with (lab.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabError(
                f"scenarios already run on the lab in {lab.folder}", fix="wait until they are done"
            ) from error
        yield
