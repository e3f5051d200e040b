"""Runs migrations on the connection that `digest.store.schema` hands over, inside its transaction."""

from alembic import context

from digest.store import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata.whole(),
    compare_type=True,
    render_as_batch=True,  # SQLite changes a table by making it anew
    transactional_ddl=True,  # both databases roll back a change of their schema
)
context.run_migrations()
