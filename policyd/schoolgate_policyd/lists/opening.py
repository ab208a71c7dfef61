"""
A source and the table it names, to a snapshot. Every point and every page goes through here.

A table that is missing or damaged raises, so whoever asked keeps the snapshot before: without
its names a policy would be open where it is not.
"""

import threading
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.listed import NamesAt
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.snapshot import Compiled, Snapshot, compile_snapshot
from schoolgate_policyd.lists.errors import TableError
from schoolgate_policyd.lists.state import load_manifest
from schoolgate_policyd.lists.table import NameTable, table_path

# A table is read through once to check it; while somebody has it, nobody needs to again.
_opened = WeakValueDictionary[Path, NameTable]()
_lock = threading.Lock()


def names_of(catalogue: Catalogue, lists_dir: Path) -> NamesAt | None:
    """
    Return the table that *catalogue* names, or None where it names none.

    Raises TableError.
    """
    return _table_of(catalogue, lists_dir)


def _table_of(catalogue: Catalogue, lists_dir: Path) -> NameTable | None:
    if catalogue.name_table is None:
        return None
    path = table_path(lists_dir, catalogue.name_table)
    with _lock:
        table = _opened.get(path)
        if table is None:
            table = _opened[path] = NameTable(path, catalogue.name_table)
        return table


def lists_in(catalogue: Catalogue, lists_dir: Path) -> frozenset[str]:
    """Return the ids of the lists in the table that *catalogue* names, as far as it opens."""
    try:
        table = _table_of(catalogue, lists_dir)
    except TableError:
        return frozenset()
    return frozenset() if table is None else frozenset(table.lists)


def open_snapshot(source: Source, lists_dir: Path, former: Compiled | None = None) -> Snapshot:
    """
    Return *source* compiled, with the names of its lists, and what *former* has in common with it.

    Raises TableError, and PolicyError as `compile_snapshot` does.
    """
    return compile_snapshot(source, names_of(source.policy.catalogue, lists_dir), former)


class Opening:
    """Opens one source after another as `open_snapshot` does, *former* being the one before."""

    def __init__(self, lists_dir: Path, former: Snapshot) -> None:
        self._lists_dir = lists_dir
        # Not the whole, with all that is live and was remembered.
        self._former = former.compiled

    def __call__(self, source: Source) -> Snapshot:
        """Return *source* compiled. Raises as `open_snapshot` does."""
        snapshot = open_snapshot(source, self._lists_dir, self._former)
        self._former = snapshot.compiled
        return snapshot


def with_newest_table(policy: Policy, lists_dir: Path) -> Policy:
    """Return *policy* with the newest table of the lists it subscribes to, if there is one."""
    if not policy.catalogue.large_lists:
        return policy
    manifest = load_manifest(lists_dir)
    if manifest is None:
        return policy
    catalogue = msgspec.structs.replace(policy.catalogue, name_table=manifest.table)
    return msgspec.structs.replace(policy, catalogue=catalogue)
