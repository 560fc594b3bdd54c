"""In a network namespace of its own: the agent, a server, and a firewall that is on, off and on again.

Prints what the reports say of the firewall. Run by test_agent_run.py.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from agent_server import KEYS, PostureServer, Received, make_issuer, serving, write_pair

from nac.agent.config import render_agent_config

ON = """
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
    }
}
"""
RUN = [sys.executable, "-c", "from nac.cli import main; main()", "agent", "-f", "agent.toml", "run"]


def firewall(report: Received) -> str:
    (check,) = (one for one in report.claims["nac"]["checks"] if one["name"] == "firewall")
    return str(check["result"])


def nft(rules: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def story(server: PostureServer) -> None:
    at = 0.0
    for rules, result in (("", "pass"), ("flush ruleset", "fail"), (ON, "pass")):
        if rules:
            nft(rules)
        report = server.wait_for(lambda one, after=at, wanted=result: one.at > after and firewall(one) == wanted)
        at = report.at
        print(firewall(report))


def main(folder: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    nft(ON)
    issuer, key = make_issuer(), KEYS["ES256"]()
    write_pair(folder, "device", issuer.issue("laptop-17", key), key)
    with serving(folder, issuer) as server:
        values = {"server.url": server.url, "report.state": folder / "state"}
        (folder / "agent.toml").write_text(render_agent_config(values))
        with subprocess.Popen(RUN, cwd=folder) as agent:
            try:
                story(server)
            finally:
                agent.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
