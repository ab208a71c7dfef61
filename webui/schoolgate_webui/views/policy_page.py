"""The school's policy in words: its rules, its day, its versions."""

from collections.abc import Mapping
from datetime import date
from itertools import groupby

import msgspec

from schoolgate_policyd.core.day_words import day_words, run_words
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.times import Period, PeriodStart, Timetable
from schoolgate_policyd.core.words import capitalised, describe_rule, inside
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.workflow.lead_times import POLICY_REVIEW
from schoolgate_policyd.workflow.policy_acts import Act, may
from schoolgate_policyd.workflow.policy_versions import Stage
from schoolgate_webui.views.moments import day_and_time
from schoolgate_webui.views.policy_versions import (
    ON_THE_WAY,
    VersionRow,
    VersionsSeen,
    version_rows,
)
from schoolgate_webui.views.requests import Row

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PERIODS: Mapping[Period, str] = {
    Period.LESSON: "lessons",
    Period.BREAK: "break",
    Period.LUNCH: "lunch",
    Period.BEFORE_SCHOOL: "before school",
    Period.AFTER_SCHOOL: "after school",
    Period.CLOSED: "closed",
}


class RuleLine(msgspec.Struct, frozen=True):
    """One rule: what it says, what lifts it, and the section it comes from."""

    says: str
    lifts: str
    cite: str
    is_ours: bool


class BellsLine(msgspec.Struct, frozen=True):
    """The bells of days that are alike: `Monday to Friday`, `08:50 lessons, 10:30 break`."""

    days: str
    bells: str


class TimetableTable(msgspec.Struct, frozen=True):
    """One timetable, and for whom it is where there are several."""

    name: str
    lines: tuple[BellsLine, ...]


class PolicyPage(msgspec.Struct, frozen=True):
    """What `/policy` prints."""

    document_rows: tuple[Row, ...]
    reminder: str
    social_media: tuple[str, ...]
    own_rules: tuple[RuleLine, ...]
    shared_rules: tuple[RuleLine, ...]
    standing: tuple[Row, ...]
    timetables: tuple[TimetableTable, ...]
    day_rows: tuple[Row, ...]
    not_enforced: tuple[tuple[str, str, str], ...]
    contradictions: tuple[tuple[str, str], ...]
    drafts: tuple[VersionRow, ...]
    versions: tuple[VersionRow, ...]
    may_draft: bool


def policy_page(policy: Policy, preset: Preset | None, seen: VersionsSeen) -> PolicyPage:
    """
    Return the page about *policy*, which is in force.

    *preset* has what the document says beside it, None where that cannot be read now.
    """
    own, shared = _rules(policy)
    rows = version_rows(seen)
    on_the_way = {each.number for each in seen.versions if seen.stage_of(each) in ON_THE_WAY}
    notes = None if preset is None else preset.notes
    now = seen.now
    return PolicyPage(
        document_rows=_document_rows(policy, seen),
        reminder=reminder(policy.document.review, now.local(now.school).date()),
        social_media=_social_media(policy),
        own_rules=own,
        shared_rules=shared,
        standing=tuple(Row(each.id, each.about) for each in policy.standing),
        timetables=tuple(
            _timetable(each.timetable, is_alone=len(policy.school_time.timetables) == 1)
            for each in policy.school_time.timetables
        ),
        day_rows=_day_rows(policy),
        not_enforced=tuple(
            (each.clause, each.what, each.why) for each in (notes.not_enforced if notes else ())
        ),
        contradictions=tuple(
            (", ".join(each.clauses), each.text)
            for each in (notes.contradictions if notes else ())
        ),
        drafts=tuple(row for row in rows if row.number in on_the_way),
        versions=tuple(row for row in rows if row.number not in on_the_way),
        may_draft=may(seen.member, Act.DRAFT),
    )


def reminder(review: str | None, today: date) -> str:
    """Return what to say of the review in *review* (a year and month): nothing while it is far."""
    if review is None:
        return ""
    year, month = (int(part) for part in review.split("-"))
    due = date(year, month, 1)
    name = f"{due:%B %Y}"
    if today >= date(year + month // 12, month % 12 + 1, 1):
        return f"The review of this policy was due in {name}."
    if today >= due:
        return f"The review of this policy is due this month, {name}."
    if today >= due - POLICY_REVIEW:
        return f"The review of this policy is due in {name}."
    return ""


def _document_rows(policy: Policy, seen: VersionsSeen) -> tuple[Row, ...]:
    rows = [Row("Document", policy.document.name)]
    current = next((each for each in seen.versions if seen.stage_of(each) is Stage.IN_FORCE), None)
    if current is not None and current.direction is not None:
        since = day_and_time(seen.now.local(current.direction.in_force_from))
        rows.append(Row("In force since", f"{since} (version {current.number})"))
    if policy.document.review is not None:
        year, month = (int(part) for part in policy.document.review.split("-"))
        rows.append(Row("Next review", f"{date(year, month, 1):%B %Y}"))
    return tuple(rows)


def _social_media(policy: Policy) -> tuple[str, ...]:
    names = {each.id: inside(each.name) for each in policy.catalogue.categories}
    names |= {each.id: each.name for each in policy.catalogue.services}
    return tuple(
        sorted((capitalised(names.get(each, each)) for each in policy.social_media), key=str.lower)
    )


def _rules(policy: Policy) -> tuple[tuple[RuleLine, ...], tuple[RuleLine, ...]]:
    """Return the rules of the school's own document, and those that every school shares."""
    own: list[RuleLine] = []
    shared: list[RuleLine] = []
    title = policy.document.name
    for rule in policy.rules:
        is_own = rule.cite.document in {policy.document.title, title}
        (own if is_own else shared).append(_line(rule, policy, is_own=is_own))
    return tuple(own), tuple(shared)


def _line(rule: Rule, policy: Policy, *, is_own: bool) -> RuleLine:
    said, _, lifts = describe_rule(rule, policy.catalogue, policy.social_media).partition(". ")
    section = rule.cite.section if is_own else f"{rule.cite.document}, {rule.cite.section}"
    return RuleLine(says=f"{said}.", lifts=lifts, cite=section, is_ours=rule.cite.is_ours)


def _timetable(timetable: Timetable, *, is_alone: bool) -> TimetableTable:
    name = "" if is_alone else capitalised(timetable.id.replace("-", " "))
    return TimetableTable(name, timetable_lines(timetable))


def timetable_lines(timetable: Timetable) -> tuple[BellsLine, ...]:
    """Return the bells of each weekday, days that are alike together."""
    lines = []
    numbered = list(zip(_WEEKDAYS, timetable.days, strict=True))
    for bells, group in groupby(numbered, key=lambda pair: pair[1]):
        lines.append(BellsLine(run_words([name for name, _ in group]), _bells(bells)))
    return tuple(lines)


def _bells(bells: tuple[PeriodStart, ...]) -> str:
    if not bells:
        return "closed all day"
    return ", ".join(f"{each.at:%H:%M} {_PERIODS[each.period]}" for each in bells)


def _day_rows(policy: Policy) -> tuple[Row, ...]:
    time, calendar = policy.school_time, policy.school_time.calendar
    rows = [
        Row(
            "Staff working hours",
            f"{time.staff_hours.start:%H:%M} to {time.staff_hours.end:%H:%M}",
        )
    ]
    rows += [Row("Term", _range(each.first, each.last)) for each in calendar.terms]
    rows += [Row("Half-term", _range(each.first, each.last)) for each in calendar.half_terms]
    if calendar.inset_days:
        rows.append(Row("INSET days", ", ".join(map(day_words, sorted(calendar.inset_days)))))
    if calendar.bank_holidays:
        rows.append(
            Row("Bank holidays", ", ".join(map(day_words, sorted(calendar.bank_holidays))))
        )
    rows += [
        Row("One-off day", f"{each.name}: {_range(each.days.first, each.days.last)}")
        for each in time.one_off
    ]
    return tuple(rows)


def _range(first: date, last: date) -> str:
    return day_words(first) if first == last else f"{day_words(first)} to {day_words(last)}"
