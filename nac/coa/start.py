"""The part of a server that changes live sessions, made from the configuration and what the database knows."""

from __future__ import annotations

from nac.clients.seal import load_seal
from nac.coa.client import load_coa_clients
from nac.coa.exchange import Pace
from nac.coa.history import open_jobs
from nac.coa.learnt import load_learnt
from nac.coa.loop import CoaLoop, CoaSettings, Known, Source
from nac.config import Config
from nac.db import Database


def start_coa(source: Source, config: Config, database: Database, *, node: str) -> CoaLoop:
    """Started, with the jobs of this node that were open when the server ended. Raises `StorageError`, `PkiError`, or
    `ConflictError` when requests cannot come from `[coa] source`."""
    seal = load_seal(config.secrets_key)
    with database.read() as session:
        known = Known(load_coa_clients(session, seal), load_learnt(session), open_jobs(session, node=node))
    settings = CoaSettings(
        Pace(config.coa.per_second, config.coa.in_flight),
        patience_s=config.coa.patience.seconds,
        confirm_s=config.coa.confirm.seconds,
        source=config.coa.source,
    )
    return CoaLoop(source, settings, known)


def take_clients(loop: CoaLoop, config: Config, database: Database) -> None:
    """Clients and secrets as they are now. Raises `StorageError` or `PkiError`."""
    seal = load_seal(config.secrets_key)
    with database.read() as session:
        clients = load_coa_clients(session, seal)
    loop.replace_clients(clients)
