"""The chain of an authentication: ten lines at most, the failing step marked, evidence and fix named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nac.events.causes import CAUSES
from nac.events.chain import LONGEST_CHAIN, Step, explain
from nac.events.types import AuthenticationEvent

Sample = Callable[..., AuthenticationEvent]


def texts(steps: list[Step], name: str) -> str:
    return "\n".join(step.text for step in steps if step.name == name)


def marks(steps: list[Step]) -> dict[str, str]:
    return {step.name: step.mark for step in steps}


@pytest.mark.parametrize("word", [word for word in CAUSES if word != "ok"])
@pytest.mark.parametrize("base", ["accepted", "printer", "expired", "silent"])
def test_every_cause_marks_one_step_and_says_what_to_do(sample: Sample, base: str, word: str) -> None:
    steps = explain(sample(base, cause=word, result="reject", fix=None))
    assert len(steps) <= LONGEST_CHAIN
    assert [step.mark for step in steps].count("failed") == 1
    assert texts(steps, "fix") == CAUSES[word].fix


def test_an_unknown_cause_is_still_explained(sample: Sample) -> None:
    steps = explain(sample("expired", cause="of_a_newer_version", detail="something new"))
    assert "something new" in texts(steps, "answer")


def test_an_accept_is_all_ok_and_shows_what_was_sent(sample: Sample) -> None:
    steps = explain(sample("accepted"))
    assert set(marks(steps).values()) == {"info", "ok"}
    assert "Gi1/0/12" in texts(steps, "asked")
    assert "anonymous@lab.example" in texts(steps, "said")
    assert "TLS 1.3" in texts(steps, "tls")
    assert "CN=laptop-17, issued by CN=Lab Issuing CA" in texts(steps, "certificate")
    assert "user Alice@lab.example, device laptop-17" in texts(steps, "identity")
    assert texts(steps, "policy") == "campus.policy:12: place in ml; opens training-cluster, model-registry"
    assert "Tunnel-Private-Group-Id=120" in texts(steps, "answer")
    assert "EAP-Message" not in texts(steps, "answer")
    assert "fix" not in marks(steps)


def test_failed_checks_stand_with_what_to_do(sample: Sample) -> None:
    facts = {
        "posture.status": "unhealthy",
        "posture.freshness": "fresh",
        "posture.failed": ["firewall", "of_the_future"],
    }
    for base, changes in (("accepted", {}), ("printer", {"result": "reject", "cause": "policy_reject"})):
        steps = explain(sample(base, facts=facts, **changes))
        assert len(steps) <= LONGEST_CHAIN
        said = texts(steps, "posture")
        assert said.startswith("unhealthy, report fresh; firewall: Turn on the firewall")
        assert said.endswith("of_the_future")


def test_an_expired_certificate(sample: Sample) -> None:
    steps = explain(sample("expired"))
    assert marks(steps)["tls"] == "ok"
    assert marks(steps)["certificate"] == "failed"
    assert (marks(steps)["identity"], marks(steps)["policy"]) == ("skipped", "skipped")
    assert "51 days ago" in texts(steps, "certificate")
    assert "serial 4a02" in texts(steps, "certificate")
    assert texts(steps, "answer") == "Access-Reject"
    assert texts(steps, "fix") == "Issue a new certificate for laptop-18."


def test_a_device_that_does_not_trust_the_server(sample: Sample) -> None:
    steps = explain(sample("distrusted"))
    assert marks(steps)["tls"] == "failed"
    assert "alert unknown_ca" in texts(steps, "tls")
    assert "SSID" in texts(steps, "asked")
    assert "Lab Root" in texts(steps, "fix")


def test_silence_is_explained_too(sample: Sample) -> None:
    steps = explain(sample("silent"))
    assert texts(steps, "result").startswith("ABANDONED")
    assert marks(steps)["tls"] == "failed"
    assert "deploy the server's root" in texts(steps, "fix")


@pytest.mark.parametrize(("with_tls", "failed"), [(True, "tls"), (False, "said")])
def test_silence_counts_for_the_step_that_had_begun(sample: Sample, with_tls: bool, failed: str) -> None:
    changes = {} if with_tls else {"tls": None}
    assert marks(explain(sample("silent", cause="client_stopped", **changes)))[failed] == "failed"


def test_mac_authentication_has_no_tls(sample: Sample) -> None:
    steps = explain(sample("printer"))
    assert not {"tls", "certificate"} & set(marks(steps))
    assert "008077010203" in texts(steps, "said")


def test_default_deny_shows_the_facts_and_the_rules_that_were_tried(sample: Sample) -> None:
    steps = explain(sample("denied"))
    assert "device.kind=camera" in texts(steps, "identity")
    assert "campus.policy:20: did not match" in texts(steps, "policy")
    assert marks(steps)["policy"] == "failed"
