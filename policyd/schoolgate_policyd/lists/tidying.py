"""Old tables, old records and what an interrupted update left behind, removed."""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from schoolgate_policyd.ipc.last_snapshot import LastSnapshotError, load_last_snapshot
from schoolgate_policyd.lists.state import Manifest, State, records_path
from schoolgate_policyd.lists.table import SUFFIX, table_path

_BEGUN = ".begun."
"""What files that are not finished are called."""


def begun_path(lists_dir: Path, what: str) -> Path:
    """Return where an unfinished *what* is written to."""
    return lists_dir / f"{_BEGUN}{what}"


def tables_in(snapshots: Path) -> frozenset[str]:
    """Return the digests of the tables that the last snapshots name: a restart needs them."""
    found = set()
    for path in snapshots.glob("*/*.snapshot"):
        with contextlib.suppress(LastSnapshotError, OSError):
            source = load_last_snapshot(path)
            if source is not None and source.policy.catalogue.name_table is not None:
                found.add(source.policy.catalogue.name_table)
    return frozenset(found)


def tidy(lists_dir: Path, state: State, manifest: Manifest | None, in_use: Iterable[str]) -> int:
    """
    Remove what nobody needs any more; return how many files that was.

    A table is kept while it is the newest or the one before, or *in_use*. One that a point has
    mapped and that is removed all the same stays readable to it until it lets go.
    """
    tables = {state.previous_table, *in_use}
    if manifest is not None:
        tables.add(manifest.table)
    needed = {table_path(lists_dir, sha256) for sha256 in tables if sha256 is not None}
    needed |= {
        records_path(lists_dir, id_, each.good.sha256)
        for id_, each in state.lists.items()
        if each.good is not None
    }
    removed = 0
    for path in lists_dir.iterdir():
        is_ours = path.suffix in {SUFFIX, ".records"} or path.name.startswith(_BEGUN)
        if is_ours and path not in needed:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
