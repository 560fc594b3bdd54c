"""The curves as one SVG of three panels - lateness, throughput, cost - readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from lab.bench.offered.measure import PERCENTILES, RATES, Offered, Point

WIDTH, HEIGHT = 1_080, 400
PANEL, GAP, LEFT, TOP, BOTTOM = 270, 80, 70, 60, 300
_COLOURS: Final = ("nac", "freeradius", "hostapd")
_DASHES: Final = {"p50": "", "p99": "6 3", "p99_9": "2 3"}

_HEAD: Final = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">
<title>Lateness, throughput and cost by offered load</title>
<style>
  text {{ font: 12px sans-serif; fill: #333; }}
  .heading {{ font-size: 14px; font-weight: bold; }}
  .grid {{ stroke: #888; stroke-opacity: 0.3; }}
  .axis {{ stroke: #666; fill: none; }}
  .line {{ fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }}
  .dot {{ fill: currentColor; }}
  .nac {{ color: #1d4ed8; }}
  .freeradius {{ color: #b45309; }}
  .hostapd {{ color: #047857; }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #ddd; }}
    .axis {{ stroke: #aaa; }}
    .nac {{ color: #7cb4ff; }}
    .freeradius {{ color: #fbbf24; }}
    .hostapd {{ color: #34d399; }}
  }}
</style>
"""


@dataclass(frozen=True)
class _Panel:
    """`marks`: where the upright axis has its lines; it is logarithmic when `steep`."""

    number: int
    title: str
    marks: Sequence[float]
    steep: bool

    @property
    def left(self) -> float:
        return LEFT + self.number * (PANEL + GAP)

    def x(self, offered: float) -> float:
        return self.left + PANEL * offered / RATES[-1]

    def y(self, value: float) -> float:
        low, high = self.marks[0], self.marks[-1]
        kept = min(max(value, low), high)
        part = math.log(kept / low) / math.log(high / low) if self.steep else (kept - low) / (high - low)
        return BOTTOM - (BOTTOM - TOP) * part

    def frame(self) -> Iterator[str]:
        """Title, axes and their lines."""
        right = self.left + PANEL
        yield f'<text class="heading" x="{self.left}" y="{TOP - 20}">{escape(self.title)}</text>\n'
        for mark in self.marks:
            y = self.y(mark)
            yield f'<line class="grid" x1="{self.left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>\n'
            yield f'<text x="{self.left - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:,.0f}</text>\n'
        for rate in RATES[3::2]:
            x = self.x(rate)
            yield f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle">{rate:,}</text>\n'
        yield f'<text x="{self.left + PANEL / 2}" y="{BOTTOM + 38}" text-anchor="middle">offered a second</text>\n'
        yield f'<path class="axis" d="M {self.left} {TOP} V {BOTTOM} H {right}"/>\n'

    def curve(self, points: Sequence[Point], value: Callable[[Point], float], dashes: str = "") -> str:
        """One server's line with its dots."""
        places = [(self.x(point.offered), self.y(value(point))) for point in points]
        path = " L ".join(f"{x:.1f} {y:.1f}" for x, y in places)
        dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in places)
        return (
            f'<g class="{_class(points[0])}"><path class="line" stroke-dasharray="{dashes}" d="M {path}"/>{dots}</g>\n'
        )


def draw(offered: Offered) -> str:
    """Lateness by percentile, accepts a second, and CPU for each authentication, each over the offered load."""
    late = _Panel(0, "ms until the verdict", (1, 10, 100, 1_000, 10_000), steep=True)
    kept = _Panel(1, "accepted a second", range(0, RATES[-1] + 1, 400), steep=False)
    cost = _Panel(2, "CPU per authentication, µs", (100, 1_000, 10_000, 100_000), steep=True)
    parts = [_HEAD, *(line for panel in (late, kept, cost) for line in panel.frame())]
    for server in offered.servers:
        points = offered.of(server)
        for percentile in PERCENTILES:
            parts.append(late.curve(points, lambda point, of=percentile: point.late_ms(of), _DASHES[percentile]))  # type: ignore[misc]
        parts += [kept.curve(points, lambda point: point.accepted), cost.curve(points, lambda point: point.cpu_us)]
    return "".join([*parts, *_legend(offered), "</svg>\n"])


def _legend(offered: Offered) -> Iterator[str]:
    y = HEIGHT - 24
    for number, server in enumerate(offered.servers):
        x = LEFT + number * 130
        sample = f'<g class="{_class(offered.of(server)[0])}"><path class="line" d="M {x} {y} h 26"/></g>'
        yield f'{sample}<text x="{x + 34}" y="{y + 4}">{escape(server)}</text>\n'
    for number, (percentile, dashes) in enumerate(_DASHES.items()):
        x = LEFT + 480 + number * 100
        sample = f'<path class="axis" stroke-dasharray="{dashes}" d="M {x} {y} h 26"/>'
        yield f'{sample}<text x="{x + 34}" y="{y + 4}">{percentile.replace("_", ".")}</text>\n'


def _class(point: Point) -> str:
    name = point.server.lower()
    return name if name in _COLOURS else "nac"
