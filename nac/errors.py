"""The tree of errors that nac raises on purpose. Each says what is wrong, where, and what to do.

    NacError                    exit code
    ├── ConfigError             3   nac.toml: file, line, key
    ├── PolicyError             3   policy files: a list of diagnostics
    ├── PkiError                3   certificates, keys, revocation lists
    ├── NotFoundError           4   a named thing does not exist
    ├── ConflictError           4   it exists already, or is still in use
    ├── StorageError            5   the database cannot be read or written
    │   └── UnstorableError         what was to be written is refused, and would be again
    └── ControlError            6   the running server cannot be reached, or refused

Wrong command-line usage is click's own exit code 2; anything unforeseen is 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class NacError(Exception):
    """Root of the tree. `fix` is one sentence that says what to do; empty when nothing useful can be said."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class ConfigError(NacError):
    """A setting in `path` is wrong. `line` counts from 1; `key` is dotted, as in `server.listen`."""

    exit_code = 3

    def __init__(
        self, message: str, *, path: Path, line: int | None = None, key: str | None = None, fix: str = ""
    ) -> None:
        where = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{where}: {message}", fix=fix)
        self.path = path
        self.line = line
        self.key = key


class PolicyError(NacError):
    """A policy does not compile. `diagnostics` are ready to print, each with file, line and column."""

    exit_code = 3

    def __init__(self, diagnostics: list[str]) -> None:
        super().__init__("\n".join(diagnostics))
        self.diagnostics = diagnostics


class PkiError(NacError):
    """A certificate, key or revocation list is missing, wrong or refused."""

    exit_code = 3


class NotFoundError(NacError):
    """A thing named by the user does not exist."""

    exit_code = 4


class ConflictError(NacError):
    """A thing exists already, or cannot be removed while something refers to it."""

    exit_code = 4


class StorageError(NacError):
    """The database cannot be opened, read or written."""

    exit_code = 5


class UnstorableError(StorageError):
    """The database works, and refuses what was to be written: a value that it cannot keep, or a broken constraint."""


class ControlError(NacError):
    """The running server cannot be reached, or refused what was asked."""

    exit_code = 6
