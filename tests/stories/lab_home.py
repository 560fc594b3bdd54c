"""A folder as `nac init` leaves it, filled through the real command line: clients, people, devices, certificates."""

from __future__ import annotations

import copy
import itertools
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from nac.cli import cli
from nac.config import render_default

NAC = Path(sys.executable).with_name("nac")
SERVER_NAME = "radius.corp.example"
SECRET = b"correct horse battery staple"


@dataclass(frozen=True)
class Device:
    """What a supplicant holds, and what the inventory says. `user` is a principal name: user@realm."""

    user: str
    name: str
    mac: str
    chain: Path
    key: Path
    ca: Path

    def moved(self, mac: str) -> Device:
        """The same certificate behind another address, so that its events can be told apart."""
        return replace(self, mac=mac)


class Home:
    """The folder. Every change goes through `nac`, in this process; `run_nac` is the program itself."""

    _macs = itertools.count(1)

    def __init__(self, folder: Path, *, settings: Mapping[str, object] | None = None) -> None:
        self.folder = folder
        self.config = folder / "nac.toml"
        self._names = itertools.count(1)
        run("init", str(folder), "--example", "ai-estate", "--server-name", SERVER_NAME)
        self.configure(settings or {})

    def another_node(self, folder: Path) -> Home:
        """The same site on another machine, before either has run: files and sealing key, and a state of its own."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("state", "root.key", "issuing.key"))
        (folder / "state").mkdir(mode=0o700)
        shutil.copy(self.folder / "state/secrets.key", folder / "state")
        node = copy.copy(self)
        node.folder, node.config = folder, folder / "nac.toml"
        return node

    def configure(self, settings: Mapping[str, object]) -> None:
        """Write nac.toml anew; what is not named has its default, and the server listens on free loopback ports."""
        listen = ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"]
        values: dict[str, object] = {"server.listen": listen, "server.shards": 2, **settings}
        self.config.write_text(render_default(values))

    def nac(self, *arguments: str, code: int = 0) -> str:
        """Run `nac` on this folder; its output."""
        return run("-c", str(self.config), *arguments, code=code).output

    def json(self, *arguments: str) -> Any:
        """What `nac ... -o json` prints."""
        return json.loads(run("-c", str(self.config), *arguments, "-o", "json").stdout)

    @property
    def policy(self) -> Path:
        """The file that holds the policy."""
        return self.folder / "policy/ai-estate.policy"

    def write_policy(self, text: str) -> None:
        """Put another policy in its place, whole: the server looks by itself, and never sees half of it."""
        new = self.folder / "policy/new"
        new.write_text(text)
        new.rename(self.policy)

    def add_client(self, name: str, prefix: str, *settings: str, secret: bytes = SECRET) -> None:
        """A RADIUS client with a secret that is known here."""
        path = self.folder / f"{name}.secret"
        path.write_bytes(secret)
        self.nac("client", "add", name, prefix, "--secret-file", str(path), *settings)

    def fresh_mac(self) -> str:
        """An address that no other test of this run has."""
        number = next(self._macs)
        return f"00:1b:77:{number >> 16 & 0xFF:02x}:{number >> 8 & 0xFF:02x}:{number & 0xFF:02x}"

    def fresh_name(self, kind: str) -> str:
        """A name that no other story of this folder has."""
        return f"{kind}-{next(self._names)}"

    def enrol(
        self, *, group: str = "ml-engineering", managed: bool = True, healthy: bool = True, key: str = "p256"
    ) -> Device:
        """A new user of `group` with a new laptop and a certificate for both."""
        user, device = f"{self.fresh_name('user')}@corp.example", self.fresh_name("laptop")
        self.nac("user", "add", user, "--group", group)
        self.nac("device", "add", device, "--owner", user, *(["--managed"] if managed else []))
        if healthy:
            self.nac("device", "posture", device, "healthy", "--for", "24h")
        out = self.folder / "devices" / device
        made = self.json("pki", "issue", "--user", user, "--device", device, "--key", key, "--out", str(out))
        return Device(user, device, self.fresh_mac(), Path(made["chain"]), Path(made["key"]), Path(made["ca"]))

    def add_printer(self) -> str:
        """A printer that is known by its MAC address, which is returned."""
        mac = self.fresh_mac()
        self.nac("device", "add", self.fresh_name("printer"), "--mac", mac, "--kind", "printer")
        return mac


def run(*arguments: str, code: int = 0) -> Result:
    """`nac` in this process. Fails with its output when it does not end with `code`."""
    result = CliRunner().invoke(cli, list(arguments), prog_name="nac", env={"COLUMNS": "200"})
    assert result.exit_code == code, f"nac {' '.join(arguments)}: {result.output}{result.stderr}"
    return result


def command(home: Home, *arguments: str) -> Sequence[str]:
    """The program itself on this folder, for `subprocess`."""
    return [str(NAC), "-c", str(home.config), *arguments]
