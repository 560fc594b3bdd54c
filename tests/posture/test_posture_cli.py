"""`nac posture` over a folder as `nac init` leaves it, filled by reports of other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lab_home import Home, run
from reporter import checks, claims

POLICY = """
resource web { kind other  address 10.0.0.1 }
segment work { vlan 10 }
posture everyone { require disk_encryption  grace 4h for disk_encryption }
posture release { applies when device.tags has "ml"  require os_supported matches "debian *" }
place in work when device.managed and posture.status = "healthy"
allow web when device.managed
"""

FLEET = {
    "hosts": [
        {"hostname": "laptop-1", "disk_encryption_enabled": True, "os_version": "Debian GNU/Linux 12.0"},
        {"hostname": "laptop-2", "disk_encryption_enabled": False, "os_version": "Debian GNU/Linux 11.0"},
        {"hostname": "x", "primary_mac": "00:1b:77:49:54:fd", "policies": [{"name": "firewall", "response": "pass"}]},
        {"hostname": "nobody"},
    ]
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.write_policy(POLICY)
    home.nac("device", "add", "laptop-1", "--managed")
    home.nac("device", "add", "laptop-2", "--managed")
    home.nac("device", "add", "laptop-3", "--managed", "--tag", "ml", "--mac", "001b774954fd")
    (tmp_path / "home" / "fleet.json").write_text(json.dumps(FLEET))
    return home


def imported(home: Home) -> str:
    return home.nac("posture", "import", str(home.folder / "fleet.json"), "--from", "fleet")


def test_an_export_is_judged(home: Home) -> None:
    assert imported(home).startswith("3 devices judged; 0 have an agent of their own, 1 are not on record")
    found = {one["device"]: (one["status"], one["freshness"]) for one in home.json("posture", "list")}
    assert found == {
        "laptop-1": ("healthy", "fresh"),
        "laptop-2": ("degraded", "fresh"),
        "laptop-3": ("unhealthy", "fresh"),
    }
    assert [one["device"] for one in home.json("posture", "list", "--status", "healthy")] == ["laptop-1"]
    assert [one["device"] for one in home.json("posture", "list", "--failed", "os_supported")] == ["laptop-3"]
    shown = home.nac("posture", "show", "laptop-2")
    assert "The disk is not encrypted." in shown
    assert "fix: Turn on disk encryption" in shown
    (line,) = [line for line in home.json("audit", "list") if line["action"] == "posture import"]
    assert line["detail"] == "from=fleet devices=3"


def test_the_policy_sees_what_was_imported(home: Home) -> None:
    imported(home)
    assert home.json("policy", "explain", "--device", "laptop-1")["segment"] == "work"
    assert home.json("policy", "explain", "--device", "laptop-2")["segment"] is None
    home.nac("device", "posture", "laptop-2", "healthy")
    assert home.json("policy", "explain", "--device", "laptop-2")["segment"] == "work"
    assert [one["device"] for one in home.json("posture", "list")] == ["laptop-1", "laptop-3"], (
        "it was replaced by hand"
    )


def test_an_export_of_intune(home: Home) -> None:
    device = {"deviceName": "laptop-1", "isEncrypted": True, "operatingSystem": "Windows", "osVersion": "10.0"}
    (home.folder / "intune.json").write_text(json.dumps({"value": [device]}))
    told = home.nac("posture", "import", str(home.folder / "intune.json"), "--from", "intune")
    assert told.startswith("1 devices judged")
    assert home.json("posture", "show", "laptop-1")["source"] == "intune"


@pytest.mark.parametrize("text", ["", "{}", '{"hosts": [1]}', "[" * 5000, '{"value": []}'])
def test_what_is_no_export_is_refused(home: Home, text: str) -> None:
    (home.folder / "fleet.json").write_text(text)
    run("-c", str(home.config), "posture", "import", str(home.folder / "fleet.json"), "--from", "fleet", code=4)


def test_history_says_what_changed(home: Home) -> None:
    imported(home)
    imported(home)
    (first,) = home.json("posture", "history", "laptop-2")
    assert (first["status"], first["failed"], first["why"]) == ("degraded", ["disk_encryption"], "report by fleet")


def test_the_fleet_in_numbers(home: Home) -> None:
    imported(home)
    counted = home.json("posture", "fleet")
    assert counted["statuses"] == {"healthy": 1, "degraded": 1, "unhealthy": 1}
    assert counted["checks"] == [
        {"check": "os_supported", "failing": 1, "in_grace": 0, "passing": 0},
        {"check": "disk_encryption", "failing": 0, "in_grace": 2, "passing": 1},
    ]


def test_who_would_fall_if_a_check_were_asked_for(home: Home) -> None:
    imported(home)
    told = home.json("posture", "what-if", "--require", 'os_supported matches "debian 12*"')
    assert told["judged"] == 3
    assert [(one["device"], one["before"], one["after"]) for one in told["fallen"]] == [
        ("laptop-2", "degraded", "unhealthy")
    ]
    assert "Found: debian 11.0" in told["fallen"][0]["why"]
    run("-c", str(home.config), "posture", "what-if", "--require", "os_suported", code=3)
    run("-c", str(home.config), "posture", "what-if", "--require", "firewall } posture b { require firewall", code=3)
    run("-c", str(home.config), "posture", "what-if", code=2)


@pytest.mark.parametrize("part", ["claims", "nac", "checks"])
def test_a_report_from_a_file_is_judged_and_not_kept(home: Home, part: str) -> None:
    said: Any = claims("laptop-1", "x" * 22, said={"checks": checks(disk_encryption=("fail", None))})
    said = {"claims": said, "nac": said["nac"], "checks": said["nac"]["checks"]}[part]
    path = home.folder / "report.json"
    path.write_text(json.dumps(said))
    told = home.json("posture", "simulate", str(path), "--device", "laptop-3")
    assert (told["status"], told["postures"]) == ("degraded", ["everyone", "release"])
    assert home.json("posture", "list") == []
    path.write_text("{}")
    run("-c", str(home.config), "posture", "simulate", str(path), code=4)


def test_what_is_not_there(home: Home) -> None:
    run("-c", str(home.config), "posture", "show", "laptop-1", code=4)
    run("-c", str(home.config), "posture", "show", "laptop-9", code=4)
    run("-c", str(home.config), "posture", "clear", "laptop-1", "shared_identity", code=4)
    assert "plaintext_tokens" in home.nac("posture", "checks")
    assert home.json("posture", "findings") == []
