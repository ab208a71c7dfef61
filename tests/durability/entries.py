"""The audit's entries as they stand in a file, and whether they are a ledger."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schoolgate_policyd.ledger.entries import Leaf, Personal
from schoolgate_policyd.ledger.notes import read_note, read_verifier
from schoolgate_policyd.ledger.tree import leaf_hash, root_of


class Entry(NamedTuple):
    """An entry with its personal part; *at* is the text that the database keeps."""

    number: int
    at: str
    action: str
    kind: str
    object_id: str
    actor: str | None
    details: dict[str, Any]


def entries_in(file: sqlite3.Connection) -> list[Entry]:
    """Return every entry, oldest first."""
    found = file.execute(
        "SELECT a.id, a.at, a.action, a.object_kind, p.object_id, p.actor_id, p.details"
        " FROM audit a JOIN audit_personal p ON p.id = a.id ORDER BY a.id"
    )
    return [Entry(*row[:6], json.loads(row[6])) for row in found]


def ledger_faults(file: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong with the numbers, the hashes and the checkpoints."""
    rows = file.execute(
        "SELECT a.id, a.at, a.action, a.object_kind, a.commitment, a.leaf_hash,"
        " p.salt, p.actor_id, p.object_id, p.details"
        " FROM audit a LEFT JOIN audit_personal p ON p.id = a.id ORDER BY a.id"
    )
    hashes: list[bytes] = []
    for number, at, action, kind, commitment, hashed, *personal in rows:
        if number != len(hashes) + 1:
            yield f"entry {number} follows entry {len(hashes)}"
        if personal[0] is None:
            yield f"entry {number} has no personal part"
        elif Personal(*personal).commitment() != commitment:
            yield f"entry {number} is not what was committed to"
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        if leaf_hash(Leaf(number, moment, action, kind, commitment).octets()) != hashed:
            yield f"entry {number} is not what its hash is of"
        hashes.append(hashed)
    for size, root, note, key in file.execute(
        "SELECT size, root, note, key FROM audit_checkpoints"
    ):
        if root_of(hashes[:size]) != root:
            yield f"the checkpoint of {size} entries has another root"
        read_verifier(key).text_of(read_note(note))  # raises where it is not its signature


def both_ways(what: str, rows: Iterable[object], entries: Iterable[object]) -> Iterator[str]:
    """Yield each of *rows* that has no entry, and each of *entries* that has no row."""
    kept, noted = Counter(rows), Counter(entries)
    for each in kept - noted:
        yield f"{what} without its entry: {each}"
    for each in noted - kept:
        yield f"an entry without its {what}: {each}"


def digest_of(file: sqlite3.Connection) -> str:
    """Return a digest of every row of every table: what one transaction left, and no other."""
    said = hashlib.sha256()
    tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    for (table,) in tables.fetchall():
        said.update(f"\n{table}\n".encode())
        # Without an order by their numbers rows could come in that of an index.
        rows = sorted(map(repr, file.execute(f'SELECT * FROM "{table}"')))  # noqa: S608 - ours
        said.update("\n".join(rows).encode())
    return said.hexdigest()
