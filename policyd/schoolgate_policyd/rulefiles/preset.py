"""
A preset: a policy and what the school's document says beside it.

The decision core needs the policy alone. The notes are for pages, reports, the workflow and
`schoolgate prove`.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.invariants import Invariant
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Citation, RestrictionKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import WorkingHours


class NotEnforced(msgspec.Struct, frozen=True):
    """A clause that no gateway can hold up, and why."""

    clause: str
    what: str
    why: str


class Contradiction(msgspec.Struct, frozen=True):
    """Clauses of the document that contradict each other, and how the preset reads them."""

    clauses: tuple[str, ...]
    text: str


class Attempts(msgspec.Struct, frozen=True):
    """What an attempt to get round the filter may lead to; *restriction* None: an incident."""

    cite: Citation
    restriction: RestrictionKind | None = None


class Misuser(StrEnum):
    """Of whom misuse is reported."""

    ANYONE = "anyone"
    PUPIL = "pupil"
    STAFF = "staff"
    VISITOR = "visitor"
    HEAD = "head"


class Hearer(StrEnum):
    """Who hears of misuse: the pupil's teacher, or whoever holds a duty."""

    CLASS_TEACHER = "class-teacher"
    HEAD = Duty.HEAD.value
    CHAIR_OF_GOVERNORS = Duty.CHAIR_OF_GOVERNORS.value
    ONLINE_SAFETY_LEAD = Duty.ONLINE_SAFETY_LEAD.value
    DSL = Duty.DSL.value


class Report(msgspec.Struct, frozen=True):
    """Who hears of misuse by whom."""

    by: Misuser
    to: tuple[Hearer, ...]
    cite: Citation


class Example(msgspec.Struct, frozen=True):
    """
    A request whose verdict the preset states; the fields are those of `schoolgate check`.

    *assume* are standing permissions, kinds of grant and restrictions taken as in force.
    """

    url: str
    at: datetime
    verdict: Verdict
    audience: Audience = Audience.PUPIL
    duty: tuple[Duty, ...] = ()
    device: DeviceKind = DeviceKind.UNKNOWN
    assume: frozenset[str] = frozenset()
    uninspectable: bool = False
    age: int | None = None
    year_group: int | None = None
    school_class: frozenset[str] = frozenset()
    hours: WorkingHours | None = None
    overtime: bool = False
    platform: frozenset[str] = frozenset()


class SocialMediaNotes(msgspec.Struct, frozen=True):
    """The clause that says what counts as social media, and the categories that are ours."""

    cite: str | None = None
    ours: frozenset[str] = frozenset()


class Notice(msgspec.Struct, frozen=True):
    """How many calendar months before a change takes effect it is announced."""

    months: int
    cite: Citation


class Approver(StrEnum):
    """Who approves a change before it takes effect."""

    GOVERNORS = "governors"


class Approval(msgspec.Struct, frozen=True):
    """Whose approval a change needs."""

    by: Approver
    cite: Citation


class ToldOf(StrEnum):
    """Who is told of a change."""

    STAFF = "staff"
    PUPILS = "pupils"
    PARENTS = "parents"


class Announcement(msgspec.Struct, frozen=True):
    """To whom a change is announced."""

    to: tuple[ToldOf, ...]
    cite: Citation


class ChangeTerms(msgspec.Struct, frozen=True):
    """What the school's document asks before a change of it takes effect; None: nothing."""

    notice: Notice | None = None
    approval: Approval | None = None
    announcement: Announcement | None = None


class PresetNotes(msgspec.Struct, frozen=True):
    """What the decision core does not need."""

    invariants: tuple[Invariant, ...] = ()
    not_enforced: tuple[NotEnforced, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    attempts: Attempts | None = None
    reports: tuple[Report, ...] = ()
    examples: tuple[Example, ...] = ()
    social_media: SocialMediaNotes = SocialMediaNotes()
    changes: ChangeTerms = ChangeTerms()


class Preset(msgspec.Struct, frozen=True):
    """A school's policy with its notes."""

    policy: Policy
    notes: PresetNotes = PresetNotes()
