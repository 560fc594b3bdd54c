"""Changes of live sessions into the database: one row for each job, and what each client took and refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from nac.db.schema import CoaJob, CoaLearnt
from nac.events.types import CoaEvent
from nac.identity.name import fold

_JOBS: Final[Table] = CoaJob.metadata.tables["coa_jobs"]
_LEARNT: Final[Table] = CoaLearnt.metadata.tables["coa_learnt"]


def store_coa(session: Session, node: str, told: Sequence[tuple[int, CoaEvent]]) -> None:
    """Keep the newest step of each job and the last answer of each verb; what is older than that changes nothing.
    `told`: with their sequences in the node's journal."""
    placed = [msgspec.structs.replace(event, node=node, sequence=sequence) for sequence, event in told]
    newest = {event.job: event for event in sorted(placed, key=lambda event: event.step)}
    _upsert(session, _JOBS, ["id"], "step", [_job_row(event) for event in newest.values()])
    lessons: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted((row for event in newest.values() for row in _lessons(event)), key=lambda row: row["at_us"]):
        lessons[row["client"], row["verb"]] = row
    _upsert(session, _LEARNT, ["client", "verb"], "at_us", list(lessons.values()))


def _job_row(event: CoaEvent) -> dict[str, Any]:
    return {
        "id": event.job,
        "step": event.step,
        "state": event.state,
        "node": event.node,
        "sequence": event.sequence,
        "session": event.session,
        "client": fold(event.client),
        "mac": event.mac.replace("-", ":").lower() if event.mac else None,
        "decision": event.decision,
        "decided_us": event.decided_at,
        "ended_us": event.ended_at,
        "event": msgspec.json.encode(event).decode().replace("\x00", ""),
    }


def _lessons(event: CoaEvent) -> list[dict[str, Any]]:
    return [
        {
            "client": fold(event.client),
            "verb": one.verb,
            "answer": one.answer,
            "error_cause": one.error_cause,
            "at_us": one.at,
        }
        for one in event.tries
        if one.answer in {"ack", "nak"}
    ]


def _upsert(session: Session, table: Table, keys: list[str], newer: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_=changed, where=statement.excluded[newer] > table.c[newer]
        ),
        rows,
    )
