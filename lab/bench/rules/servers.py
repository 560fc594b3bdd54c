"""The servers that are given N rules: each writes them, and says how they are checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.bench import freeradius, nac_server
from lab.bench.rules.text import Place, Rules, chain, policy, switch, users
from lab.bench.running_server import Protection, ServerError, ServerKind, Setup


class RuleServer(ServerKind, Protocol):
    """A server whose rules are written after `prepare`, any number of times."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the rule that is asked for may stand; one place when it makes no difference to the server."""

    def write(self, folder: Path, rules: Rules) -> None:
        """Replaces the rules in a prepared `folder`."""

    def check_command(self, serve: list[str]) -> list[str]:
        """What reads and checks the rules without serving; `serve` is what `prepare` returned."""

    def reload_command(self, serve: list[str]) -> list[str] | None:
        """What makes a running server take changed rules; None: it is started anew."""


@dataclass(frozen=True)
class FreeRadiusRules:
    """FreeRADIUS with one thread; the rest of its configuration is that of the other benchmarks.

    `unlang`: what stands in `authorize`. `users_file`: what the `files` module reads.
    """

    name: str
    unlang: Callable[[Rules], str]
    users_file: Callable[[Rules], str] | None = None
    places: tuple[Place, ...] = ("middle", "last")
    protection: Protection = "optional"

    def prepare(self, folder: Path, setup: Setup, port: int, secret_file: Path) -> list[str]:
        """See `ServerKind.prepare`."""
        serve = freeradius.FreeRadius(pool=freeradius.ONE_THREAD).prepare(folder, setup, port, secret_file)
        configuration = folder / "radiusd.conf"
        before, call, after = configuration.read_text().rpartition("        files\n")
        if not call:
            raise ServerError(f"{configuration} does not call `files`: the rules have no place")
        configuration.write_text(f"{before}        $INCLUDE {folder}/rules\n{after}")
        return serve

    def write(self, folder: Path, rules: Rules) -> None:
        """See `RuleServer.write`."""
        (folder / "rules").write_text(self.unlang(rules))
        if self.users_file is not None:
            (folder / "users").write_text(self.users_file(rules))

    def check_command(self, serve: list[str]) -> list[str]:
        """See `RuleServer.check_command`."""
        return [*serve, "-C"]

    def reload_command(self, serve: list[str]) -> None:
        """See `RuleServer.reload_command`."""


@dataclass(frozen=True)
class NacRules:
    """nac, which answers with a VLAN alone as the others do; its home is that of the other benchmarks."""

    name: str = "nac"
    places: tuple[Place, ...] = ("middle", "last")
    protection: Protection = "first"

    def prepare(self, folder: Path, setup: Setup, port: int, secret_file: Path) -> list[str]:
        """See `ServerKind.prepare`."""
        serve = nac_server.Nac().prepare(folder, setup, port, secret_file)
        for example in _policy_folder(folder).glob("*.policy"):
            example.unlink()
        return serve

    def write(self, folder: Path, rules: Rules) -> None:
        """See `RuleServer.write`."""
        (_policy_folder(folder) / "rules.policy").write_text(policy(rules))

    def check_command(self, serve: list[str]) -> list[str]:
        """See `RuleServer.check_command`."""
        return [*serve[:-1], "policy", "check", "--dialect", "vlan-only"]

    def reload_command(self, serve: list[str]) -> list[str]:
        """See `RuleServer.reload_command`."""
        return [*serve[:-1], "reload"]


FREERADIUS = (
    FreeRadiusRules("FreeRADIUS, if and elsif", chain),
    FreeRadiusRules("FreeRADIUS, switch", switch),
    FreeRadiusRules("FreeRADIUS, users file", lambda _: "files\n", users, places=("last",)),
)
NAC = NacRules()


def _policy_folder(folder: Path) -> Path:
    return folder / "nac" / "policy"
