"""Policy files -> a policy that has been read, checked and tested."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nac.errors import PolicyError
from nac.policy.check import check
from nac.policy.collector import uncollected
from nac.policy.examine import examine
from nac.policy.facts import catalogue
from nac.policy.invariant import check_invariants
from nac.policy.model import Policy
from nac.policy.parse import parse
from nac.policy.resolve import resolve
from nac.policy.source import Diagnostic, Severity, Source, ordered

MAX_FILE: Final = 16 * 1024 * 1024
"""Octets of one policy file: a hundred thousand rules with room to spare."""

MAX_FILES: Final = 256
"""Files in one policy folder."""

SUFFIX: Final = ".policy"


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """A policy without errors whose tests pass. `digest`: SHA-256 of its normalised text, hex."""

    policy: Policy
    digest: str
    warnings: tuple[Diagnostic, ...]


def load(path: Path) -> CheckedPolicy:
    """Read a policy file, or every `*.policy` of a folder in the order of their names. Raises `PolicyError`."""
    return read(read_sources(path))


@uncollected
def read(sources: Sequence[Source]) -> CheckedPolicy:
    """Parse, resolve, check, test and prove. Raises `PolicyError` with every error found."""
    written, found = parse(sources)
    _refuse_errors(found)
    policy, found = resolve(written)
    found += check(policy, catalogue())
    _refuse_errors(found)
    _refuse_errors([*examine(policy), *check_invariants(policy)])
    return CheckedPolicy(policy, digest(sources), tuple(ordered(found)))


def _refuse_errors(found: Sequence[Diagnostic]) -> None:
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors:
        raise PolicyError([one.render() for one in ordered(errors)])


def digest(sources: Sequence[Source]) -> str:
    """SHA-256 over names and texts; white space at the end of lines and of files does not count."""
    state = hashlib.sha256()
    for source in sources:
        text = "\n".join(line.rstrip() for line in source.lines).rstrip()
        for part in (source.name, text):
            octets = part.encode()
            state.update(len(octets).to_bytes(8, "big") + octets)
    return state.hexdigest()


def read_sources(path: Path) -> list[Source]:
    """The texts of a file or folder, named by their file names. Raises `PolicyError`."""
    try:
        files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise PolicyError([f"{path}: there is no file *{SUFFIX} in this folder"])
        if len(files) > MAX_FILES:
            raise PolicyError([f"{path}: more than {MAX_FILES} policy files"])
        return [_read_source(file) for file in files]
    except OSError as error:
        raise PolicyError([f"{error.filename or path}: {error.strerror}"]) from error


def _read_source(file: Path) -> Source:
    if file.exists() and not file.is_file():
        raise PolicyError([f"{file}: not a regular file"])
    with file.open("rb") as stream:
        octets = stream.read(MAX_FILE + 1)
    if len(octets) > MAX_FILE:
        raise PolicyError([f"{file}: larger than {MAX_FILE} octets"])
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise PolicyError([f"{file}:{line}: not UTF-8 text"]) from error
    return Source(file.name, text.replace("\r\n", "\n"))
