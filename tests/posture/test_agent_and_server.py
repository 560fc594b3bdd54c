"""The agent as it is installed reports to the server as it runs: two programs that share a protocol, nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from lab_home import NAC, Home
from nac_server import serving
from security_tokens import PIN, TOKENS, certified

POLICY = """
resource web { kind other  address 10.0.0.1 }
segment work { vlan 10 }
posture everyone { forbid listening_ports has "tcp/192.0.2.1:1" }
posture strict { applies when device.tags has "strict"  forbid listening_ports matches "*" }
place in work when device.managed and posture.status = "healthy"
allow web when device.managed
"""


def test_a_verdict_goes_to_the_agent_and_into_the_policy(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", settings={"posture.listen": ["127.0.0.1:0"]})
    home.nac("pki", "server", "--server-name", "localhost")
    home.write_policy(POLICY)
    device = home.enrol(healthy=False)

    def agent(*arguments: str, code: int = 0) -> str:
        settings = ["-f", str(tmp_path / "agent.toml")]
        command = [str(NAC), "agent", *(settings if arguments[0] != "init" else []), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    with serving(home) as server:
        port = server.status()["posture"]["addresses"][0].rsplit(":", 1)[1]
        files = ["--ca", str(device.ca), "--certificate", str(device.chain), "--key", str(device.key)]
        url, state = f"https://localhost:{port}", str(tmp_path / "state")
        agent("init", "--url", url, *files, "--state", state, str(tmp_path / "agent.toml"))
        assert "healthy" in agent("report")
        assert home.json("posture", "show", device.name)["passed"] == ["listening_ports"]
        assert home.json("policy", "explain", "--device", device.name)["segment"] == "work"
        home.nac("device", "tag", device.name, "strict")
        assert "A port listens that should not." in agent("report")
        assert "unhealthy" in agent("status")
        assert home.json("policy", "explain", "--device", device.name)["segment"] is None
        assert [one["status"] for one in home.json("posture", "history", device.name)] == ["healthy", "unhealthy"]


@pytest.mark.parametrize("kind", TOKENS)
def test_a_device_whose_key_is_in_a_token(kind: str, tmp_path: Path) -> None:
    """From the request for a certificate to the verdict, and the key is nowhere but in the token."""
    home = Home(tmp_path / "home", settings={"posture.listen": ["127.0.0.1:0"]})
    home.nac("pki", "server", "--server-name", "localhost")
    home.write_policy(POLICY)
    home.nac("device", "add", "laptop-1", "--managed")
    (tmp_path / "pin").touch(mode=0o600)
    (tmp_path / "pin").write_text(PIN)
    with TOKENS[kind]() as token, serving(home) as server:
        uri = token.make_key("device", "EC:prime256v1")
        made = certified(home, token, uri, tmp_path, "--device", "laptop-1")
        url = f"https://localhost:{server.status()['posture']['addresses'][0].rsplit(':', 1)[1]}"
        files = ["--ca", made["ca"], "--certificate", made["chain"], "--module", str(token.module)]
        told = [
            "--url",
            url,
            *files,
            "--pkcs11",
            uri,
            "--pin",
            str(tmp_path / "pin"),
            "--state",
            str(tmp_path / "state"),
        ]

        def agent(*arguments: str, code: int = 0) -> str:
            command = [str(NAC), "agent", *arguments]
            surroundings = {**os.environ, **token.settings, "NAC_AGENT_CONFIG": str(tmp_path / "agent.toml")}
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=surroundings)
            assert done.returncode == code, done.stdout + done.stderr
            return done.stdout + done.stderr

        agent("init", *told, str(tmp_path / "agent.toml"))
        assert "healthy" in agent("report")
        assert "healthy" in agent("status", "--ask")
        assert home.json("posture", "show", "laptop-1")["passed"] == ["listening_ports"]
        (tmp_path / "pin").write_text("13572468")
        said = agent("report", code=3)
        assert f"{uri}: the token refuses the PIN in {tmp_path}/pin" in said
        assert "write the right one" in said
