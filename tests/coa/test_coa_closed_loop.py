"""From a changed fact to a changed port: a running server, a simulated switch of each make, and what becomes of it.

How long each took is printed (`pytest -s`), never asserted.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from coa_site import Site, accounting_address
from lab_home import SERVER_NAME, Device
from nac_server import serving, until

from lab.nas import radius
from nac.events.types import CoaEvent

SiteMaker = Callable[..., AbstractContextManager[Site]]

SUPPLICANT = Path(__file__).parents[2] / "target/release/nac-supplicant"
MAKES = ("standard", "cisco-ios-xe", "hostapd", "ruckus-icx", "extreme-exos", "fortiswitch", "aos-cx", "juniper-ex")


def tell(what: str, job: CoaEvent) -> None:
    """When things happened, from the decision on."""
    at = {name: getattr(job, f"{name}_at") for name in ("due", "decided", "sent", "acked", "ended")}
    spans = (f"{name} {(one - job.decided_at) / 1000:.1f} ms" for name, one in at.items() if one)
    print(f"{what}: {', '.join(spans)}")


def verbs(job: CoaEvent) -> list[str]:
    return [f"{one.verb} {one.answer}" for one in job.tries]


@pytest.mark.parametrize("make", MAKES)
def test_a_disabled_device_is_put_off(site: SiteMaker, make: str) -> None:
    with site(make) as at:
        port = at.printer()
        at.home.nac("device", "disable", port.mac)
        job = at.job("confirmed")
        tell(make, job)
        assert (job.reason, job.cause, verbs(job)) == ("facts", "device_disabled", ["disconnect ack"])
        assert at.das.ports == [], "the device was not let in again"
        assert {one.code for one in at.das.received} == {radius.DISCONNECT_REQUEST}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        ("standard", ["change ack"]),
        ("cisco-ios-xe", ["reauthenticate ack"]),
        ("hostapd", ["disconnect ack"]),
        ("ruckus-icx", ["reauthenticate ack"]),
    ],
)
def test_another_segment_by_what_the_make_can_do(site: SiteMaker, make: str, expected: list[str]) -> None:
    with site(make) as at:
        port = at.printer()
        policy = at.home.policy.read_text()
        at.home.write_policy(policy.replace("segment printers       { vlan 40 ", "segment printers       { vlan 41 "))
        job = at.job("confirmed")
        tell(make, job)
        assert (job.reason, job.wanted) == ("policy", "segment printers")
        assert verbs(job) == expected
        if make == "standard":
            assert (81, b"41") in port.attributes
            assert job.by == "accounting", "by the one Interim-Update that followed the change"


def test_quarantine_and_release(site: SiteMaker) -> None:
    with site("cisco-ios-xe") as at:
        port = at.printer()
        said = at.home.nac("session", "quarantine", port.mac, "--watch")
        assert "reauthenticate (segment quarantine) by authentication" in said
        (session,) = at.home.json("session", "list", "--mac", port.mac)
        assert (session["segment"], session["differs"]) == ("quarantine", False)
        at.home.nac("session", "release", session["session"][:8], "--watch")
        (session,) = at.home.json("session", "list")
        assert session["segment"] == "printers"
        audit = at.home.json("audit", "list", "--action", "session")
        assert [line["action"] for line in audit] == ["session quarantine", "session release"]
        released, quarantined = at.home.json("session", "jobs")
        order = [*(audit[0]["taken"][0], quarantined, audit[1]["taken"][0], released)]
        assert [one["sequence"] for one in order] == sorted(one["sequence"] for one in order), (
            "who did it stands before"
        )
        assert audit[0]["taken"][0]["generation"] == quarantined["generation"]


# --- people and certificates ---


def laptop(at: Site, tmp_path: Path) -> tuple[Device, str]:
    """An ML engineer's laptop that logs in by EAP-TLS; its address at the switch."""
    device = at.home.enrol()
    at.server.reload()
    secret = tmp_path / "secret"
    secret.write_bytes(at.das.secret)
    mac = device.mac.replace(":", "-").upper()
    host, port = at.server.v4
    command = [
        str(SUPPLICANT),
        "auth",
        *("--server", f"{host}:{port}", "--secret-file", str(secret), "--nas-identifier", "lab-switch"),
        *("--cert", str(device.chain), "--key", str(device.key), "--ca", str(device.ca)),
        *("--server-name", SERVER_NAME, "--identity", device.user, "--mac", mac),
    ]
    at.connect(mac, lambda: subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0)
    return device, mac


CHANGES = {
    "certificate_revoked": lambda device: ("pki", "revoke", str(device.chain)),
    "user_disabled": lambda device: ("user", "disable", device.user),
    "policy_default_deny": lambda device: ("user", "group", device.user, "--remove", "ml-engineering"),
}


@pytest.mark.parametrize("cause", CHANGES)
def test_whoever_may_no_longer_is_put_off(site: SiteMaker, tmp_path: Path, cause: str) -> None:
    with site("cisco-ios-xe") as at:
        device, mac = laptop(at, tmp_path)
        (session,) = at.home.json("session", "list", "--mac", mac)
        assert (session["segment"], session["identity_user"]) == ("ml-engineering", device.user)
        at.home.nac(*CHANGES[cause](device))
        job = at.job("confirmed")
        tell(cause, job)
        assert (job.cause, verbs(job)) == (cause, ["disconnect ack"])
        assert at.das.ports == []
        assert at.home.json("session", "list") == []
        assert "change" in at.home.nac("why", mac)


def test_a_failing_posture_narrows(site: SiteMaker, tmp_path: Path) -> None:
    with site("cisco-ios-xe") as at:
        device, _ = laptop(at, tmp_path)
        at.home.nac("device", "posture", device.name, "unhealthy", "--for", "24h")
        job = at.job("confirmed")
        tell("posture", job)
        assert (job.wanted, verbs(job), job.by) == ("segment remediation", ["reauthenticate ack"], "authentication")
        (session,) = at.home.json("session", "list")
        assert (session["segment"], session["session"]) == ("remediation", job.session)


# --- faults (faults.md 22) ---


def test_a_lost_request_and_a_lost_answer(site: SiteMaker) -> None:
    with site() as at:
        port = at.printer()
        at.das.faults.lose = 1
        at.das.faults.lose_answers = 1
        at.home.nac("device", "disable", port.mac)
        job = at.job("confirmed")
        tell("lost", job)
        first, *others = at.das.received
        assert all((one.octets, one.source) == (first.octets, first.source) for one in others)
        assert at.das.ports == []


def test_wrong_answers_are_ignored(site: SiteMaker) -> None:
    with site() as at:
        port = at.printer()
        at.das.faults.forge = True
        at.das.faults.nak = 501
        at.home.nac("device", "disable", port.mac)
        job = at.job("failed", "confirmed")
        assert (job.state, job.error_cause) == ("failed", 501), "the forged answer would be an ACK"
        assert verbs(job) == ["disconnect nak"]
        assert at.server.status()["coa"]["dropped"] == {"response_authenticator": 1}
        assert "coa.failed" in at.server.log()


def test_refused_is_followed_by_the_next_and_remembered(site: SiteMaker) -> None:
    with site("cisco-ios-xe") as at:
        port = at.printer()
        at.das.make = at.makes["hostapd"]
        at.home.nac("device", "disable", port.mac)
        at.job("failed")
        shown = at.home.json("client", "show", "switch")["coa_learnt"]
        assert {(one["verb"], one["answer"], one["error_cause"]) for one in shown} == {
            ("disconnect", "nak", 401),
            ("reauthenticate", "nak", 401),
            ("bounce", "nak", 401),
        }


def test_an_ack_without_effect_escalates(site: SiteMaker) -> None:
    with site("cisco-ios-xe", confirm="1s") as at:
        port = at.printer()
        at.das.faults.idle = True
        at.home.nac("device", "disable", port.mac)
        until(lambda: len(at.das.received) >= 2 or None, "the next verb is sent")
        at.das.faults.idle = False
        job = at.job("confirmed")
        tell("idle", job)
        assert verbs(job)[:3] == ["disconnect ack", "disconnect no-effect", "reauthenticate ack"]
        assert at.das.ports == []


def test_a_switch_that_is_gone_is_told_when_it_is_heard_again(site: SiteMaker) -> None:
    with site(patience="1s") as at:
        port = at.printer()
        at.das.faults.deaf = True
        at.home.nac("device", "disable", port.mac)
        assert at.job("unreachable").detail == "the switch does not answer"
        assert at.server.status()["coa"]["silent_switches"] == 1
        said = at.home.nac("status")
        assert "1 open, 0 accounted, 0 stale, 1 differing" in said
        assert "1 unreachable; 1 switches do not answer; 0 failures since the start" in said
        at.das.faults.deaf = False

        def heard() -> CoaEvent | None:
            at.das.interim(port)
            return next((job for job in at.jobs(state="confirmed")), None)

        job = until(heard, "an Interim-Update brings the next try", why=at.server.log)
        tell("gone", job)
        assert at.das.ports == []


def test_the_wrong_secret_is_silence(site: SiteMaker) -> None:
    with site(patience="1s") as at:
        port = at.printer()
        at.das.secret = b"another one"
        at.home.nac("device", "disable", port.mac)
        assert at.job("unreachable").tries[0].answer == "silence"


# --- orders ---


def test_orders_of_an_administrator(site: SiteMaker) -> None:
    with site("cisco-ios-xe") as at:
        port = at.printer()
        said = at.home.nac("session", "reauth", port.mac, "--watch")
        assert "confirmed" in said
        assert "by authentication" in said
        said = at.home.nac("session", "disconnect", port.acct_session_id, "--watch")
        assert "confirmed" in said
        until(lambda: at.das.ports or None, "the device is back")
        (session,) = at.home.json("session", "list", "--client", "switch", "--state", "active")
        shown = at.home.json("session", "show", session["session"])
        assert shown["acct_session_id"] == f"{port.acct_session_id}+"
        assert at.home.nac("session", "show", port.mac)
        done = at.home.json("session", "jobs")
        assert [(job["wanted"], job["state"], job["reason"]) for job in done] == [
            ("disconnect", "confirmed", "administrator"),
            ("reauthenticate", "confirmed", "administrator"),
        ]
        assert at.home.json("session", "jobs", done[0]["job"])["actor"]
        assert at.home.nac("session", "jobs", done[0]["job"][:8])
        audit = at.home.json("audit", "list", "--action", "session")
        assert [line["action"] for line in audit] == ["session reauth", "session disconnect"]
        places = [line["taken"][0]["sequence"] for line in audit]
        order = [places[0], done[1]["sequence"], places[1], done[0]["sequence"]]
        assert order == sorted(order), "an act stands before what came of it"
        assert {job["node"] for job in done} == {line["taken"][0]["node"] for line in audit}


def test_orders_that_are_refused(site: SiteMaker) -> None:
    with site("hostapd") as at:
        port = at.printer()
        assert "cannot reauthenticate" in at.home.nac("session", "reauth", port.mac, code=4)
        assert "no live session" in at.home.nac("session", "disconnect", "nobody", code=4)
        at.home.nac("client", "set", "switch", "--no-coa")
        at.server.reload()
        assert "are off" in at.home.nac("session", "disconnect", port.mac, code=4)


def test_a_probe_tells_whether_port_and_secret_are_right(site: SiteMaker) -> None:
    with site("cisco-ios-xe") as at:
        assert "503 Session-Context-Not-Found; port and secret are right" in at.home.nac("client", "test-coa", "switch")
        probed = at.home.json("client", "test-coa", "switch")
        assert (probed["acknowledged"], probed["error_cause"]) == (False, 503)
        at.das.faults.deaf = True
        said = at.home.nac("client", "test-coa", "switch", code=4)
        assert "does not answer" in said
        at.home.nac("client", "add", "many", "192.0.2.0/24")
        at.home.nac("client", "test-coa", "many", code=2)


def test_the_probe_shows_a_wrong_secret(site: SiteMaker) -> None:
    with site() as at:
        at.das.faults.forge = True
        at.das.faults.lose_answers = 10
        assert "wrong response_authenticator" in at.home.nac("client", "test-coa", "switch", code=4)


# --- a restart ---


def test_a_change_survives_the_death_of_the_server(site: SiteMaker) -> None:
    with site(patience="20s") as at:
        port = at.printer()
        at.das.faults.deaf = True
        at.home.nac("device", "disable", port.mac)
        before = at.job("sent")
        until(lambda: at.home.json("session", "list", "--since", "1h") or None, "the session is stored")
        at.server.kill()
        assert [one["mac"] for one in at.home.json("session", "list")] == [port.mac], "from the database"
        assert at.home.json("session", "show", before.session)["segment"] == "printers"
        at.das.faults.deaf = False
        with serving(at.home) as server:
            at.server = server
            at.das.accounting = accounting_address(server)
            job = at.job("confirmed")
        tell("restart", job)
        assert (job.job, job.decided_at) == (before.job, before.decided_at)
        assert at.das.ports == []
