"""What decisions were made over, and the versions of the policy."""

from alembic import op
import sqlalchemy as sa


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fact_sets",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_sets")),
        sa.UniqueConstraint("digest", name=op.f("uq_fact_sets_digest")),
        sqlite_autoincrement=True,
    )
    for column in ("fact_set", "days_left", "posture_age", "generation"):
        op.add_column("authentications", sa.Column(column, sa.BigInteger(), nullable=True))
    op.drop_index("ix_authentications_at_us", "authentications")
    op.create_index(
        "ix_authentications_at_us_facts", "authentications", ["at_us", "fact_set", "days_left", "posture_age"]
    )
    op.create_table(
        "policy_versions",
        sa.Column("number", _SERIAL, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_versions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_policy_versions_digest"), "policy_versions", ["digest"])
    op.create_table(
        "policy_texts",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_texts")),
    )
    op.create_table(
        "policy_files",
        sa.Column("version", _SERIAL, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["policy_versions.number"], name=op.f("fk_policy_files_version_policy_versions")
        ),
        sa.ForeignKeyConstraint(["text"], ["policy_texts.digest"], name=op.f("fk_policy_files_text_policy_texts")),
        sa.PrimaryKeyConstraint("version", "position", name=op.f("pk_policy_files")),
    )


def downgrade() -> None:
    op.drop_table("policy_files")
    op.drop_table("policy_texts")
    op.drop_index(op.f("ix_policy_versions_digest"), "policy_versions")
    op.drop_table("policy_versions")
    op.drop_index("ix_authentications_at_us_facts", "authentications")
    op.create_index("ix_authentications_at_us", "authentications", ["at_us"])
    with op.batch_alter_table("authentications", schema=None) as batch_op:
        for column in ("generation", "posture_age", "days_left", "fact_set"):
            batch_op.drop_column(column)
    op.drop_table("fact_sets")
