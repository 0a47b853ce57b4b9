"""Bringing a database to the newest schema (Alembic; the scripts are in `migrations/`)."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.errors import ConfigError
from bot.store.store import writing_engine

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0010"
"""The newest revision. Knowing it here spares a start with a current database the import of Alembic."""


def upgrade(path: Path) -> None:
    """Create the database at `path` or upgrade it. Raises ConfigError when it is newer than this release."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = writing_engine(path)
    try:
        if _revision(engine) != HEAD:
            _upgrade(engine, path)
    except sa.exc.DatabaseError as error:
        raise ConfigError(f"{path} cannot be opened as the bot's database: {error.orig}. Move it away.") from error
    finally:
        engine.dispose()


def knows(revision: str) -> bool:
    """Whether it is a revision of this release."""
    from alembic.script import ScriptDirectory

    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _revision(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return revision


def _config() -> "Config":
    from alembic.config import Config

    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config


def _upgrade(engine: sa.Engine, path: Path) -> None:
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError(f"{path} was written by a newer release ({error}). Install that release again.") from error
