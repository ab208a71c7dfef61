"""Bring a decisions database to the newest schema; run at every start."""

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """
    Migrate to the newest schema, all of it or nothing; two processes at once wait their turn.

    Raises StoreError, also for a database of a newer Schoolgate.
    """
    place = database.engine.url.database
    try:
        with database.migrating() as connection:
            if MigrationContext.configure(connection).get_current_revision() == _newest():
                return
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"{place}: was made by another version of Schoolgate: {error}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{place}: cannot be migrated: {error}") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@functools.cache
def _newest() -> str | None:
    """Return the newest schema's revision; alembic reads every step to find it, so once."""
    return ScriptDirectory.from_config(_config()).get_current_head()
