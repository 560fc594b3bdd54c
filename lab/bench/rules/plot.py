"""The curves as one SVG, both axes logarithmic, readable on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from lab.bench.rules.measure import COUNTS, Curve, RuleCosts

WIDTH, HEIGHT = 960, 560
LEFT, TOP, RIGHT, BOTTOM = 80, 60, 640, 490
LEGEND_X, LEGEND_Y, LEGEND_STEP, LEGEND_SAMPLE = 668, 84, 24, 34
TICK = 5

_HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">
<title>Cost of a decision by number of rules</title>
<style>
  text {{ font: 13px sans-serif; fill: #333; }}
  .heading {{ font-size: 16px; font-weight: bold; }}
  .grid {{ stroke: #888; stroke-opacity: 0.3; }}
  .axis {{ stroke: #666; fill: none; }}
  .freeradius {{ color: #b45309; }}
  .nac {{ color: #1d4ed8; }}
  .line {{ fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }}
  .filled {{ fill: currentColor; stroke: currentColor; stroke-width: 1.5; }}
  .hollow {{ fill: none; stroke: currentColor; stroke-width: 1.5; }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #ddd; }}
    .axis {{ stroke: #aaa; }}
    .freeradius {{ color: #fbbf24; }}
    .nac {{ color: #7cb4ff; }}
  }}
</style>
"""

_DASHES = {"last": "", "middle": "7 4", "any": "2 4"}

_SHAPES = (
    "M -4 0 A 4 4 0 1 0 4 0 A 4 4 0 1 0 -4 0 Z",
    "M -3.6 -3.6 H 3.6 V 3.6 H -3.6 Z",
    "M 0 -5 L 5 0 L 0 5 L -5 0 Z",
    "M 0 -5 L 4.6 3.4 L -4.6 3.4 Z",
    "M 0 5 L 4.6 -3.4 L -4.6 -3.4 Z",
)
"""Circle, square, diamond, triangle up and down: the forms of one server's rules, in order."""


@dataclass(frozen=True)
class _Axes:
    """`low`, `high`: powers of ten that the upright axis begins and ends with, in microseconds."""

    low: int
    high: int

    def x(self, count: float) -> float:
        return LEFT + (RIGHT - LEFT) * math.log(count / COUNTS[0]) / math.log(COUNTS[-1] / COUNTS[0])

    def y(self, us: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (math.log10(us) - self.low) / (self.high - self.low)


def draw(costs: RuleCosts) -> str:
    """All requests, and for the rule that stands last what of them is nac's answering, and the decision alone."""
    curves = [*costs.requests, *(curve for curve in (*costs.answering, *costs.decisions) if curve.place != "middle")]
    medians = [curve.median(count) for curve in curves for count in COUNTS]
    axes = _Axes(math.floor(math.log10(min(medians))), math.ceil(math.log10(max(medians))))
    shapes = _shapes(curves)
    parts = [
        _HEAD,
        f'<text class="heading" x="{LEFT}" y="28">Cost of a decision by number of rules</text>\n',
        *_upright(axes),
        *_across(axes),
        f'<path class="axis" d="M {LEFT} {TOP} V {BOTTOM} H {RIGHT}"/>\n',
        *(_line(axes, curve, shapes[curve.name]) for curve in curves),
        *(_legend(row, curve, shapes[curve.name]) for row, curve in enumerate(curves)),
        "</svg>\n",
    ]
    return "".join(parts)


def _upright(axes: _Axes) -> Iterator[str]:
    for power in range(axes.low, axes.high + 1):
        y = axes.y(10.0**power)
        yield f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}"/>\n'
        yield f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{_time(power)}</text>\n'
        for part in range(2, 10) if power < axes.high else ():
            yield f'<path class="axis" d="M {LEFT} {axes.y(part * 10.0**power):.1f} h {TICK}"/>\n'
    middle = (TOP + BOTTOM) / 2
    yield (
        f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">'
        "CPU per request or decision</text>\n"
    )


def _across(axes: _Axes) -> Iterator[str]:
    for count in COUNTS:
        x = axes.x(count)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BOTTOM}"/>\n'
        yield f'<path class="axis" d="M {x:.1f} {BOTTOM} v {TICK}"/>\n'
        yield f'<text x="{x:.1f}" y="{BOTTOM + 22}" text-anchor="middle">{count:,}</text>\n'
    yield f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 48}" text-anchor="middle">rules</text>\n'


def _line(axes: _Axes, curve: Curve, shape: str) -> str:
    points = [(axes.x(count), axes.y(curve.median(count))) for count in COUNTS]
    path = " L ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    markers = "".join(_marker(curve, shape, x, y) for x, y in points)
    return f'<g class="{_server(curve)}"><path {_stroke(curve)} d="M {path}"/>{markers}</g>\n'


def _legend(row: int, curve: Curve, shape: str) -> str:
    y = LEGEND_Y + row * LEGEND_STEP
    sample = f'<path {_stroke(curve)} d="M {LEGEND_X} {y} h {LEGEND_SAMPLE}"/>'
    sample += _marker(curve, shape, LEGEND_X + LEGEND_SAMPLE / 2, y)
    said = curve.name if curve.place == "any" else f"{curve.name}, {curve.place}"
    text = f'<text x="{LEGEND_X + LEGEND_SAMPLE + 10}" y="{y + 4}">{escape(said)}</text>'
    return f'<g class="{_server(curve)}">{sample}</g>{text}\n'


def _marker(curve: Curve, shape: str, x: float, y: float) -> str:
    fill = "hollow" if curve.place == "middle" else "filled"
    return f'<path class="{fill}" transform="translate({x:.1f} {y:.1f})" d="{shape}"/>'


def _stroke(curve: Curve) -> str:
    dashes = _DASHES[curve.place]
    return f'class="line" stroke-dasharray="{dashes}"' if dashes else 'class="line"'


def _shapes(curves: Sequence[Curve]) -> dict[str, str]:
    """A shape for every form of a server's rules."""
    names: dict[str, list[str]] = {}
    for curve in curves:
        of_server = names.setdefault(_server(curve), [])
        if curve.name not in of_server:
            of_server.append(curve.name)
    return {name: shape for of_server in names.values() for name, shape in zip(of_server, _SHAPES, strict=False)}


def _server(curve: Curve) -> str:
    """The server's name as a class of the style sheet."""
    return curve.name.partition(",")[0].lower()


def _time(power: int) -> str:
    """A power of ten microseconds, in the unit that people say it in."""
    unit, name = max(one for one in ((-3, "ns"), (0, "µs"), (3, "ms"), (6, "s")) if one[0] <= max(power, -3))
    return f"{10 ** (power - unit):,} {name}"
