"""The shipped policies: sound, without a warning, within every dialect, and exactly who reaches what."""

from pathlib import Path

import pytest

import nac.policy
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.vendor import UNCHOSEN
from nac.policy.compile import CompiledPolicy, compile_policy
from nac.policy.facts import as_on_a_packet
from nac.policy.load import load
from nac.policy.model import Value

EXAMPLES = Path(nac.policy.__path__[0]) / "examples"


def compiled(name: str) -> CompiledPolicy:
    return compile_policy(load(EXAMPLES / f"{name}.policy"), shipped_dictionary())


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.iterdir()))
def test_compiles_without_a_warning_while_nobody_has_chosen_a_dialect(name: str) -> None:
    policy = compiled(name)
    assert policy.warnings == ()
    assert set(policy.layouts) == set(UNCHOSEN)


HEALTHY: dict[str, Value] = {"method": "eap-tls", "device.managed": True, "posture.status": "healthy"}
UNMANAGED: dict[str, Value] = {"method": "eap-tls"}

SEGMENTS = {
    "data-science": "data-science",
    "ml-engineering": "ml-engineering",
    "devops": "operations",
    "business": "office",
    "sales": None,
}


@pytest.mark.parametrize(("group", "segment"), SEGMENTS.items())
def test_ai_estate_places_its_personas(group: str, segment: str | None) -> None:
    native = compiled("ai-estate").native
    for known, expected in ((HEALTHY, segment), (UNMANAGED, segment and "internet-only")):
        assert native.decide(as_on_a_packet({**known, "user.groups": (group,)})).segment == expected


GROUPS = ("data-science", "ml-engineering", "devops", "business")
GOLDEN = Path(__file__).parent / "ai-estate.matrix"


def test_ai_estate_matrix() -> None:
    """Who of the four personas reaches what, as it is written down; `managed` and `own` name the device."""
    policy = compiled("ai-estate")
    resources = [resource.name.text for resource in load(EXAMPLES / "ai-estate.policy").policy.resources]
    columns = [(group, known) for group in GROUPS for known in (HEALTHY, UNMANAGED)]
    decisions = [policy.native.decide(as_on_a_packet({**known, "user.groups": (one,)})) for one, known in columns]
    rows = [[name, *("x" if name in decision.grants else "-" for decision in decisions)] for name in resources]
    head = ["", *(f"{group}/{'managed' if known is HEALTHY else 'own'}" for group, known in columns)]
    assert [line.split() for line in GOLDEN.read_text().splitlines()] == [head[1:], *rows]


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
