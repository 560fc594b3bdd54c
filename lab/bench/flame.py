"""Where the answering threads of nac spend their time: perf's samples of full handshakes, folded and drawn as SVG."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Final

from lab.bench.nac_server import Nac
from lab.bench.pki import Pki
from lab.bench.running_server import Setup, install, running
from lab.bench.supplicant import Supplicant

SECONDS: Final = 10
FREQUENCY: Final = 499
STACK_OCTETS: Final = 32_768
"""Copied with each sample, to be unwound by the tables of the executable: it keeps no frame pointers."""

ANSWERING: Final = ("nac-receive", "nac-shard")

WIDTH, ROW, MARGIN, HEAD = 1200, 17, 10, 44
LEAST: Final = 0.002
"""Share of all samples below which a frame is not drawn."""

Stack = tuple[str, ...]

_GROUPS: Final = (
    ("kernel", re.compile(r"^kernel$")),
    (
        "cryptography",
        re.compile(r"aws_lc|ecp_nistz|x25519|bn_|sha256|sha512|aes|gcm|ghash|Lcurve|EVP_|EC_|ec_|ecdsa|ECDSA"),
    ),
    ("MD5", re.compile(r"md5|hmac", re.IGNORECASE)),
    ("memory", re.compile(r"^_?mi_|malloc|free|memmove|memcpy|memset|alloc::")),
    ("TLS", re.compile(r"rustls|webpki")),
    ("nac", re.compile(r"nac_")),
)
OTHER: Final = "other"


@dataclass(frozen=True)
class Profile:
    """Samples by stack, outermost frame first."""

    stacks: Counter[Stack]

    @property
    def shares(self) -> dict[str, float]:
        """Share of each group, by the innermost frame."""
        total = self.stacks.total()
        groups: Counter[str] = Counter()
        for stack, samples in self.stacks.items():
            groups[group_of(stack[-1])] += samples
        return {name: samples / total for name, samples in groups.most_common()}


def is_available() -> bool:
    """Whether perf is installed."""
    return shutil.which("perf") is not None


def measure(pki: Pki, folder: Path, supplicant: Supplicant) -> Profile:
    """Full handshakes with P-256, as many as go, watched for some seconds."""
    installed = install(Nac(), Setup(pki, shards=1), folder)
    recorded = folder / "perf.data"
    with running(installed, supplicant) as server:
        arguments = ["--mode", "eap-tls", "--tls", "1.3", "--concurrency", "8", "--warm-up", "500"]
        with supplicant.loading(server, [*arguments, "--duration", str(SECONDS + 5)]):
            threads = ",".join(_threads(server.pid))
            how = ["-q", "-F", str(FREQUENCY), "--call-graph", f"dwarf,{STACK_OCTETS}", "-t", threads]
            _run(["perf", "record", *how, "-o", str(recorded), "--", "sleep", str(SECONDS)])
    return Profile(Counter(fold(_run(["perf", "script", "-i", str(recorded), "-F", "comm,ip,sym", "--no-inline"]))))


def fold(script: str) -> Iterator[Stack]:
    """The stacks in what `perf script` prints, threads of one kind as one."""
    for sample in script.split("\n\n"):
        lines = sample.strip("\n").splitlines()
        if not lines:
            continue
        thread = re.sub(r"-\d+$", "", lines[0].strip())
        frames = [_frame(line) for line in lines[1:]]
        yield (thread, *_without_repetition(frame for frame in reversed(frames) if frame))


def _frame(line: str) -> str:
    address, _, symbol = line.strip().partition(" ")
    if address.startswith("ffffffff"):
        return "kernel" if symbol != "[unknown]" else ""
    symbol = re.sub(r"aws_lc_[0-9_]+_", "aws_lc::", symbol.removesuffix("+0x0"))
    return "" if symbol == "[unknown]" else symbol


def _without_repetition(frames: Iterable[str]) -> Iterator[str]:
    """What the kernel does is one frame."""
    before = None
    for frame in frames:
        if frame != before:
            yield frame
        before = frame


def group_of(frame: str) -> str:
    """What a frame is counted as."""
    return next((name for name, pattern in _GROUPS if pattern.search(frame)), OTHER)


@dataclass
class _Node:
    samples: int = 0
    children: dict[str, _Node] = field(default_factory=dict)


def draw(profile: Profile) -> str:
    """The flame graph, callers above: a frame is as wide as its share of all samples."""
    root = _Node()
    for stack, samples in profile.stacks.items():
        node = root
        node.samples += samples
        for frame in stack:
            node = node.children.setdefault(frame, _Node())
            node.samples += samples
    boxes = list(_boxes(root, MARGIN, 0, (WIDTH - 2 * MARGIN) / root.samples, LEAST * root.samples))
    height = HEAD + ROW * (1 + max(depth for *_, depth in boxes)) + MARGIN
    drawn = "".join(_box(frame, share, x, width, depth) for frame, share, x, width, depth in boxes)
    return f"{_HEADING.format(width=WIDTH, height=height)}{drawn}</svg>\n"


def _boxes(
    node: _Node, x: float, depth: int, scale: float, least: float
) -> Iterator[tuple[str, float, float, float, int]]:
    for frame, child in sorted(node.children.items()):
        width = child.samples * scale
        if child.samples >= least:
            yield frame, width / (WIDTH - 2 * MARGIN), x, width, depth
            yield from _boxes(child, x, depth + 1, scale, least)
        x += width


def _box(frame: str, share: float, x: float, width: float, depth: int) -> str:
    y = HEAD + depth * ROW
    kind = group_of(frame).lower()
    shown = escape(short(frame)[: max(0, int(width / 6.2) - 1)])
    title = f"<title>{escape(frame)}: {share:.1%}</title>"
    box = f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{max(width - 0.5, 0.5):.1f}" height="{ROW - 1}"/>'
    return f'<g>{title}{box}<text x="{x + 3:.1f}" y="{y + ROW - 5}">{shown}</text></g>\n'


def short(frame: str) -> str:
    """The last two names of a path, without type arguments."""
    plain = re.sub(r"<.* as (.*)>", r"\1", frame)
    plain = re.sub(r"<[^<>]*>", "", plain)
    return "::".join(plain.split("::")[-2:])


_HEADING = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>Where the answering threads of nac spend their time: full EAP-TLS handshakes, P-256</title>
<style>
  text {{ font: 11px sans-serif; fill: #111; pointer-events: none; }}
  .heading {{ font-size: 15px; font-weight: bold; fill: #555; }}
  rect {{ fill: #cbd5e1; }}
  .cryptography {{ fill: #fdba74; }}
  .kernel {{ fill: #a5b4fc; }}
  .tls {{ fill: #fde68a; }}
  .nac {{ fill: #86efac; }}
  .md5 {{ fill: #fca5a5; }}
  .memory {{ fill: #d8b4fe; }}
</style>
<text class="heading" x="10" y="20">Full EAP-TLS handshakes, P-256: the answering threads, callers above</text>
"""


def _threads(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [task.name for task in tasks if (task / "comm").read_text().startswith(ANSWERING)]


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout
