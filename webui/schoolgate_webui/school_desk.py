"""What the handlers of the school's register share."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from fastapi.responses import HTMLResponse
from starlette import status

from schoolgate_policyd.core.subjects import Network
from schoolgate_policyd.core.times import moment_of
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.workflow.errors import Stale, WrongState
from schoolgate_webui.desk import Desk
from schoolgate_webui.overtime import parse_overtime, with_overtime
from schoolgate_webui.views.school_fields import SchoolForm

_DIGITS = 9


def form_page(desk: Desk, form: SchoolForm) -> HTMLResponse:
    """Return the page of one form."""
    return desk.page(
        "school_form.html",
        status_code=status.HTTP_422_UNPROCESSABLE_CONTENT if form.mistakes else 200,
        form=form,
    )


def version_of(entered: Mapping[str, str]) -> int:
    """Return the version that the form was opened with; none at all is an old one."""
    text = entered.get("version", "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_number else -1


def today(desk: Desk) -> date:
    """Return the school's date."""
    return desk.now.local(desk.now.school).date()


def end_of_day(desk: Desk, day: date) -> datetime:
    """Return the moment at which *day* is over on the school's clock."""
    return moment_of(day + timedelta(days=1), time(0), desk.now.zone)


def put_on_overtime(desk: Desk, entered: Mapping[str, str]) -> str:
    """
    Put somebody on overtime for a day, or take them off it, as *entered*; return who it is.

    Raises InvalidForm, UnknownObject, WrongState where somebody else changed their line just now.
    """
    decisions = desk.site.decisions
    asked = parse_overtime(entered, decisions.people.members())
    record = decisions.person_records.one(asked.person)
    try:
        decisions.people_changes.change(
            asked.person,
            with_overtime(record.entry, asked),
            version=record.version,
            by=desk.member.id,
            at=desk.now.machine,
            moment=desk.now.school,
        )
    except Stale as error:
        raise WrongState(str(error)) from error
    desk.site.changed()
    return asked.person


def services_of(desk: Desk) -> dict[str, str]:
    """Return the names of the services that the policy knows, by id."""
    catalogue = desk.site.policy_in_force.policy().catalogue
    return {each.id: each.name for each in catalogue.services}


def configured_networks(desk: Desk) -> tuple[Network, ...]:
    """Return the networks as the configuration has them."""
    return networks_of(desk.site.settings)
