"""The blocked content access request, to be filled in."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import msgspec

from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.forms import CLASS_PREFIX, ONESELF
from schoolgate_policyd.workflow.people import Member, SchoolClass
from schoolgate_policyd.workflow.requests import RequestForm, ScopeChoice
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


class Purpose(Enum):
    """What the form is for."""

    NEW = "new"
    DRAFT = "draft"
    CHANGE = "change"


class RequestPage(msgspec.Struct, frozen=True):
    """The form with what stands in it; *delete* is where a draft is deleted."""

    title: str
    action: str
    button: str
    back: str
    is_change: bool
    delete: str

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


def filled(form: RequestForm, now: Now) -> dict[str, str]:
    """Return what stands in the form when one that was sent is changed."""
    starts, ends = now.local(form.starts_at), now.local(form.ends_at)
    return {
        "staff_name": form.staff_name,
        "date": f"{now.local(now.school):%Y-%m-%d}",
        "url": str(form.url),
        "site_content": form.site_content,
        "reasons": form.reasons,
        "measures": form.measures,
        "for_whom": ONESELF if form.for_class is None else f"{CLASS_PREFIX}{form.for_class}",
        "scope": form.scope.value,
        "starts_at": f"{starts:%Y-%m-%dT%H:%M}",
        "ends_at": f"{ends:%Y-%m-%dT%H:%M}",
    }


def repeated(form: RequestForm, now: Now) -> dict[str, str]:
    """Return what an earlier form fills in of a new one: all but who, when and how long."""
    kept = filled(form, now)
    return {name: kept[name] for name in kept if name not in _ANEW}


_ANEW = frozenset({"staff_name", "date", "starts_at", "ends_at"})


def request_page(
    values: Mapping[str, str],
    classes: tuple[SchoolClass, ...],
    member: Member,
    invalid: InvalidForm | None = None,
    *,
    purpose: Purpose = Purpose.NEW,
    number: int | None = None,
) -> RequestPage:
    """
    Return the form with *values*, for themselves or one of *classes*, their own first.

    *number* is that of the draft, or of the request that is changed.
    """
    labels = {**LABELS, "why": "What did you change, and why?"}
    form = Form(labels, values, invalid)
    scopes = [Option(each, text, _SCOPE_HINTS[each]) for each, text in SCOPES.items()]
    action = {
        Purpose.NEW: "/requests/new",
        Purpose.DRAFT: f"/requests/drafts/{number}",
        Purpose.CHANGE: f"/requests/{number}/change",
    }[purpose]
    is_change = purpose is Purpose.CHANGE
    return RequestPage(
        title=f"Change request {number}" if is_change else "Blocked content access request",
        action=action,
        button="Send the changed request" if is_change else "Send request",
        back=f"/requests/{number}" if is_change else "/requests",
        is_change=is_change,
        delete=f"{action}/delete" if purpose is Purpose.DRAFT else "",
        fields={name: form[name] for name in labels},
        mistakes=form.mistakes,
        for_whom_options=[each.printed() for each in _whom_options(classes, member)],
        scope_options=[each.printed() for each in scopes],
        date_type=day_input_type(form["date"].value),
        starts_type=date_input_type(form["starts_at"].value),
        ends_type=date_input_type(form["ends_at"].value),
    )


def _whom_options(classes: tuple[SchoolClass, ...], member: Member) -> list[Option]:
    own_first = sorted(classes, key=lambda each: each.id not in member.classes)
    return [
        Option(ONESELF, "Myself", "Opens for you alone, on devices known as yours."),
        *(Option(f"{CLASS_PREFIX}{each.id}", f"Class {each.name}") for each in own_first),
    ]
