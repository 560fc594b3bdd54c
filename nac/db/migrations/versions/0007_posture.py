"""Posture: verdicts, the agents' sequences, changes and findings."""

from alembic import op
import sqlalchemy as sa


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "posture_verdicts",
        sa.Column("device_id", SERIAL, autoincrement=False, nullable=False),
        *(
            sa.Column(name, kind, nullable=False)
            for name, kind in (
                ("status", sa.Text()),
                ("score", sa.BigInteger()),
                ("passed", sa.Text()),
                ("failed", sa.Text()),
                ("failing_since", sa.Text()),
                ("findings", sa.Text()),
                ("source", sa.Text()),
                ("reported_at", sa.BigInteger()),
                ("fresh_until", sa.BigInteger()),
                ("ageing_until", sa.BigInteger()),
                ("expires_at", sa.BigInteger()),
            )
        ),
        sa.Column("changes_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_posture_verdicts_device_id_devices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_posture_verdicts")),
    )
    op.create_index(op.f("ix_posture_verdicts_changes_at"), "posture_verdicts", ["changes_at"])
    op.create_table(
        "posture_agents",
        sa.Column("device_id", SERIAL, autoincrement=False, nullable=False),
        sa.Column("boots", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_posture_agents_device_id_devices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_posture_agents")),
    )
    op.create_table(
        "posture_changes",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("device_id", SERIAL, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_posture_changes_device_id_devices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posture_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_posture_changes_at"), "posture_changes", ["at"])
    op.create_index("ix_posture_changes_device_id_at", "posture_changes", ["device_id", "at"])
    op.create_table(
        "posture_findings",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("device_id", SERIAL, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_posture_findings_device_id_devices"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posture_findings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_posture_findings_device_id_kind", "posture_findings", ["device_id", "kind"])
    op.create_index(op.f("ix_posture_findings_last_at"), "posture_findings", ["last_at"])


def downgrade() -> None:
    for table in ("posture_findings", "posture_changes", "posture_agents", "posture_verdicts"):
        op.drop_table(table)
