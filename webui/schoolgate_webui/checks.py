"""The proof and the replay of drafts: started from a page, done in the background, kept."""

import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec
import structlog

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.drafting.proofs import Prover
from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.store.policy_versions import PolicyVersions
from schoolgate_policyd.workflow.policy_versions import PolicyVersion
from schoolgate_policyd.workshop import Workshop
from schoolgate_webui.apart import Progress, ReplayJob, prove_apart, replay_apart

REPLAYED = timedelta(days=7)

log = structlog.get_logger(__name__)

type Replayer = Callable[[ReplayJob, Progress], Replay]


class Check(StrEnum):
    """What is run of a draft."""

    PROOF = "proof"
    REPLAY = "replay"


class Run(msgspec.Struct, frozen=True):
    """A check on its way; *total* 0: how much there is to do is not known."""

    number: int
    digest: str
    base: int | None
    started_s: float
    done: int = 0
    total: int = 0

    def is_of(self, version: PolicyVersion) -> bool:
        """Whether it is of exactly the texts of *version*, against exactly its base."""
        return (self.number, self.digest, self.base) == (
            version.number,
            version.digest,
            version.base,
        )

    @property
    def seconds(self) -> int:
        """For how long it has been running."""
        return int(time.monotonic() - self.started_s)


class Asker(msgspec.Struct, frozen=True):
    """Who has a check run, when (machine time, aware), and the school's *today*."""

    person: str
    at: datetime
    today: date


class Checks:
    """Runs at most one proof and one replay at once; what they find is kept in the store."""

    def __init__(
        self,
        settings: Settings,
        policies: PolicyVersions,
        prover: Prover = prove_apart,
        replayer: Replayer = replay_apart,
    ) -> None:
        self._settings = settings
        self._policies = policies
        self._workshop = Workshop(settings.rules_dir, settings.school, policies, prover)
        self._replayer = replayer
        self._lock = threading.Lock()
        self._runs: dict[Check, Run] = {}
        self._faults: dict[tuple[Check, int, str], str] = {}
        self._threads: dict[Check, threading.Thread] = {}

    def start(self, check: Check, version: PolicyVersion, asker: Asker) -> bool:
        """Start *check* of *version*; False while one of its kind runs for anybody."""
        work = self._prove if check is Check.PROOF else self._replay
        thread = threading.Thread(
            target=self._run, args=(check, version, asker, work), daemon=True, name=str(check)
        )
        with self._lock:
            if check in self._runs:
                return False
            self._runs[check] = Run(version.number, version.digest, version.base, time.monotonic())
            # A fault is told until the next run; only the newest of each kind is remembered.
            self._faults = {key: each for key, each in self._faults.items() if key[0] is not check}
            self._threads[check] = thread
        thread.start()
        return True

    def run_of(self, check: Check, version: PolicyVersion) -> Run | None:
        """Return the run of *check* that is of exactly *version* as it stands, if one is."""
        with self._lock:
            run = self._runs.get(check)
        return run if run is not None and run.is_of(version) else None

    def fault(self, check: Check, version: PolicyVersion) -> str:
        """Return why the newest run of *check* gave nothing for *version* as it stands, or ''."""
        with self._lock:
            return self._faults.get((check, version.number, version.digest), "")

    def join(self, within_s: float) -> None:
        """Wait until nothing runs, at most so long."""
        for thread in tuple(self._threads.values()):
            thread.join(within_s)

    def _run(
        self,
        check: Check,
        version: PolicyVersion,
        asker: Asker,
        work: Callable[[PolicyVersion, Asker], None],
    ) -> None:
        fault = "It ended without a result."
        try:
            work(version, asker)
            fault = ""
        except SchoolgateError as error:
            log.error("a check of a draft failed", check=check, cause=str(error))  # noqa: TRY400 - the cause says all
            fault = str(error)
        finally:
            with self._lock:
                del self._runs[check]
                if fault:
                    self._faults[check, version.number, version.digest] = fault

    def _prove(self, version: PolicyVersion, asker: Asker) -> None:
        self._workshop.prove(version.number, by=asker.person, at=asker.at)

    def _replay(self, version: PolicyVersion, asker: Asker) -> None:
        if version.base is None:
            raise AssertionError("a draft has a version that it was drafted on")
        # The draft may be edited meanwhile: a replay is of the very texts that were replayed.
        texts = self._policies.texts(version.number)
        job = ReplayJob(
            settings=self._settings,
            before=self._policies.texts(version.base),
            after=texts,
            since=asker.at - REPLAYED,
            until=asker.at,
        )
        found = self._replayer(job, lambda done, total: self._note(Check.REPLAY, done, total))
        self._workshop.keep_replay(
            version.number,
            texts,
            msgspec.to_builtins(found),
            first=asker.today - REPLAYED,
            last=asker.today,
            by=asker.person,
            at=asker.at,
        )

    def _note(self, check: Check, done: int, total: int) -> None:
        with self._lock:
            run = self._runs[check]
            self._runs[check] = msgspec.structs.replace(run, done=done, total=total)
