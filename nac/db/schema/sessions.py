"""Sessions, what they used, and the changes of authorization that they get."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from nac.db.schema.base import SERIAL, Base


class LiveSession(Base):
    """One session of the data plane's table, as its last transition left it: `event` is that `SessionEvent`, whole, and
    has what the data plane needs to go on with it after a restart.

    `decision`: the `id` of the authentication that it rests on; `laid_out`: the digest of the `Authorization` that the
    port has; `session_id`: Acct-Session-Id, under which
    `SessionUsage` counts; `certificate`: SHA-256, hex. A session that is over has `closed_us` and a `cause`.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_client_session_id", "client", "session_id"),
        Index("ix_sessions_mac_opened_us", "mac", "opened_us"),
        Index("ix_sessions_identity_user_opened_us", "identity_user", "opened_us"),
        Index("ix_sessions_device_opened_us", "device", "opened_us"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    node: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    client: Mapped[str]
    mac: Mapped[str | None]
    identity_user: Mapped[str | None]
    device: Mapped[str | None]
    certificate: Mapped[str | None]
    method: Mapped[str | None]
    segment: Mapped[str | None]
    laid_out: Mapped[str | None]
    decision: Mapped[str | None]
    generation: Mapped[int | None]
    session_id: Mapped[str | None]
    opened_us: Mapped[int] = mapped_column(index=True)
    authorized_us: Mapped[int | None]
    changed_us: Mapped[int] = mapped_column(index=True)
    closed_us: Mapped[int | None]
    cause: Mapped[str | None]
    event: Mapped[str]


class SessionUsage(Base):
    """What accounting said of a session so far (`dataplane/drain/src/usage.rs`).

    `input_counter`, `output_counter` and `session_time` are the NAS's newest words; `input_octets` and `output_octets`
    are counted up from all of them, over counters that wrap or begin anew. `hour`: the newest one in which octets were
    reported (Unix seconds), which is not in `SessionHour` yet, and its octets; 0 when there is none.
    """

    __tablename__ = "session_usage"

    client: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    first_us: Mapped[int]
    seen_us: Mapped[int]
    session_time: Mapped[int | None]
    input_counter: Mapped[int]
    output_counter: Mapped[int]
    input_octets: Mapped[int]
    output_octets: Mapped[int]
    ended: Mapped[bool]
    hour: Mapped[int]
    hour_input_octets: Mapped[int]
    hour_output_octets: Mapped[int]


class SessionHour(Base):
    """Octets of a session that were reported within the hour that begins at `hour` (Unix seconds), once a newer one has
    begun for it: until then they are in `SessionUsage`, in whose row they cost nothing."""

    __tablename__ = "session_hours"

    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    client: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(primary_key=True)
    input_octets: Mapped[int]
    output_octets: Mapped[int]


class Sighting(Base):
    """A MAC address behind which a device was accepted. `device` or `certificate` is empty when it was not known."""

    __tablename__ = "sightings"

    device: Mapped[str] = mapped_column(primary_key=True)
    certificate: Mapped[str] = mapped_column(primary_key=True)
    mac: Mapped[str] = mapped_column(primary_key=True, index=True)
    client: Mapped[str] = mapped_column(primary_key=True)
    first_us: Mapped[int]
    last_us: Mapped[int] = mapped_column(index=True)


class CoaJob(Base):
    """The last that was told of a change of a live session (`CoaEvent`), whole in `event` (JSON); the other columns are
    for search, names case-folded. `step`: of that event; an older one never takes its place. `node`: whose job it is,
    and who alone goes on with it; empty for one from before nodes were told. `sequence`: of that event in its journal.
    """

    __tablename__ = "coa_jobs"
    __table_args__ = (
        Index("ix_coa_jobs_mac_ended_us", "mac", "ended_us"),
        {"sqlite_autoincrement": True},
    )

    row_id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    step: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    node: Mapped[str]
    sequence: Mapped[int]
    session: Mapped[str] = mapped_column(index=True)
    client: Mapped[str]
    mac: Mapped[str | None]
    decision: Mapped[str | None] = mapped_column(index=True)
    decided_us: Mapped[int] = mapped_column(index=True)
    ended_us: Mapped[int | None]
    event: Mapped[str]


class CoaLearnt(Base):
    """The last that came of a verb at a client (its folded name): `ack`, or `nak` with its Error-Cause."""

    __tablename__ = "coa_learnt"

    client: Mapped[str] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(primary_key=True)
    answer: Mapped[str]
    error_cause: Mapped[int | None]
    at_us: Mapped[int]
