"""A key that never leaves its token signs reports and makes the connection that they go over."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from agent_device import machine as device
from agent_device import make_tree
from agent_server import Issuer, PostureServer, make_issuer
from cryptography.hazmat.primitives.serialization import Encoding
from security_tokens import PIN, TOKENS, Token

import nac.agent.pkcs11
import nac.agent.pkcs11_wire
from nac.agent.answer import RefusedError, UnreachableError
from nac.agent.checks import NAMES
from nac.agent.client import PostureClient
from nac.agent.config import AgentConfig, Pkcs11Settings
from nac.agent.delivery import Delivery
from nac.agent.finding import Finding
from nac.agent.machine import Machine
from nac.agent.observation import Observation
from nac.agent.pkcs11 import Pkcs11Key
from nac.agent.signer import PinRefusedError, load_identity
from nac.agent.state import State
from nac.errors import NacError, PkiError

OBSERVED = Observation(1.0, {name: Finding("pass") for name in NAMES}, ())
KINDS = {
    "softhsm": {"ES256": "EC:prime256v1", "ES384": "EC:secp384r1", "PS256": "rsa:2048"},
    "tpm": {"ES256": "EC:prime256v1", "PS256": "rsa:2048"},
}


@pytest.fixture(scope="module")
def tokens() -> Iterator[dict[str, Token]]:
    """Both, each with a key for every algorithm, called by its name."""
    with TOKENS["softhsm"]() as soft, TOKENS["tpm"]() as hard:
        made = {"softhsm": soft, "tpm": hard}
        for name, token in made.items():
            for algorithm, kind in KINDS[name].items():
                token.make_key(algorithm, kind)
        yield made


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    files = {
        "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "/proc/sys/kernel/random/boot_id": "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed\n",
        "/proc/sys/kernel/osrelease": "6.1.0-28-amd64\n",
        "/proc/uptime": "1234.56 99.9\n",
    }
    return device(make_tree(tmp_path / "root", files))


@pytest.fixture
def soft(tokens: dict[str, Token], config: AgentConfig, issuer: Issuer, tmp_path: Path) -> Iterator[AgentConfig]:
    """The settings of a device whose key is in SoftHSM."""
    with tokens["softhsm"].in_environment():
        yield with_token(config, tokens["softhsm"], "ES256", issuer, tmp_path)


def with_token(config: AgentConfig, token: Token, label: str, issuer: Issuer, folder: Path) -> AgentConfig:
    """The same device with the key `label` of a token, for which a certificate is made; its PIN is in a file."""
    pin = folder / "pin"
    pin.touch(mode=0o600)
    pin.write_text(f"{PIN}\n")
    settings = Pkcs11Settings(f"pkcs11:token=nac;object={label}", token.module, pin)
    with token.in_environment():
        public = Pkcs11Key.of(settings).signer().public_key
    certificate = issuer.certify("laptop-17", public)
    config.device.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    config.device.key.unlink(missing_ok=True)
    return msgspec.structs.replace(config, pkcs11=settings)


def changed(config: AgentConfig, **settings: object) -> AgentConfig:
    return msgspec.structs.replace(config, pkcs11=msgspec.structs.replace(config.pkcs11, **settings))


@pytest.mark.parametrize(("name", "algorithm"), [(name, algorithm) for name in KINDS for algorithm in KINDS[name]])
def test_a_report_is_signed_and_sent_with_a_key_in_a_token(
    name: str,
    algorithm: str,
    tokens: dict[str, Token],
    config: AgentConfig,
    machine: Machine,
    server: PostureServer,
    issuer: Issuer,
    tmp_path: Path,
) -> None:
    config = with_token(config, tokens[name], algorithm, issuer, tmp_path)
    with tokens[name].in_environment():
        assert Delivery(config, State(config.report.state)).deliver(machine, OBSERVED).status == "healthy"
    assert server.paths == ["/v1/nonce", "/v1/report"]
    (report,) = server.reports
    assert (report.header["alg"], report.claims["sub"]) == (algorithm, "laptop-17")


def test_a_pin_that_is_refused_is_not_tried_again_until_its_file_changes(
    tokens: dict[str, Token],
    config: AgentConfig,
    machine: Machine,
    server: PostureServer,
    issuer: Issuer,
    tmp_path: Path,
) -> None:
    token = tokens["tpm"]
    config = with_token(config, token, "ES256", issuer, tmp_path)
    (tmp_path / "pin").write_text("13572468\n")
    with token.in_environment():
        delivery, before = Delivery(config, State(config.report.state)), wrong_pins()
        for _ in range(3):
            with pytest.raises(PinRefusedError, match=f"refuses the PIN in {tmp_path}/pin"):
                delivery.deliver(machine, OBSERVED)
        assert wrong_pins() == before + 1
        assert not server.paths
        (tmp_path / "pin").write_text(PIN)
        assert delivery.deliver(machine, OBSERVED).status == "healthy"


def wrong_pins() -> int:
    """How often the TPM was told a wrong one, by its own count."""
    said = subprocess.run(["tpm2_getcap", "properties-variable"], check=True, capture_output=True, text=True).stdout
    (line,) = (line for line in said.splitlines() if line.startswith("TPM2_PT_LOCKOUT_COUNTER:"))
    return int(line.partition(":")[2], 16)


@pytest.mark.parametrize(
    ("settings", "wrong", "fix"),
    [
        ({"uri": "pkcs11:token=other;object=ES256"}, "no such token", "--list-token-slots"),
        ({"uri": "pkcs11:token=nac;object=other"}, "no such private key", "--list-objects"),
        ({"uri": "pkcs11:token=nac;object=ES384"}, "does not belong to the certificate", "certificate was made with"),
        ({"module": Path("/nonexistent.so")}, "cannot open shared object file", "pkcs11.module"),
        ({"pin": None}, "asks for a PIN", "pkcs11.pin"),
        ({"pin": Path("/nonexistent")}, "cannot be read", "check the name"),
    ],
)
def test_what_is_wrong_is_one_line_with_what_to_do(
    settings: dict[str, object], wrong: str, fix: str, soft: AgentConfig
) -> None:
    with pytest.raises(PkiError) as caught:
        load_identity(changed(soft, **settings))
    assert wrong in caught.value.message
    assert fix in caught.value.fix
    assert "\n" not in caught.value.message


def test_a_tpm_that_is_gone_is_said(
    tokens: dict[str, Token], config: AgentConfig, issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_token(config, tokens["tpm"], "ES256", issuer, tmp_path)
    with tokens["tpm"].in_environment():
        monkeypatch.setenv("TPM2_PKCS11_TCTI", "swtpm:path=/nonexistent")
        with pytest.raises(PkiError, match=r"module does not start .*/nonexistent"):
            load_identity(config)


def test_a_program_that_is_missing_is_named(soft: AgentConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nac.agent.pkcs11, "find_program", lambda _name: None)
    with pytest.raises(PkiError, match="openssl is not installed"):
        load_identity(soft)


def test_a_token_that_does_not_answer_is_given_up(soft: AgentConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nac.agent.pkcs11, "PATIENCE_S", 0.0)
    with pytest.raises(PkiError, match="no answer within"):
        load_identity(soft)


def test_a_pin_that_others_may_read_is_refused(soft: AgentConfig, tmp_path: Path) -> None:
    (tmp_path / "pin").chmod(0o644)
    with pytest.raises(PkiError, match="open to everyone"):
        load_identity(soft)


def test_the_pin_is_neither_in_arguments_nor_in_the_environment(soft: AgentConfig) -> None:
    with Pkcs11Key.of(soft.pkcs11).unlocked() as unlocked:
        shown = unlocked.run("sh", "-c", 'tr "\\0" "\\n" </proc/$$/cmdline; env; cat "$0"', unlocked.uri).said
        assert PIN.encode() not in shown
        assert os.pread(unlocked.descriptors[0], 64, 0) == PIN.encode()


def test_a_server_of_another_authority_is_not_talked_to(soft: AgentConfig) -> None:
    soft.server.ca.write_bytes(make_issuer("Other root").certificate.public_bytes(Encoding.PEM))
    with pytest.raises(UnreachableError, match="certificate"):
        PostureClient(soft).nonce()


def test_a_server_of_another_name_is_not_talked_to(soft: AgentConfig) -> None:
    right, wrong = (
        msgspec.structs.replace(soft, server=msgspec.structs.replace(soft.server, name=name))
        for name in ("radius.corp.example", "other.corp.example")
    )
    assert PostureClient(right).nonce().nonce
    with pytest.raises(UnreachableError, match="no alternative certificate subject name matches"):
        PostureClient(wrong).nonce()


def test_settings_of_the_user_do_not_count(
    soft: AgentConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: PostureServer
) -> None:
    (tmp_path / ".curlrc").write_text("insecure\nproxy = http://127.0.0.1:1\n")
    for name in ("HOME", "CURL_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert PostureClient(soft).nonce().nonce
    assert not (tmp_path / "keys").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_the_authorities_of_the_system_do_not_count(soft: AgentConfig, issuer: Issuer, tmp_path: Path) -> None:
    """With the server's authority among the system's, in a mount namespace of its own."""
    system = tmp_path / "certs"
    system.mkdir()
    soft.server.ca.rename(system / "ca.pem")
    subprocess.run(["openssl", "rehash", system], check=True)
    soft.server.ca.write_bytes(make_issuer("Other root").certificate.public_bytes(Encoding.PEM))
    mounted = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', str(system)]
    with Pkcs11Key.of(soft.pkcs11).unlocked() as unlocked:
        ours = ["--cert", str(soft.device.certificate), "--key", unlocked.uri, "--cacert", str(soft.server.ca)]
        url = f"{soft.server.url}/v1/nonce"
        without_ours = unlocked.run(*mounted, "curl", *ours, url)
        with_ours = unlocked.run(*mounted, "curl", *nac.agent.pkcs11_wire.FIXED, *ours, url)
    assert b"nonce" in without_ours.said
    assert (with_ours.code, with_ours.said) == (60, b"\n000")


def test_a_refusal_is_understood(soft: AgentConfig, machine: Machine, server: PostureServer) -> None:
    server.answers.append((403, {"error": "unknown_device", "detail": "no such device", "fix": "put it on record"}))
    with pytest.raises(RefusedError, match="unknown_device"):
        Delivery(soft, State(soft.report.state)).deliver(machine, OBSERVED)


def test_a_certificate_that_is_none_is_said(soft: AgentConfig) -> None:
    client = PostureClient(soft)
    soft.device.certificate.write_text("no certificate")
    with pytest.raises(NacError, match=r"device\.pem"):
        client.nonce()


def test_authorities_that_are_none_are_said(soft: AgentConfig) -> None:
    soft.server.ca.write_text("no certificate")
    with pytest.raises(PkiError, match=r"ca\.pem"):
        PostureClient(soft).nonce()
