"""
Simulated power cuts: the office works on a disk whose every write is recorded, then loses power.

A world is one run of the office. Each transaction leaves a state, which the digest of all rows
names; after a cut at any operation of the disk the file must hold one of these states, whole, and
none from before the last deed that was acknowledged by then.
"""

import random
import sqlite3
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import office
from disk import Disk, files_in, put
from paperwork import Acknowledged, Paperwork
from policy_store import employ
from recording import Operation, Synchronised, Written, recording
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from wholeness import State, missing, state_of

from schoolgate_policyd.store.decisions import DecisionStore

FILE = "decisions.db"
# How often the log is brought into the file, so that a short run has it at every stage.
_AUTOCHECKPOINT = (20, 60, 200, 1000)
_BY_HAND = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")


class World(NamedTuple):
    """
    One run: the files it began with, what was asked of the disk, and what it meant.

    *commits* are the states that transactions left, each with the number of operations when it
    was there for certain, or could have been; *acknowledged* likewise, with the number of commits.
    """

    files: dict[str, bytes]
    operations: list[Operation]
    commits: list[tuple[int, State]]
    acknowledged: list[tuple[int, int, Acknowledged]]


class Cut(NamedTuple):
    """What a cut showed: at which operation, what was lost of each file, and every fault."""

    operation: int
    during: str
    losses: tuple[str, ...]
    faults: tuple[str, ...]


def filled(folder: Path) -> dict[str, bytes]:
    """Return the files of a store with the office's people in it, closed as it should be."""
    with closing(DecisionStore(folder / FILE, hasher=office.QuickHasher())) as store:
        office.fill(store)
        employ(store)
    return files_in(folder)


def lived(
    folder: Path,
    files: dict[str, bytes],
    *,
    deeds: int,
    rng: random.Random,
    pragmas: tuple[str, ...] = (),
) -> World:
    """Have the office do *deeds* deeds in *folder*, with *pragmas* set on each connection."""
    put(files, folder)
    world = World(files, [], [], [])
    path, known = folder / FILE, dict[str, State]()
    world.commits.append((0, state_of(path, known)))
    settled = files_in(folder)
    world = world._replace(files=settled)
    every = rng.choice(_AUTOCHECKPOINT)
    with recording(folder, world.operations.append):
        store = DecisionStore(path, hasher=office.QuickHasher())
        with closing(store), _more(store, (f"wal_autocheckpoint={every}", *pragmas)):
            work = Paperwork(store, rng)
            with _seen(store, world, path, known):
                for _ in range(deeds):
                    done = work.step()
                    commits = len(world.commits)
                    world.acknowledged.append((len(world.operations), commits, done))
                    if rng.random() < 0.1:
                        _checkpoint(store, rng.choice(_BY_HAND))
        # Closing the last connection brings the log into the file and deletes it.
    return world


def cuts(
    world: World, folder: Path, *, count: int, rng: random.Random, again_every: int = 40
) -> Iterator[Cut]:
    """
    Cut the power at *count* operations of *world*, and look at what is left in *folder*.

    After every *again_every*-th the store is opened on it and the office goes on.
    """
    known = {state.digest: state for _, state in world.commits}
    disk, taken = Disk(world.files), 0
    for number, at in enumerate(sorted(_drawn(world, count, rng))):
        for operation in world.operations[taken:at]:
            disk.take(operation)
        taken = at
        files, losses = disk.cut(rng)
        put(files, folder)
        faults = _faults(world, at, folder / FILE, known)
        if not faults and number % again_every == 0:
            faults = _goes_on(folder, rng)
        yield Cut(at, _said(world, at), losses, tuple(faults))


def _faults(world: World, at: int, path: Path, known: dict[str, State]) -> list[str]:
    """Return what is wrong with the file *path* after a cut at operation *at*."""
    try:
        state = state_of(path, known)
    except sqlite3.DatabaseError as error:
        return [f"the file cannot be read: {error}"]
    done = [each for each in world.acknowledged if each[0] <= at]
    faults = [*state.faults, *missing(state, (each[2] for each in done))]
    earliest = done[-1][1] - 1 if done else 0
    # A commit that is under way may be there or not; none that has not begun can be.
    latest = bisect_right(world.commits, at, key=lambda each: each[0])
    allowed = {each.digest for _, each in world.commits[earliest:latest]}
    if state.digest not in allowed:
        all_of_them = [each.digest for _, each in world.commits]
        was = all_of_them.index(state.digest) if state.digest in all_of_them else "no transaction"
        faults.append(f"the file holds what {was} left, not one of {earliest} to {latest - 1}")
    return faults


def _goes_on(folder: Path, rng: random.Random) -> list[str]:
    """Open the store on what the cut left, work on, and say what is wrong then."""
    with closing(DecisionStore(folder / FILE, hasher=office.QuickHasher())) as store:
        work = Paperwork(store, rng)
        done = [work.step() for _ in range(3)]
    state = state_of(folder / FILE)
    return [*state.faults, *missing(state, done)]


def _drawn(world: World, count: int, rng: random.Random) -> Iterator[int]:
    """Yield operations to cut after: any, and just around each synchronisation."""
    last = len(world.operations)
    around = [
        number + step
        for number, each in enumerate(world.operations)
        if isinstance(each, Synchronised)
        for step in (0, 1)
    ]
    for _ in range(count):
        is_around = bool(around) and rng.random() < 0.3
        yield rng.choice(around) if is_around else rng.randrange(last + 1)


def _said(world: World, at: int) -> str:
    """Return in a word what the disk was asked next when the power went."""
    if at >= len(world.operations):
        return "at the end"
    operation = world.operations[at]
    what = "log" if operation.name.endswith("-wal") else "file"
    if what == "log" and isinstance(operation, Written) and operation.offset == 0:
        return "beginning the log anew"
    return f"{type(operation).__name__.lower()}: {what}"


@contextmanager
def _more(store: DecisionStore, pragmas: tuple[str, ...]) -> Iterator[None]:
    """Set *pragmas* on every connection of *store* when it is taken."""

    def prepare(connection: DBAPIConnection, *_: object) -> None:
        with closing(connection.cursor()) as cursor:
            for each in pragmas:
                cursor.execute(f"PRAGMA {each}")

    event.listen(store.database.engine.pool, "checkout", prepare)
    yield
    event.remove(store.database.engine.pool, "checkout", prepare)


@contextmanager
def _seen(
    store: DecisionStore, world: World, path: Path, known: dict[str, State]
) -> Iterator[None]:
    """Note the state that each transaction leaves, once it is committed."""
    begun: list[int] = []

    def committing(_: Connection) -> None:
        begun.append(len(world.operations))

    def checked_in(*_: object) -> None:
        if not begun:
            return
        state = state_of(path, known, is_whole=True)
        if state.digest != world.commits[-1][1].digest:
            world.commits.append((begun[-1], state))
        begun.clear()

    pool = store.database.engine.pool
    event.listen(store.database.engine, "commit", committing)
    event.listen(pool, "checkin", checked_in)
    yield
    event.remove(store.database.engine, "commit", committing)
    event.remove(pool, "checkin", checked_in)


def _checkpoint(store: DecisionStore, how: str) -> None:
    connection = store.database.engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA wal_checkpoint({how})")
    finally:
        connection.close()
