"""Watches the rule files: a good change is taken up, a faulty one is reported and waits."""

from collections.abc import Callable
from pathlib import Path

import structlog

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy, Source
from schoolgate_policyd.core.snapshot import compile_snapshot

MOST_FAULTS = 100

Fingerprint = frozenset[tuple[str, int, int]]

log = structlog.get_logger(__name__)


class RuleWatch:
    """
    The policy in *rules_dir*, as *load* reads it, loaded again when a file changed.

    *faults* are sentences, each with its file and line; empty while the files are good.
    """

    def __init__(self, rules_dir: Path, load: Callable[[], Policy]) -> None:
        self.faults: tuple[str, ...] = ()
        self._rules_dir = rules_dir
        self._load = load
        self._seen: Fingerprint | None = None

    def poll(self) -> Policy | None:
        """Return the policy when it is new and good, else None. It reads files, so it blocks."""
        fingerprint = self._fingerprint()
        if fingerprint == self._seen:
            return None
        is_first = self._seen is None
        # The state before reading is what counts: a change while we read is seen next time.
        self._seen = fingerprint
        try:
            policy = self._load()
            # Nothing is sent to a point that it could not put in force.
            compile_snapshot(Source(0, policy))
        except SchoolgateError as error:
            self._report(str(error).splitlines())
            return None
        except Exception as error:  # a mistake of ours must not end the watch either
            log.exception("rule files cannot be used")
            self._report([f"{self._rules_dir}: cannot be used: {type(error).__name__}: {error}"])
            return None
        self.faults = ()
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
        for folder, _, names in self._rules_dir.walk():
            for name in names:
                path = folder / name
                try:
                    status = path.stat()
                except OSError:
                    continue  # it went while we looked; the next poll sees a difference
                found.add((str(path), status.st_mtime_ns, status.st_size))
        return frozenset(found)
