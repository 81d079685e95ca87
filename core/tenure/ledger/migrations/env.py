"""Alembic's entry: runs the migrations on the connection that `tenure.ledger.schema` opened."""

from alembic import context
from sqlmodel import SQLModel

from tenure.ledger import tables  # noqa: F401 - fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
context.run_migrations()
