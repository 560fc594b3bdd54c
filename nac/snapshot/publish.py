"""The snapshots of a running server: built from disk and database, numbered, and given to the data plane."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from nac import _dataplane
from nac.clients.seal import load_seal
from nac.clients.store import ClientFields, load_clients
from nac.config import Config
from nac.db import Database
from nac.errors import NacError, StorageError
from nac.policy.compile import CompiledPolicy
from nac.snapshot.build import BuiltSnapshot, build, compiled
from nac.snapshot.tickets import TicketKeys

_GENERATION_FILE: Final = "generation"


class Publisher:
    """Builds snapshots with growing numbers and publishes them. For the main loop alone."""

    def __init__(self, config: Config, database: Database) -> None:
        """Build the first one, which the data plane starts with. Raises `NacError`."""
        self._database = database
        self._file = config.server.state / _GENERATION_FILE
        self._generation = _last_generation(self._file)
        self._ticket_keys = TicketKeys.fresh(time.time())
        self._clients: list[ClientFields] = []
        self._policy: CompiledPolicy | None = None
        self.current: BuiltSnapshot = self._build(config, self._ticket_keys, None)
        """What is in force, or about to be."""
        self.published_at = time.time()
        """When it came into force; seconds since 1970."""

    def started(self) -> None:
        """The data plane has started with `current`."""
        self.published_at = time.time()
        self._record_generation()

    def is_aged(self, config: Config) -> bool:
        """Whether keys or lists have come of age without a file changing."""
        rotated = self._ticket_keys.rotated(time.time(), config.eap.ticket_rotation)
        aged = self.current.reload_at is not None and time.time() > self.current.reload_at
        return rotated is not self._ticket_keys or aged

    def publish(
        self, dataplane: _dataplane.DataPlane, config: Config, policy: CompiledPolicy | None = None
    ) -> BuiltSnapshot:
        """Build the next one, with `policy` instead of the one on disk where given, and put it in force.

        Raises `NacError`; what was in force stays then.
        """
        keys = self._ticket_keys.rotated(time.time(), config.eap.ticket_rotation)
        built = self._build(config, keys, policy)
        try:
            dataplane.publish(built.native)
        except _dataplane.SnapshotError as error:
            raise NacError(str(error), fix="reload once more") from error
        self._ticket_keys = keys
        self.current = built
        self.published_at = time.time()
        self._record_generation()
        return built

    def _build(self, config: Config, keys: TicketKeys, policy: CompiledPolicy | None) -> BuiltSnapshot:
        """With the next generation's number. A database that is away leaves the clients as they were last seen."""
        seal = load_seal(config.secrets_key)
        try:
            with self._database.read() as session:
                self._clients = load_clients(session, seal)
        except StorageError:
            if not self._clients:
                raise
        self._generation += 1
        now = datetime.now(UTC)
        self._policy = policy or compiled(config, self._clients, now=now, earlier=self._policy)
        return build(config, self._clients, ticket_keys=keys, generation=self._generation, now=now, policy=self._policy)

    def _record_generation(self) -> None:
        """So that numbers grow over restarts too; a full disk costs only that."""
        try:
            replacement = self._file.with_suffix(".new")
            replacement.write_text(f"{self._generation}\n")
            replacement.replace(self._file)
        except OSError as error:
            structlog.get_logger("nac.snapshot").warning(
                "generation.not_recorded", path=str(self._file), error=str(error)
            )


def _last_generation(path: Path) -> int:
    """The number last used here, 0 when none is on record."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return 0
