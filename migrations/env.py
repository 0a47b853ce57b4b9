"""How Alembic reaches the database: the connection it is given, or the file named on its command line."""

import sqlalchemy as sa
from alembic import context

from bot.store.tables import metadata


def _run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with sa.create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as connection:
        _run(connection)
