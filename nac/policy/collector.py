"""Python's cycle collector waits while a policy is read: nothing in it is a cycle, and looking for one again and again
among millions of small objects takes longer than all the rest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


def uncollected(work: Callable[_Given, _Made]) -> Callable[_Given, _Made]:
    """`work`, during which no cycles are looked for."""

    @wraps(work)
    def waiting(*given: _Given.args, **named: _Given.kwargs) -> _Made:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return work(*given, **named)
        finally:
            if enabled:
                gc.enable()

    return waiting
