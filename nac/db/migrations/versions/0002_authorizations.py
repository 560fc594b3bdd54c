"""What policies lay out for replies is kept once, beside the authentications that refer to it."""

from alembic import op
import sqlalchemy as sa


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "authorizations",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_authorizations")),
    )


def downgrade() -> None:
    op.drop_table("authorizations")
