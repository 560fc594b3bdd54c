"""Reports over mutual TLS to a server of its own: what is signed, which nonce, what a refusal leads to."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from agent_device import machine as device
from agent_device import make_tree
from agent_server import KEYS, Issuer, PostureServer, healthy, make_issuer, write_pair
from cryptography.hazmat.primitives.serialization import Encoding

from nac.agent.answer import RefusedError, UnreachableError
from nac.agent.checks import NAMES
from nac.agent.client import PostureClient
from nac.agent.config import AgentConfig
from nac.agent.delivery import Delivery
from nac.agent.finding import Finding, failed
from nac.agent.jws import signed_token
from nac.agent.machine import Machine
from nac.agent.observation import Observation
from nac.agent.signer import load_identity
from nac.agent.state import State
from nac.errors import PkiError

BOOT_ID = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
OBSERVED = Observation(1.0, {name: Finding("pass") for name in NAMES}, ())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    files = {
        "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "/proc/sys/kernel/random/boot_id": BOOT_ID + "\n",
        "/proc/sys/kernel/osrelease": "6.1.0-28-amd64\n",
        "/proc/uptime": "1234.56 99.9\n",
    }
    return device(make_tree(tmp_path / "root", files))


@pytest.fixture
def deliver(config: AgentConfig, machine: Machine) -> Callable[..., Any]:
    delivery = Delivery(config, State(config.report.state))
    return lambda observation=OBSERVED: delivery.deliver(machine, observation)


def test_the_claims_of_a_report(server: PostureServer, deliver: Callable[..., Any]) -> None:
    assert deliver().status == "healthy"
    (report,) = server.reports
    claims = report.claims
    assert report.header["typ"] == "eat+jwt"
    assert (claims["sub"], claims["aud"], claims["swname"]) == ("laptop-17", "nac-posture", "nac-agent")
    assert claims["iss"] == f"nac-agent/{claims['swversion']}"
    assert claims["uptime"] == 1234
    assert re.fullmatch(r"[\w-]{22}", claims["jti"])
    assert re.fullmatch(r"AQ?[\w-]{21,22}", claims["ueid"])
    assert claims["oemboot"] is True
    said = claims["nac"]
    assert said["boot_id"] == BOOT_ID
    assert said["os"] == {"id": "debian", "version": "12", "kernel": "6.1.0-28-amd64"}
    assert [check["name"] for check in said["checks"]] == list(NAMES)
    assert "missed" not in said


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_kind_of_key_signs(
    algorithm: str,
    config: AgentConfig,
    server: PostureServer,
    issuer: Issuer,
    tmp_path: Path,
    deliver: Callable[..., Any],
) -> None:
    key = KEYS[algorithm]()
    write_pair(tmp_path, "device", issuer.issue("laptop-17", key), key)
    deliver()
    assert server.reports[0].header["alg"] == algorithm


def test_openssl_agrees_with_a_signature(config: AgentConfig, tmp_path: Path, issuer: Issuer) -> None:
    key = KEYS["PS256"]()
    write_pair(tmp_path, "device", issuer.issue("laptop-17", key), key)
    message, _, signature = signed_token({"a": 1}, load_identity(config)).rpartition(b".")
    (tmp_path / "message").write_bytes(message)
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + b"=="))
    public = subprocess.run(
        ["openssl", "x509", "-in", tmp_path / "device.pem", "-pubkey", "-noout"], capture_output=True, check=True
    ).stdout
    (tmp_path / "public.pem").write_bytes(public)
    pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]
    command = ["openssl", "dgst", "-sha256", *pss, "-verify", "public.pem", "-signature", "signature", "message"]
    assert b"Verified OK" in subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout


def test_the_nonce_of_the_verdict_is_used_once(server: PostureServer, deliver: Callable[..., Any]) -> None:
    deliver()
    deliver()
    assert server.paths == ["/v1/nonce", "/v1/report", "/v1/report"]
    nonces = [report.claims["eat_nonce"] for report in server.reports]
    assert len(set(nonces)) == 2


def test_a_nonce_that_ended_is_not_used(server: PostureServer, deliver: Callable[..., Any]) -> None:
    server.answers.append((200, healthy(server, nonce_expires_at=1)))
    deliver()
    deliver()
    assert server.paths == ["/v1/nonce", "/v1/report", "/v1/nonce", "/v1/report"]


def test_the_counter_and_the_token_are_never_the_same(server: PostureServer, deliver: Callable[..., Any]) -> None:
    for _ in range(3):
        deliver()
    counters = [report.claims["nac"]["counter"] for report in server.reports]
    assert counters == sorted(set(counters))
    assert len({report.claims["jti"] for report in server.reports}) == 3


@pytest.mark.parametrize("word", ["stale_nonce", "replayed"])
def test_a_stale_nonce_is_replaced_at_once(word: str, server: PostureServer, deliver: Callable[..., Any]) -> None:
    fresh = server.fresh_nonce()
    server.answers.append((409, {"error": word, "detail": "too late", "fix": "again", "nonce": fresh}))
    assert deliver().status == "healthy"
    first, second = server.reports
    assert second.claims["eat_nonce"] == fresh
    assert second.claims["nac"]["counter"] > first.claims["nac"]["counter"]


def test_a_second_refusal_is_the_answer(server: PostureServer, deliver: Callable[..., Any]) -> None:
    server.answers += [(409, {"error": "stale_nonce", "nonce": server.fresh_nonce()})] * 2
    with pytest.raises(RefusedError):
        deliver()
    assert len(server.reports) == 2


@pytest.mark.parametrize("word", ["revoked", "unknown_device", "foreign_key", "clone_suspected", "too_old"])
def test_a_refusal_is_told_and_kept(
    word: str, config: AgentConfig, server: PostureServer, deliver: Callable[..., Any]
) -> None:
    server.answers.append((403, {"error": word, "detail": "no", "fix": "ask"}))
    with pytest.raises(RefusedError) as caught:
        deliver()
    assert caught.value.refusal.error == word
    kept = State(config.report.state).status()
    assert word in kept.trouble
    assert kept.fix == "ask"


@pytest.mark.parametrize("answer", [(500, {}), (200, {"status": "splendid"}), (200, {}), (302, {}), (404, {})])
def test_what_is_no_answer_is_no_verdict(
    answer: tuple[int, dict[str, Any]], server: PostureServer, deliver: Callable[..., Any]
) -> None:
    server.answers.append(answer)
    with pytest.raises(UnreachableError):
        deliver()


def test_what_was_missed_is_told_later_as_history(
    config: AgentConfig, machine: Machine, server: PostureServer, deliver: Callable[..., Any]
) -> None:
    worse = Observation(2.0, {**OBSERVED.findings, "firewall": failed()}, ())
    server.answers += [(503, {"error": "unavailable"})] * 3
    for observation in (OBSERVED, worse, worse):
        with pytest.raises(RefusedError):
            deliver(observation)
    better = Observation(4.0, OBSERVED.findings, ())
    deliver(better)
    said = server.reports[-1].claims["nac"]
    assert said["missed"] == [{"at": 1, "failed": [], "unknown": []}, {"at": 2, "failed": ["firewall"], "unknown": []}]
    assert {check["result"] for check in said["checks"]} == {"pass"}
    deliver(better)
    assert "missed" not in server.reports[-1].claims["nac"]


def test_only_the_newest_missed_changes_are_kept(config: AgentConfig, machine: Machine) -> None:
    gone = msgspec.structs.replace(config, server=msgspec.structs.replace(config.server, url="https://127.0.0.1:1"))
    delivery = Delivery(gone, State(gone.report.state))
    for number in range(40):
        finding = failed() if number % 2 else Finding("pass")
        with pytest.raises(UnreachableError):
            delivery.deliver(machine, Observation(number, {**OBSERVED.findings, "firewall": finding}, ()))
    missed = State(gone.report.state).status().missed
    assert [one.at for one in missed] == list(range(24, 40))


def test_a_server_of_another_name_is_not_talked_to(
    config: AgentConfig, server: PostureServer, machine: Machine
) -> None:
    named = msgspec.structs.replace(config.server, name="other.corp.example")
    with pytest.raises(UnreachableError, match=r"other\.corp\.example"):
        PostureClient(msgspec.structs.replace(config, server=named)).nonce()
    assert not server.paths


def test_the_name_of_the_certificate_may_stand_in_the_settings(config: AgentConfig, server: PostureServer) -> None:
    named = msgspec.structs.replace(config.server, name="radius.corp.example")
    assert PostureClient(msgspec.structs.replace(config, server=named)).nonce().nonce


def test_a_server_of_another_authority_is_not_talked_to(
    config: AgentConfig, server: PostureServer, tmp_path: Path
) -> None:
    (tmp_path / "other.pem").write_bytes(make_issuer("Other").certificate.public_bytes(Encoding.PEM))
    other = msgspec.structs.replace(config.server, ca=tmp_path / "other.pem")
    with pytest.raises(UnreachableError, match="certificate verify failed"):
        PostureClient(msgspec.structs.replace(config, server=other)).nonce()
    assert not server.paths


def test_a_renewed_certificate_is_used_by_the_next_report(
    server: PostureServer, issuer: Issuer, tmp_path: Path, deliver: Callable[..., Any]
) -> None:
    deliver()
    key = KEYS["ES256"]()
    write_pair(tmp_path, "device", issuer.issue("laptop-18", key), key)
    deliver()
    assert [report.claims["sub"] for report in server.reports] == ["laptop-17", "laptop-18"]


def test_a_passphrase_comes_from_a_file(
    config: AgentConfig, server: PostureServer, issuer: Issuer, tmp_path: Path, machine: Machine
) -> None:
    key = KEYS["ES256"]()
    write_pair(tmp_path, "device", issuer.issue("laptop-17", key), key, passphrase=b"open sesame")
    with pytest.raises(PkiError, match="encrypted"):
        load_identity(config)
    with pytest.raises(PkiError):
        PostureClient(config)
    (tmp_path / "passphrase").touch(mode=0o600)
    (tmp_path / "passphrase").write_text("open sesame\n")
    device = msgspec.structs.replace(config.device, passphrase=tmp_path / "passphrase")
    with_passphrase = msgspec.structs.replace(config, device=device)
    Delivery(with_passphrase, State(config.report.state)).deliver(machine, OBSERVED)
    assert len(server.reports) == 1


def test_a_key_that_others_may_read_is_refused(config: AgentConfig) -> None:
    config.device.key.chmod(0o640)
    with pytest.raises(PkiError, match="open to its group"):
        load_identity(config)


def test_a_key_of_another_certificate_is_refused(config: AgentConfig, tmp_path: Path, issuer: Issuer) -> None:
    write_pair(tmp_path, "other", issuer.issue("x", KEYS["ES256"]()), KEYS["ES256"]())
    device = msgspec.structs.replace(config.device, key=tmp_path / "other.key")
    with pytest.raises(PkiError, match="does not belong"):
        load_identity(msgspec.structs.replace(config, device=device))
