"""The administrator's day: broken files, new certificates, new lists, signals."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import eap_peer
import pytest
from cryptography import x509
from eap_peer import Peer
from eapol import EapolTest, network
from lab_home import SECRET, SERVER_NAME, Device, Home, command
from nac_server import Server, serving, until
from nas import ACCESS_ACCEPT, ACCESS_REJECT, STATUS_SERVER, Nas, mab

OwnServer = Callable[..., AbstractContextManager[Server]]


def nac(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The program itself, for its exit code and its two streams."""
    return subprocess.run(command(home, *arguments), capture_output=True, text=True, check=False, timeout=60)


def break_policy(home: Home) -> str:
    path = home.folder / "policy/zz-broken.policy"
    path.write_text('# one line\nplace in nowhere when method = "mab"\n')
    return "zz-broken.policy:2"


def break_tests(home: Home) -> str:
    """It compiles, but its own tests fail: then it is not published either."""
    path = home.folder / "policy/zz-broken.policy"
    path.write_text('test "wrong" {\n    given method = "mab"\n    expect segment office\n}\n')
    return "zz-broken.policy:1"


def break_certificate(home: Home) -> str:
    (home.folder / "pki/server-p256.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return "server-p256.pem"


BREAKS = [break_policy, break_tests, break_certificate]


@pytest.mark.parametrize("break_it", BREAKS, ids=[one.__name__ for one in BREAKS])
def test_a_broken_file_leaves_the_running_server_as_it_is(
    own_server: OwnServer, break_it: Callable[[Home], str]
) -> None:
    with own_server() as server:
        policy = server.status()["policy_digest"]
        where = break_it(server.home)
        done = nac(server.home, "reload")
        assert done.returncode == 6, done.stderr
        assert where in done.stderr
        assert "kept" in done.stderr
        assert done.stderr.count("\n") <= 10, done.stderr
        status = server.status()
        assert status["policy_digest"] == policy
        assert where in status["refused"], "and `nac status` says so"
        assert nac(server.home, "check").returncode == 3
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: server.log().count('"reload.refused"') >= 2 or None, "SIGHUP is refused as well", why=server.log)
        with Nas(server.v4, secret=SECRET) as nas:
            assert nas.ask([], code=STATUS_SERVER).code == ACCESS_ACCEPT
        assert server.status()["policy_digest"] == policy


def test_a_typo_in_the_configuration(own_server: OwnServer) -> None:
    """The line, the key and what was meant; whoever asks, and the server keeps what it has."""
    with own_server() as server:
        text = server.home.config.read_text()
        broken = text.replace("ticket_lifetime", "ticket_lifetme")
        line = broken[: broken.index("ticket_lifetme")].count("\n") + 1
        server.home.config.write_text(broken)
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: '"reload.refused"' in server.log() or None, "the reload is refused", why=server.log)
        assert f"nac.toml:{line}" in server.log()
        for verb in ("reload", "check", "serve"):
            done = nac(server.home, verb)
            assert done.returncode == 3, done.stderr
            assert f"nac.toml:{line}" in done.stderr
            assert "ticket_lifetime" in done.stderr, "the nearest key"
        server.home.config.write_text(text)
        assert server.status()["refused"] is not None
        assert nac(server.home, "reload").returncode == 0
        assert server.status()["refused"] is None


@pytest.mark.parametrize("break_it", BREAKS, ids=[one.__name__ for one in BREAKS])
def test_with_a_broken_file_it_does_not_start(tmp_path: Path, break_it: Callable[[Home], str]) -> None:
    home = Home(tmp_path / "home")
    where = break_it(home)
    done = nac(home, "serve")
    assert done.returncode == 3, done.stderr
    assert where in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_server_on_the_same_port_is_refused(server: Server, tmp_path: Path) -> None:
    home = Home(tmp_path / "home", settings={"server.listen": [f"127.0.0.1:{server.v4[1]}"]})
    done = nac(home, "serve")
    assert done.returncode != 0
    assert str(server.v4[1]) in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_ends_it_with_everything_stored(own_server: OwnServer, mac: str) -> None:
    with own_server() as server:
        with Nas(server.v4, secret=SECRET) as nas:
            for _ in range(50):
                assert nas.ask(eap_peer.port("nobody", mac)).code == ACCESS_REJECT
        assert server.stop() == 0
        assert len(server.events(mac, 50)) == 50


def server_serial(peer: Peer) -> int:
    """The serial number of the certificate that the server showed."""
    shown = peer.tls.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_new_server_certificate_drops_no_conversation(
    server: Server, alice: Device, mac: str, nas: Nas, version: ssl.TLSVersion
) -> None:
    """`nac pki server` while a handshake is under way: it ends with the old one, the next begins with the new one."""
    context = eap_peer.context(alice, version=version)
    before = Peer(nas, mac, alice.user, context)
    challenge = before.step(before.begin())
    generation = server.status()["generation"]
    server.home.nac("pki", "server", "--server-name", SERVER_NAME)
    until(lambda: server.status()["generation"] > generation or None, "the new files are taken up", why=server.log)
    assert before.finish(challenge).code == ACCESS_ACCEPT
    after = Peer(nas, mac, alice.user, context)
    assert after.run().code == ACCESS_ACCEPT
    assert server_serial(after) != server_serial(before)
    assert [event.result for event in server.events(mac, 2)] == ["accept", "accept"]


def test_a_new_revocation_list_is_noticed(server: Server, eapol_test: EapolTest) -> None:
    device = server.home.enrol()
    server.reload()
    assert eapol_test(network(device), server.v4, device.mac).success
    generation = server.status()["generation"]
    server.home.nac("pki", "revoke", device.name, "--reason", "key-compromise")
    until(lambda: server.status()["generation"] > generation or None, "the new list is taken up", why=server.log)
    assert not eapol_test(network(device), server.v4, device.mac).success
    assert server.events(device.mac, 2)[1].cause == "certificate_revoked"


def test_the_log_is_json_lines(server: Server) -> None:
    lines = [json.loads(line) for line in server.log().splitlines()]
    assert {"serving", "reloaded"} <= {line["event"] for line in lines}
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    assert SECRET.decode() not in server.log()


def test_a_broken_policy_does_not_keep_a_revocation_from_being_heard(own_server: OwnServer) -> None:
    with own_server() as server:
        break_policy(server.home)
        until(lambda: server.status()["refused"], "the policy is refused", why=server.log)
        before = server.status()["generation"]
        device = server.home.enrol().name
        assert nac(server.home, "pki", "revoke", device).returncode == 0
        until(lambda: server.status()["generation"] > before or None, "the list is taken up", why=server.log)
        assert server.status()["refused"] is not None


def test_one_server_for_each_state_folder(own_server: OwnServer) -> None:
    with own_server() as server:
        done = nac(server.home, "serve")
        assert done.returncode == 4, done.stderr
        assert "another server" in done.stderr
        assert server.status()["generation"] == 1


def test_a_generation_that_cannot_be_recorded_stops_nothing(own_server: OwnServer) -> None:
    with own_server() as server:
        home = server.home
    number = home.folder / "state/generation"
    number.unlink()
    number.mkdir()
    (number / "in-the-way").touch()
    with serving(home) as server:
        before = server.status()["generation"]
        server.reload()
        assert server.status()["generation"] > before
        assert "generation.not_recorded" in server.log()


def test_the_first_packet_meets_every_fact(own_server: OwnServer) -> None:
    with own_server() as server:
        printer = server.home.add_printer()
        home = server.home
    with serving(home) as server, Nas(server.v4, secret=SECRET) as nas:
        assert nas.ask(mab(printer)).code == ACCESS_ACCEPT
        assert server.counter("accepts") == 1


def test_threads_that_keep_records_interrupt_none_that_answers(server: Server) -> None:
    policies: dict[str, set[int]] = defaultdict(set)
    for task in Path(f"/proc/{server.pid}/task").iterdir():
        name = (task / "comm").read_text().strip().rstrip("0123456789")
        policies[name].add(os.sched_getscheduler(int(task.name)))
    answering = ("nac-receive-", "nac-shard-", "nac-account-")
    assert {name: policies[name] for name in answering} == {key: {os.SCHED_OTHER} for key in answering}
    keeping = ("nac-record", "nac-sessions")
    assert {name: policies[name] for name in keeping} == {key: {os.SCHED_BATCH} for key in keeping}
