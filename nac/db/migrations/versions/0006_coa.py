"""Changes of authorization: how each client takes them, the jobs, and what clients took and refused."""

from alembic import op
import sqlalchemy as sa


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("coa_enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column("coa_port", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("coa_verbs", sa.Text(), nullable=True))
    op.create_table(
        "coa_jobs",
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("mac", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_coa_jobs")),
        sa.UniqueConstraint("id", name=op.f("uq_coa_jobs_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("coa_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coa_jobs_decided_us"), ["decided_us"], unique=False)
        batch_op.create_index(batch_op.f("ix_coa_jobs_decision"), ["decision"], unique=False)
        batch_op.create_index("ix_coa_jobs_mac_ended_us", ["mac", "ended_us"], unique=False)
        batch_op.create_index(batch_op.f("ix_coa_jobs_session"), ["session"], unique=False)
        batch_op.create_index(batch_op.f("ix_coa_jobs_state"), ["state"], unique=False)
    op.create_table(
        "coa_learnt",
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("error_cause", sa.BigInteger(), nullable=True),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client", "verb", name=op.f("pk_coa_learnt")),
    )


def downgrade() -> None:
    op.drop_table("coa_learnt")
    op.drop_table("coa_jobs")
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_column("coa_verbs")
        batch_op.drop_column("coa_port")
        batch_op.drop_column("coa_enabled")
