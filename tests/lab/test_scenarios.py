"""A few scenarios as `nac lab run` plays them, and that a scenario can fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.campus import report
from lab.campus.error import LabError
from lab.campus.ladder import ladder
from lab.campus.state import Lab
from lab.scenarios.found import Scenario, chosen, scenarios
from lab.scenarios.playing import Verdict, play
from lab.scenarios.vocabulary import Campus

PLAYED = (
    *("S01", "S04", "S13", "S16", "S17", "S23", "S25", "S33", "S34", "S38", "S41"),
    *("s37-a-firewall-goes-down", "s37-an-agent-falls-silent", "s42-first-contact"),
    *("C01", "C16", "C27", "C31", "C36", "D01"),
    *(f"H{number:02}" for number in range(1, 10)),
)
"""Something of each: makes of switch, both methods, live policy, revocation, a database that is away, the agent; all
attacks."""


def played(lab: Lab, scenario: Scenario) -> Verdict:
    (verdict,) = play(lab, [scenario], lambda _: None)
    return verdict


@pytest.mark.parametrize("scenario", chosen(PLAYED), ids=lambda scenario: scenario.name)
def test_a_scenario_goes_as_it_must(campus_lab: Lab, scenario: Scenario) -> None:
    verdict = played(campus_lab, scenario)
    assert verdict.failure == "", "\n".join(step.text for step in verdict.record.steps)


def leak(campus: Campus) -> None:
    """Claims that an ML engineer does not reach what an ML engineer is granted."""
    laptop = campus.laptop("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().cannot_reach("training-cluster")


def denial(campus: Campus) -> None:
    """Claims that a business user reaches the models."""
    laptop = campus.laptop("business")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().reaches("model-registry")


def carefree(campus: Campus) -> None:
    """Claims that a notebook for everybody changes nothing, once it is known."""
    laptop = campus.workstation("ml-engineering")
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in().agent_starts().comes_to_reach("training-cluster")
    laptop.notebook_opens().comes_to_be("unhealthy", failing="rogue_notebook").comes_into("remediation", vlan=66)
    laptop.reaches("training-cluster")


def believed(campus: Campus) -> None:
    """Claims that an honest report is refused."""
    laptop = campus.workstation("ml-engineering")
    campus.takes_over()
    forger = laptop.plugs_into("ber-1").signs_in().forger()
    forger.is_refused(forger.token(), "bad_signature")


def mistake(_: Campus) -> None:
    raise KeyError("nowhere")


@pytest.mark.parametrize(
    ("play_it", "said"),
    [
        (leak, r"must not reach training-cluster and does; VLAN 120"),
        (denial, r"must reach model-registry and does not; VLAN 110"),
        (carefree, r"must reach training-cluster and does not; VLAN 66"),
        (believed, r"a report was taken that is bad_signature"),
        (mistake, r"KeyError: 'nowhere'"),
    ],
)
def test_what_is_not_so_is_said(campus_lab: Lab, play_it: object, said: str) -> None:
    assert callable(play_it)
    verdict = played(campus_lab, Scenario("x00-wrong", "X00", "a claim that is wrong", "", play_it))
    assert re.search(said, verdict.failure)


def test_the_report_shows_ladder_and_list(campus_lab: Lab) -> None:
    """One authentication: EAPOL and RADIUS from the capture, in the order of the protocol, and the list in force."""
    verdict = played(campus_lab, chosen(["S16"])[0])
    page = report.write(campus_lab, [verdict]).read_text()
    (signed,) = verdict.record.signed
    told = [
        rung.text.partition(" #")[0] for rung in ladder(campus_lab, "ber-1", signed.mac, signed.begun, signed.ended)
    ]
    assert told[0] == "EAP Response Identity"
    assert told.index("Access-Request") < told.index("Access-Challenge") < told.index("Access-Accept")
    assert told.index("Access-Accept") < told.index("EAP Success")
    for expected in ("Access-Accept", "EAP Success", "policy drop", "ether type 0x888e accept", 'href="ber-1.pcap"'):
        assert expected.replace('"', "&quot;" if expected.startswith("ether") else '"') in page
    assert (page_folder(campus_lab) / "ber-1.pcap").stat().st_size > 1000


def page_folder(lab: Lab) -> Path:
    return lab.folder / "report"


def test_every_scenario_has_a_title_and_a_name_of_its_own() -> None:
    found = scenarios()
    assert len({scenario.name for scenario in found}) == len(found)
    assert all(re.fullmatch(r"[A-Z].*\.", scenario.title) for scenario in found)


def test_a_scenario_that_is_not_there() -> None:
    with pytest.raises(LabError, match="no scenario s99"):
        chosen(["s99"])
