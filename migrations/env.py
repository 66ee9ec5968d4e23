"""How Alembic reaches the records: on the connection it is given, else on a new one to the database of the settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from data.settings import Settings
from data.store.schema import metadata


def migrate(connection: sa.Connection) -> None:
    """Run the migrations that are missing. SQLite changes a table by making it anew ("batch")."""
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    engine = sa.create_engine(Settings.from_environment().database, poolclass=sa.NullPool)
    with engine.begin() as own:
        migrate(own)
