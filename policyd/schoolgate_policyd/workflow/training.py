"""Training of staff and termly online safety education: what is written down of it (R20)."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member

FIELDS = ("kind", "what", "for_whom", "given_on", "due_again_on")
RECORDS = frozenset({Duty.HEAD, Duty.ONLINE_SAFETY_LEAD, Duty.DSL})
READS = RECORDS | {Duty.CHAIR_OF_GOVERNORS, Duty.GOVERNOR}


class TrainingKind(StrEnum):
    """What was given."""

    STAFF_TRAINING = "staff-training"
    ONLINE_SAFETY_EDUCATION = "online-safety-education"


class Training(msgspec.Struct, frozen=True):
    """Training that was given on a day, for whom, and when it is due again, if ever."""

    kind: TrainingKind
    what: str
    for_whom: str
    given_on: date
    due_again_on: date | None = None


def may_record(member: Member) -> bool:
    """Whether *member* may write training down; a pupil never, whatever duty they have."""
    return member.may_as(*RECORDS)


def may_read(member: Member) -> bool:
    """Whether *member* may read what was given."""
    return member.may_as(*READS)


def require_may_record(member: Member) -> None:
    """Raise NotAllowed unless *member* may write training down."""
    if not may_record(member):
        raise NotAllowed(
            "The headteacher, the online safety lead and the designated safeguarding lead "
            "record training."
        )


def read_training(raw: Mapping[str, str], *, today: date) -> Training:
    """Return what the form says. Raises InvalidForm with every mistake."""
    entry = Entry(raw, FIELDS)
    kind = entry.choice("kind", {each: each for each in TrainingKind}, "Choose what was given.")
    what = entry.line("what", "Say what it was about.")
    for_whom = entry.line("for_whom", "Say for whom it was, without pupils' names.")
    given_on = entry.day("given_on", "Enter the day on which it was given.")
    due = entry.day("due_again_on", "") if raw.get("due_again_on", "").strip() else None
    if given_on is not None and given_on > today:
        entry.mistake("given_on", "This day has not come yet: record it once it was given.")
    if given_on is not None and due is not None and due <= given_on:
        entry.mistake("due_again_on", "It is due again after it was given.")
    entry.raise_mistakes()
    if kind is None or given_on is None:
        raise AssertionError("a missing entry is a mistake, which was raised")
    return Training(TrainingKind(kind), what, for_whom, given_on, due)
