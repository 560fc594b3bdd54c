"""`nac policy check | facts | explain`, as people and programs see it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import nac.policy
from nac.cli import cli

ESTATE = str(Path(nac.policy.__path__[0]) / "examples" / "ai-estate.policy")
ENGINEER = ["--fact", "method=eap-tls", "--fact", "user.groups=ml-engineering,staff", "--fact", "device.managed=true"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["policy", *arguments])


def test_check_a_sound_policy() -> None:
    result = run("check", ESTATE)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("ok: 24 rules, 14 resources, 9 segments, 9 personas, 12 tests; dialects ")
    report = json.loads(run("check", ESTATE, "-o", "json").stdout)
    assert (report["ok"], report["errors"], report["tests"]) == (True, [], 12)


def test_check_a_policy_whose_test_fails(tmp_path: Path) -> None:
    path = tmp_path / "p.policy"
    path.write_text('segment a { vlan 1 }\nplace in a when device.managed\ntest "t" { expect segment a }\n')
    result = run("check", str(path))
    assert result.exit_code == 3
    assert 'p.policy:3:1: error: test "t": expected segment a, got reject (nothing matched)' in result.stderr
    assert "1 error: this policy would not be published" in result.stderr
    report = json.loads(run("check", str(path), "-o", "json").stdout)
    assert not report["ok"]
    assert len(report["errors"]) == 1


def test_hostile_text_is_shown_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "p.policy"
    path.write_text('reject when ssid = "\x1b[2J"\n')
    assert "\x1b" not in run("check", str(path)).output


def test_facts_lists_the_catalogue() -> None:
    assert "device.managed" in run("facts").stdout
    facts = {fact["name"]: fact for fact in json.loads(run("facts", "-o", "json").stdout)}
    assert facts["user.groups"]["kind"] == "set"
    assert facts["method"]["identity"] is False


def test_explain_names_each_statement_and_the_reply() -> None:
    result = run("explain", ESTATE, *ENGINEER, "--fact", "posture.status=healthy")
    assert result.exit_code == 0, result.output
    assert "permit in tcp from any to 10.20.0.0/24 22" in result.stdout
    report = json.loads(run("explain", ESTATE, *ENGINEER, "-o", "json").stdout)
    assert (report["verdict"], report["segment"]) == ("accept", "remediation")
    results = {step["statement"]: step["result"] for step in report["steps"]}
    assert results["allow dataset-ingest when persona pipeline-host and persona healthy"] == "does not match"
    assert results['allow dns, internet when persona employee and method = "eap-tls"'] == "granted"


def test_explain_names_what_is_unknown() -> None:
    report = json.loads(run("explain", ESTATE, "--fact", "method=eap-tls", "-o", "json").stdout)
    assert (report["verdict"], report["rule"]) == ("reject", None)
    results = [step["result"] for step in report["steps"] if "internet-only" in step["statement"]]
    assert results == ["does not match: unknown user.groups"]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("user.group=x", "there is no fact `user.group`; did you mean `user.groups`?"),
        ("device.managed=maybe", "`device.managed=maybe`: write device.managed=true (boolean)"),
        ("certificate.days_left=soon", "write certificate.days_left=90 (integer)"),
        ("method", "`method`: write method=eap-tls (text)"),
    ],
)
def test_explain_refuses_facts_that_are_none(assignment: str, message: str) -> None:
    result = run("explain", ESTATE, "--fact", assignment)
    assert result.exit_code == 3
    assert message in result.stderr


def test_explain_takes_a_mac_address_in_any_notation(tmp_path: Path) -> None:
    path = tmp_path / "p.policy"
    path.write_text('segment a { vlan 1 }\nplace in a when mac = "00:11:22:33:44:aa"\n')
    report = json.loads(run("explain", str(path), "--fact", "mac=0011.2233.44AA", "-o", "json").stdout)
    assert report["segment"] == "a"
