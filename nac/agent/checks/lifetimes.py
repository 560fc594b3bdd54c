"""When versions of others' software came out, and until when they are mended: the dates of `lifetimes.json`.

They are data, with their sources beside them; a version that is not listed is unknown to the checks that ask.
"""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal

FILE: Final = Path(__file__).with_name("lifetimes.json")


@cache
def dates(kind: Literal["os_support_ends", "cuda_released"]) -> dict[str, date]:
    """By version, as in `debian 12` or `12.4`."""
    listed: dict[str, str] = json.loads(FILE.read_text())[kind]["dates"]
    return {version: date.fromisoformat(day) for version, day in listed.items()}
