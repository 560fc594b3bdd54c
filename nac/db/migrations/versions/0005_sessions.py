"""Sessions, what they used and where devices were seen; tables that grow with the traffic are divided by month."""

from typing import Any

from alembic import op
import sqlalchemy as sa


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _divide_authentications()
        _divide_discards()
    else:
        with op.batch_alter_table("authentications", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
            batch_op.drop_constraint(op.f("uq_authentications_id"), type_="unique")
            batch_op.create_unique_constraint(op.f("uq_authentications_id_at_us"), ["id", "at_us"])
            batch_op.add_column(sa.Column("laid_out", sa.Text()))
    _remake_accounting()
    op.create_table(
        "drained",
        sa.Column("node", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("sequence", "started_us", "committed_us")),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_drained")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO drained (node, sequence, started_us, committed_us) "
        "SELECT node, max(sequence), 0, 0 FROM accounting GROUP BY node"
    )
    op.add_column("authorizations", sa.Column("told_us", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("authorizations") as batch_op:
        batch_op.alter_column("told_us", server_default=None)
    _find_what_was_laid_out()
    _create_sessions()
    op.create_table(
        "sightings",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", "certificate", "mac", "client", name=op.f("pk_sightings")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sightings_mac"), "sightings", ["mac"])
    op.create_index(op.f("ix_sightings_last_us"), "sightings", ["last_us"])


def _remake_accounting() -> None:
    for index in ("at_us", "client_session_id", "decision"):
        op.drop_index(f"ix_accounting_{index}", "accounting")
    _set_aside("accounting", ["pk_accounting", "uq_accounting_node_sequence"])
    kept: list[sa.Column[Any]] = [
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("happened_us", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("session_id", "decision", "mac", "user_name")),
        *(sa.Column(name, sa.BigInteger()) for name in ("session_time", "input_octets", "output_octets")),
        sa.Column("event", sa.Text(), nullable=False),
    ]
    _create_divided(
        "accounting", "at_us", *kept, sa.PrimaryKeyConstraint("node", "sequence", "at_us", name=op.f("pk_accounting"))
    )
    _take_over("accounting", [column.name for column in kept])
    op.create_index(op.f("ix_accounting_at_us"), "accounting", ["at_us"])
    op.create_index("ix_accounting_client_session_id", "accounting", ["client", "session_id"])


def _divide_authentications() -> None:
    indexes = {
        "ix_authentications_at_us_facts": ["at_us", "fact_set", "days_left", "posture_age"],
        "ix_authentications_mac_at_us": ["mac", "at_us"],
        "ix_authentications_identity_user_at_us": ["identity_user", "at_us"],
        "ix_authentications_device_at_us": ["device", "at_us"],
    }
    for name in indexes:
        op.drop_index(name, "authentications")
    _set_aside("authentications", ["pk_authentications", "uq_authentications_id"])
    kept: list[sa.Column[Any]] = [
        sa.Column("row_id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("mac", "identity_user", "user_name", "device")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("client", "result", "cause", "event")),
        *(sa.Column(name, sa.BigInteger()) for name in ("fact_set", "days_left", "posture_age", "generation")),
    ]
    _create_divided(
        "authentications",
        "at_us",
        *kept,
        sa.PrimaryKeyConstraint("row_id", "at_us", name=op.f("pk_authentications")),
        sa.UniqueConstraint("id", "at_us", name=op.f("uq_authentications_id_at_us")),
    )
    _take_over("authentications", [column.name for column in kept])
    op.add_column("authentications", sa.Column("laid_out", sa.Text()))
    _go_on_counting("authentications")
    for name, columns in indexes.items():
        op.create_index(name, "authentications", columns)


def _divide_discards() -> None:
    _set_aside("discards", ["pk_discards", "uq_discards_at_us_sequence"])
    kept: list[sa.Column[Any]] = [
        sa.Column("row_id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("client", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
    ]
    _create_divided(
        "discards",
        "at_us",
        *kept,
        sa.PrimaryKeyConstraint("row_id", "at_us", name=op.f("pk_discards")),
        sa.UniqueConstraint("at_us", "sequence", name=op.f("uq_discards_at_us_sequence")),
    )
    _take_over("discards", [column.name for column in kept])
    _go_on_counting("discards")


def _find_what_was_laid_out() -> None:
    """Only accepts that refer to an authorization have one in their reply."""
    digest = "json_extract(event, '$.reply.authorization')"
    if op.get_bind().dialect.name == "postgresql":
        digest = "event::json -> 'reply' ->> 'authorization'"
    op.execute(f"UPDATE authentications SET laid_out = {digest} WHERE event LIKE '%\"authorization\":%'")  # noqa: S608
    op.create_index(op.f("ix_authentications_laid_out"), "authentications", ["laid_out"])


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("node", "state", "client")),
        *(sa.Column(name, sa.Text()) for name in ("mac", "identity_user", "device", "certificate", "method")),
        *(sa.Column(name, sa.Text()) for name in ("segment", "laid_out", "decision")),
        sa.Column("generation", sa.BigInteger()),
        sa.Column("session_id", sa.Text()),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("authorized_us", sa.BigInteger()),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.Column("closed_us", sa.BigInteger()),
        sa.Column("cause", sa.Text()),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    for column in ("state", "opened_us", "changed_us"):
        op.create_index(op.f(f"ix_sessions_{column}"), "sessions", [column])
    op.create_index("ix_sessions_client_session_id", "sessions", ["client", "session_id"])
    for column in ("mac", "identity_user", "device"):
        op.create_index(f"ix_sessions_{column}_opened_us", "sessions", [column, "opened_us"])
    op.create_table(
        "session_usage",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.Column("session_time", sa.BigInteger()),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("input_counter", "output_counter", "input_octets", "output_octets")
        ),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("client", "session_id", name=op.f("pk_session_usage")),
        postgresql_with={"fillfactor": 70},
        sqlite_with_rowid=False,
    )
    _create_divided(
        "session_hours",
        "hour",
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("input_octets", sa.BigInteger(), nullable=False),
        sa.Column("output_octets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "client", "session_id", name=op.f("pk_session_hours")),
        sqlite_with_rowid=False,
    )


def _create_divided(name: str, by: str, *parts: sa.schema.SchemaItem, **options: Any) -> None:
    """What no month has been made for is in the default partition (`nac.db.partitions`)."""
    op.create_table(name, *parts, postgresql_partition_by=f"RANGE ({by})", **options)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TABLE {name}_default PARTITION OF {name} DEFAULT")


def _set_aside(name: str, constraints: list[str]) -> None:
    """Names of PostgreSQL's constraints are those of their indexes, and are wanted again."""
    if op.get_bind().dialect.name == "postgresql":
        for constraint in constraints:
            op.execute(f"ALTER TABLE {name} DROP CONSTRAINT {constraint}")
        if name != "accounting":
            op.execute(f"ALTER SEQUENCE {name}_row_id_seq RENAME TO {name}_before_row_id_seq")
    op.rename_table(name, f"{name}_before")


def _take_over(name: str, columns: list[str]) -> None:
    listed = ", ".join(columns)
    op.execute(f"INSERT INTO {name} ({listed}) SELECT {listed} FROM {name}_before")  # noqa: S608 - names of ours
    op.drop_table(f"{name}_before")


def _go_on_counting(name: str) -> None:
    newest = f"SELECT coalesce(max(row_id), 0) + 1 FROM {name}"  # noqa: S608 - a name of ours
    op.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'row_id'), ({newest}), false)")


def downgrade() -> None:
    raise NotImplementedError("what is divided is not put together again: restore the backup from before the upgrade")
