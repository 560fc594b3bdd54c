"""Only a managed device with healthy posture and the right role can access production models: all eight rows, on the
wire.
"""

from __future__ import annotations

import itertools

import pytest
from eapol import EapolTest, network
from nac_server import Server
from nas import ACCESS_ACCEPT, NAS_FILTER_RULE

MODEL_REGISTRY = "10.21.0.10/31 443"

ROWS = list(itertools.product([True, False], repeat=3))


@pytest.mark.parametrize(
    ("managed", "healthy", "right_role"),
    ROWS,
    ids=["-".join(name if holds else f"not_{name}" for name, holds in zip(
        ("managed", "healthy", "right_role"), row, strict=True)) for row in ROWS],
)  # fmt: skip
def test_one_row_of_eight_opens_the_production_models(
    server: Server, eapol_test: EapolTest, managed: bool, healthy: bool, right_role: bool
) -> None:
    group = "ml-engineering" if right_role else "business"
    device = server.home.enrol(group=group, managed=managed, healthy=healthy)
    server.reload()
    outcome = eapol_test(network(device), server.v4, device.mac)
    permitted = [
        rule
        for reply in outcome.replies
        if reply.code == ACCESS_ACCEPT
        for rule in reply.all(NAS_FILTER_RULE)
        if rule.startswith(b"permit") and MODEL_REGISTRY.encode() in rule
    ]
    assert bool(permitted) == (managed and healthy and right_role)
    granted = server.event(device.mac).decision
    assert granted is not None
    assert ("model-registry" in granted.grants) == bool(permitted)
