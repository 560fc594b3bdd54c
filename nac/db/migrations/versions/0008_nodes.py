"""Whose job a change is, and where acts of administrators stand in the journal of each node."""

from alembic import op
import sqlalchemy as sa


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("coa_jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("node", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("sequence", sa.BigInteger(), nullable=False, server_default="0"))
    of_its_session = "SELECT sessions.node FROM sessions WHERE sessions.id = coa_jobs.session"
    op.execute(f"UPDATE coa_jobs SET node = coalesce(({of_its_session}), '')")
    with op.batch_alter_table("coa_jobs", schema=None) as batch_op:
        batch_op.alter_column("node", server_default=None)
        batch_op.alter_column("sequence", server_default=None)
    op.create_table(
        "admin_taken",
        sa.Column("audit", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("audit", "node", name=op.f("pk_admin_taken")),
    )


def downgrade() -> None:
    op.drop_table("admin_taken")
    with op.batch_alter_table("coa_jobs", schema=None) as batch_op:
        batch_op.drop_column("sequence")
        batch_op.drop_column("node")
