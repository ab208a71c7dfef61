"""
Legal holds: what must not be deleted although its time is over, because somebody asks for it.

A hold is on a person (whatever names them), on one object (`incident` 17) or on a whole kind of
record (`events`). It is placed and lifted by the head, the DSL or the chair of governors, each
time with a reason, and never by somebody whom it is about.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.record_search import read_person

HOLDERS = frozenset({Duty.HEAD, Duty.DSL, Duty.CHAIR_OF_GOVERNORS})
# What an installation keeps in force at once; far more than a school ever needs.
MAX_IN_FORCE = 500
PLACING_FIELDS = ("on", "person", "object", "kind", "reason")
LIFTING_FIELDS = ("why",)
_OBJECT = re.compile(r"[a-z][a-z0-9-]{0,39}/[^\s/]{1,80}")


class HoldOn(StrEnum):
    """What a hold is on."""

    PERSON = "person"
    OBJECT = "object"
    KIND = "kind"


class LegalHold(msgspec.Struct, frozen=True):
    """
    A legal hold (machine time, aware).

    *target* is a person's id, an object as `kind/id`, or the name of a kind of record. *about* are
    the people whose matter it is, who have no hand in it.
    """

    id: int
    on: HoldOn
    target: str
    reason: str
    placed_by: str
    placed_at: datetime
    about: frozenset[str] = frozenset()
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lifted_why: str | None = None

    @property
    def is_in_force(self) -> bool:
        """Whether it has not been lifted."""
        return self.lifted_at is None


class NewHold(msgspec.Struct, frozen=True):
    """A hold to place; see `LegalHold`."""

    on: HoldOn
    target: str
    reason: str


class Held(msgspec.Struct, frozen=True):
    """Everything that is under a legal hold at one moment."""

    people: frozenset[str] = frozenset()
    objects: frozenset[tuple[str, str]] = frozenset()
    kinds: frozenset[str] = frozenset()

    def ids_of(self, object_kind: str) -> frozenset[str]:
        """Return the ids of the objects of one kind that are held."""
        return frozenset(id_ for kind, id_ in self.objects if kind == object_kind)


def held_by(holds: Iterable[LegalHold]) -> Held:
    """Return what *holds* keep, those that were lifted left out."""
    in_force = tuple(each for each in holds if each.is_in_force)
    people = frozenset(each.target for each in in_force if each.on is HoldOn.PERSON)
    objects = frozenset(parse_object(each.target) for each in in_force if each.on is HoldOn.OBJECT)
    kinds = frozenset(each.target for each in in_force if each.on is HoldOn.KIND)
    # A person is an object as well: whoever holds `person/wren` means what names them.
    return Held(people | {id_ for kind, id_ in objects if kind == "person"}, objects, kinds)


def parse_object(target: str) -> tuple[str, str]:
    """Return the kind and the id that `kind/id` names. Raises ValueError."""
    kind, slash, id_ = target.partition("/")
    if not (slash and kind and id_):
        raise ValueError(f"`{target}` does not name an object as kind/id")
    return kind, id_


def parse_hold(
    raw: Mapping[str, str], *, people: Sequence[Member], kinds: Collection[str]
) -> NewHold:
    """
    Return the hold that a form asks for; *people* and *kinds* are those there are.

    Raises InvalidForm.
    """
    entry = Entry(raw, PLACING_FIELDS)
    chosen = entry.choice("on", {each.value: each.value for each in HoldOn}, "Say what to keep.")
    target = ""
    if chosen == HoldOn.PERSON:
        target = read_person(entry, "person", people, "Enter a name or pseudonym.")
    elif chosen == HoldOn.OBJECT:
        target = entry.line("object", "Enter the object, like incident/17.")
        if target and not _OBJECT.fullmatch(target):
            entry.mistake("object", "Write it as its kind and number, like incident/17.")
    elif chosen == HoldOn.KIND:
        target = entry.choice("kind", {each: each for each in kinds}, "Choose a kind.") or ""
    reason = entry.text("reason", "Say why it must be kept.")
    entry.raise_mistakes()
    return NewHold(HoldOn(chosen or ""), target, reason)


def parse_lifting(raw: Mapping[str, str]) -> str:
    """Return why a hold is lifted. Raises InvalidForm."""
    entry = Entry(raw, LIFTING_FIELDS)
    why = entry.text("why", "Say why it need not be kept any longer.")
    entry.raise_mistakes()
    return why


def may_hold(member: Member) -> bool:
    """Whether *member* may place and lift legal holds at all."""
    return member.audience is not Audience.PUPIL and member.holds(*HOLDERS)


def require_may_place(member: Member, about: frozenset[str]) -> None:
    """Raise NotAllowed unless *member* may place a hold on what is *about* these people."""
    if not may_hold(member):
        raise NotAllowed("Only the headteacher, the DSL or the chair of governors may do this.")
    if member.id in about:
        raise NotAllowed("Nobody places or lifts a legal hold about themselves.")


def may_see(member: Member, hold: LegalHold) -> bool:
    """Whether *member* may see *hold*: whoever may place them, but for those about themselves."""
    return may_hold(member) and member.id not in hold.about


def require_may_lift(member: Member, hold: LegalHold) -> None:
    """Raise NotAllowed or WrongState unless *member* may lift *hold*."""
    require_may_place(member, hold.about)
    if not hold.is_in_force:
        raise WrongState("This legal hold was lifted before.")
