"""The database keeps what it acknowledges, or is not used."""

import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from office import MACHINE, PEOPLE, QuickHasher
from sqlalchemy import Inspector, create_engine, inspect, text
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import StaticPool

from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError, UnsafeDatabase
from schoolgate_policyd.store.models import Base, CredentialRow


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 10_000),
        ("secure_delete", 1),
    ],
)
def test_every_connection_holds_to_the_pragmas(
    store: DecisionStore, pragma: str, expected: object
) -> None:
    with store.database.engine.connect() as first, store.database.engine.connect() as second:
        for connection in (first, second):
            found = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
            assert expected == found


def test_a_database_that_does_not_hold_to_a_pragma_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeDatabase, match=r"decisions\.db: PRAGMA synchronous is `1`"):
        open_engine(tmp_path / "decisions.db", pragmas=(("synchronous", "NORMAL", 2),))


def test_a_file_that_is_no_database_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "decisions.db"
    path.write_text("this is no database, but it is long enough to look like one" * 50)

    with pytest.raises(StoreError, match=r"decisions\.db: cannot be opened"):
        DecisionStore(path)


def test_a_file_that_is_not_there_and_must_be_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"decisions\.db: cannot be opened: No such file"):
        open_engine(tmp_path / "decisions.db", is_there=True)


# What another program does that opens a database, writes to it and closes it: SQLite deletes the
# write-ahead log where nobody else has the database open.
_ANOTHER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("INSERT INTO written VALUES ('another')")
print(*[word for (word,) in database.execute("SELECT word FROM written")])
database.close()
"""


def _another_finds(path: Path) -> list[str]:
    command = (sys.executable, "-c", _ANOTHER, path)
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()


@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_acknowledged_is_kept_whoever_else_closes_the_database(
    tmp_path: Path, *, is_there: bool
) -> None:
    """It was opened while somebody read it: closing any descriptor lets go of SQLite's locks."""
    path = tmp_path / "decisions.db"
    with closing(Database(open_engine(path))) as made, made.migrating() as connection:
        connection.exec_driver_sql("CREATE TABLE written (word)")
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM written").fetchall()
        opened = Database(open_engine(path, is_there=is_there))
        reader.execute("COMMIT")
    with closing(opened):
        assert ["another"] == _another_finds(path)
        with opened.writing() as session:
            session.execute(text("INSERT INTO written VALUES ('acknowledged')"))

        assert ["another", "acknowledged", "another"] == _another_finds(path)


def test_the_files_are_for_their_owner_alone(tmp_path: Path, store: DecisionStore) -> None:
    assert store.version() > 0
    for path in tmp_path.iterdir():
        assert 0 == stat.S_IMODE(path.stat().st_mode) & 0o077


def test_migrations_make_what_the_models_say(store: DecisionStore) -> None:
    with store.database.engine.connect() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), Base.metadata)
        migrated = _constraints(inspect(connection))
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as connection:
        Base.metadata.create_all(connection)
        assert _constraints(inspect(connection)) == migrated
    engine.dispose()


def _constraints(inspector: Inspector) -> dict[str, object]:
    return {
        table: (
            sorted(map(str, inspector.get_check_constraints(table))),
            sorted(map(str, inspector.get_foreign_keys(table))),
            sorted(map(str, inspector.get_unique_constraints(table))),
        )
        for table in Base.metadata.tables
    }


def test_a_second_start_keeps_what_is_there(tmp_path: Path, store: DecisionStore) -> None:
    with closing(DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher())) as again:
        assert store.version() == again.version()
        assert len(PEOPLE) + 1 == len(again.people.members())


def test_many_starts_at_once_migrate_once(tmp_path: Path) -> None:
    stores: list[DecisionStore] = []
    start = threading.Barrier(4)

    def open_store() -> None:
        start.wait()
        stores.append(DecisionStore(tmp_path / "decisions.db", hasher=QuickHasher()))

    threads = [threading.Thread(target=open_store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [0] * 4 == [each.version() for each in stores]
    for each in stores:
        each.close()


def test_a_database_of_a_newer_schoolgate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "decisions.db"
    DecisionStore(path, hasher=QuickHasher()).close()
    database = Database(open_engine(path))
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(StoreError, match="another version"):
        DecisionStore(path, hasher=QuickHasher())


def test_an_error_undoes_the_whole_transaction(store: DecisionStore) -> None:
    before = store.version()

    def fail_half_way() -> None:
        with store.database.writing() as session:
            session.execute(text("UPDATE store_version SET version = version + 1"))
            session.execute(text("INSERT INTO store_version (id, version) VALUES (2, 1)"))

    with pytest.raises(StoreError, match="was not changed"):
        fail_half_way()
    assert before == store.version()


def test_naive_moments_are_refused_and_aware_ones_come_back_in_utc(store: DecisionStore) -> None:
    def row(moment: datetime) -> CredentialRow:
        return CredentialRow(person_id="acorn", password_hash="x", changed_at=moment)

    with pytest.raises((StatementError, StoreError), match="timezone-aware"):  # noqa: SIM117 - the claim
        with store.database.writing() as session:
            session.add(row(MACHINE.replace(tzinfo=None)))
    tokyo = timezone(timedelta(hours=9))
    with store.database.writing() as session:
        session.add(row(MACHINE.astimezone(tokyo)))
    with store.database.reading() as session:
        kept = session.get_one(CredentialRow, "acorn").changed_at
    assert (MACHINE, UTC) == (kept, kept.tzinfo)
