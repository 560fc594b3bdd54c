"""What a server looks after beside answering: lists of its own authority, partitions, and records past their time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import structlog

from nac.config import Config
from nac.db import Database, partitions
from nac.errors import NotFoundError
from nac.events.retention import Limits, delete_older
from nac.pki.authority import Authority
from nac.pki.crl import refresh_if_due
from nac.posture.store import forget_older


def renew_lists(config: Config) -> None:
    """Sign the built-in authority's revocation lists anew before they end; without an authority here, nothing.

    Raises `PkiError`.
    """
    try:
        written = refresh_if_due(Authority.open(config.pki.directory), now=datetime.now(UTC))
    except NotFoundError:
        return
    for crl in written:
        structlog.get_logger("nac.service").info("crl.renewed", path=str(crl.path))


def prepare_partitions(database: Database) -> None:
    """For the events to come, where the database has partitions. Raises `StorageError`."""
    partitions.prepare(database, now=int(time.time()))


def delete_old(config: Config, database: Database) -> None:
    """Events and posture histories that are older than they are kept. Raises `StorageError`."""
    now = int(time.time())
    deleted = delete_older(database, Limits.of(config, now=now))
    with database.write() as session:
        forget_older(session, now - config.posture.history.seconds)
    if deleted.rows or deleted.partitions:
        structlog.get_logger("nac.service").info("events.deleted", rows=deleted.rows, partitions=deleted.partitions)
