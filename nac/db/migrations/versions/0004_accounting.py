"""Accounting records, each named by its place in a node's journal."""

from alembic import op
import sqlalchemy as sa


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounting",
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("happened_us", sa.BigInteger(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("mac", sa.Text(), nullable=True),
        sa.Column("user_name", sa.Text(), nullable=True),
        sa.Column("session_time", sa.BigInteger(), nullable=True),
        sa.Column("input_octets", sa.BigInteger(), nullable=True),
        sa.Column("output_octets", sa.BigInteger(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_accounting")),
        sa.UniqueConstraint("node", "sequence", name=op.f("uq_accounting_node_sequence")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("accounting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounting_at_us"), ["at_us"], unique=False)
        batch_op.create_index("ix_accounting_client_session_id", ["client", "session_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_accounting_decision"), ["decision"], unique=False)


def downgrade() -> None:
    op.drop_table("accounting")
