"""The school's own page, its name, tables of people taken up, and the move to the next year."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.errors import FieldMistake, InvalidForm, Stale
from schoolgate_policyd.workflow.people_table import BadTable, read_table
from schoolgate_policyd.workflow.school_record import parse_name
from schoolgate_policyd.workflow.year_moves import FIELDS, YearMoves
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.school_desk import (
    configured_networks,
    end_of_day,
    form_page,
    today,
    version_of,
)
from schoolgate_webui.views import school as views
from schoolgate_webui.views.school_fields import SchoolForm

router = APIRouter()

_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT
LAST_YEAR = 13


@router.get("/school")
def overview(desk: DeskDep) -> HTMLResponse:
    """Show the school at a glance, and what is missing."""
    decisions = desk.site.decisions
    page = views.overview(
        desk.site.settings.school_name,
        desk.site.policy_in_force.policy(),
        decisions.person_records.everybody(),
        classes=len(decisions.people.classes()),
        devices=decisions.devices.search(limit=1)[0],
        networks=len(configured_networks(desk)),
        member=desk.member,
    )
    return desk.page("school.html", school=page)


@router.get("/school/name")
def name_form(desk: DeskDep) -> HTMLResponse:
    """Show the form of the school's name."""
    return form_page(desk, _name_form(desk))


@router.post("/school/name")
def rename(desk: DeskDep, entered: EnteredDep) -> Response:
    """Give the school another name."""
    try:
        desk.site.decisions.school.rename(
            parse_name(entered),
            preset=desk.site.settings.school,
            version=version_of(entered),
            by=desk.member.id,
            at=desk.now.machine,
        )
    except InvalidForm as error:
        return form_page(desk, _name_form(desk, entered=entered, invalid=error))
    except Stale:
        return form_page(desk, _name_form(desk, entered=entered, is_stale=True))
    desk.site.follow_school()
    return RedirectResponse("/school?done=saved", status.HTTP_303_SEE_OTHER)


@router.get("/school/import")
def import_form(desk: DeskDep) -> HTMLResponse:
    """Show where a table is pasted."""
    return desk.page("school_import.html", table=views.import_page("", desk.site.names()))


@router.post("/school/import")
def import_table(desk: DeskDep, entered: EnteredDep) -> Response:
    """Show what taking the table up would change, or do it once that was seen."""
    text, shown = entered.get("table", ""), entered.get("shown", "")
    refusal = ""
    try:
        people = read_table(text)
        plan = desk.site.decisions.people_import.plan(people)
        if shown:
            desk.site.decisions.people_import.take_up(
                people,
                shown=shown,
                by=desk.member.id,
                at=desk.now.machine,
                moment=desk.now.school,
            )
            desk.site.changed()
            return RedirectResponse("/school/people?done=imported", status.HTTP_303_SEE_OTHER)
    except BadTable as error:
        page = views.import_page(text, desk.site.names(), bad=error)
        return desk.page("school_import.html", status_code=_UNPROCESSABLE, table=page)
    except Stale as error:
        refusal = str(error)
        plan = desk.site.decisions.people_import.plan(people)
    page = views.import_page(text, desk.site.names(), plan=plan, refusal=refusal)
    code = _UNPROCESSABLE if refusal else status.HTTP_200_OK
    return desk.page("school_import.html", status_code=code, table=page)


@router.get("/school/year")
def year_form(desk: DeskDep) -> HTMLResponse:
    """Show where each class goes in the new year."""
    proposed = desk.site.decisions.people_import.year_moves(None, LAST_YEAR)
    return _year_page(desk, {"moves": proposed.text, "leave_on": today(desk).isoformat()})


@router.post("/school/year")
def move_up(desk: DeskDep, entered: EnteredDep) -> Response:
    """Show what moving everybody up would change, or do it once that was seen."""
    shown = entered.get("shown", "")
    store = desk.site.decisions.people_import
    try:
        last_year, leave_on = year_entry(entered)
        moves = store.year_moves(entered.get("moves", ""), last_year)
        if shown:
            store.move_up(
                entered.get("moves", ""),
                last_year,
                shown=shown,
                leave_at=end_of_day(desk, leave_on),
                by=desk.member.id,
                at=desk.now.machine,
                moment=desk.now.school,
            )
            desk.site.changed()
            return RedirectResponse("/school/classes?done=moved-up", status.HTTP_303_SEE_OTHER)
    except InvalidForm as error:
        return _year_page(desk, entered, invalid=error)
    except Stale as error:
        mistake = FieldMistake("moves", str(error))
        return _year_page(desk, entered, moves=moves, invalid=InvalidForm((mistake,), {}))
    return _year_page(desk, entered, moves=moves)


def year_entry(entered: Mapping[str, str]) -> tuple[int, date]:
    """Return the last year group and the day on which its pupils leave. Raises InvalidForm."""
    entry = Entry(entered, FIELDS)
    years = {str(year): str(year) for year in range(1, LAST_YEAR + 1)}
    last_year = entry.choice("last_year", years, "Choose your school’s last year group.")
    leave_on = entry.day("leave_on", "Enter the last day of those who leave.")
    entry.raise_mistakes()
    if last_year is None or leave_on is None:
        raise AssertionError("an entry without mistakes has both")
    return int(last_year), leave_on


def _year_page(
    desk: Desk,
    entered: dict[str, str],
    *,
    moves: YearMoves | None = None,
    invalid: InvalidForm | None = None,
) -> HTMLResponse:
    page = views.year_page(entered, desk.site.names(), moves=moves, invalid=invalid)
    code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("school_year.html", status_code=code, year=page)


def _name_form(
    desk: Desk,
    *,
    entered: dict[str, str] | None = None,
    invalid: InvalidForm | None = None,
    is_stale: bool = False,
) -> SchoolForm:
    return views.name_form(
        desk.site.settings.school_name,
        desk.site.decisions.school.record(),
        entered=entered,
        invalid=invalid,
        is_stale=is_stale,
    )
