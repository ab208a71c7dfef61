"""Nothing of a deleted row stays in the file, not even what `secure_delete` overlooks."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

from schoolgate_policyd.store.database import Database, open_engine
from schoolgate_policyd.store.erasing import erase

RARE = "ZephyrineRare"
# With these rows SQLite 3.46 leaves a copy of the name in the gap of a page that it split.
SEED = 19


def fill(path: Path) -> None:
    """Write and change so much that pages are split, with one name among it, then delete that."""
    rng = random.Random(SEED)  # noqa: S311 - the same rows each time
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        run = connection.execute
        for pragma in ("journal_mode=wal", "secure_delete=on", "synchronous=off"):
            run(f"pragma {pragma}")
        run("create table people (id text primary key, name text)")
        run("create index by_name on people (name)")
        run("create table notes (id integer primary key, words text)")
        for number in range(2000):
            kind = rng.random()
            if number == 700:
                run("insert into people values ('x', ?)", (RARE,))
                run("insert into notes (words) values (?)", (RARE * rng.randrange(1, 90),))
            elif kind < 0.6:
                id_ = str(rng.random())
                name = f"N{rng.randrange(10**6):06}{'z' * rng.randrange(60)}"
                run("insert into people values (?, ?)", (id_, name))
                run("insert into notes (words) values (?)", ("q" * rng.randrange(500),))
            elif kind < 0.8:
                longer = ("k" * rng.randrange(40), rng.randrange(1, 600))
                run("update people set name = name || ? where rowid = ?", longer)
            else:
                run("delete from notes where id = ?", (rng.randrange(1, 1000),))
                changed = (rng.randrange(1, 1000),)
                run("update notes set words = words || 'yyy' where id = ?", changed)
        run("delete from people where id = 'x'")
        run("delete from notes where words like ?", (f"{RARE}%",))


def octets_of(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def test_erasing_leaves_no_octet_of_what_was_deleted(tmp_path: Path) -> None:
    path = tmp_path / "school.db"
    fill(path)
    assert b"people" in octets_of(path)

    with closing(Database(open_engine(path))) as database:
        assert erase(database)

        assert RARE.encode() not in octets_of(path)
        assert 0 == Path(f"{path}-wal").stat().st_size
