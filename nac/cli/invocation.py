"""What the global options of one `nac` call say: the configuration file, and what is reached through it.

A noun takes it with `@pass_invocation`; nothing is read before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nac.errors import ConfigError

if TYPE_CHECKING:
    from nac.config import Config
    from nac.db import Database

SEARCHED: Final = (Path("nac.toml"), Path("/etc/nac/nac.toml"))


@dataclass(frozen=True)
class Invocation:
    """One call of `nac`. `chosen` is what `--config` or `$NAC_CONFIG` named; None when neither was given."""

    chosen: Path | None
    debug: bool

    @cached_property
    def config_path(self) -> Path:
        """The configuration file to read. Raises `ConfigError` when there is none."""
        for path in self._candidates:
            if path.is_file():
                return path
        raise ConfigError(
            "no configuration file here",
            path=self._candidates[0],
            fix="run `nac init` to write one, or name it with --config",
        )

    @property
    def _candidates(self) -> tuple[Path, ...]:
        return (self.chosen,) if self.chosen is not None else SEARCHED

    @cached_property
    def config(self) -> Config:
        """The configuration, validated. Raises `ConfigError`."""
        from nac.config import load

        return load(self.config_path)

    def control_socket(self) -> Path:
        """Where the running server of this configuration listens."""
        return self.config.control_socket

    def has_database(self) -> bool:
        """False when there is no configuration, or none of its database yet. Raises `ConfigError` or `StorageError`."""
        from nac.db.engine import exists

        return any(path.is_file() for path in self._candidates) and exists(self.config.database.url)

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database, opened and of the right version. Raises `ConfigError` or `StorageError`."""
        from nac.db import Database

        database = Database.open(self.config.database.url)
        try:
            yield database
        finally:
            database.close()


pass_invocation = click.make_pass_decorator(Invocation)
