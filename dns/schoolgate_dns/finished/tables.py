"""
Finished answers, ready to be sent again: by class of subject, by the octets of the query.

Subjects that every rule treats alike share one table (`core.classes`), as far as they reach the
same (`stages.reach`). What a grant or a
restriction of one person touches stands in a table of that client alone, and nothing else does:
a thousand people with grants make no thousand caches. An answer knows the second up to which it
may be given, so a bell empties nothing: names are judged anew as they are asked for.
"""

from typing import Final

from schoolgate_dns.finished.answer import FinishedAnswer
from schoolgate_dns.stages.reach import Reach
from schoolgate_policyd.core.subjects import Subject

# Of all tables together, some 600 octets each. When they are full, what nobody has asked for
# since the last time goes.
MAX_FINISHED: Final = 150_000
# Of all clients with grants or restrictions, the answers that are theirs alone.
MAX_OWN: Final = 20_000
# While there is much room every answer is finished; then only those that are asked for again, so
# that names made up by the million stay out. Of what was asked for once a hash is remembered.
MUCH_ROOM: Final = 0.5
MAX_ASKED_ONCE: Final = 65_536

type Table = dict[bytes, FinishedAnswer]
type Alike = tuple[Subject, Reach]
"""A class, as the subject that represents it, and where those of it who are meant can go."""


class FinishedAnswers:
    """
    The tables of every class, at most *max_finished* answers in use and as many before them.

    They hold for one policy with its standing permissions; `clear` when that is another.
    """

    def __init__(self, max_finished: int = MAX_FINISHED, max_own: int = MAX_OWN) -> None:
        self._max_finished = max_finished
        self._max_own = max_own
        self._own_tables: list[Table] = []
        self._own_count = 0
        self._tables: dict[Alike, tuple[Table, Table]] = {}
        self._asked_once: set[int] = set()
        self._asked_before: set[int] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def table_of(self, alike: Alike) -> Table:
        """Return the table of those alike; it stays the same object for as long as they are."""
        return self._tables.setdefault(alike, ({}, {}))[0]

    def find_older(self, alike: Alike, key: bytes) -> FinishedAnswer | None:
        """Return an answer that was set aside when the tables were full; it is in use again."""
        table, older = self._tables[alike]
        finished = older.pop(key, None)
        if finished is not None:
            self._keep(table, finished)
        return finished

    def own_table(self) -> Table:
        """Return a new table for what is one client's alone."""
        table: Table = {}
        self._own_tables.append(table)
        return table

    def put_own(self, table: Table, finished: FinishedAnswer) -> None:
        """Keep *finished* in a client's own *table*."""
        if self._own_count >= self._max_own:
            for each in self._own_tables:
                each.clear()
            self._own_count = 0
        self._own_count += finished.key not in table
        table[finished.key] = finished

    def forget_own(self) -> None:
        """Forget every client's own table: they are other clients now."""
        self._own_tables.clear()
        self._own_count = 0

    def put(self, table: Table, finished: FinishedAnswer) -> bool:
        """Keep *finished* in *table*, room permitting; return whether it is."""
        key = finished.key
        has_room = self._count < self._max_finished * MUCH_ROOM
        if not has_room and key not in table and not self._was_asked(key):
            return False
        self._keep(table, finished)
        return True

    def clear(self) -> None:
        """Forget everything."""
        self._tables.clear()
        self._count = 0

    def _was_asked(self, key: bytes) -> bool:
        """Whether *key* was asked for before, as far as is remembered; it is from now on."""
        hashed = hash(key)
        if hashed in self._asked_once or hashed in self._asked_before:
            return True
        if len(self._asked_once) >= MAX_ASKED_ONCE:
            self._asked_before, self._asked_once = self._asked_once, set()
        self._asked_once.add(hashed)
        return False

    def _keep(self, table: Table, finished: FinishedAnswer) -> None:
        if self._count >= self._max_finished:
            self.set_aside()
        self._count += finished.key not in table
        table[finished.key] = finished

    def set_aside(self) -> None:
        """Make room: what nobody asks for until the next time is forgotten then."""
        for table, older in self._tables.values():
            older.clear()
            older.update(table)
            table.clear()
        self._count = 0
