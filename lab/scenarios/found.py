"""The scenarios that there are: every file of this folder that is named like one."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import lab.scenarios
from lab.campus.error import LabError
from lab.scenarios.vocabulary import Campus

_NAME = re.compile(r"([cdhs]\d\d)_(\w+)")


@dataclass(frozen=True)
class Scenario:
    """`name` is `s16-personal-laptop`; `covers` is `S16`; `story` is what stands below the title."""

    name: str
    covers: str
    title: str
    story: str
    play: Callable[[Campus], None]


def scenarios() -> list[Scenario]:
    """All of them, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(lab.scenarios.__path__))
    return [_load(match) for name in names if (match := _NAME.fullmatch(name))]


def chosen(words: Sequence[str]) -> list[Scenario]:
    """Those that are named, whole (`s16-personal-laptop`) or by what they cover (`S16`); `all` for all.

    Raises `LabError` for a word that names none.
    """
    everything = scenarios()
    if "all" in words:
        return everything
    found = []
    for word in words:
        named = [one for one in everything if word.lower() in (one.name, one.covers.lower())]
        if not named:
            raise LabError(f"there is no scenario {word}", fix="nac lab run --list shows them")
        found += named
    return found


def _load(match: re.Match[str]) -> Scenario:
    module = importlib.import_module(f"lab.scenarios.{match[0]}")
    title, _, story = (module.__doc__ or "").strip().partition("\n")
    return Scenario(match[0].replace("_", "-"), match[1].upper(), title, story.strip(), module.play)
