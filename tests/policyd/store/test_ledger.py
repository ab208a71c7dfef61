"""The audit in the database is a ledger: it verifies, after kill -9 and power cuts too."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from killed import killed_after
from office import HEAD, MACHINE, QuickHasher, fill
from sqlalchemy import text

from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.ledger.verifying import Completeness, verify
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.store.log_export import exported_log
from schoolgate_policyd.store.migrate import MIGRATIONS
from schoolgate_policyd.store.models.audit import AuditAction

SIGNER = Signer.made("school.example/audit")
DAY = timedelta(days=1)
WRITER = """
import sys
from pathlib import Path
from datetime import datetime, UTC
from schoolgate_policyd.store.audit import note
from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.migrate import MIGRATIONS
from schoolgate_policyd.store.models.audit import AuditAction

database = Database(open_engine(Path(sys.argv[1])))
number = 0
while True:
    number += 1
    with database.writing() as session:
        for part in ("a", "b", "c"):
            note(session, AuditAction.SIGNED_IN, at=datetime.now(UTC), actor="swift",
                 on=("session", f"{number}{part}"))
    print(number, flush=True)
"""


def is_intact(store: DecisionStore) -> bool:
    """Whether the whole log verifies, every entry with its personal part."""
    store.checkpoints.make(SIGNER, at=MACHINE)
    verdict = verify(exported_log(store.database, SIGNER.verifier.name), SIGNER.verifier)
    entries = len(store.audit.recent(limit=500))
    return verdict.is_intact and verdict.deleted == 0 and verdict.entries >= min(entries, 500)


def test_what_the_store_exports_verifies(store: DecisionStore) -> None:
    first = store.checkpoints.make(SIGNER, at=MACHINE)
    store.credentials.set_password(HEAD.id, "another password", at=MACHINE, by=None)
    second = store.checkpoints.make(SIGNER, at=MACHINE + DAY)

    verdict = verify(
        exported_log(store.database, SIGNER.verifier.name),
        SIGNER.verifier,
        [first.checkpoint, second.checkpoint],
    )
    assert (True, first.size + 1, 2, Completeness.COMPLETE) == (
        verdict.is_intact,
        verdict.entries,
        verdict.checkpoints,
        verdict.completeness,
    )
    assert [second.size, first.size] == [each.size for each in store.checkpoints.recent()]


def test_an_entry_that_was_changed_in_the_file_is_found(store: DecisionStore) -> None:
    store.checkpoints.make(SIGNER, at=MACHINE)
    with store.database.writing() as session:
        # Whoever has the file can take the triggers out of it.
        session.execute(text("DROP TRIGGER audit_refuses_update"))
        session.execute(text("UPDATE audit SET action = 'signed-out' WHERE id = 3"))

    broken = verify(exported_log(store.database, SIGNER.verifier.name), SIGNER.verifier).broken
    assert broken is not None
    assert "entry 3: it is not what its hash is of" == broken.what


def test_a_checkpoint_is_made_when_it_is_due_or_wanted(store: DecisionStore) -> None:
    checkpoints = store.checkpoints
    assert checkpoints.is_wanted(MACHINE, DAY)

    made = checkpoints.make(SIGNER, at=MACHINE)
    # Nothing has happened since, so a day later the same one still says all.
    assert not checkpoints.is_wanted(MACHINE + 2 * DAY, DAY)
    assert made == checkpoints.make(SIGNER, at=MACHINE + DAY)

    checkpoints.want(by=HEAD.id, at=MACHINE)
    checkpoints.want(by=HEAD.id, at=MACHINE)
    assert checkpoints.is_wanted(MACHINE, DAY)
    checkpoints.make(SIGNER, at=MACHINE)
    assert not checkpoints.is_wanted(MACHINE, DAY)


def test_checkpoints_are_signed_with_one_key(store: DecisionStore) -> None:
    store.checkpoints.make(SIGNER, at=MACHINE)

    with pytest.raises(StoreError, match="another key"):
        store.checkpoints.make(Signer.made("school.example/audit"), at=MACHINE)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_checkpoints SET note = ''",
        "DELETE FROM audit_checkpoints",
        "INSERT OR REPLACE INTO audit_checkpoints SELECT * FROM audit_checkpoints",
    ],
)
def test_the_database_refuses_to_change_a_checkpoint(store: DecisionStore, statement: str) -> None:
    store.checkpoints.make(SIGNER, at=MACHINE)

    with pytest.raises(StoreError, match="never changed"), store.database.writing() as session:
        session.execute(text(statement))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "decisions.db"
    with closing(DecisionStore(path, hasher=QuickHasher())) as store:
        fill(store)
    return path


def test_kill_9_leaves_no_half_entry(filled: Path) -> None:
    for lines in (1, 4, 9):
        acknowledged = killed_after(lines, WRITER, filled)

        with closing(DecisionStore(filled, hasher=QuickHasher())) as store:
            assert is_intact(store)
            wrote = [each for each in store.audit.recent(limit=500) if each.actor == "swift"]
            # Every acknowledged transaction is there, and each whole: three entries or none.
            assert 0 == len(wrote) % 3
            assert f"{max(acknowledged)}c" in {each.object_id for each in wrote}


def cut_at(path: Path, wal: bytes, cut: int, tail: bytes, folder: Path) -> Path:
    """Return a copy of the database as a power cut left it: the log to *cut*, then *tail*."""
    copied = folder / "cut.db"
    shutil.copyfile(path, copied)
    Path(f"{copied}-wal").write_bytes(wal[:cut] + tail)
    Path(f"{copied}-shm").unlink(missing_ok=True)
    return copied


def noted(database: Database, number: int) -> None:
    with database.writing() as session:
        for part in "ab":
            on = ("session", f"{number}{part}")
            note(session, AuditAction.SIGNED_IN, at=MACHINE, actor="swift", on=on)


def torn(rng: random.Random) -> bytes:
    """What a disk may have of what was not yet synchronised: nothing, noughts, noise."""
    return rng.choice((b"", b"\x00" * 512, rng.randbytes(700)))


@pytest.mark.parametrize("tail", [lambda _: b"", torn])
def test_a_power_cut_at_any_point_keeps_what_was_acknowledged_and_no_half(
    filled: Path, tmp_path: Path, tail: Callable[[random.Random], bytes]
) -> None:
    """`synchronous=FULL` has the log on the disk before a commit is acknowledged, and no more."""
    rng = random.Random(6)  # noqa: S311 - the same cuts each time
    wal = Path(f"{filled}-wal")
    sizes = [0]
    with closing(Database(open_engine(filled))) as database:
        for number in range(1, 7):
            noted(database, number)
            sizes.append(wal.stat().st_size)
        base, log = tmp_path / "base.db", wal.read_bytes()
        shutil.copyfile(filled, base)
    for cut in sorted({0, len(log), *(rng.randrange(len(log)) for _ in range(10))}):
        path = cut_at(base, log, cut, tail(rng), tmp_path)
        with closing(DecisionStore(path, hasher=QuickHasher())) as store:
            assert is_intact(store)
            wrote = {each.object_id for each in store.audit.recent() if each.actor == "swift"}
        acknowledged = max(number for number, size in enumerate(sizes) if size <= cut)
        assert {f"{number}{part}" for number in range(1, acknowledged + 1) for part in "ab"} <= (
            wrote
        )
        assert {each[:-1] + "a" for each in wrote} == {each for each in wrote if each[-1] == "a"}
        assert {each[:-1] + "b" for each in wrote} == {each for each in wrote if each[-1] == "b"}


def test_entries_of_the_schema_before_are_moved_into_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "decisions.db"
    older_store(path)

    with closing(DecisionStore(path, hasher=QuickHasher())) as store:
        entries = store.audit.recent(limit=10)
        assert is_intact(store)
    assert [(2, None, "éa"), (1, "swift", "7")] == [
        (each.id, each.actor, each.object_id) for each in entries
    ]
    assert {"why": "é"} == entries[1].details
    assert MACHINE == entries[1].at


def older_store(path: Path) -> None:
    """Make a database of the schema before the ledger, with two entries, numbered 3 and 9."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with closing(Database(open_engine(path))) as database, database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    with closing(sqlite3.connect(path)) as connection, connection:
        at = MACHINE.replace(tzinfo=None).isoformat(" ", "microseconds")
        connection.executemany(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (3, at, "swift", "signed-in", "session", "7", '{"why": "é"}'),
                (9, at, None, "grant-ended", "grant", "éa", "{}"),
            ],
        )
