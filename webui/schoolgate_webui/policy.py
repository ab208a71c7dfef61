"""What the rules say now, for the pages: policyd's newest policy with the store's newest state."""

import threading
from datetime import datetime

import structlog

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.at_once import without_blocks
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.listed import NamesAt
from schoolgate_policyd.core.policy import Policy, Register, Source
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.ipc.last_snapshot import load_last_snapshot
from schoolgate_policyd.laying import Laying
from schoolgate_policyd.lists.opening import names_of
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.presets import POLICYD
from schoolgate_policyd.rulefiles import load_policy
from schoolgate_policyd.store.decisions import DecisionStore

log = structlog.get_logger(__name__)

_Fingerprint = tuple[int, int] | None


class PolicyInForce:
    """
    The policy that policyd last put in force, read again when its file changed.

    Before policyd's first start it is the rule files' own, and where those are faulty the strict
    one: pages then say less, and nothing is signed on a guess.
    """

    def __init__(self, settings: Settings, store: DecisionStore) -> None:
        self._settings = settings
        self._store = store
        self._path = settings.last_snapshot_path(POLICYD)
        self._networks = networks_of(settings)
        self._lock = threading.Lock()
        self._seen: _Fingerprint = (-1, -1)
        self._policy: Policy | None = None
        self._laying = Laying()
        self._register: tuple[int, Register] | None = None
        self._snapshot: Snapshot | None = None
        self._names: NamesAt | None = None

    def policy(self) -> Policy:
        """
        Return the policy as the school directed it, without what is blocked at once.

        The public pages say what the policy says; a list of what is closed would be an advert.
        """
        with self._lock:
            seen = self._fingerprint()
            if self._policy is None or seen != self._seen:
                self._policy = self._read()
                self._seen = seen
            return self._policy

    def source(self, moment: datetime) -> Source:
        """
        Return all that decides at *moment* (aware).

        That is the policy with what is blocked at once, who and what there is, what is live.
        """
        policy = self.policy()
        # The version is read first: what is read after it may be newer, never older.
        version = self._store.version()
        with self._lock:
            if self._register is None or self._register[0] != version:
                self._register = (version, self._store.register(self._networks))
            register = self._register[1]
            # Recorded is enough here: whether every point has it yet, pages say beside it.
            policy = self._laying.laid(policy, self._store.blocks_at_once())
        return Source(version, policy, register, self._store.live(moment))

    def names_of(self, source: Source) -> NamesAt | None:
        """
        Return the names of the large lists of *source*, if it has any.

        Raises TableError where the table went after the policy was read.
        """
        return names_of(source.policy.catalogue, self._settings.lists_dir)

    def snapshot(self, moment: datetime) -> Snapshot:
        """Return the same, ready to decide with; compiled again only where it changed."""
        source = self.source(moment)
        with self._lock:
            held = self._snapshot
            if (
                held is None
                or held.source.policy is not source.policy
                or held.source.register != source.register
            ):
                held = compile_snapshot(source, self.names_of(source))
            elif held.source.live != source.live:
                held = held.with_live(source.number, source.live)
            self._snapshot = held
            return held

    def _fingerprint(self) -> _Fingerprint:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _read(self) -> Policy:
        try:
            last = load_last_snapshot(self._path)
            if last is not None:
                # A policy without its lists would be open where it is not.
                self._names = names_of(last.policy.catalogue, self._settings.lists_dir)
                # One object for equal policies, so that a change of claims compiles nothing.
                known, found = self._policy, without_blocks(last.policy)
                return known if known is not None and found == known else found
            return load_policy(self._settings.rules_dir, self._settings.school)
        except (SchoolgateError, OSError) as error:
            log.error("no policy can be read, pages show the strict one", cause=str(error))  # noqa: TRY400 - the cause says all
            return strict_source(self._networks).policy
