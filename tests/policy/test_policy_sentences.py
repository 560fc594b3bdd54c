"""`sentences.policy` says in a line each what an AI estate asks for; its own test blocks and invariants hold."""

from itertools import product
from pathlib import Path

import pytest

from nac.enforcement.dictionary import shipped_dictionary
from nac.errors import PolicyError
from nac.policy.compile import compile_policy
from nac.policy.facts import as_on_a_packet
from nac.policy.load import read
from nac.policy.model import Value
from nac.policy.source import Source

TEXT = (Path(__file__).parent / "sentences.policy").read_text()
NATIVE = compile_policy(read([Source("sentences.policy", TEXT)]), shipped_dictionary()).native

ML: dict[str, Value] = {
    "method": "eap-tls",
    "device.managed": True,
    "posture.status": "healthy",
    "user.groups": ("prod-ml",),
    "client.region": "eu",
    "risk.score": 10,
    "time": 1795424400,  # 2026-11-23T10:00+01:00
}


def refused(text: str) -> str:
    with pytest.raises(PolicyError) as error:
        read([Source("sentences.policy", text)])
    return "\n".join(error.value.diagnostics)


def test_it_compiles_without_a_warning() -> None:
    assert read([Source("sentences.policy", TEXT)]).warnings == ()


@pytest.mark.parametrize(("managed", "healthy", "right_role"), list(product((True, False), repeat=3)))
def test_s24_truth_table(managed: bool, healthy: bool, right_role: bool) -> None:
    """Only a managed device with healthy posture and the right role can access production models."""
    facts = as_on_a_packet(
        {
            **ML,
            "device.name": "laptop-17",
            "device.managed": managed,
            "posture.status": "healthy" if healthy else "failed",
            "user.groups": ("prod-ml" if right_role else "data-science",),
        }
    )
    assert ("prod-models" in NATIVE.decide(facts).grants) is (managed and healthy and right_role)


@pytest.mark.parametrize("absent", sorted(set(ML) - {"device.managed"}))
def test_s24_what_is_not_known_closes(absent: str) -> None:
    facts = as_on_a_packet({name: value for name, value in ML.items() if name != absent})
    assert "prod-models" in NATIVE.decide(as_on_a_packet(ML)).grants
    assert "prod-models" not in NATIVE.decide(facts).grants


def test_s38_a_rule_that_joins_dev_and_prod_is_refused_with_an_example() -> None:
    text = TEXT.replace("forbid environment prod when persona developer\n", "")
    assert text != TEXT
    said = refused(text)
    assert "this invariant does not hold" in said
    assert "never environment dev reaches environment prod" in said
    assert "in segment developers" in said


def test_s8_a_rule_that_lets_data_scientists_write_is_refused() -> None:
    said = refused(TEXT + "allow ingest when persona data-scientist and persona trusted-device\n")
    assert "never persona data-scientist reaches stage ingest" in said


def test_s11_tenants_that_share_a_rule_are_refused() -> None:
    text = TEXT.replace('forbid owner "tenant b" when certificate.uri has "spiffe://corp.example/tenant/a"\n', "")
    assert text != TEXT
    assert "only segment tenant-b reaches tenant-b-gpu" in refused(text)


def test_a_monitored_rule_is_recorded_and_changes_nothing() -> None:
    decision = NATIVE.decide(as_on_a_packet(ML))
    assert decision.grants == ["prod-models"]
    (words,) = [words for _, words in decision.reasons if words.startswith("would have forbidden: ")]
    assert words.endswith("forbid everything when not certificate.key_attested mode monitor")
    attested = NATIVE.decide({**as_on_a_packet(ML), "certificate.key_attested": True})
    assert not any(words.startswith("would have") for _, words in attested.reasons)
