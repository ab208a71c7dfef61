"""The blocked content access request, to be filled in."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.forms import CLASS_PREFIX, ONESELF
from schoolgate_policyd.workflow.people import Member, SchoolClass
from schoolgate_policyd.workflow.requests import ScopeChoice
from schoolgate_webui.views.fields import Field, Form, Option, date_input_type, day_input_type
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import SCOPES

# The form's own labels in its own order, then what it lacks.
LABELS: Mapping[str, str] = {
    "staff_name": "Staff name",
    "date": "Date",
    "url": "Full URL",
    "site_content": "Site content",
    "reasons": "Reasons for access",
    "measures": "Identified risks and control measures",
    "for_whom": "For whom",
    "scope": "Which pages",
    "starts_at": "From",
    "ends_at": "Until",
}

_SCOPE_HINTS = {
    ScopeChoice.PAGE: "Exactly this address, nothing else.",
    ScopeChoice.PART: "This address and everything below it.",
    ScopeChoice.SITE: "Every page of the site, with what it needs to work.",
}


class RequestPage(msgspec.Struct, frozen=True):
    """The form with what stands in it."""

    fields: Mapping[str, Field]
    mistakes: list[dict[str, str]]
    for_whom_options: list[dict[str, object]]
    scope_options: list[dict[str, object]]
    date_type: str
    starts_type: str
    ends_type: str


def prefilled(
    member: Member, now: Now, window: tuple[datetime, datetime], url: str
) -> dict[str, str]:
    """Return what stands in the form when it is opened."""
    starts, ends = (now.local(each) for each in window)
    return {
        "staff_name": member.name,
        "date": f"{now.local(now.school):%Y-%m-%d}",
        "url": url,
        "for_whom": ONESELF,
        "scope": ScopeChoice.PAGE.value,
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
        "ends_at": f"{ends:%Y-%m-%dT%H:%M}",
    }


def request_page(
    values: Mapping[str, str],
    classes: tuple[SchoolClass, ...],
    member: Member,
    invalid: InvalidForm | None = None,
) -> RequestPage:
    """Return the form with *values*, for themselves or one of *classes*, their own first."""
    form = Form(LABELS, values, invalid)
    own_first = sorted(classes, key=lambda each: each.id not in member.classes)
    whom = [Option(ONESELF, "Myself", "Opens for you alone, on devices known as yours.")]
    whom += [Option(f"{CLASS_PREFIX}{each.id}", f"Class {each.name}") for each in own_first]
    scopes = [Option(each, text, _SCOPE_HINTS[each]) for each, text in SCOPES.items()]
    return RequestPage(
        fields={name: form[name] for name in LABELS},
        mistakes=form.mistakes,
        for_whom_options=[each.printed() for each in whom],
        scope_options=[each.printed() for each in scopes],
        date_type=day_input_type(form["date"].value),
        starts_type=date_input_type(form["starts_at"].value),
        ends_type=date_input_type(form["ends_at"].value),
    )
