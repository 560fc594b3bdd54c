"""The whole way with `nac serve`: a device reports over TLS, and the next decision knows it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from eapol import EapolTest, network, require
from lab_home import SERVER_NAME, Device, Home
from nac_server import Server, serving, until
from nas import TUNNEL_PRIVATE_GROUP_ID
from reporter import Reporter, checks, exchange

from nac.errors import NotFoundError
from nac.posture.rate import BURST

POLICY = """
resource training { kind gpu-cluster  address 10.20.0.0/24  port tcp 22 }
segment work { vlan 10 }
segment pending { vlan 66 }
posture everyone { require disk_encryption  require firewall  forbid rogue_notebook }
posture updated {
    applies when device.tags has "ml"
    require patch_age_days <= 30
    grace 4h for patch_age_days
    fresh 10m  stale 1h  unknown 4h
}
reject "shared" when device.shared_identity
place in work when method = "eap-tls" and posture.status in ("healthy", "degraded")
place in pending when method = "eap-tls" and device.managed
allow training when device.managed and posture.status = "healthy" and posture.freshness = "fresh"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = Home(tmp_path_factory.mktemp("posture") / "home", settings={"posture.listen": ["127.0.0.1:0"]})
    home.write_policy(POLICY)
    home.add_client("switch", "127.0.0.1")
    require("eapol_test", "eapoltest")
    with serving(home) as server:
        yield server


def reporter(server: Server) -> Reporter:
    return reporting(server, server.home.enrol(healthy=False))


def reporting(server: Server, device: Device) -> Reporter:
    host, port = server.status()["posture"]["addresses"][0].rsplit(":", 1)
    return Reporter((host, int(port)), device.name, device.chain, device.key, device.ca, SERVER_NAME)


def test_a_report_is_judged_and_known_at_once(server: Server) -> None:
    agent = reporter(server)
    status, answer = agent.report()
    assert (status, answer["status"], answer["failed"]) == (200, "healthy", [])
    assert set(answer["passed"]) == {"disk_encryption", "firewall", "rogue_notebook"}
    status, answer = agent.report(checks=checks(firewall=("fail", False)))
    assert (status, answer["status"], answer["score"]) == (200, "unhealthy", 66)
    assert answer["failed"] == [
        {
            "check": "firewall",
            "says": "The firewall is off.",
            "fix": "Turn on the firewall and let it refuse incoming connections by default.",
            "grace_until": None,
        }
    ]
    assert agent.report()[1]["status"] == "healthy"
    assert agent.ask("GET", "/v1/status")[1]["status"] == "healthy"


def test_a_replay_is_refused_and_told(server: Server) -> None:
    agent = reporter(server)
    assert agent.report()[0] == 200
    first = agent.last
    status, answer = agent.send(first)
    assert (status, answer["error"]) == (409, "replayed")
    assert agent.report()[0] == 200, "the nonce of the refusal is good for the next report"


def test_refused_reports_are_events_of_the_one_stream(server: Server) -> None:
    agent = reporter(server)
    agent.report()
    agent.send(agent.last)
    agent.send(b"x" * 70_000)
    asked = ("posture", "refused", "--device", agent.device)
    until(lambda: len(server.home.json(*asked)) == 2 or None, "both are stored")
    assert {one["word"] for one in server.home.json(*asked)} == {"replayed", "oversize"}
    assert "refused" in server.home.nac("posture", "history", agent.device)
    assert "report refused" in server.home.nac("why", agent.device, code=NotFoundError.exit_code)


def test_the_page_says_what_to_fix(server: Server) -> None:
    agent = reporter(server)
    agent.report(checks=checks(rogue_notebook=("fail", ["<script>alert(1)</script>"])))
    status, page = agent.ask("GET", "/")
    assert status == 200
    assert "A notebook server is open to the network." in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_without_a_certificate_there_is_a_page_and_nothing_else(server: Server) -> None:
    agent = reporter(server)
    context = ssl.create_default_context(cafile=str(agent.ca))
    status, page = exchange(context, agent.address, SERVER_NAME, "GET", "/", None, {})
    assert (status, "Which device is this?" in page) == (200, True)
    status, answer = exchange(context, agent.address, SERVER_NAME, "GET", "/v1/nonce", None, {})
    assert (status, answer["error"]) == (403, "untrusted")


def test_tls_before_1_3_is_refused(server: Server) -> None:
    agent = reporter(server)
    context = ssl.create_default_context(cafile=str(agent.ca))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError):
        exchange(context, agent.address, SERVER_NAME, "GET", "/", None, {})


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status", "error"),
    [
        ("POST", "/v1/report", b"x" * 70_000, "application/eat+jwt", 413, "oversize"),
        ("POST", "/v1/report", b"{}", "application/json", 400, "malformed"),
        ("POST", "/v1/report", b"", "application/eat+jwt", 400, "malformed"),
        ("GET", "/v1/report", None, "", 405, "method_not_allowed"),
        ("POST", "/v1/nonce", b"", "", 405, "method_not_allowed"),
        ("GET", "/v1/../etc/passwd", None, "", 404, "not_found"),
    ],
)
def test_what_is_no_report_is_answered_with_its_word(
    server: Server, method: str, path: str, body: bytes | None, kind: str, status: int, error: str
) -> None:
    answered, told = reporter(server).ask(method, path, body, **({"Content-Type": kind} if kind else {}))
    assert (answered, told["error"]) == (status, error)


def test_a_certificate_that_asks_too_often_waits(server: Server) -> None:
    agent = reporter(server)
    answers = [agent.ask("GET", "/v1/nonce")[0] for _ in range(BURST + 2)]
    assert answers.count(429) >= 1
    assert answers[:BURST] == [200] * BURST
    assert reporter(server).report()[0] == 200, "nobody else waits"


def test_octets_that_are_no_http_end_their_connection_alone(server: Server) -> None:
    agent = reporter(server)
    context = ssl.create_default_context(cafile=str(agent.ca))
    context.load_cert_chain(agent.chain, agent.key)
    for octets in (b"\x00" * 100, b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 40_000, b"POST /v1/report HTTP/1.1\r\n\r\n"):
        with context.wrap_socket(socket.create_connection(agent.address), server_hostname=SERVER_NAME) as connection:
            connection.sendall(octets)
            assert b" 400 " in connection.recv(4096)
    assert agent.report()[0] == 200


def test_a_revoked_certificate_is_refused_on_a_new_request(server: Server) -> None:
    agent = reporter(server)
    assert agent.report()[0] == 200
    server.home.nac("pki", "revoke", str(agent.chain), "--reason", "key-compromise")
    server.reload()
    agent.nonce = "x" * 22
    status, answer = agent.report()
    assert (status, answer["error"]) == (403, "revoked")


def test_two_machines_with_one_key_are_told_apart(server: Server) -> None:
    agent = reporter(server)
    assert agent.report()[0] == 200
    agent.boot = "boot-2"
    assert agent.report(uptime=0)[0] == 200, "the device was started again"
    agent.boot, agent.counter = "boot-1", 50
    status, answer = agent.report()
    assert (status, answer["error"]) == (403, "clone_suspected")
    shown = server.home.json("posture", "findings", "--device", agent.device)
    assert [(one["kind"], one["count"]) for one in shown] == [("shared_identity", 1)]
    assert "take turns" in shown[0]["evidence"]


def test_a_copied_key_at_a_second_port_shuts_both_out(server: Server, tmp_path: Path) -> None:
    """S4: the copy has no agent; logins that take turns give it away."""
    device = server.home.enrol()
    server.reload()
    copy = device.moved(server.home.fresh_mac())
    eapol_test = EapolTest(tmp_path)
    for one in (device, copy, device, copy, device):
        assert eapol_test(network(one), server.v4, one.mac).success
    shown = until(lambda: server.home.json("posture", "findings", "--device", device.name) or None, "it is found")
    assert "one certificate in two places at once" in shown[0]["evidence"]
    until(lambda: not eapol_test(network(copy), server.v4, copy.mac).success or None, "the copy is shut out")
    assert not eapol_test(network(device), server.v4, device.mac).success


def test_the_next_login_knows_the_report(server: Server, tmp_path: Path) -> None:
    eapol_test = EapolTest(tmp_path)
    device = server.home.enrol(healthy=False)
    server.reload()
    agent = reporting(server, device)

    def vlan() -> bytes:
        return eapol_test(network(device), server.v4, device.mac).accept.one(TUNNEL_PRIVATE_GROUP_ID)

    assert vlan() == b"66", "first contact"
    agent.report()
    assert vlan() == b"10"
    agent.report(checks=checks(firewall=("fail", False)))
    assert vlan() == b"66"
    agent.report()
    assert vlan() == b"10", "no helpdesk"


def test_a_tag_counts_at_once_with_what_it_asks_for(server: Server) -> None:
    agent = reporter(server)
    assert agent.report(checks=checks(patch_age_days=("pass", 40)))[1]["status"] == "healthy"
    server.home.nac("device", "tag", agent.device, "ml")
    asked = ("posture", "show", agent.device)
    until(lambda: server.home.json(*asked)["status"] == "degraded" or None, "it is judged by the new tag")


def test_a_restart_forgets_no_verdict_and_no_counter(server: Server) -> None:
    home = server.home
    agent = reporter(server)
    agent.report(checks=checks(firewall=("fail", False)))
    old = agent.last
    assert home.json("posture", "show", agent.device)["status"] == "unhealthy"
    server.kill()
    again = Server(home)
    try:
        again.wait_until_ready()
        host, port = again.status()["posture"]["addresses"][0].rsplit(":", 1)
        agent.address = (host, int(port))
        assert agent.ask("GET", "/v1/status")[1]["status"] == "unhealthy"
        status, answer = agent.send(old)
        assert (status, answer["error"]) == (409, "stale_nonce"), "no nonce outlives the server"
        agent.counter = 0
        status, answer = agent.report()
        assert (status, answer["error"]) == (409, "replayed"), "the counter does"
        assert agent.report()[1]["status"] == "healthy"
    finally:
        again.stop()
