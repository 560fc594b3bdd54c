"""The hour that is being counted is kept with its session, and moves into `session_hours` when it is over."""

from alembic import op
import sqlalchemy as sa


revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COLUMNS = ("hour", "hour_input_octets", "hour_output_octets")


def upgrade() -> None:
    """What hours have so far stays where it is: what is added to one later moves there as well."""
    for column in _COLUMNS:
        op.add_column("session_usage", sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("session_usage", table_kwargs={"sqlite_with_rowid": False}) as batch_op:
        for column in _COLUMNS:
            batch_op.alter_column(column, server_default=None)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE session_usage SET (fillfactor = 50)")


def downgrade() -> None:
    octets = ("input_octets", "output_octets")
    added = ", ".join(f"{column} = session_hours.{column} + excluded.{column}" for column in octets)
    op.execute(
        "INSERT INTO session_hours (hour, client, session_id, input_octets, output_octets) "
        "SELECT hour, client, session_id, hour_input_octets, hour_output_octets FROM session_usage WHERE hour > 0 "
        f"ON CONFLICT (hour, client, session_id) DO UPDATE SET {added}"
    )
    with op.batch_alter_table("session_usage", table_kwargs={"sqlite_with_rowid": False}) as batch_op:
        for column in _COLUMNS:
            batch_op.drop_column(column)
