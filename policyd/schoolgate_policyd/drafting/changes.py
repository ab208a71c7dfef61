"""
What a school changes in its policy in practice: a closed union of ordinary changes.

Each is plain data, so that a draft keeps what was meant and not only the text that came of it:
it can be described in a sentence and brought onto a newer version. `applying.apply` makes them.
"""

from datetime import date, time
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.rulefiles.day_files import Weekday


class CountAsSocialMedia(msgspec.Struct, frozen=True, tag="count-as-social-media"):
    """Count a category or a service as social media."""

    what: str


class NoLongerSocialMedia(msgspec.Struct, frozen=True, tag="no-longer-social-media"):
    """Count a category or a service as social media no longer."""

    what: str


class Block(msgspec.Struct, frozen=True, tag="block"):
    """
    Block services, categories or lists for some.

    *reason* stands above the rule; *section* is of the school's document, None where none asks
    for it and the choice is the school's own. No kind in *lifted_by* locks the rule.
    """

    what: tuple[str, ...]
    audience: frozenset[Audience]
    reason: str
    section: str | None = None
    lifted_by: frozenset[GrantKind] = frozenset()


class BlockSite(msgspec.Struct, frozen=True, tag="block-site"):
    """Block a site that the catalogue lacks: a new service with its domains, and its rule."""

    name: str
    domains: tuple[str, ...]
    category: str
    audience: frozenset[Audience]
    reason: str
    section: str | None = None
    lifted_by: frozenset[GrantKind] = frozenset()


class OpenAgain(msgspec.Struct, frozen=True, tag="open-again"):
    """Remove one of the school's own rules, or *what* alone from what it blocks."""

    rule: str
    what: str | None = None


class SetPeriods(msgspec.Struct, frozen=True, tag="set-periods"):
    """Say when an exception of a rule holds; no period means at any time."""

    rule: str
    exception: int
    periods: frozenset[Period]


class SetDevices(msgspec.Struct, frozen=True, tag="set-devices"):
    """Say on which devices an exception of a rule holds; none means on any."""

    rule: str
    exception: int
    devices: frozenset[DeviceKind]


class SetStanding(msgspec.Struct, frozen=True, tag="set-standing"):
    """Say which standing permissions an exception of a rule asks for; none: none is needed."""

    rule: str
    exception: int
    standing: frozenset[str]


class SetDuties(msgspec.Struct, frozen=True, tag="set-duties"):
    """Say for which duties an exception of a rule holds, and on which services alone."""

    rule: str
    exception: int
    duties: frozenset[Duty]
    platforms: frozenset[str] = frozenset()


class AddException(msgspec.Struct, frozen=True, tag="add-exception"):
    """Except some from a rule; what is empty is not asked, and something must be."""

    rule: str
    audience: frozenset[Audience] = frozenset()
    periods: frozenset[Period] = frozenset()
    devices: frozenset[DeviceKind] = frozenset()
    duties: frozenset[Duty] = frozenset()
    platforms: frozenset[str] = frozenset()
    standing: frozenset[str] = frozenset()


class RemoveException(msgspec.Struct, frozen=True, tag="remove-exception"):
    """Remove an exception of a rule."""

    rule: str
    exception: int


class SetLifting(msgspec.Struct, frozen=True, tag="set-lifting"):
    """Say which kinds of grant lift a rule; none locks it."""

    rule: str
    kinds: frozenset[GrantKind]


class GiveUp(msgspec.Struct, frozen=True, tag="give-up"):
    """Promise no longer what stands at *promise* among the preset's invariants."""

    promise: int


class DefineStanding(msgspec.Struct, frozen=True, tag="define-standing"):
    """Name a standing permission that exceptions may ask for."""

    id: str
    about: str


class SetDocument(msgspec.Struct, frozen=True, tag="set-document"):
    """Say which document the policy is; *review* is a year and month."""

    title: str
    version: str
    review: str | None = None


class Bell(msgspec.Struct, frozen=True):
    """From *at* on, until the next bell of the day, it is *period*."""

    at: time
    period: Period


class SetBells(msgspec.Struct, frozen=True, tag="set-bells"):
    """Set the bells of some weekdays in a timetable; no bells: closed all day."""

    timetable: str
    weekdays: tuple[Weekday, ...]
    bells: tuple[Bell, ...]


class Days(msgspec.Struct, frozen=True):
    """A range of days, both included."""

    first: date
    last: date


class TermDates(msgspec.Struct, frozen=True):
    """A term with its half-terms."""

    days: Days
    half_terms: tuple[Days, ...] = ()


class SetTerms(msgspec.Struct, frozen=True, tag="set-terms"):
    """Set the terms of a calendar."""

    calendar: str
    terms: tuple[TermDates, ...]


class DayKind(StrEnum):
    """Days without lessons in a calendar."""

    INSET = "inset_days"
    BANK_HOLIDAY = "bank_holidays"


class SetDaysOff(msgspec.Struct, frozen=True, tag="set-days-off"):
    """Set the INSET days or the bank holidays of a calendar."""

    calendar: str
    kind: DayKind
    days: frozenset[date]


class AddOneOff(msgspec.Struct, frozen=True, tag="add-one-off"):
    """
    Give some a day of their own (a trip, an early closing): a timetable, bells, or neither.

    Neither means closed. What is empty of *audience*, *year_groups* and *classes* is not asked.
    """

    name: str
    days: Days
    timetable: str | None = None
    bells: tuple[Bell, ...] = ()
    audience: frozenset[Audience] = frozenset()
    year_groups: tuple[int, int] | None = None
    classes: frozenset[str] = frozenset()


class RemoveOneOff(msgspec.Struct, frozen=True, tag="remove-one-off"):
    """Remove a one-off day, named by its name and first day."""

    name: str
    first: date


class SetStaffHours(msgspec.Struct, frozen=True, tag="set-staff-hours"):
    """Set the working hours of staff without hours of their own."""

    start: time
    end: time


class ReplaceText(msgspec.Struct, frozen=True, tag="replace-text"):
    """Replace a whole file's text, as edited or uploaded."""

    path: str
    text: str


Change = (
    CountAsSocialMedia
    | NoLongerSocialMedia
    | Block
    | BlockSite
    | OpenAgain
    | SetPeriods
    | SetDevices
    | SetStanding
    | SetDuties
    | AddException
    | RemoveException
    | SetLifting
    | GiveUp
    | DefineStanding
    | SetDocument
    | SetBells
    | SetTerms
    | SetDaysOff
    | AddOneOff
    | RemoveOneOff
    | SetStaffHours
    | ReplaceText
)
