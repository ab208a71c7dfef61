"""The forms about one person: their line, their duties, their leaving."""

from collections.abc import Mapping
from datetime import date

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_policyd.workflow.register_people import PersonEntry, PersonRecord
from schoolgate_webui.changing.fields import ChangeField, Item
from schoolgate_webui.views.school_fields import (
    Link,
    SchoolForm,
    Sheet,
    mistakes_of,
    stale_mistake,
)
from schoolgate_webui.views.words import AUDIENCE, DUTIES, capitalised, joined

PEOPLE = "/school/people"
_MOST_NAMED = 12
_ENDS = (
    "What ends: their account and every session, their duties, classes and devices, what they "
    "asked for and the permissions that came of it."
)


def person_form(
    record: PersonRecord | None,
    classes: tuple[SchoolClass, ...],
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    """Return the form of a person's line; *record* None is somebody new."""
    values = {} if record is None else _values(record.entry, classes)
    sheet = Sheet(values, entered, invalid)
    fields = _line_fields(sheet, classes, is_new=record is None)
    now = _now(record.entry, classes) if is_stale and record is not None else ()
    href = PEOPLE if record is None else f"{PEOPLE}/{record.id}"
    return SchoolForm(
        title="Add a person" if record is None else f"Change {record.entry.name}",
        action=f"{PEOPLE}/new" if record is None else f"{href}/change",
        fields=fields,
        button="Add" if record is None else "Save",
        back=Link(href, "Back"),
        hidden=() if record is None else (("version", str(record.version)),),
        mistakes=((stale_mistake(),) if is_stale else ()) + mistakes_of(fields),
        now=now,
    )


def _line_fields(
    sheet: Sheet, classes: tuple[SchoolClass, ...], *, is_new: bool
) -> tuple[ChangeField, ...]:
    id_hint = "As in your school’s own system (MIS). Leave it empty to have one made."
    return (
        sheet.line("name", "Name"),
        *((sheet.line("id", "Id", id_hint),) if is_new else ()),
        sheet.radios(
            "audience",
            "They are",
            (Item(each.value, AUDIENCE[each]) for each in Audience),
            "Governors and volunteers are visitors unless your school says staff.",
        ),
        sheet.line("username", "User name", "Only for those who sign in. Pupils have none."),
        sheet.line("classes", "Classes", _class_hint(classes)),
        sheet.line("year_group", "Year group", "For pupils: 0 is Reception."),
        sheet.line("age", "Age", "Sites with a minimum age take unknown ages as too young."),
        sheet.line("hours_start", "Working hours begin", "Empty: as the school’s policy says."),
        sheet.line("hours_end", "Working hours end"),
        sheet.text("overtime", "Overtime days", "One date on each line, like 04/01/2027."),
    )


def duties_form(
    record: PersonRecord,
    services: Mapping[str, str],
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    """Return the form of somebody's duties."""
    values = {f"duty_{held.duty.value}": "yes" for held in record.duties}
    platforms = next((h.platforms for h in record.duties if h.platforms is not None), frozenset())
    values["platforms"] = ", ".join(services.get(each, each) for each in sorted(platforms))
    sheet = Sheet(values, entered, invalid)
    fields = (
        sheet.boxes(
            "duties",
            "Which duties do they hold?",
            (Item(f"duty_{each.value}", capitalised(DUTIES[each])) for each in Duty),
            "A duty is what somebody may do in Schoolgate. It takes effect at once.",
        ),
        sheet.line(
            "platforms",
            "On which platforms do they run the school’s accounts?",
            "For an account operator, like Facebook, YouTube. Empty: on every one.",
        ),
        sheet.text("reasons", "Reasons", "They are kept in the records."),
    )
    held = joined([DUTIES[each.duty] for each in record.duties])
    now = (f"Their duties are now: {held or 'none'}.",) if is_stale else ()
    return SchoolForm(
        title=f"Duties of {record.entry.name}",
        action=f"{PEOPLE}/{record.id}/duties",
        fields=fields,
        button="Continue to sign",
        back=Link(f"{PEOPLE}/{record.id}", "Back"),
        intro=("Every duty that is given or taken away is signed, and is in the records.",),
        hidden=(("version", str(record.version)),),
        mistakes=((stale_mistake(),) if is_stale else ()) + mistakes_of(fields),
        now=now,
    )


def leaving_form(
    record: PersonRecord,
    today: date,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    """Return the form with which somebody leaves."""
    sheet = Sheet({"last_day": today.isoformat()}, entered, invalid)
    fields = (
        sheet.day(
            "last_day",
            "Their last day",
            "Today or before: it takes effect at once. Later: when that day is over.",
        ),
    )
    now = ("Their line was changed: look at it before you go on.",) if is_stale else ()
    return SchoolForm(
        title=f"{record.entry.name} leaves the school",
        action=f"{PEOPLE}/{record.id}/leave",
        fields=fields,
        button="Save that they leave",
        back=Link(f"{PEOPLE}/{record.id}", "Back"),
        intro=(_ENDS, "Their name stays in the records until those are deleted."),
        hidden=(("version", str(record.version)),),
        mistakes=((stale_mistake(),) if is_stale else ()) + mistakes_of(fields),
        now=now,
        is_final=True,
    )


def _values(entry: PersonEntry, classes: tuple[SchoolClass, ...]) -> dict[str, str]:
    names = {each.id: each.name for each in classes}
    return {
        "name": entry.name,
        "audience": entry.audience.value,
        "username": entry.username or "",
        "classes": ", ".join(names.get(each, each) for each in sorted(entry.classes)),
        "year_group": "" if entry.year_group is None else str(entry.year_group),
        "age": "" if entry.age is None else str(entry.age),
        "hours_start": "" if entry.hours is None else f"{entry.hours.start:%H:%M}",
        "hours_end": "" if entry.hours is None else f"{entry.hours.end:%H:%M}",
        "overtime": "\n".join(f"{day:%d/%m/%Y}" for day in sorted(entry.overtime)),
    }


def _now(entry: PersonEntry, classes: tuple[SchoolClass, ...]) -> tuple[str, ...]:
    labels = {
        "name": "Name",
        "audience": "They are",
        "username": "User name",
        "classes": "Classes",
        "year_group": "Year group",
        "age": "Age",
        "hours_start": "Working hours begin",
        "hours_end": "Working hours end",
        "overtime": "Overtime days",
    }
    values = _values(entry, classes)
    return tuple(
        f"{label}: {values[name].replace(chr(10), ', ') or 'nothing'}"
        for name, label in labels.items()
    )


def _class_hint(classes: tuple[SchoolClass, ...]) -> str:
    names = [each.name for each in classes[:_MOST_NAMED]]
    if not names:
        return "There are no classes yet."
    more = " and others" if len(classes) > _MOST_NAMED else ""
    return f"Commas between several. Your school has {', '.join(names)}{more}."
