"""`nac policy explain | why-not | reach`: one user and device, over what the database says of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from worlds import Nac, policy_of

from nac.clients.store import ClientFields
from nac.policy import reference
from nac.policy.locate import site_and_region
from nac.policy.reach import reach_of_persona, reach_of_session
from nac.policy.why_not import why_not
from nac.snapshot.sites import at_sites

Ask = Callable[..., Any]


def test_explain_takes_the_facts_from_the_records(nac: Nac, ask: Ask, laptop: str) -> None:
    nac("client", "add", "sw-1", "10.0.0.1", "--site", "berlin")
    report = ask("explain", "--device", laptop, "--client", "sw-1")
    facts = report["facts"]
    assert facts["user.groups"] == ["ml-engineering"]
    assert (facts["device.managed"], facts["device.ownership"]) == (True, "managed")
    assert (facts["posture.status"], facts["client.site"]) == ("healthy", "berlin")
    assert (report["segment"], "model-registry" in report["grants"]) == ("ml-engineering", True)
    assert report["notes"] == ["no authentication is recorded: the certificate is assumed"]


def test_explain_with_another_posture_time_and_facts(ask: Ask, laptop: str) -> None:
    report = ask("explain", "--device", laptop, "--posture", "unknown", "--time", "2026-03-29T02:30+01:00")
    assert (report["segment"], report["facts"]["time"]) == ("remediation", 1774747800)
    assert ask("explain", "--device", laptop, "--fact", "device.managed=false")["segment"] == "internet-only"


def test_explain_names_the_statement_that_overrides(nac: Nac, ask: Ask, laptop: str) -> None:
    nac("device", "tag", laptop, "suspect")
    results = {step["statement"]: step["result"] for step in ask("explain", "--device", laptop)["steps"]}
    allow = next(
        result for statement, result in results.items() if statement.startswith("allow training-cluster, model")
    )
    assert allow.startswith("granted, but model-registry, pipelines, training-cluster overridden by estate.policy:")


@pytest.mark.parametrize(
    ("client", "recorded"), [("sw-1", None), ("ap-1", None), ("other", None), ("sw-1", "paris"), ("sw-1", "ROME")]
)
def test_a_client_is_where_the_snapshot_puts_it(client: str, recorded: str | None) -> None:
    policy = policy_of(
        'site berlin { region eu client "SW-*", "ap-1" }\nsite paris { region us client "ap-*" }\n'
        'site rome { client "x" }\n'
    )
    fields = cast(ClientFields, {"name": client, "site": recorded})
    (placed,), _ = at_sites([fields], policy.sites)
    assert site_and_region(policy, client, recorded) == (placed["site"], placed["region"])


def test_explain_someone_who_is_not_on_record(ask: Ask) -> None:
    report = ask("explain", "--user", "eve@corp.example", "--device", "tablet")
    assert (report["verdict"], report["facts"]["user.known"], report["facts"]["device.known"]) == (
        "reject",
        False,
        False,
    )


def test_explain_a_device_that_is_known_by_its_mac_address(nac: Nac, ask: Ask) -> None:
    nac("device", "add", "printer-1", "--mac", "00:1b:77:00:00:01", "--kind", "printer")
    report = ask("explain", "--device", "001b.7700.0001", "--fact", "connection=wired")
    assert (report["facts"]["method"], report["segment"]) == ("mab", "printers")


def test_explain_a_recorded_authentication(ask: Ask, store: Callable[..., None]) -> None:
    facts = {"method": "eap-tls", "user.known": True, "user.groups": ["devops"], "device.managed": False}
    store(0xABCDEF0123456789, at=1_774_747_800, facts=facts)
    report = ask("explain", "--session", f"{0xABCDEF0123456789:032x}")
    assert report["facts"] == {**facts, "time": 1_774_747_800}


def test_a_device_without_an_owner_brings_the_user_of_its_newest_login(
    nac: Nac, ask: Ask, store: Callable[..., None]
) -> None:
    """The sample names Alice@lab.example."""
    nac("user", "add", "alice@lab.example", "--group", "ml-engineering")
    nac("device", "add", "laptop-17", "--managed")
    nac("device", "posture", "laptop-17", "healthy", "--for", "24h")
    assert ask("explain", "--device", "laptop-17")["verdict"] == "reject"
    store(7, at=1_774_747_800, facts={"method": "eap-tls", "device.name": "laptop-17"})
    report = ask("explain", "--device", "laptop-17")
    assert (report["facts"]["user.name"], report["segment"]) == ("alice@lab.example", "ml-engineering")


def test_the_reply_is_shown_as_the_client_gets_it(nac: Nac, laptop: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"correct horse battery staple")
    nac("client", "add", "sw-1", "192.0.2.7", "--secret-file", str(secret), "--dialect", "cisco-ios-xe+ipv6")
    shown = nac("policy", "explain", "--device", laptop, "--client", "sw-1").stdout
    assert "REPLY (cisco-ios-xe+ipv6)" in shown
    assert "ip:inacl#" in shown
    assert (
        "REPLY (vlan-only)"
        in nac("policy", "explain", "--device", laptop, "--client", "sw-1", "--dialect", "vlan-only").stdout
    )


def test_why_not_asks_for_a_fresh_posture_report(nac: Nac, ask: Ask, laptop: str) -> None:
    assert nac("policy", "why-not", "model-registry", "--device", laptop).stdout == (
        "model-registry is open to this session already\n"
    )
    nac("device", "posture", laptop, "unhealthy")
    assert ask("why-not", "model-registry", "--device", laptop)["words"] == [
        'a fresh posture report (posture.status = "healthy")'
    ]


def test_why_not_asks_for_a_group(ask: Ask, laptop: str) -> None:
    report = ask("why-not", "curated-datasets", "--device", laptop)
    assert report["words"] == ['group data-science for user alice@corp.example (user.groups has "data-science")']
    assert report["changes"] == [{"fact": "user.groups", "member": "data-science", "before": False, "after": True}]


def test_why_not_never_asks_to_become_someone_else(nac: Nac, ask: Ask, laptop: str) -> None:
    assert ask("why-not", "dataset-ingest", "--device", laptop)["changes"] is None
    said = nac("policy", "why-not", "dataset-ingest", "--device", laptop).stdout
    assert said == "dataset-ingest stays closed to this user and device, whatever is changed about them\n"


def test_why_not_of_an_unknown_resource_names_the_nearest(nac: Nac) -> None:
    result = nac("policy", "why-not", "model-registri", "--fact", "method=eap-tls", code=3)
    assert "there is no resource `model-registri`; did you mean `model-registry`?" in result.stderr


def test_what_why_not_says_opens_it() -> None:
    policy = policy_of(
        "resource r { address 10.0.0.1 }\nsegment s { vlan 1 }\n"
        'place in s when posture.age < 600 and not device.tags has "suspect"\n'
        'allow r when user.groups has "a" or user.groups has "b" and risk.score <= 20\nforbid r when ssid = "guest"\n'
    )
    facts = {
        "method": "eap-tls", "device.known": True, "device.managed": True, "device.ownership": "managed",
        "device.tags": ("suspect",), "posture.age": 900, "user.known": True, "user.groups": ("b",), "risk.score": 50,
        "ssid": "guest", "client.name": "s", "user.disabled": False, "device.disabled": False, "time": 0,
    }  # fmt: skip
    answer = why_not(policy, facts, "r")
    assert {change.fact for change in answer.changes or ()} == {"posture.age", "device.tags", "risk.score", "ssid"}
    changed = dict(facts)
    for change in answer.changes or ():
        changed[change.fact] = () if change.member else change.after  # type: ignore[assignment]
    assert reference.decide(policy, changed).grants == ("r",)


def test_the_reach_of_a_device_is_what_it_is_granted_anywhere(ask: Ask, laptop: str) -> None:
    report = ask("reach", "device", laptop)
    assert [row["resource"] for row in report["reaches"]] == ask("explain", "--device", laptop)["grants"]
    assert report["blast_radius"] == 12
    assert {row["resource"]: row["sensitivity"] for row in report["reaches"]}["model-registry"] == "high"


def test_the_reach_of_a_session_leaves_place_and_time_open() -> None:
    policy = policy_of(
        "resource r { address 10.0.0.0/24 }\nresource q { address 10.0.0.7 port tcp 22 }\nsegment s { vlan 1 }\n"
        'place in s when device.managed\nallow r when device.managed and client.site = "lab"\n'
    )
    facts = {"device.known": True, "device.managed": True, "client.site": "home"}
    reached = reach_of_session(policy, facts)
    assert [(one.resource.name.text, one.way.granted, str(one.flow)) for one in reached] == [
        ("r", "r", "10.0.0.1 any protocol"),
        ("q", "r", "10.0.0.7 tcp 22"),
    ]
    assert reach_of_session(policy, {**facts, "device.managed": False}) == []


def test_the_reach_of_a_persona_is_hers_alone() -> None:
    policy = policy_of(
        "resource a { address 10.0.0.1 }\nresource b { address 10.0.0.2 }\nsegment s { vlan 1 }\n"
        'persona one when user.groups has "a"\npersona two when user.groups has "b"\n'
        "place in s when persona one or persona two\nallow a when persona one\nallow b when persona two\n"
    )
    assert [one.resource.name.text for one in reach_of_persona(policy, "one")] == ["a"]


@pytest.mark.parametrize("arguments", [("persona", "nobody"), ("device", "nothing")])
def test_the_reach_of_nothing(nac: Nac, arguments: tuple[str, str]) -> None:
    assert "there is no" in nac("policy", "reach", *arguments, code=3 if arguments[0] == "persona" else 4).stderr
