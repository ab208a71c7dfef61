"""Changes of bells, term dates, one-off days, working hours and of the document itself."""

from collections.abc import Iterable
from datetime import date, time
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.drafting.changes import (
    AddOneOff,
    Bell,
    Days,
    DefineStanding,
    RemoveOneOff,
    SetBells,
    SetDaysOff,
    SetDocument,
    SetStaffHours,
    SetTerms,
    TermDates,
)
from schoolgate_policyd.drafting.errors import ChangeRefused
from schoolgate_policyd.drafting.sections import edited, flow, flow_mapping, quoted
from schoolgate_policyd.rulefiles.day_files import Weekday

ONE_OFF = "one_off_days"


def set_bells(text: str, change: SetBells) -> str:
    """Return the timetable *text* with other bells on some weekdays."""
    if not change.weekdays:
        raise ChangeRefused("Name the weekdays whose bells change.")

    def edit(section: CommentedMap) -> None:
        groups = section["days"]
        for group in list(groups):
            _take_out(groups, group, frozenset(change.weekdays))
        if change.bells:
            weekdays = flow(each.value for each in Weekday if each in change.weekdays)
            bells = _bells(change.bells)
            groups.append(CommentedMap({"weekdays": weekdays, "bells": bells}))
        if not groups:
            raise ChangeRefused("A timetable needs bells on at least one day.")

    return edited(text, "days", edit)


def set_terms(text: str, change: SetTerms) -> str:
    """Return the calendar *text* with other terms."""
    terms = sorted(change.terms, key=lambda each: each.days.first)

    def edit(section: CommentedMap) -> None:
        section["terms"] = CommentedSeq(_term(each) for each in terms)

    return edited(text, "terms", edit)


def set_days_off(text: str, change: SetDaysOff) -> str:
    """Return the calendar *text* with other INSET days or bank holidays."""

    def edit(section: CommentedMap) -> None:
        if change.days:
            section[change.kind.value] = flow(each.isoformat() for each in sorted(change.days))
        else:
            section.pop(change.kind.value, None)

    return edited(text, change.kind.value, edit)


def add_one_off(text: str, change: AddOneOff) -> str:
    """Return the school's *text* with a further one-off day."""
    if change.timetable is not None and change.bells:
        raise ChangeRefused("Give a timetable or bells, not both.")
    first, last = change.days.first, change.days.last
    dates = (
        {"date": first.isoformat()}
        if first == last
        else {"first": first.isoformat(), "last": last.isoformat()}
    )
    entries: dict[str, Any] = {**dates, "name": " ".join(change.name.split())}
    if change.timetable is not None:
        entries["timetable"] = change.timetable
    elif change.bells:
        entries["bells"] = _bells(change.bells)
    else:
        entries["closed"] = "true"
    members: dict[str, Any] = {}
    if change.audience:
        members["audience"] = flow(each.value for each in Audience if each in change.audience)
    if change.year_groups is not None:
        members["year_groups"] = flow(str(each) for each in change.year_groups)
    if change.classes:
        members["classes"] = flow(sorted(change.classes))
    if members:
        entries["for"] = flow_mapping(members)

    def edit(section: CommentedMap) -> None:
        known = section.setdefault(ONE_OFF, CommentedSeq())
        known.append(CommentedMap(entries))

    return edited(text, ONE_OFF, edit)


def remove_one_off(text: str, change: RemoveOneOff) -> str:
    """Return the school's *text* without a one-off day."""

    def edit(section: CommentedMap) -> None:
        days: CommentedSeq = section.get(ONE_OFF) or CommentedSeq()
        first = change.first.isoformat()
        found = next(
            (
                position
                for position, each in enumerate(days)
                if each.get("name") == change.name
                and first in {each.get("date"), each.get("first")}
            ),
            None,
        )
        if found is None:
            raise ChangeRefused(f"There is no one-off day {change.name} on {first}.")
        del days[found]
        if not days:
            del section[ONE_OFF]

    return edited(text, ONE_OFF, edit)


def set_staff_hours(text: str, change: SetStaffHours) -> str:
    """Return the school's *text* with other working hours."""

    def edit(section: CommentedMap) -> None:
        section["staff_hours"] = quoted(f"{_clock(change.start)}-{_clock(change.end)}")

    return edited(text, "staff_hours", edit)


def set_document(text: str, change: SetDocument) -> str:
    """Return the school's *text* that is of another document or version of it."""

    def edit(section: CommentedMap) -> None:
        document = section["document"]
        document["title"] = " ".join(change.title.split())
        document["version"] = " ".join(change.version.split())
        if change.review is None:
            document.pop("review", None)
        else:
            document["review"] = change.review

    return edited(text, "document", edit)


def define_standing(text: str, change: DefineStanding) -> str:
    """Return the school's *text* with a further standing permission."""

    def edit(section: CommentedMap) -> None:
        known = section.setdefault("standing", CommentedSeq())
        known.append(CommentedMap({"id": change.id, "about": " ".join(change.about.split())}))

    return edited(text, "standing", edit)


def _take_out(groups: CommentedSeq, group: CommentedMap, weekdays: frozenset[str]) -> None:
    """Take *weekdays* out of a group of days; one that is left empty goes."""
    named = group["weekdays"]
    listed = list(named) if isinstance(named, list) else [named]
    left = [each for each in listed if each not in weekdays]
    if not left:
        groups.remove(group)
    elif left != listed:
        group["weekdays"] = flow(left)


def _bells(bells: Iterable[Bell]) -> CommentedSeq:
    in_order = sorted(bells, key=lambda each: each.at)
    return CommentedSeq(
        flow_mapping({"at": quoted(_clock(each.at)), "period": each.period.value})
        for each in in_order
    )


def _term(term: TermDates) -> CommentedMap:
    entries = CommentedMap(_days(term.days))
    if len(term.half_terms) == 1:
        entries["half_term"] = flow_mapping(_days(term.half_terms[0]))
    elif term.half_terms:
        entries["half_term"] = CommentedSeq(flow_mapping(_days(e)) for e in term.half_terms)
    return entries


def _days(days: Days) -> dict[str, str]:
    return {"first": _day(days.first), "last": _day(days.last)}


def _day(day: date) -> str:
    return day.isoformat()


def _clock(at: time) -> str:
    return f"{at:%H:%M}"
