"""Each ordinary change in a sentence, as the list of a draft's changes shows it."""

from collections.abc import Iterable
from datetime import date
from typing import assert_never

from schoolgate_policyd.core.rules import Condition, GrantKind, Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import DateRange, Period
from schoolgate_policyd.core.words import (
    AUDIENCES,
    DEVICES,
    DUTIES,
    LIFTS,
    PERIODS,
    describe_condition,
    in_order,
    inside,
    joined,
)
from schoolgate_policyd.drafting.changes import (
    AddException,
    AddOneOff,
    Block,
    BlockSite,
    Change,
    CountAsSocialMedia,
    DayKind,
    Days,
    DefineStanding,
    GiveUp,
    NoLongerSocialMedia,
    OpenAgain,
    RemoveException,
    RemoveOneOff,
    ReplaceText,
    SetBells,
    SetDaysOff,
    SetDevices,
    SetDocument,
    SetDuties,
    SetLifting,
    SetPeriods,
    SetStaffHours,
    SetStanding,
    SetTerms,
)
from schoolgate_policyd.drafting.day_differences import range_in_words
from schoolgate_policyd.drafting.rule_differences import RuleWords
from schoolgate_policyd.rulefiles import Preset

type AboutRule = (
    OpenAgain
    | SetPeriods
    | SetDevices
    | SetStanding
    | SetDuties
    | AddException
    | RemoveException
    | SetLifting
)
type AboutDays = SetBells | SetTerms | SetDaysOff | AddOneOff | RemoveOneOff | SetStaffHours


def describe(change: Change, preset: Preset) -> str:  # noqa: C901, PLR0911 - a line for each kind
    """Return *change* in a sentence; *preset* gives the names of what it is about."""
    words = _Words(preset)
    match change:
        case CountAsSocialMedia(what=what):
            return f"Count {words.name(what)} as social media."
        case NoLongerSocialMedia(what=what):
            return f"Count {words.name(what)} as social media no longer."
        case Block():
            what = joined(map(words.name, change.what))
            return f"Block {what} for {_audience(change.audience)}: {change.reason.rstrip('.')}."
        case BlockSite():
            site = f"{change.name} ({joined(change.domains)})"
            return f"Block {site} for {_audience(change.audience)}: {change.reason.rstrip('.')}."
        case GiveUp(promise=promise):
            return f"Give up {_nth(promise)} promise of what must never happen."
        case DefineStanding():
            return f"Name a standing permission, {change.id}: {change.about.rstrip('.')}."
        case SetDocument(title=title, version=version):
            return f"The document is {title}, {version}."
        case ReplaceText(path=path):
            return f"Replace the text of {path}."
        case (
            SetBells() | SetTerms() | SetDaysOff() | AddOneOff() | RemoveOneOff() | SetStaffHours()
        ):
            return _of_days(change)
        case (
            OpenAgain()
            | SetPeriods()
            | SetDevices()
            | SetStanding()
            | SetDuties()
            | AddException()
            | RemoveException()
            | SetLifting()
        ):
            return words.of_rule(change)
        case _:
            assert_never(change)


class _Words:
    """The names in one preset."""

    def __init__(self, preset: Preset) -> None:
        self._rules = {rule.id: rule for rule in preset.policy.rules}
        self._words = RuleWords(preset.policy, frozenset())
        catalogue = preset.policy.catalogue
        self._names = {each.id: inside(each.name) for each in catalogue.categories}
        self._names |= {each.id: each.name for each in catalogue.services}

    def name(self, id_: str) -> str:
        """Return what *id_* is called."""
        return self._names.get(id_, id_)

    def of_rule(self, change: AboutRule) -> str:
        """Return a change of one rule in a sentence."""
        about = self._about(change.rule)
        match change:
            case OpenAgain(what=None):
                return f"Remove the rule {about}."
            case OpenAgain(what=what):
                return f"Take {self.name(what or '')} out of the rule {about}."
            case SetLifting(kinds=kinds):
                return f"{_lifting(kinds)} the rule {about}."
            case AddException():
                return f"Except {self._excepted(change)} from the rule {about}."
            case RemoveException(exception=exception):
                return f"Remove {_nth(exception)} exception from the rule {about}."
            case SetPeriods() | SetDevices() | SetStanding() | SetDuties():
                nth = _nth(change.exception)
                return f"{nth.capitalize()} exception from the rule {about} holds {_asks(change)}."

    def _about(self, rule_id: str) -> str:
        rule: Rule | None = self._rules.get(rule_id)
        return rule_id if rule is None else self._words.about(rule)

    def _excepted(self, change: AddException) -> str:
        condition = Condition(
            audience=change.audience or None,
            duty=change.duties or None,
            platform=change.platforms or None,
            device=change.devices or None,
            period=change.periods or None,
            standing=change.standing or None,
        )
        return describe_condition(condition, self._words.services)


def _asks(change: SetPeriods | SetDevices | SetStanding | SetDuties) -> str:
    match change:
        case SetPeriods(periods=periods):
            return joined(PERIODS[e] for e in in_order(periods, Period)) or "at any time"
        case SetDevices(devices=devices):
            named = joined(DEVICES[each] for each in in_order(devices, DeviceKind))
            return f"on {named or 'any device'}"
        case SetStanding(standing=standing):
            named = joined(sorted(standing))
            return f"once {named} is recorded" if named else "without a standing permission"
        case SetDuties(duties=duties):
            named = joined(DUTIES[each] for each in in_order(duties, Duty))
            return f"for {named or 'any duty'}"


def _lifting(kinds: frozenset[GrantKind]) -> str:
    if not kinds:
        return "Lock"
    named = joined((LIFTS[each] for each in in_order(kinds, GrantKind)), "or")
    return f"Let {named}, and nothing else, lift"


def _of_days(change: AboutDays) -> str:
    match change:
        case SetBells():
            days = joined(f"{each.value.capitalize()}s" for each in change.weekdays)
            return f"Set the bells of {days} in the timetable {change.timetable}."
        case SetTerms(calendar=calendar):
            return f"Set the terms of the calendar {calendar}."
        case SetDaysOff(kind=kind, days=days):
            what = "INSET days" if kind is DayKind.INSET else "bank holidays"
            return f"The {what} are {_days(days)}."
        case AddOneOff(name=name, days=days):
            return f"Plan {name} on {_range(days)}."
        case RemoveOneOff(name=name, first=first):
            return f"No longer plan {name} on {_range(Days(first, first))}."
        case SetStaffHours(start=start, end=end):
            return f"Staff without hours of their own work from {start:%H:%M} to {end:%H:%M}."


def _range(days: Days) -> str:
    return range_in_words(DateRange(days.first, days.last))


def _days(days: Iterable[date]) -> str:
    return joined(_range(Days(each, each)) for each in sorted(days)) or "none"


def _audience(audience: frozenset[Audience]) -> str:
    if audience == frozenset(Audience):
        return "everybody"
    return joined(AUDIENCES[each] for each in in_order(audience, Audience))


def _nth(position: int) -> str:
    words = ("the first", "the second", "the third", "the fourth", "the fifth")
    return words[position] if 0 <= position < len(words) else f"the {position + 1}th"
