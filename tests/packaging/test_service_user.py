"""The server as packaging/nac.service runs it: as a user who owns the state, reads the rest, and sees no CA key."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NAC = Path(sys.executable).with_name("nac")
LISTEN = 'listen = ["127.0.0.1:0"]'
SERVICE_USER = 61184
"""The first of the range that systemd takes dynamic users from."""

BECOME = ["setpriv", f"--reuid={SERVICE_USER}", f"--regid={SERVICE_USER}", "--clear-groups"]

pytestmark = [
    pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed"),
]


def _reachable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may enter. Not pytest's: every other run of pytest closes its parent for them."""
    with tempfile.TemporaryDirectory(prefix="nac-service-") as made:
        path = Path(made)
        path.chmod(0o755)
        yield path


@pytest.fixture
def site(folder: Path) -> Path:
    """Laid out as docs/operations.md says: etc (root's), var (the service's), credentials (handed over)."""
    if not _reachable(NAC) or not _reachable(folder / "etc"):
        pytest.skip("this checkout cannot be read by other users")
    _nac(folder, "init", "etc", "--server-name", "radius.corp.example", config=None)
    etc, var, credentials = folder / "etc", folder / "var", folder / "credentials"
    (etc / "state").rename(var)
    credentials.mkdir(mode=0o500)
    for key in (etc / "pki").glob("server-*.key"):
        shutil.copy(key, credentials)
    for given in (var, credentials):
        for path in (given, *given.iterdir()):
            os.chown(path, SERVICE_USER, SERVICE_USER)
    (etc / "pki").chmod(0o711)
    (etc / "pki" / "crl").chmod(0o755)
    text = (etc / "nac.toml").read_text().replace('state = "state"', f'state = "{var}"')
    text = text.replace('key = "pki/', 'key = "credential:').replace('listen = ["0.0.0.0:1812", "[::]:1812"]', LISTEN)
    (etc / "nac.toml").write_text(text)
    return folder


def _environment(site: Path) -> dict[str, str]:
    return {**os.environ, "CREDENTIALS_DIRECTORY": str(site / "credentials")}


def _nac(site: Path, *arguments: str, config: str | None = "etc/nac.toml") -> str:
    at = ["-c", config] if config else []
    done = subprocess.run(
        [NAC, *at, *arguments], cwd=site, env=_environment(site), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def server(site: Path) -> Iterator[subprocess.Popen[str]]:
    """The server, running as the service's user; READY=1 has come."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(f"\0nac-test-{os.getpid()}")
        supervisor.settimeout(30)
        environment = {**_environment(site), "NOTIFY_SOCKET": f"@nac-test-{os.getpid()}"}
        user = [
            "setpriv",
            f"--reuid={SERVICE_USER}",
            f"--regid={SERVICE_USER}",
            "--clear-groups",
            "--bounding-set=-all",
        ]
        process = subprocess.Popen(
            [*user, NAC, "-c", site / "etc" / "nac.toml", "serve"], env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            assert b"READY=1" in supervisor.recv(4096)
            yield process
        finally:
            process.terminate()
            process.communicate()


def test_it_serves_while_root_administrates(site: Path, server: subprocess.Popen[str]) -> None:
    _nac(site, "client", "add", "switch-1", "192.0.2.10")
    _nac(site, "user", "add", "alice", "--group", "ml-engineering")
    assert "is published" in _nac(site, "reload")
    status = json.loads(_nac(site, "status", "-o", "json"))
    assert status["counters"]["facts.users"] == 1
    assert list(status["clients"]) == ["switch-1"]
    owners = {path.stat().st_uid for path in (site / "var").iterdir()}
    assert owners == {SERVICE_USER}


def test_a_revocation_by_root_is_taken_up(site: Path, server: subprocess.Popen[str]) -> None:
    before = json.loads(_nac(site, "status", "-o", "json"))["generation"]
    _nac(site, "pki", "issue", "--user", "alice", "--device", "laptop-17", "--out", "issued")
    _nac(site, "pki", "revoke", "laptop-17")
    _nac(site, "reload")
    assert json.loads(_nac(site, "status", "-o", "json"))["generation"] > before


def test_a_supervisor_that_stops_reading_holds_nothing_up(site: Path, server: subprocess.Popen[str]) -> None:
    """The fixture reads READY=1 and no more: the socket is full after ten notifications (unix(7))."""
    for _ in range(12):
        assert "is published" in _nac(site, "reload")


def test_the_authority_is_out_of_its_reach(site: Path, server: subprocess.Popen[str]) -> None:
    for name in ("root.key", "issuing.key", "server-p256.key"):
        read = subprocess.run([*BECOME, "cat", site / "etc" / "pki" / name], capture_output=True, check=False)
        assert read.returncode != 0
