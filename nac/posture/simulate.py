"""A report from a file, to be judged and not believed: nobody has signed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from nac.errors import NacError
from nac.posture.findings import Finding, by_name
from nac.posture.report import MAX_OCTETS, SaidCheck, finding

_FIX: Final = "name a report as `nac agent report --print` writes it"


class ReportFileError(NacError):
    """The file holds no report."""

    exit_code = 4


def read_findings(path: Path) -> dict[str, Finding]:
    """Of a report's claims, of their part `nac`, or of a bare list of checks. Raises `ReportFileError`."""
    try:
        text = path.read_bytes()[: MAX_OCTETS + 1]
        if len(text) > MAX_OCTETS:
            raise ReportFileError(f"{path}: larger than {MAX_OCTETS:,} octets", fix=_FIX)
        said: Any = msgspec.json.decode(text)
        for key in ("nac", "checks"):
            said = said.get(key, said) if isinstance(said, dict) else said
        return by_name(finding(check) for check in msgspec.convert(said, list[SaidCheck]))
    except (OSError, msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise ReportFileError(f"{path}: {error}", fix=_FIX) from error
