"""Alembic's entry: run the scripts on the connection that `nac.db.upgrade` opened, inside its transaction."""

from alembic import context

from nac.db.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
