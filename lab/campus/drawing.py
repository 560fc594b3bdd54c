"""The campus as a drawing: SVG, made from the plan and from who is plugged in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from lab.campus.plan import NAC, POSTURE_PORT, SERVERS, SWITCHES

_WIDTH: Final = 1160
_COLUMNS: Final = 6
_CELL, _ROW, _BOX = 184, 46, 36
_STYLE: Final = (
    "text{font:12px sans-serif;fill:#1c2733}.s{font-size:10px;fill:#5b6875}"
    "rect{fill:#fff;stroke:#8fa1b3;rx:5}.nac{fill:#e4efe4;stroke:#5c8a5c}.switch{fill:#e6edf7;stroke:#5b7fb0}"
    ".host{fill:#fdf3df;stroke:#c29a4a}line{stroke:#8fa1b3}"
)


@dataclass(frozen=True)
class Plugged:
    """A host at a switch; `place` says where it is, as in `VLAN 120`."""

    name: str
    place: str


def topology(hosts: Mapping[str, Sequence[Plugged]]) -> str:
    """The whole campus; `hosts` by the name of their switch."""
    rows = -(-len(SERVERS) // _COLUMNS)
    core, switches = 40 + rows * _ROW, 40 + rows * _ROW + 80
    below = switches + 70
    deepest = max((len(here) for here in hosts.values()), default=0)
    height = below + max(deepest, 1) * _ROW + 10
    parts = [*_servers(core), *_core(core)]
    for number, switch in enumerate(SWITCHES):
        middle = _WIDTH * (2 * number + 1) // (2 * len(SWITCHES))
        parts.append(_line(_WIDTH // 2, core + _BOX, middle, switches))
        parts.append(_box("switch", middle - 95, switches, 190, switch.name, f"{switch.site}, {switch.dialect}"))
        for place, host in enumerate(hosts.get(switch.name, ())):
            top = below + place * _ROW
            parts.append(_line(middle, top - (_ROW - _BOX if place else 34), middle, top))
            parts.append(_box("host", middle - 95, top, 190, host.name, host.place))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
    return "\n".join([head, "<title>The campus</title>", f"<style>{_STYLE}</style>", *parts, "</svg>\n"])


def _servers(core: int) -> list[str]:
    parts = []
    for number, server in enumerate(SERVERS):
        left, top = 28 + number % _COLUMNS * _CELL, 10 + number // _COLUMNS * _ROW
        ports = ", ".join(map(str, server.ports))
        parts.append(_box("server", left, top, _CELL - 12, server.resource, f"{server.address} tcp {ports}"))
    bar = core - 18
    return [*parts, _line(28, bar, _WIDTH - 40, bar), _line(_WIDTH // 2, bar, _WIDTH // 2, core)]


def _core(top: int) -> list[str]:
    middle = _WIDTH // 2
    return [
        _box("core", middle - 80, top, 160, "core", "router"),
        _line(middle + 80, top + _BOX // 2, middle + 180, top + _BOX // 2),
        _box("nac", middle + 180, top, 190, "nac", f"{NAC} udp 1812, 1813, tcp {POSTURE_PORT}"),
    ]


def _box(kind: str, left: int, top: int, width: int, title: str, below: str) -> str:
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{_BOX}"/>'
        f'<text x="{left + 8}" y="{top + 15}">{escape(title)}</text>'
        f'<text class="s" x="{left + 8}" y="{top + 29}">{escape(below)}</text>'
    )


def _line(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
