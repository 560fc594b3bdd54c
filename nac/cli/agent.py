"""`nac agent`: the posture agent of this device. Loads nothing of the server's: no database, no data plane."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nac.cli.output import Format, local_time, output_option, print_json, printable, say
from nac.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from nac.agent.answer import Verdict
    from nac.agent.config import AgentConfig
    from nac.agent.observation import Observation
    from nac.agent.state import Status

SEARCHED: Final = (Path("agent.toml"), Path("/etc/nac-agent/agent.toml"))
ENVIRONMENT: Final = "NAC_AGENT_CONFIG"


@dataclass(frozen=True)
class Chosen:
    """What `--file` named, None without it."""

    path: Path | None

    def config(self, *, credentials: bool) -> AgentConfig:
        """The settings; `credentials`: whether the device's key is going to be used. Raises `ConfigError`."""
        from nac.agent.config import load_agent_config

        return load_agent_config(self.found(), credentials=credentials)

    def found(self) -> Path:
        """The file that the settings are in. Raises `ConfigError`."""
        candidates = (self.path,) if self.path is not None else SEARCHED
        for path in candidates:
            if path.is_file():
                return path
        raise ConfigError(
            "no settings of the agent here",
            path=candidates[0],
            fix="run `nac agent init` to write them, or name --file",
        )

    def config_or_defaults(self) -> AgentConfig:
        """The settings of who does not sign; the defaults where none were named or found. Raises `ConfigError`."""
        from nac.agent.config import AgentConfig

        if self.path is None and not any(path.is_file() for path in SEARCHED):
            return AgentConfig()
        return self.config(credentials=False)


@click.group("agent")
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=ENVIRONMENT,
    help=f"Settings of the agent. Default: ${ENVIRONMENT}, ./agent.toml, /etc/nac-agent/agent.toml.",
)
@click.pass_context
def cli(context: click.Context, path: Path | None) -> None:
    """The posture agent: look at this device, and report it with the device's own key."""
    context.obj = Chosen(path)


@cli.command("init")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default=Path("agent.toml"))
@click.option("--url", help="The server's posture listener, as in https://radius.corp.example:8443.")
@click.option("--ca", type=click.Path(path_type=Path), help="PEM: the authorities of the server's certificate.")
@click.option("--certificate", type=click.Path(path_type=Path), help="PEM: the device's certificate.")
@click.option("--key", type=click.Path(path_type=Path), help="PEM: its private key.")
@click.option("--pkcs11", "uri", help="PKCS#11 URI of its private key, instead of --key.")
@click.option("--module", type=click.Path(path_type=Path), help="PKCS#11 module of the token that the key is in.")
@click.option("--pin", type=click.Path(path_type=Path), help="File with the token's PIN.")
@click.option("--state", type=click.Path(path_type=Path), help="Folder of what the agent keeps.")
def init(
    path: Path,
    url: str | None,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    uri: str | None,
    module: Path | None,
    pin: Path | None,
    state: Path | None,
) -> None:
    """Write a commented agent.toml."""
    from nac.agent.config import render_agent_config
    from nac.pki.keystore import PUBLIC, create_file

    named = {
        "server.url": url,
        "server.ca": ca and ca.absolute(),
        "device.certificate": certificate and certificate.absolute(),
        "device.key": key and key.absolute(),
        "pkcs11.uri": uri,
        "pkcs11.module": module and module.absolute(),
        "pkcs11.pin": pin and pin.absolute(),
        "report.state": state and state.absolute(),
    }
    text = render_agent_config({name: value for name, value in named.items() if value})
    path.parent.mkdir(parents=True, exist_ok=True)
    create_file(path, text.encode(), mode=PUBLIC)
    say(f"{path}: written; see what would be reported: `nac agent -f {path} check`")


@cli.command("run")
@click.pass_obj
def run(chosen: Chosen) -> None:
    """Report at once, on every change and every few minutes, until SIGTERM."""
    path = chosen.found().absolute()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "nac.agent", str(path)])  # noqa: S606  # no shell is wanted


@cli.command("check")
@output_option
@click.pass_obj
def check(chosen: Chosen, output: Format) -> None:
    """Make every check here and now, and show what it finds. Nothing is sent, and no settings are needed."""
    observation = _look(chosen.config_or_defaults())
    if output == "json":
        findings = {name: asdict(finding) for name, finding in observation.findings.items()}
        print_json(
            {"at": int(observation.at), "checks": findings, "listeners": [asdict(one) for one in observation.services]}
        )
        return
    for name, finding in observation.findings.items():
        value = ", ".join(finding.value) if isinstance(finding.value, tuple) else finding.value
        shown = "; ".join(str(part) for part in (value, finding.detail) if part not in (None, ""))
        say(f"{finding.result:8}{name:20}{printable(shown)}".rstrip())
    failed, unknown = observation.named("fail"), observation.named("unknown")
    counts = f"{len(observation.findings)} checks: {len(failed)} failed, {len(unknown)} unknown"
    say(f"{counts}; what counts is the server's policy")


@cli.command("report")
@click.option("--print", "only_print", is_flag=True, help="Print the claims as they would be sent, and send nothing.")
@output_option
@click.pass_obj
def report(chosen: Chosen, only_print: bool, output: Format) -> None:
    """Report once, now, and show the verdict. Not while `nac agent run` does."""
    from nac.agent.delivery import Delivery
    from nac.agent.machine import this_machine
    from nac.agent.state import State

    config = chosen.config(credentials=True)
    if only_print:
        _print_claims(config)
        return
    state = State(config.report.state)
    with state.alone():
        verdict = Delivery(config, state).deliver(this_machine(config.checks), _look(config))
    _show(verdict, output)


@cli.command("status")
@click.option("--ask", is_flag=True, help="Ask the server instead of showing what it said last.")
@output_option
@click.pass_obj
def status(chosen: Chosen, ask: bool, output: Format) -> None:
    """Show what the server said last of this device, and how to mend what failed."""
    from nac.agent.state import State

    config = chosen.config(credentials=ask)
    if ask:
        from nac.agent.client import PostureClient
        from nac.agent.signer import load_identity

        load_identity(config)
        _show(PostureClient(config).status(), output)
        return
    kept = State(config.report.state).status()
    if kept.verdict is None and not kept.trouble:
        raise NotFoundError("nothing was reported yet", fix="start the agent: `nac agent run`")
    _show_kept(kept, output)


def _look(config: AgentConfig) -> Observation:
    from nac.agent.machine import this_machine
    from nac.agent.observation import observe
    from nac.agent.osquery import ask_osquery
    from nac.agent.platforms import checks_of, this_platform

    told = ask_osquery(config.checks.osquery)
    return observe(this_machine(config.checks), checks_of(this_platform()), told=told)


def _print_claims(config: AgentConfig) -> None:
    from nac.agent.boot import read_boot
    from nac.agent.delivery import author_of
    from nac.agent.machine import this_machine
    from nac.agent.report import Freshness, claims
    from nac.agent.signer import load_identity
    from nac.agent.state import State

    state, machine = State(config.report.state), this_machine(config.checks)
    freshness = Freshness(state.last_count() + 1, "", b"", time.time())
    author = author_of(machine, load_identity(config).name)
    print_json(claims(_look(config), read_boot(machine.root), author, freshness, state.status().missed))


def _show_kept(kept: Status, output: Format) -> None:
    if output == "json":
        import msgspec

        print_json(msgspec.to_builtins(kept))
        return
    if kept.trouble:
        say(f"the last report did not arrive ({local_time(kept.tried_at or 0)}): {printable(kept.trouble)}")
        say(f"fix: {printable(kept.fix)}")
    if kept.verdict is not None:
        say(f"reported {local_time(kept.delivered_at or 0)}")
        _show(kept.verdict, output)


def _show(verdict: Verdict, output: Format) -> None:
    if output == "json":
        import msgspec

        print_json(msgspec.to_builtins(verdict))
        return
    until = f", until {local_time(verdict.expires_at)}" if verdict.expires_at else ""
    say(f"{verdict.status}, score {verdict.score}{until}")
    for one in verdict.failed:
        grace = f" (counts from {local_time(one.grace_until)})" if one.grace_until else ""
        say(f"failed: {printable(one.check)}: {printable(one.says)}{grace}")
        if one.fix:
            say(f"  fix: {printable(one.fix)}")
