"""The composition of a replay: the policies that are compared, and the stores it reads."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from schoolgate_policyd.clock import read_clock_state
from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.replay.past import Past
from schoolgate_policyd.replay.replaying import replay
from schoolgate_policyd.rulefiles import RuleFileErrors, load_policy, load_preset
from schoolgate_policyd.rulefiles.mistakes import MistakeBook
from schoolgate_policyd.rulefiles.nodes import read_text
from schoolgate_policyd.store.event_stream import EventStream
from schoolgate_policyd.store.lived import read_past

_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)

Progress = Callable[[int, int], None]
"""Told how many events are done, and how many there are."""


def replay_recorded(
    settings: Settings,
    before: Snapshot,
    after: Snapshot,
    *,
    since: datetime,
    until: datetime,
    on_progress: Progress | None = None,
) -> Replay:
    """
    Return what *after* would have changed for the events of [since, until), machine time (aware).

    The stores of *settings* are only read. Raises StoreError, ClockError.
    """
    shift = _shift(settings)
    stream = EventStream(settings.events_dir, since, until, shift=shift)
    count = 0 if on_progress is None else stream.count()
    outcome = replay(
        stream.events(),
        before,
        after,
        None if on_progress is None else lambda done: on_progress(done, max(done, count)),
        past=_past(settings, since, until, shift),
    )
    return msgspec.structs.replace(outcome, since=since, until=until, faults=tuple(stream.faults))


def policy_named(named: str, settings: Settings) -> Policy:
    """
    Return the policy of the preset called *named*, or of the YAML file at that path.

    Such a file is read as if it lay in the place of the school's own. Raises RuleFileErrors with
    every mistake.
    """
    path = Path(named)
    if path.suffix != ".yaml" and len(path.parts) == 1:
        return load_policy(settings.rules_dir, named)
    book = MistakeBook()
    text = read_text(path, book)
    if text is None:
        raise RuleFileErrors(book.mistakes())
    stands_for = f"schools/{settings.school}.yaml"
    try:
        return load_preset(settings.rules_dir, settings.school, {stands_for: text}).policy
    except RuleFileErrors as errors:
        place = settings.rules_dir / stands_for
        mistakes = (
            dataclasses.replace(each, path=path) if each.path == place else each
            for each in errors.mistakes
        )
        raise RuleFileErrors(tuple(mistakes)) from errors


def _past(settings: Settings, since: datetime, until: datetime, shift: timedelta) -> Past | None:
    if not settings.decisions_path.exists():
        return None
    if settings.is_sample:
        # Its clock may have been set anew with each start: any past may be the events'.
        return read_past(settings.decisions_path, _EVER, _NEVER, shift=shift)
    return read_past(settings.decisions_path, since, until)


def _shift(settings: Settings) -> timedelta:
    """Return by how much the school's clock is ahead of the machine's: only a sample's can be."""
    state = read_clock_state(settings.clock_path) if settings.is_sample else None
    return timedelta(seconds=0 if state is None else state.shift_s)
