"""The tables, typed. What changes here needs a migration in `nac/db/migrations/versions` (`tests/db` compares the two).

Times are Unix seconds unless a name ends in `_us` (microseconds). A `key` column is the case-folded name: names are
kept as they were typed and compared without case. A `revision` column holds the value of the `revision` table at the
row's last write, so a reader asks "what is newer than N" (`nac.identity.store.changes_since`).

Tables that grow with the traffic are divided by month in PostgreSQL (`nac.db.partitions`). A unique constraint there
has to hold the time that divides; it is part of what a record says, so a record that comes twice has it twice.
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


class PostureVerdict(Base):
    """What the last report of a device came to. Its status and its end are the device's own columns.

    `findings`, `failed`, `failing_since` and `passed` are JSON (`nac.posture.store`); `source` is `agent` or who it was
    imported from; `changes_at`: when it is judged anew, because a grace ends then, or 0 because the record was changed.
    Times are Unix seconds.
    """

    __tablename__ = "posture_verdicts"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    status: Mapped[str]
    score: Mapped[int]
    passed: Mapped[str]
    failed: Mapped[str]
    failing_since: Mapped[str]
    findings: Mapped[str]
    source: Mapped[str]
    reported_at: Mapped[int]
    fresh_until: Mapped[int]
    ageing_until: Mapped[int]
    expires_at: Mapped[int]
    changes_at: Mapped[int | None] = mapped_column(index=True)


class PostureAgent(Base):
    """The boots of a device's agent (`nac.posture.sequence.Known`) as JSON, so that no report counts twice. `seen_at`:
    Unix seconds of its last report.
    """

    __tablename__ = "posture_agents"

    device_id: Mapped[int] = mapped_column(
        ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    boots: Mapped[str]
    certificate: Mapped[str]
    version: Mapped[str]
    platform: Mapped[str]
    address: Mapped[str]
    seen_at: Mapped[int]


class PostureChange(Base):
    """A verdict that was another than the one before. `failed`: names of checks, joined by commas. At most so many are
    kept of each device (`nac.posture.store`)."""

    __tablename__ = "posture_changes"
    __table_args__ = (Index("ix_posture_changes_device_id_at", "device_id", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    at: Mapped[int] = mapped_column(index=True)
    status: Mapped[str]
    score: Mapped[int]
    failed: Mapped[str]
    why: Mapped[str]


class PostureFinding(Base):
    """Something about a device that people should look at. One row for each kind that is open, with the newest
    evidence.

    `kind`: `shared_identity`, `shadow_ai`, or `refused_` and why a report was. `count`: how often it was seen.
    """

    __tablename__ = "posture_findings"
    __table_args__ = (
        Index("ix_posture_findings_device_id_kind", "device_id", "kind"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    kind: Mapped[str]
    evidence: Mapped[str]
    count: Mapped[int]
    first_at: Mapped[int]
    last_at: Mapped[int] = mapped_column(index=True)
    cleared_at: Mapped[int | None]


class PostureRefusal(Base):
    """One `PostureRefusedEvent`, whole in `event` (JSON): reports that were refused.

    `name`: the device, or of a stranger the first name in its certificate, case-folded; None without a certificate.
    """

    __tablename__ = "posture_refusals"
    __table_args__ = (Index("ix_posture_refusals_name_at_us", "name", "at_us"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    at_us: Mapped[int] = mapped_column(index=True)
    name: Mapped[str | None]
    event: Mapped[str]


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


class AdminTaken(Base):
    """An act of the audit in a node's journal: its place there, and the generation (`nac.events.acts`)."""

    __tablename__ = "admin_taken"

    audit: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    at_us: Mapped[int]
    generation: Mapped[int]
