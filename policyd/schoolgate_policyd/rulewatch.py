"""Watches the rule files: a good change is taken up, a faulty one is reported and waits."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import structlog

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.gate import is_the_same
from schoolgate_policyd.lists.keeping import ids_of, require_lists

MOST_FAULTS = 100

Fingerprint = frozenset[tuple[str, int, int]]

log = structlog.get_logger(__name__)


class RuleWatch:
    """
    The policy in *rules_dir*, as *load* reads it, loaded again when a file changed.

    *also* are files elsewhere that it depends on. *compile_* makes a snapshot as points do;
    *lists_in* gives the ids of the lists in a catalogue's table.
    *require_proof* raises for a policy that does not hold what it must.
    *faults* are sentences, each with its file and line; empty while the files are good.
    *in_force* is the last good policy, which a new one must not fall behind: its locked lists
    stay. *key* says by its value when to load again though no file changed: another version of
    the policy came into force. *on_taken_up* records a policy and returns what is to be told.
    """

    def __init__(
        self,
        rules_dir: Path,
        load: Callable[[], Policy],
        *,
        also: Iterable[Path] = (),
        compile_: Callable[[Source], object] = compile_snapshot,
        lists_in: Callable[[Catalogue], Collection[str]] = ids_of,
        key: Callable[[], object] = lambda: None,
        on_taken_up: Callable[[], tuple[str, ...]] = tuple,
        require_proof: Callable[[Policy], None] = lambda _: None,
    ) -> None:
        self.faults: tuple[str, ...] = ()
        self.in_force: Policy | None = None
        self._also = tuple(also)
        self._compile = compile_
        self._lists_in = lists_in
        self._key = key
        self._on_taken_up = on_taken_up
        self._require_proof = require_proof
        self._rules_dir = rules_dir
        self._load = load
        self._seen: tuple[Fingerprint, object] | None = None

    def poll(self) -> Policy | None:
        """Return the policy when it is new and good, else None. It reads files, so it blocks."""
        fingerprint = self._fingerprint(), self._key()
        if fingerprint == self._seen:
            return None
        is_first = self._seen is None
        # The state before reading is what counts: a change while we read is seen next time.
        self._seen = fingerprint
        try:
            policy = self._load()
            require_lists(self.in_force, policy, self._lists_in)
            # Nothing is sent to a point that it could not put in force.
            self._compile(Source(0, policy))
            # What was in force before this start was proved then.
            if not is_first or self.in_force is None or not is_the_same(policy, self.in_force):
                self._require_proof(policy)
        except SchoolgateError as error:
            self._report(str(error).splitlines())
            return None
        except Exception as error:  # a mistake of ours must not end the watch either
            log.exception("rule files cannot be used")
            self._report([f"{self._rules_dir}: cannot be used: {type(error).__name__}: {error}"])
            return None
        self.in_force = policy
        self.faults = self._on_taken_up()
        if not is_first:
            log.info("rule files loaded again", policy=policy.id)
        return policy

    def _report(self, faults: list[str]) -> None:
        for fault in faults:
            log.error("rule file faulty, the last good policy stays", fault=fault)
        rest = len(faults) - MOST_FAULTS
        self.faults = tuple(faults[:MOST_FAULTS]) + (
            (f"and {rest} more mistakes",) if rest > 0 else ()
        )

    def _fingerprint(self) -> Fingerprint:
        found = set()
        inside = (folder / name for folder, _, names in self._rules_dir.walk() for name in names)
        for path in (*inside, *self._also):
            try:
                status = path.stat()
            except OSError:
                continue  # it went while we looked; the next poll sees a difference
            found.add((str(path), status.st_mtime_ns, status.st_size))
        return frozenset(found)
