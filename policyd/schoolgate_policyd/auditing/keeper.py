"""
Keeps the audit: checkpoints when they are due or asked for, witnesses, and daily deletion.

policyd runs it, and it alone has the key. Whatever fails here is logged and tried again: what is
in force in the school does not depend on it.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog

from schoolgate_policyd.auditing.keys import give_to_owner, signer_of
from schoolgate_policyd.auditing.witnesses import Witness, WitnessError, witnesses_of
from schoolgate_policyd.clock import Clock
from schoolgate_policyd.ledger.codes import groups_of
from schoolgate_policyd.ledger.notes import Signer
from schoolgate_policyd.settings import Settings
from schoolgate_policyd.shared_folders import make_file
from schoolgate_policyd.store.checkpoints import SignedCheckpoint
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.held_events import HeldEvents
from schoolgate_policyd.store.log_export import exported_log
from schoolgate_policyd.store.retention import days_of, whole_days
from schoolgate_policyd.store.retention_kinds import KINDS
from schoolgate_policyd.workflow.alerts import about_checkpoint

CHECKPOINT_EVERY = timedelta(days=1)
LOOK_EVERY_S = 5.0
LOOK_AFTER_FAULT_S = 300.0
WITNESS_AGAIN_AFTER = timedelta(hours=1)
CHECKPOINT_FILE = "checkpoints"

# What begins the line of a signature (C2SP signed-note).
_SIGNATURE_LINE = "\n\u2014 ".encode()

log = structlog.get_logger(__name__)


class Kept(NamedTuple):
    """Where the keeper keeps and deletes."""

    decisions: DecisionStore
    events: EventStore
    held_events: HeldEvents


class Keeper:
    """
    Keeps the audit of one school.

    *days* says how long each kind of record is kept. *signer* is asked each time, so that a key
    that cannot be used today keeps policyd from nothing else.
    """

    def __init__(
        self,
        kept: Kept,
        *,
        signer: Callable[[], Signer],
        folder: Path,
        witnesses: Sequence[Witness],
        days: Mapping[str, int],
        machine_clock: Clock,
    ) -> None:
        self._kept = kept
        self._signer = signer
        self._folder = folder
        self._witnesses = tuple(witnesses)
        self._days = days
        self._machine_clock = machine_clock

    async def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Make checkpoints when they are due, for ever."""
        while True:
            try:
                await asyncio.to_thread(self.look, self._machine_clock.now())
                wait_s = every_s
            except Exception:  # whatever it is, it is tried again
                log.exception("no checkpoint of the audit is made")
                wait_s = LOOK_AFTER_FAULT_S
            await asyncio.sleep(wait_s)

    def look(self, at: datetime) -> SignedCheckpoint | None:
        """Make a checkpoint if one is due at *at* (machine time), and give it to witnesses."""
        checkpoints = self._kept.decisions.checkpoints
        made = None
        if checkpoints.is_wanted(at, CHECKPOINT_EVERY):
            made = self.checkpoint(at)
        newest = next(iter(checkpoints.recent(limit=1)), None)
        if newest is not None:
            self._give(newest, at)
        return made

    def checkpoint(self, at: datetime) -> SignedCheckpoint:
        """Make a checkpoint of the log as it is, and append it to the file of checkpoints."""
        made = self._kept.decisions.checkpoints.make(self._signer(), at=at)
        append_checkpoint(self._folder / CHECKPOINT_FILE, made.note)
        return made

    def tidy(self, at: datetime) -> Mapping[str, int]:
        """
        Delete what has been kept long enough at *at* (machine time); return how much of what.

        Events under a legal hold are copied out first; while that fails no day is deleted. What
        was copied out goes once no hold asks for it.
        """
        decisions = self._kept.decisions
        counts = dict(decisions.retention.delete_due(self._days, at=at))
        held = decisions.legal_holds.held()
        if "events" not in held.kinds:
            self._kept.held_events.copy_out(self._kept.events.expired(at=at), held)
            days = self._kept.events.delete_expired(at=at)
            if days:
                decisions.retention.note_deleted({"events": len(days)}, at=at)
                counts["events"] = len(days)
            before = whole_days(at) - timedelta(days=self._days["events"])
            released = self._kept.held_events.delete_released(held, before=before)
            if released:
                decisions.retention.note_deleted({"held-events": released}, at=at)
                counts["held-events"] = released
        return counts

    def _give(self, checkpoint: SignedCheckpoint, at: datetime) -> None:
        had = {each.witness: each for each in checkpoint.witnessed}
        for witness in self._witnesses:
            before = had.get(witness.name)
            if before is not None and (
                before.fault is None or at - before.at < WITNESS_AGAIN_AFTER
            ):
                continue
            fault = None
            try:
                witness.give(checkpoint)
            except WitnessError as error:
                fault = str(error)
                log.warning("a witness has no checkpoint", witness=witness.name, cause=fault)
            self._kept.decisions.checkpoints.witnessed(
                checkpoint.size, witness.name, at=at, fault=fault
            )


def keeper_of(settings: Settings, kept: Kept, *, machine_clock: Clock) -> Keeper:
    """Return the keeper for *settings*. Raises RetentionError."""
    signer = partial(signer_of, settings)
    return Keeper(
        kept,
        signer=signer,
        folder=settings.audit_dir,
        witnesses=witnesses_of(
            settings.audit,
            export=lambda: exported_log(kept.decisions.database, signer().verifier.name),
            send=partial(_mail, kept.decisions, machine_clock),
        ),
        days=days_of(KINDS, settings.retention),
        machine_clock=machine_clock,
    )


def _mail(decisions: DecisionStore, machine_clock: Clock, checkpoint: SignedCheckpoint) -> None:
    groups = groups_of(checkpoint.checkpoint)
    alert = about_checkpoint(checkpoint.size, groups, decisions.people.members())
    decisions.outbox.put((alert,), at=machine_clock.now())


def append_checkpoint(path: Path, note: str) -> None:
    """Append a note to the file of checkpoints, unless it stands there last. Raises OSError."""
    make_file(path)
    give_to_owner(path)
    with path.open("r+b") as file:
        octets, there = note.encode(), file.read()
        whole = there[: _end_of_last_note(there)]
        if whole.endswith(octets):
            return
        # A power cut may have left half a note, which with the next would be neither.
        file.truncate(len(whole))
        file.seek(len(whole))
        file.write(b"\n" + octets if whole else octets)
        file.flush()
        os.fsync(file.fileno())


def _end_of_last_note(octets: bytes) -> int:
    """Return where the last line of a signature that is whole ends, 0 without one."""
    begins = octets.rfind(_SIGNATURE_LINE, 0, octets.rfind(b"\n") + 1)
    return 0 if begins < 0 else octets.index(b"\n", begins + 1) + 1
