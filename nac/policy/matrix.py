"""Personas and resources: which persona can reach what, in some sessions, in all of them, or never."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from nac.policy.model import Policy
from nac.policy.sessions import Sessions
from nac.policy.solve import Goal, Space

Cell = Literal["always", "sometimes", "never"]

_ROW: Final = 26
_COLUMN: Final = 26
_CHARACTER: Final = 7
_HEAD_SLOPE: Final = 0.72
_FILL: Final[Mapping[Cell, str]] = {"always": "#1b5e8c", "sometimes": "#8fbfdc", "never": "#f2f4f5"}


@dataclass(frozen=True, slots=True)
class Matrix:
    """`cells` by persona alone and resource: `always` means in every session that is accepted, `never` in none."""

    personas: tuple[str, ...]
    resources: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]


def matrix(policy: Policy) -> Matrix:
    """Raises `nac.policy.solve.UndecidedError`."""
    space = Space([policy])
    sessions = Sessions(space, policy)
    personas = tuple(persona.name.text for persona in policy.personas)
    resources = tuple(resource.name.text for resource in policy.resources)
    who = {persona: space.both([sessions.accepted, sessions.alone(persona)]) for persona in personas}
    cells = {(one, name): _cell(space, who[one], sessions.reaches(name)) for one in personas for name in resources}
    return Matrix(personas, resources, cells)


def _cell(space: Space, who: Goal, reaches: Goal) -> Cell:
    if not space.possible(who, reaches):
        return "never"
    return "sometimes" if space.possible(who, space.no(reaches)) else "always"


def as_svg(found: Matrix) -> str:
    """The matrix as a picture that stands by itself: squares of three shades, each with its words."""
    left = 16 + _CHARACTER * max((len(one) for one in found.personas), default=0)
    top = 24 + round(_CHARACTER * _HEAD_SLOPE * max((len(one) for one in found.resources), default=0))
    width = left + _COLUMN * len(found.resources) + top
    height = top + _ROW * len(found.personas) + 2 * _ROW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" font-family="system-ui, sans-serif" font-size="12">',
        "<title>Personas and the resources that they reach</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for column, resource in enumerate(found.resources):
        at = left + column * _COLUMN + _COLUMN // 2
        parts.append(f'<text transform="translate({at} {top - 8}) rotate(-45)">{escape(resource)}</text>')
    for row, persona in enumerate(found.personas):
        y = top + row * _ROW
        parts.append(f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{escape(persona)}</text>')
        for column, resource in enumerate(found.resources):
            cell = found.cells[persona, resource]
            parts.append(
                f'<rect x="{left + column * _COLUMN + 2}" y="{y + 2}" width="{_COLUMN - 4}" height="{_ROW - 4}" rx="3" '
                f'fill="{_FILL[cell]}"><title>{escape(f"{persona}, {resource}: {cell}")}</title></rect>'
            )
    parts += _legend(left, top + _ROW * len(found.personas) + _ROW // 2)
    return "\n".join([*parts, "</svg>", ""])


def _legend(x: int, y: int) -> list[str]:
    parts = []
    for number, (cell, fill) in enumerate(_FILL.items()):
        at = x + 110 * number
        parts.append(f'<rect x="{at}" y="{y}" width="14" height="14" rx="3" fill="{fill}"/>')
        parts.append(f'<text x="{at + 20}" y="{y + 12}">{cell}</text>')
    return parts
