"""The agent as it is installed reports to the server as it runs: two programs that share a protocol, nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

from lab_home import NAC, Home
from nac_server import serving

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
