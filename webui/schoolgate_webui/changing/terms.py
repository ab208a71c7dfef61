"""Forms about the school year: terms, INSET days and bank holidays."""

from datetime import date

from schoolgate_policyd.drafting.changes import (
    Change,
    DayKind,
    Days,
    SetDaysOff,
    SetTerms,
    TermDates,
)
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_webui.changing.fields import ChangeField
from schoolgate_webui.changing.sheet import Asked, Choice, Form, Reading, Sheet

_TERMS = 4
# However many a calendar has, a form has no more than these.
_MOST_TERMS = 12


def _terms_fields(asked: Asked) -> tuple[ChangeField, ...]:
    sheet = Sheet(asked, _term_values(asked))
    fields: list[ChangeField] = []
    known = len(asked.preset.policy.school_time.calendar.terms)
    for number in range(1, min(max(_TERMS, known + 1), _MOST_TERMS) + 1):
        name = f"Term {number}"
        fields += [
            sheet.day(f"t{number}_first", f"{name}: first day"),
            sheet.day(f"t{number}_last", f"{name}: last day"),
            sheet.day(f"t{number}_half_first", f"{name}, half-term: first day"),
            sheet.day(f"t{number}_half_last", f"{name}, half-term: last day"),
        ]
    return tuple(fields)


def _term_values(asked: Asked) -> dict[str, str]:
    calendar = asked.preset.policy.school_time.calendar
    values = {}
    for number, term in enumerate(calendar.terms[:_MOST_TERMS], start=1):
        half = next((each for each in calendar.half_terms if each.first in term), None)
        values[f"t{number}_first"] = term.first.isoformat()
        values[f"t{number}_last"] = term.last.isoformat()
        if half is not None:
            values[f"t{number}_half_first"] = half.first.isoformat()
            values[f"t{number}_half_last"] = half.last.isoformat()
    return values


def _terms_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    terms = []
    known = asked.preset.policy.school_time.calendar
    for number in range(1, min(max(_TERMS, len(known.terms) + 1), _MOST_TERMS) + 1):
        names = [f"t{number}_{end}" for end in ("first", "last", "half_first", "half_last")]
        if not any(map(reading.has, names)):
            continue
        days = _range(reading, names[0], names[1])
        half = _range(reading, *names[2:]) if any(map(reading.has, names[2:])) else None
        if days is not None:
            further = _further_half_terms(asked, days)
            terms.append(TermDates(days, further if half is None else (half, *further)))
    if not terms:
        reading.mistake("t1_first", "Enter at least one term.")
    return (SetTerms(known.id, tuple(terms)),)


def _further_half_terms(asked: Asked, term: Days) -> tuple[Days, ...]:
    """Return the half-terms in *term* beyond the one of each term that the form shows."""
    calendar = asked.preset.policy.school_time.calendar
    shown = [
        next((half for half in calendar.half_terms if half.first in each), None)
        for each in calendar.terms
    ]
    return tuple(
        Days(each.first, each.last)
        for each in calendar.half_terms
        if each not in shown and term.first <= each.first <= term.last
    )


def _range(reading: Reading, first_name: str, last_name: str) -> Days | None:
    first = reading.day(first_name, "Enter the first day.")
    last = reading.day(last_name, "Enter the last day.")
    if first is None or last is None:
        return None
    if last < first:
        reading.mistake(last_name, "The last day must not be before the first.")
    return Days(first, last)


_OFF = {DayKind.INSET: "INSET days", DayKind.BANK_HOLIDAY: "Bank holidays"}


def _off_choices(_: Asked) -> tuple[Choice, ...]:
    return tuple(Choice(text, {"kind": kind.value}) for kind, text in _OFF.items())


def _off_fields(asked: Asked) -> tuple[ChangeField, ...]:
    calendar = asked.preset.policy.school_time.calendar
    is_inset = asked.get("kind") == DayKind.INSET
    known = calendar.inset_days if is_inset else calendar.bank_holidays
    sheet = Sheet(asked, {"days": "\n".join(f"{day:%d/%m/%Y}" for day in sorted(known))})
    label = _OFF[DayKind.INSET if is_inset else DayKind.BANK_HOLIDAY]
    hint = "One date on each line, like 04/01/2027. Leave it empty for none."
    return (sheet.hidden("kind"), sheet.text("days", label, hint))


def _off_read(asked: Asked, reading: Reading) -> tuple[Change, ...]:
    kinds = {each.value: each for each in DayKind}
    kind = kinds.get(asked.get("kind"), DayKind.INSET)
    days = set[date]()
    for line in asked.get("days").split("\n") if reading.has("days") else ():
        if not line.strip():
            continue
        try:
            days.add(_day_in(line))
        except InvalidForm:
            reading.mistake(
                "days", f"Enter real dates, one on each line: {line.strip()[:20]} is none."
            )
    return (SetDaysOff(asked.preset.policy.school_time.calendar.id, kind, frozenset(days)),)


def _day_in(line: str) -> date:
    entry = Entry({"days": line}, ("days",))
    day = entry.day("days", "Enter a date.")
    entry.raise_mistakes()
    if day is None:
        raise AssertionError("an entry without mistakes is a date")
    return day


TERMS = Form(
    "Term dates",
    "Outside terms and at half-term the school is closed for everybody.",
    _terms_fields,
    _terms_read,
)
DAYS_OFF = Form(
    "INSET days and bank holidays",
    "On INSET days the school is closed for pupils alone.",
    _off_fields,
    _off_read,
    about="kind",
    choices=_off_choices,
)
