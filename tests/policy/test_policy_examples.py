"""The shipped policies: sound, without a warning, within every dialect, and exactly who reaches what."""

from pathlib import Path

import pytest

import nac.policy
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.vendor import DIALECTS
from nac.policy.compile import CompiledPolicy, compile_policy
from nac.policy.facts import as_on_a_packet
from nac.policy.load import load
from nac.policy.model import Value

EXAMPLES = Path(nac.policy.__path__[0]) / "examples"


def compiled(name: str) -> CompiledPolicy:
    return compile_policy(load(EXAMPLES / f"{name}.policy"), shipped_dictionary())


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.iterdir()))
def test_compiles_for_every_dialect_without_a_warning(name: str) -> None:
    policy = compiled(name)
    assert policy.warnings == ()
    assert set(policy.layouts) == set(DIALECTS)


ALWAYS = {"dns", "internet"}
HEALTHY: dict[str, Value] = {"method": "eap-tls", "device.managed": True, "posture.status": "healthy"}
UNMANAGED: dict[str, Value] = {"method": "eap-tls"}

MATRIX: list[tuple[str, dict[str, Value], str | None, set[str]]] = [
    ("data-science", HEALTHY, "data-science", ALWAYS | {"print-server", "curated-datasets", "tracking", "notebooks"}),
    (
        "ml-engineering",
        HEALTHY,
        "ml-engineering",
        ALWAYS | {"print-server", "training-cluster", "model-registry", "pipelines", "tracking", "dev-cluster"},
    ),
    (
        "devops",
        HEALTHY,
        "operations",
        ALWAYS | {"print-server", "training-cluster", "dev-cluster", "deployment", "observability"},
    ),
    ("business", HEALTHY, "office", ALWAYS | {"print-server", "front-ends"}),
    ("data-science", UNMANAGED, "internet-only", ALWAYS),
    ("ml-engineering", UNMANAGED, "internet-only", ALWAYS),
    ("devops", UNMANAGED, "internet-only", ALWAYS),
    ("business", UNMANAGED, "internet-only", ALWAYS),
    ("sales", HEALTHY, None, set()),
    ("sales", UNMANAGED, None, set()),
]


@pytest.mark.parametrize(("group", "known", "segment", "grants"), MATRIX)
def test_ai_estate_personas(group: str, known: dict[str, Value], segment: str | None, grants: set[str]) -> None:
    decision = compiled("ai-estate").native.decide(as_on_a_packet({**known, "user.groups": (group,)}))
    assert (decision.segment, set(decision.grants)) == (segment, grants)


SENTENCE = "only a managed device with healthy posture and the right role can access production models"


@pytest.mark.parametrize("managed", [True, False])
@pytest.mark.parametrize("healthy", [True, False])
@pytest.mark.parametrize("right_role", [True, False])
def test_truth_table_of_the_sentence(managed: bool, healthy: bool, right_role: bool) -> None:
    facts: dict[str, Value] = {
        "method": "eap-tls",
        "device.name": "laptop-17",
        "device.managed": managed,
        "posture.status": "healthy" if healthy else "failed",
        "user.groups": ("ml-engineering" if right_role else "business",),
    }
    decision = compiled("ai-estate").native.decide(as_on_a_packet(facts))
    assert ("model-registry" in decision.grants) is (managed and healthy and right_role), SENTENCE


@pytest.mark.parametrize("site", ["berlin", "lisbon"])
def test_location_alone_changes_nothing(site: str) -> None:
    facts: dict[str, Value] = {**HEALTHY, "user.groups": ("devops",), "client.site": site}
    assert compiled("ai-estate").native.decide(as_on_a_packet(facts)).segment == "operations"
