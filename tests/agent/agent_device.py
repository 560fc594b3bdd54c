"""A device made of files, and programs that say what was captured from real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nac.agent.checks import Check
from nac.agent.commands import CommandError
from nac.agent.config import CheckSettings
from nac.agent.finding import Finding
from nac.agent.machine import Machine
from nac.agent.platforms import checks_of
from nac.agent.root import Root

CAPTURED = Path(__file__).parent / "captured"
NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC).timestamp()
PACKAGE = "/opt/nac/site-packages/nac"
PASSWD = "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\nsshd:x:105:65534::/run/sshd:/\n"


@dataclass(frozen=True)
class Link:
    """A symbolic link in a tree."""

    target: str


@dataclass(frozen=True)
class Size:
    """A file of so many octets, none of which takes room."""

    octets: int


Content = str | bytes | Link | Size
Files = Mapping[str, Content]


def make_tree(folder: Path, files: Files) -> Root:
    """Write the files below `folder`; a path that ends in `/` is an empty folder."""
    for name, content in files.items():
        path = folder / name.lstrip("/")
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target)
        elif isinstance(content, Size):
            with path.open("wb") as file:
                file.truncate(content.octets)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Root(folder)


@dataclass(frozen=True)
class CapturedCommands:
    """Says what the program said, by its name or its whole command line; the others are not installed."""

    said: Mapping[str, str] = field(default_factory=dict)

    def run(self, program: str, *arguments: str) -> str:
        name = program.rpartition("/")[2]
        said = self.said.get(" ".join((name, *arguments)), self.said.get(name))
        if said is None:
            raise CommandError(f"{program} is not installed")
        return said


def captured(name: str) -> str:
    return (CAPTURED / name).read_text()


def machine(root: Root, said: Mapping[str, str] | None = None, settings: CheckSettings | None = None) -> Machine:
    return Machine(root, CapturedCommands(said or {}), settings or CheckSettings(), NOW, PACKAGE)


def check(name: str, platform: str = "linux") -> Check:
    (found,) = (one for one in checks_of(platform) if one.name == name)  # type: ignore[arg-type]
    return found


def finding(name: str, on: Machine, platform: str = "linux") -> Finding:
    return check(name, platform).finding(on)


TCP_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def socket_line(address: str, port: int, inode: int, *, state: str = "0A") -> str:
    """One line of /proc/net/tcp or udp; `address` as the kernel writes it."""
    rest = "00000000:00000000 00:00000000 00000000  1000        0"
    return f"   0: {address}:{port:04X} 00000000:0000 {state} {rest} {inode} 1 0000000000000000 100 0 0 10 0\n"


ANY4, LOOPBACK4 = "00000000", "0100007F"
ANY6, LOOPBACK6 = "0" * 32, "00000000000000000000000001000000"
MAPPED_LOOPBACK = "0000000000000000FFFF00000100007F"


def listening(
    address: str = ANY4, port: int = 8888, *, pid: int = 200, comm: str = "", arguments: str = "", visible: str = "yes"
) -> dict[str, Content]:
    """A process that listens; without `visible` its sockets cannot be seen."""
    table = "/proc/net/tcp6" if len(address) > 8 else "/proc/net/tcp"
    files: dict[str, Content] = {
        "/etc/passwd": PASSWD,
        "/proc/net/tcp": TCP_HEAD,
        "/proc/net/udp": TCP_HEAD,
        f"/proc/{pid}/comm": comm + "\n",
        f"/proc/{pid}/cmdline": (arguments or comm).replace(" ", "\0") + "\0",
        f"/proc/{pid}/fd/0": Link("/dev/null"),
        table: TCP_HEAD + socket_line(address, port, 4711),
    }
    if visible == "yes":
        files[f"/proc/{pid}/fd/7"] = Link("socket:[4711]")
    return files


def processes(*names: str) -> dict[str, Content]:
    """Processes by their command lines."""
    files: dict[str, Content] = {}
    for pid, line in enumerate(names, 300):
        files[f"/proc/{pid}/comm"] = line.partition(" ")[0].rpartition("/")[2][:15] + "\n"
        files[f"/proc/{pid}/cmdline"] = line.replace(" ", "\0") + "\0"
    return files
