"""Where clients stand: the policy's sites, a client's own record, and clients of which nothing certain is known."""

import pytest

from nac.clients.nesting import nested
from nac.clients.store import ClientFields
from nac.policy.model import Site
from nac.policy.parse import parse
from nac.policy.source import Source
from nac.snapshot.sites import at_sites

SITES = """
site berlin { region eu  client "sw-b*", "AP-1" }
site paris  { region fr  client "*-paris", "sw-b-shared" }
site depot  { client "depot.*" }
"""


def sites(text: str = SITES) -> tuple[Site, ...]:
    policy, problems = parse([Source("p", text)])
    assert not problems
    return policy.sites


def client(name: str, *, site: str | None = None, prefix: str = "10.0.0.1/32") -> ClientFields:
    return ClientFields(
        name=name,
        prefix=prefix,
        secrets=[b"x" * 16],
        message_authenticator="require",
        fragment_size=1024,
        max_tls="1.3",
        dialect="rfc4849",
        site=site,
        region=None,
        conversations_per_second=500,
        burst=2000,
    )


@pytest.mark.parametrize(
    ("name", "recorded", "site", "region", "warning"),
    [
        ("sw-b7", None, "berlin", "eu", ""),
        ("SW-B7", None, "berlin", "eu", ""),
        ("ap-1", None, "berlin", "eu", ""),
        ("ap-12", None, None, None, ""),
        ("x-sw-b7", None, None, None, ""),
        ("core-paris", None, "paris", "fr", ""),
        ("depot.1", None, "depot", None, ""),
        ("depotx1", None, None, None, ""),
        ("sw-b-shared", None, None, None, "fits the patterns of the sites berlin, paris"),
        ("sw-b-shared", "Paris", "Paris", "fr", ""),
        ("sw-b7", "attic", "attic", None, "at site 'attic', which the policy does not declare"),
    ],
)
def test_site_and_region(name: str, recorded: str | None, site: str | None, region: str | None, warning: str) -> None:
    (placed,), warnings = at_sites([client(name, site=recorded)], sites())
    assert (placed["site"], placed["region"]) == (site, region)
    assert len(warnings) == bool(warning)
    assert all(warning in one for one in warnings)


def test_without_sites_the_record_stands_alone() -> None:
    (placed,), warnings = at_sites([client("sw-b7", site="berlin")], ())
    assert (placed["site"], placed["region"], warnings) == ("berlin", None, [])


def test_prefixes_within_prefixes() -> None:
    prefixes = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16", "11.0.0.0/8", "::/0", "2001:db8::/32"]
    found = nested([client(prefix, prefix=prefix) for prefix in reversed(prefixes)])
    assert {(inner["name"], outer["name"]) for inner, outer in found} == {
        ("10.1.0.0/16", "10.0.0.0/8"),
        ("10.1.2.0/24", "10.1.0.0/16"),
        ("10.2.0.0/16", "10.0.0.0/8"),
        ("2001:db8::/32", "::/0"),
    }
