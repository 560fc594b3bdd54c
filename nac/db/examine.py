"""What is wrong with a database, and what is in it: `problems` and `overview`, for `nac db check` and `status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from nac.db import partitions
from nac.db.engine import SCHEMA_VERSION, create, require_file, schema_version, storage_errors
from nac.db.schema import Accounting, Authentication, Authorization, Discard, Drained, FactSet, LiveSession, SessionHour

_SHOWN: Final = 20

_HISTORY: Final[dict[InstrumentedAttribute[int], int]] = {
    Authentication.at_us: 1_000_000,
    Accounting.at_us: 1_000_000,
    Discard.at_us: 1_000_000,
    LiveSession.opened_us: 1_000_000,
    SessionHour.hour: 1,
}
"""Times of the tables that grow with the traffic, and their units in a second."""


@dataclass(frozen=True)
class Span:
    """Of a table: Unix seconds of its oldest and newest row, None when it is empty; its partitions, if it has any."""

    table: str
    oldest: int | None
    newest: int | None
    partitions: list[str]


@dataclass(frozen=True)
class NodePosition:
    """How far a node's journal is in the database. `committed_at`: Unix seconds, 0 when nothing was stored yet."""

    node: str
    sequence: int
    committed_at: int


@dataclass(frozen=True)
class Overview:
    """`octets`: what the database takes on its disk."""

    octets: int
    history: list[Span]
    nodes: list[NodePosition]


def problems(url: str) -> list[str]:
    """Everything that is wrong, in words; nothing of a sound database. Raises `StorageError` when it cannot be read."""
    engine = create(url)
    try:
        with storage_errors(engine.url):
            require_file(engine.url)
            with engine.connect() as connection:
                found = _damage(connection) if engine.dialect.name == "sqlite" else []
                version = schema_version(connection)
                if version != SCHEMA_VERSION:
                    return [*found, f"it has schema {version or 'none'}, this version needs {SCHEMA_VERSION}"]
                return [*found, *_orphans(connection)]
    finally:
        engine.dispose()


def overview(session: Session) -> Overview:
    """What is in the database. Raises `StorageError`."""
    nodes = session.scalars(select(Drained).order_by(Drained.node))
    return Overview(
        octets=_octets(session),
        history=[_span(session, column, units) for column, units in _HISTORY.items()],
        nodes=[NodePosition(row.node, row.sequence, row.committed_us // 1_000_000) for row in nodes],
    )


def _damage(connection: Connection) -> list[str]:
    said = connection.exec_driver_sql(f"PRAGMA integrity_check({_SHOWN})").scalars().all()
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    found = [f"damaged: {line}" for line in said if line != "ok"]
    return found + [
        f"table {row[0]}, row {row[1]}: refers to a row of {row[2]} that is not there" for row in broken[:_SHOWN]
    ]


def _orphans(connection: Connection) -> list[str]:
    """References that no constraint holds, because both ends come and go with the traffic."""
    facts = select(func.count()).select_from(Authentication).outerjoin(FactSet, FactSet.id == Authentication.fact_set)
    laid_out = select(func.count()).select_from(Authentication)
    laid_out = laid_out.outerjoin(Authorization, Authorization.digest == Authentication.laid_out)
    counts = {
        "authentications whose facts are not there": facts.where(
            Authentication.fact_set.is_not(None), FactSet.id.is_(None)
        ),
        "authentications whose access list is not there": laid_out.where(
            Authentication.laid_out.is_not(None), Authorization.digest.is_(None)
        ),
    }
    found = {what: connection.scalar(query) or 0 for what, query in counts.items()}
    return [f"{count} {what}" for what, count in found.items() if count]


def _span(session: Session, column: InstrumentedAttribute[int], units: int) -> Span:
    table: str = column.class_.__tablename__
    oldest, newest = (session.scalar(select(end(column))) for end in (func.min, func.max))
    first, last = (None if at is None else at // units for at in (oldest, newest))
    return Span(table, first, last, partitions.names(session, table))


def _octets(session: Session) -> int:
    if session.get_bind().dialect.name == "postgresql":
        return session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    pages, size = (session.scalar(text(f"PRAGMA {name}")) or 0 for name in ("page_count", "page_size"))
    return int(pages) * int(size)
