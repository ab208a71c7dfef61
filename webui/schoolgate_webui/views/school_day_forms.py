"""The forms that change a day: it is different, or somebody is on overtime."""

from collections.abc import Mapping
from datetime import date

from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_webui.changing.fields import Item
from schoolgate_webui.overtime import OFF, ON
from schoolgate_webui.views.school_days import KINDS
from schoolgate_webui.views.school_fields import Link, SchoolForm, Sheet, mistakes_of

_CALENDAR = "/school/calendar"
_DIRECTED = (
    "It is in force as soon as the filter has proved that nothing is open with it that must not "
    "be, usually within half a minute. It ends by itself."
)


def different_form(
    today: date,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> SchoolForm:
    """Return the form with which the head says that a day is different."""
    sheet = Sheet({"first": today.isoformat()}, entered, invalid)
    kinds = (Item(kind.value, text) for kind, text in KINDS.items())
    fields = (
        sheet.radios("kind", "How does it go?", kinds),
        sheet.line("name", "What is it?", "Like Snow, Boiler, Mock exams."),
        sheet.day("first", "Day"),
        sheet.day("last", "Last day", "Empty for a single day; two weeks at most."),
        sheet.line("years", "Year groups", "Like 3-6; 0 is Reception. Empty for all."),
    )
    return SchoolForm(
        title="Make a day different",
        action=f"{_CALENDAR}/different",
        fields=fields,
        button="Continue to sign",
        back=Link(_CALENDAR, "Back to the school’s day and year"),
        intro=(_DIRECTED,),
        mistakes=mistakes_of(fields),
    )


def overtime_form(
    staff: tuple[tuple[str, str], ...],
    today: date,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
) -> SchoolForm:
    """Return the form that puts somebody on overtime."""
    sheet = Sheet({"day": today.isoformat(), "what": ON}, entered, invalid)
    people = (Item("", "Choose"), *(Item(id_, name) for id_, name in staff))
    fields = (
        sheet.select("person", "Who?", people),
        sheet.day("day", "Day"),
        sheet.radios(
            "what",
            "Are they on overtime that day?",
            (Item(ON, "Yes"), Item(OFF, "No")),
        ),
    )
    return SchoolForm(
        title="Overtime",
        action=f"{_CALENDAR}/overtime",
        fields=fields,
        button="Save",
        back=Link(_CALENDAR, "Back to the school’s day and year"),
        mistakes=mistakes_of(fields),
    )
