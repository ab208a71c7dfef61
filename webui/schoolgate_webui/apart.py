"""
Work of seconds in a process of its own, so that the pages of others stay fast meanwhile.

A proof and a replay keep a processor busy; in a thread they would hold up every page. The process
does one piece of work, tells how far it is, and ends; it ends too when the pages do.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from schoolgate_policyd.child import end_with
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.drafting import proofs
from schoolgate_policyd.drafting.bundle import load
from schoolgate_policyd.drafting.proofs import ProofSays
from schoolgate_policyd.presets import SnapshotShelf
from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.replay.policies import replay_recorded
from schoolgate_policyd.rulefiles import Preset

WITHIN_S = 300.0
# Pages, name servers and the proxy of the same machine go first.
NICENESS = 10

type Progress = Callable[[int, int], None]


class CheckFailed(SchoolgateError):  # noqa: N818 - it says what became of a check
    """A proof or replay gave no result; the message is a sentence for whoever waits for it."""


class ReplayJob(msgspec.Struct, frozen=True):
    """What a replay needs: the texts of both versions, and from when until when (machine time)."""

    settings: Settings
    before: dict[str, str]
    after: dict[str, str]
    since: datetime
    until: datetime


class _Step(msgspec.Struct, frozen=True):
    """How far the work is."""

    done: int
    total: int


class _Done(msgspec.Struct, frozen=True):
    """What came of it; *fault* is a sentence where nothing did."""

    result: Any = None
    fault: str = ""


def prove_apart(before: Preset | None, after: Preset) -> ProofSays:
    """Return what the proof of *after* says. Raises CheckFailed."""
    says: ProofSays = apart(_prove, (before, after))
    return says


def replay_apart(job: ReplayJob, on_progress: Progress) -> Replay:
    """Return who would have gained and lost what. Raises CheckFailed."""
    found: Replay = apart(_replay, job, on_progress)
    return found


def apart(
    work: Callable[[Any, Progress], Any],
    job: object,
    on_progress: Progress | None = None,
    *,
    within_s: float = WITHIN_S,
) -> Any:  # noqa: ANN401 - what *work* returns
    """Return what *work* makes of *job* in a process of its own. Raises CheckFailed."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(work, job, theirs, os.getpid()), daemon=True)
    try:
        process.start()
        theirs.close()
        return _result(ours, on_progress, time.monotonic() + within_s)
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()


def _result(ours: Connection, on_progress: Progress | None, deadline: float) -> object:
    while True:
        if not ours.poll(max(0.0, deadline - time.monotonic())):
            raise CheckFailed(
                "It took too long and was stopped. Run it again when less is going on."
            )
        try:
            told = ours.recv()
        except EOFError as error:
            message = "It ended without a result. Run it again; if that fails too, see the log."
            raise CheckFailed(message) from error
        if isinstance(told, _Done):
            if told.fault:
                raise CheckFailed(told.fault)
            return told.result
        if on_progress is not None:
            on_progress(told.done, told.total)


def _answer(
    work: Callable[[Any, Progress], Any], job: object, theirs: Connection, parent: int
) -> None:
    """Run in the process: do the work and send what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the pages, which then stop us
    os.nice(NICENESS)
    if not end_with(parent):
        return
    try:
        done = _Done(work(job, lambda done, total: theirs.send(_Step(done, total))))
    except SchoolgateError as error:
        done = _Done(fault=str(error))
    with contextlib.suppress(BrokenPipeError):
        theirs.send(done)
    theirs.close()


def _prove(job: tuple[Preset | None, Preset], _: Progress) -> ProofSays:
    return proofs.prove(*job)


def _replay(job: ReplayJob, on_progress: Progress) -> Replay:
    settings = job.settings
    shelf = SnapshotShelf(settings)
    before, after = (
        shelf.live_with(load(settings.rules_dir, settings.school, texts).policy)
        for texts in (job.before, job.after)
    )
    return replay_recorded(
        settings, before, after, since=job.since, until=job.until, on_progress=on_progress
    )
