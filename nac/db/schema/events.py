"""What happened: authentications, what was discarded, accounting, and how far the journals are drained."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nac.db.schema.base import SERIAL, Base


class FactSet(Base):
    """Facts over which something was decided, each set once: JSON by the facts' names. `digest`: its SHA-256, hex.

    Facts that change from one minute or day to the next are not in it: they have columns of their own.
    """

    __tablename__ = "fact_sets"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    facts: Mapped[str]


class Authentication(Base):
    """One `AuthenticationEvent`, whole in `event` (JSON); the other columns are for search, names case-folded.

    `fact_set` (a `FactSet`), `days_left` and `posture_age` are what it was decided over, None when nothing was decided;
    `generation`: the snapshot that decided; `laid_out`: the digest of the `Authorization` in its reply.
    """

    __tablename__ = "authentications"
    __table_args__ = (
        UniqueConstraint("id", "at_us"),
        Index("ix_authentications_at_us_facts", "at_us", "fact_set", "days_left", "posture_age"),
        Index("ix_authentications_mac_at_us", "mac", "at_us"),
        Index("ix_authentications_identity_user_at_us", "identity_user", "at_us"),
        Index("ix_authentications_device_at_us", "device", "at_us"),
        {"sqlite_autoincrement": True},
    )

    row_id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    id: Mapped[str]
    at_us: Mapped[int]
    mac: Mapped[str | None]
    identity_user: Mapped[str | None]
    user_name: Mapped[str | None]
    device: Mapped[str | None]
    client: Mapped[str]
    result: Mapped[str]
    cause: Mapped[str]
    event: Mapped[str]
    fact_set: Mapped[int | None]
    days_left: Mapped[int | None]
    posture_age: Mapped[int | None]
    generation: Mapped[int | None]
    laid_out: Mapped[str | None] = mapped_column(index=True)


class Authorization(Base):
    """What a policy laid out for replies (`AuthorizationEvent`): `attributes` is JSON, a list of names and values.

    `told_us`: when a data plane told it last.
    """

    __tablename__ = "authorizations"

    digest: Mapped[str] = mapped_column(primary_key=True)
    attributes: Mapped[str]
    told_us: Mapped[int]


class Discard(Base):
    """One `DiscardEvent`: packets that were not answered. The pair of time and sequence names it."""

    __tablename__ = "discards"
    __table_args__ = (
        UniqueConstraint("at_us", "sequence"),
        {"sqlite_autoincrement": True},
    )

    row_id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    at_us: Mapped[int]
    sequence: Mapped[int]
    reason: Mapped[str]
    detail: Mapped[str]
    client: Mapped[str | None]
    source: Mapped[str]
    count: Mapped[int]


class Drained(Base):
    """How far a node's journal is in this database: `sequence` grows in the transaction that stores the records.

    `started_us`: when the process began that drains it; `committed_us`: when it stored something last.
    """

    __tablename__ = "drained"

    node: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    started_us: Mapped[int]
    committed_us: Mapped[int]


class Accounting(Base):
    """One `AccountingEvent`, whole in `event` (JSON). `decision` is the `id` of an authentication.

    `node` and `sequence` are its place in a journal: a record that is drained twice is one row.
    """

    __tablename__ = "accounting"
    __table_args__ = (Index("ix_accounting_client_session_id", "client", "session_id"),)

    node: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_us: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    happened_us: Mapped[int]
    client: Mapped[str]
    status: Mapped[str]
    session_id: Mapped[str | None]
    decision: Mapped[str | None]
    mac: Mapped[str | None]
    user_name: Mapped[str | None]
    session_time: Mapped[int | None]
    input_octets: Mapped[int | None]
    output_octets: Mapped[int | None]
    event: Mapped[str]
