"""The demo's own reading of an access list."""

import pytest

from lab.demo.access_list import Rule, flows, opened
from nac.policy.parse import parse
from nac.policy.source import Source

POLICY = """
resource cluster  { kind gpu-cluster  address 10.20.0.0/24, 2001:db8:20::/64  port tcp 22, tcp 443 }
resource registry { kind model-registry  address 10.21.0.10  port tcp 443 }
resource internet { kind internet  port tcp 443 }
"""


def _resources() -> list:
    policy, found = parse([Source("test.policy", POLICY)])
    assert not found
    return list(policy.resources)


def _opened(*rules: str) -> set[str]:
    return {entry.resource for entry in opened([Rule.parse(rule) for rule in rules], _resources())}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], set()),
        (["permit in tcp from any to 10.20.0.0/24 22"], {"cluster"}),
        (["permit in tcp from any to 2001:db8:20::/64 443"], {"cluster"}),
        (["permit in tcp from any to 10.21.0.10 443"], {"registry"}),
        (["permit in udp from any to 10.21.0.10 443"], set()),
        (["permit in tcp from any to 10.21.0.10 400-500"], {"registry"}),
        (["deny in ip from any to 10.0.0.0/8", "permit in tcp from any to 0.0.0.0/0 443"], {"internet"}),
        (["permit in ip from any to 0.0.0.0/0"], {"cluster", "registry", "internet"}),
    ],
)
def test_what_is_open(rules: list[str], expected: set[str]) -> None:
    assert _opened(*rules) == expected


def test_the_lines_that_open_are_named() -> None:
    rules = [Rule.parse("permit in tcp from any to 10.20.0.0/24 22"), Rule.parse("deny in ip from any to ::/0")]
    (entry,) = opened(rules, _resources())
    assert [line.text for line in entry.lines] == ["permit in tcp from any to 10.20.0.0/24 22"]


def test_every_address_and_port_is_tried() -> None:
    assert len(list(flows(_resources()[0]))) == 4


@pytest.mark.parametrize("text", ["", "permit", "permit in tcp from any", "allow in tcp from any to any 22"])
def test_rfc4849_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not understood"):
        Rule.parse(text)
