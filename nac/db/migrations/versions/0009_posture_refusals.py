"""Posture reports that were refused."""

from alembic import op
import sqlalchemy as sa


revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "posture_refusals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posture_refusals")),
    )
    op.create_index(op.f("ix_posture_refusals_at_us"), "posture_refusals", ["at_us"])
    op.create_index("ix_posture_refusals_name_at_us", "posture_refusals", ["name", "at_us"])


def downgrade() -> None:
    op.drop_table("posture_refusals")
