"""`nac agent run` on this machine, against a real server: what changes arrives by itself."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from agent_server import Issuer, PostureServer, Received, serving

from nac.agent.config import AgentConfig, render_agent_config
from nac.agent.state import State

ANY = "0.0.0.0"  # noqa: S104
RUN = [sys.executable, "-c", "from nac.cli import main; main()"]
NOTEBOOK = """
import socket, sys
listener = socket.create_server((sys.argv[1], 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def settings(config: AgentConfig, tmp_path: Path) -> Path:
    """agent.toml for `config`; `nac-test-forbidden` must not run."""
    values = {
        "server.url": config.server.url,
        "report.state": config.report.state,
        "checks.forbidden_processes": ["nac-test-forbidden"],
    }
    (tmp_path / "agent.toml").write_text(render_agent_config(values))
    return tmp_path / "agent.toml"


@contextmanager
def running(settings: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*RUN, "agent", "--file", str(settings), "run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as agent:
        try:
            yield agent
        finally:
            agent.kill()


@contextmanager
def program(name: str, source: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Python, under another name."""
    command = [name, "-c", source, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, executable=sys.executable, stdin=pipe, stdout=pipe, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def result(report: Received, name: str) -> str:
    (check,) = (one for one in report.claims["nac"]["checks"] if one["name"] == name)
    return str(check["result"])


def test_a_rogue_notebook_is_reported_and_its_end_too(server: PostureServer, settings: Path) -> None:
    with running(settings):
        server.wait_for(lambda report: result(report, "rogue_notebook") == "pass")
        with program("jupyter-lab", NOTEBOOK, ANY) as notebook:
            assert notebook.stdout is not None
            port = int(notebook.stdout.readline())
            rogue = server.wait_for(lambda report: result(report, "rogue_notebook") == "fail")
        said = rogue.claims["nac"]
        (listener,) = (one for one in said["listeners"] if one["port"] == port)
        assert (listener["address"], listener["kind"]) == (ANY, "notebook")
        server.wait_for(lambda report: report.at > rogue.at and result(report, "rogue_notebook") == "pass")


def test_a_forbidden_program_is_reported(server: PostureServer, settings: Path) -> None:
    with running(settings):
        server.wait_for(lambda report: result(report, "forbidden_processes") == "pass")
        with program("nac-test-forbidden", "import sys; sys.stdin.read()"):
            server.wait_for(lambda report: result(report, "forbidden_processes") == "fail")


def test_a_server_that_comes_back_hears_of_it(
    tmp_path: Path, issuer: Issuer, config: AgentConfig, settings: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    text = settings.read_text().replace(config.server.url, f"https://127.0.0.1:{port}")
    settings.write_text(text)
    with running(settings) as agent:
        assert agent.stderr is not None
        assert any("not reported, trying again" in line for line in iter(agent.stderr.readline, ""))
        assert "refused" in State(config.report.state).status().trouble
        with serving(tmp_path, issuer, port=port) as back:
            report = back.wait_for(lambda _: True)
    assert report.claims["nac"]["missed"]


def test_kill_9_in_mid_life_and_the_next_report_counts_on(server: PostureServer, settings: Path) -> None:
    for lives in (1, 2, 3):
        with running(settings):
            server.wait_for(lambda _, wanted=lives: len(server.reports) >= wanted)
    counters = [report.claims["nac"]["counter"] for report in server.reports]
    assert counters == sorted(set(counters))


def test_sigterm_ends_it_and_the_lock_goes_with_it(server: PostureServer, settings: Path, config: AgentConfig) -> None:
    with running(settings) as agent:
        server.wait_for(lambda _: True)
        second = subprocess.run([*RUN, "agent", "--file", str(settings), "report"], capture_output=True, check=False)
        assert second.returncode == 4
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(30) == 0
    with State(config.report.state).alone():
        pass


def test_it_tells_systemd(
    server: PostureServer, settings: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with running(settings) as agent:
            assert supervisor.recv(64) == b"READY=1"
            assert supervisor.recv(64) == b"WATCHDOG=1"
            agent.send_signal(signal.SIGTERM)
            while (said := supervisor.recv(64)) != b"STOPPING=1":
                assert said == b"WATCHDOG=1"


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("nft") is None, reason="needs root and nft")
def test_a_firewall_that_stops_is_reported_and_its_return_too(tmp_path: Path) -> None:
    story = Path(__file__).with_name("firewall_story.py")
    done = subprocess.run(
        ["unshare", "--net", sys.executable, story, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["pass", "fail", "pass"]
