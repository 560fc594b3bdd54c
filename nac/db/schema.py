"""The tables, typed. What changes here needs a migration in `nac/db/migrations/versions` (`tests/db` compares the two).

Times are Unix seconds unless a name ends in `_us` (microseconds). A `key` column is the case-folded name: names are
kept as they were typed and compared without case. A `revision` column holds the value of the `revision` table at the
row's last write, so a reader asks "what is newer than N" (`nac.identity.store.changes_since`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, MetaData, Text, UniqueConstraint, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

SERIAL = BigInteger().with_variant(Integer(), "sqlite")
"""A row number that grows: only INTEGER PRIMARY KEY does in SQLite."""


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text(), int: BigInteger(), bytes: LargeBinary()}  # noqa: RUF012 - SQLAlchemy's own hook


class Revision(Base):
    """One row: `value` is raised by every write to clients, devices or users, in its own transaction.

    `clients` is what `value` was raised to by the last write to clients.
    """

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[int]
    clients: Mapped[int]


class Tombstone(Base):
    """A device or user that is gone, so that a reader who knew it learns of it. `kind`: `device` or `user`."""

    __tablename__ = "tombstones"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    revision: Mapped[int] = mapped_column(index=True)
    removed_at: Mapped[int]


class Client(Base):
    """A RADIUS client (NAS). `prefix` is canonical CIDR; see `nac._dataplane.Client` for the other columns.

    `coa_*`: how it takes changes of authorization (`nac.coa.client.CoaClient`); None as its make does.
    """

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    prefix: Mapped[str] = mapped_column(unique=True)
    dialect: Mapped[str]
    site: Mapped[str | None]
    message_authenticator: Mapped[str]
    fragment_size: Mapped[int]
    max_tls: Mapped[str]
    conversations_per_second: Mapped[int]
    burst: Mapped[int]
    coa_enabled: Mapped[bool] = mapped_column(default=True, server_default=true())
    coa_port: Mapped[int | None]
    coa_verbs: Mapped[str | None]
    created_at: Mapped[int]
    secrets: Mapped[list[ClientSecret]] = relationship(
        back_populates="client", cascade="all, delete-orphan", passive_deletes=True, order_by="ClientSecret.id"
    )


class ClientSecret(Base):
    """One of a client's live secrets, sealed (`nac.clients.seal`); at most two, the newest has the highest id."""

    __tablename__ = "client_secrets"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes]
    octets: Mapped[int]
    created_at: Mapped[int]
    client: Mapped[Client] = relationship(back_populates="secrets")


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    disabled: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[int]
    groups: Mapped[list[Group]] = relationship(secondary="memberships", order_by="Group.key")


class Group(Base):
    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)


class Membership(Base):
    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True)


class Device(Base):
    """A device. `owner` is a user's name as text: the user may come later, or live in a directory."""

    __tablename__ = "devices"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    name: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str | None]
    owner: Mapped[str | None]
    managed: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)
    posture_status: Mapped[str | None]
    posture_expires_at: Mapped[int | None]
    revision: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[int]
    macs: Mapped[list[DeviceMac]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="DeviceMac.mac"
    )
    certificates: Mapped[list[DeviceCertificate]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="DeviceCertificate.fingerprint"
    )
    tags: Mapped[list[DeviceTag]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="DeviceTag.tag"
    )


class DeviceMac(Base):
    """`mac` is twelve lower-case hex digits in pairs, joined by colons; it belongs to one device."""

    __tablename__ = "device_macs"

    mac: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)


class DeviceCertificate(Base):
    """`fingerprint`: SHA-256 of the DER certificate, lower-case hex."""

    __tablename__ = "device_certificates"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)


class DeviceTag(Base):
    __tablename__ = "device_tags"

    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


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
    `generation`: the snapshot that decided.
    """

    __tablename__ = "authentications"
    __table_args__ = (
        Index("ix_authentications_at_us_facts", "at_us", "fact_set", "days_left", "posture_age"),
        Index("ix_authentications_mac_at_us", "mac", "at_us"),
        Index("ix_authentications_identity_user_at_us", "identity_user", "at_us"),
        Index("ix_authentications_device_at_us", "device", "at_us"),
        {"sqlite_autoincrement": True},
    )

    row_id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
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


class Authorization(Base):
    """What a policy laid out for replies (`AuthorizationEvent`): `attributes` is JSON, a list of names and values."""

    __tablename__ = "authorizations"

    digest: Mapped[str] = mapped_column(primary_key=True)
    attributes: Mapped[str]


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


class Accounting(Base):
    """One `AccountingEvent`, whole in `event` (JSON). `decision` is the `id` of an authentication.

    `node` and `sequence` are its place in a journal: a record that is drained twice is one row.
    """

    __tablename__ = "accounting"
    __table_args__ = (
        UniqueConstraint("node", "sequence"),
        Index("ix_accounting_client_session_id", "client", "session_id"),
        {"sqlite_autoincrement": True},
    )

    row_id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    node: Mapped[str]
    sequence: Mapped[int]
    at_us: Mapped[int] = mapped_column(index=True)
    happened_us: Mapped[int]
    client: Mapped[str]
    status: Mapped[str]
    session_id: Mapped[str | None]
    decision: Mapped[str | None] = mapped_column(index=True)
    mac: Mapped[str | None]
    user_name: Mapped[str | None]
    session_time: Mapped[int | None]
    input_octets: Mapped[int | None]
    output_octets: Mapped[int | None]
    event: Mapped[str]


class CoaJob(Base):
    """The last that was told of a change of a live session (`CoaEvent`), whole in `event` (JSON); the other columns are
    for search, names case-folded. `step`: of that event; an older one never takes its place.
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


class PolicyVersion(Base):
    """A policy that was published. `digest`: as decisions carry it; `generation`: of the first snapshot with it, None
    until a server has taken it; `note`: how it came, for people.
    """

    __tablename__ = "policy_versions"
    __table_args__ = ({"sqlite_autoincrement": True},)

    number: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    digest: Mapped[str] = mapped_column(index=True)
    generation: Mapped[int | None]
    at: Mapped[int]
    author: Mapped[str]
    note: Mapped[str]


class PolicyFile(Base):
    """One file of a policy's version, in its place. `text`: a `PolicyText`."""

    __tablename__ = "policy_files"

    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    text: Mapped[str] = mapped_column(ForeignKey("policy_texts.digest"))


class PolicyText(Base):
    """The text of policy files, each once. `digest`: its SHA-256, hex."""

    __tablename__ = "policy_texts"

    digest: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class AdminAudit(Base):
    """Who changed what. `actor` is the operating system's user, `action` a verb with its noun, `subject` its object."""

    __tablename__ = "admin_audit"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    at: Mapped[int] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
