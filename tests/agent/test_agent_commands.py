"""`nac agent` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_server import PostureServer, healthy
from click.testing import CliRunner, Result

from nac.agent.checks import NAMES
from nac.agent.config import AgentConfig, load_agent_config, render_agent_config
from nac.cli import cli


@pytest.fixture
def settings(config: AgentConfig, tmp_path: Path) -> Path:
    values = {"server.url": config.server.url, "report.state": config.report.state}
    (tmp_path / "agent.toml").write_text(render_agent_config(values))
    return tmp_path / "agent.toml"


def agent(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["agent", *words], prog_name="nac")
    assert result.exit_code == code, result.output
    return result


def test_init_writes_what_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "etc/agent.toml"
    agent("init", str(path), "--url", "https://radius:9443", "--ca", str(tmp_path / "ca.pem"))
    written = load_agent_config(path)
    assert (written.server.url, written.server.ca) == ("https://radius:9443", tmp_path / "ca.pem")
    agent("init", str(path), code=4)


def test_check_needs_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = agent("check").stdout
    assert all(name in shown for name in NAMES)
    assert list(json.loads(agent("check", "-o", "json").stdout)["checks"]) == list(NAMES)


def test_settings_that_are_named_and_missing_are_3(tmp_path: Path) -> None:
    for verb in ("check", "report", "status", "run"):
        agent("-f", str(tmp_path / "no.toml"), verb, code=3)


def test_report_sends_and_shows_the_verdict(settings: Path, server: PostureServer) -> None:
    failed = [{"check": "firewall", "says": "The firewall is off.", "fix": "Switch it on.", "grace_until": None}]
    server.answers.append((200, healthy(server, status="unhealthy", score=40, failed=failed)))
    shown = agent("-f", str(settings), "report").stdout
    assert "unhealthy, score 40" in shown
    assert "failed: firewall: The firewall is off." in shown
    assert "fix: Switch it on." in shown
    kept = agent("-f", str(settings), "status").stdout
    assert kept.endswith(shown)


def test_a_user_without_the_credentials_sees_the_status(
    settings: Path, server: PostureServer, config: AgentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = agent("-f", str(settings), "report").stdout
    values = {"device.key": "credential:device.key", "report.state": config.report.state}
    settings.write_text(render_agent_config(values))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert agent("-f", str(settings), "status").stdout.endswith(shown)
    agent("-f", str(settings), "check")
    for words in (("status", "--ask"), ("report",)):
        assert "$CREDENTIALS_DIRECTORY is not set" in agent("-f", str(settings), *words, code=3).stderr


def test_print_sends_nothing(settings: Path, server: PostureServer, config: AgentConfig) -> None:
    claims: dict[str, Any] = json.loads(agent("-f", str(settings), "report", "--print").stdout)
    assert claims["sub"] == "laptop-17"
    assert [check["name"] for check in claims["nac"]["checks"]] == list(NAMES)
    assert not server.paths
    assert not list(config.report.state.iterdir())


def test_status_without_a_report_is_4(settings: Path) -> None:
    assert "nac agent run" in agent("-f", str(settings), "status", code=4).stderr


def test_status_asks_when_told_to(settings: Path, server: PostureServer) -> None:
    assert "healthy, score 100" in agent("-f", str(settings), "status", "--ask").stdout
    assert server.paths == ["/v1/status"]


def test_a_server_without_a_report_says_so(settings: Path, server: PostureServer) -> None:
    server.standing = {"status": "unknown", "score": 0, "failed": [], "passed": [], "expires_at": None}
    assert agent("-f", str(settings), "status", "--ask").stdout == "unknown, score 0\n"


def test_a_refusal_is_6_and_says_what_to_do(settings: Path, server: PostureServer) -> None:
    server.answers.append((403, {"error": "unknown_device", "detail": "no such device", "fix": "put it on record"}))
    result = agent("-f", str(settings), "report", code=6)
    assert "unknown_device" in result.stderr
    assert "fix: put it on record" in result.stderr
    assert "unknown_device" in agent("-f", str(settings), "status").stdout


def test_what_the_server_says_does_not_act_on_the_terminal(settings: Path, server: PostureServer) -> None:
    failed = [{"check": "x\x1b[31m", "says": "\x1b]0;owned\x07", "fix": "\u202e", "grace_until": 1.0}]
    server.answers.append((200, healthy(server, status="degraded", failed=failed)))
    shown = agent("-f", str(settings), "report").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
