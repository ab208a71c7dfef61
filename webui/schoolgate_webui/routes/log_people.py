"""Opening a named person's record for a reason, reading it, taking it out, and who looked."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette import status

from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.events import MAX_PAGE, EventFilter, EventPlace, Stored
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.looks import may_open, may_see_look, parse_look
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.desk import Desk, DeskDep
from schoolgate_webui.guard import EnteredDep
from schoolgate_webui.looking import around, social_media_of, viewed_by
from schoolgate_webui.paper.csv_text import csv_download
from schoolgate_webui.views import opened
from schoolgate_webui.views.log_rows import rows_of
from schoolgate_webui.views.person_export import export_of
from schoolgate_webui.views.pseudonyms import Viewed
from schoolgate_webui.views.use_minutes import day_use, person_days

router = APIRouter()

Code = Annotated[str, Path(max_length=20)]
Person = Annotated[str, Path(max_length=40)]

SHOWN_EVENTS = 50
# A search that takes longer says how far it came; the page has a second in all.
SEARCH_FOR_S = 0.25
MAX_EXPORTED = 200_000
_UNPROCESSABLE = status.HTTP_422_UNPROCESSABLE_CONTENT


@router.get("/log/people")
def people(desk: DeskDep, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """Find somebody by name, and show whose records are open."""
    viewed = viewed_by(desk)
    openable = [each for each in viewed.people.values() if may_open(desk.member, each)]
    page = opened.people_page(q, openable, viewed.years, viewed.open_now)
    return desk.page("log_people.html", people=page)


@router.get("/log/open/{code}")
def asked_by_pseudonym(desk: DeskDep, code: Code) -> Response:
    """Ask why the record of whoever is called *code* is opened, without their name."""
    viewed = viewed_by(desk)
    person = called(viewed, code)
    if person.id in viewed.open_now:
        return _see(person)
    return _form(desk, _pseudonym(viewed, person), f"/log/open/{code}", person, {})


@router.post("/log/open/{code}")
def open_by_pseudonym(desk: DeskDep, entered: EnteredDep, code: Code) -> Response:
    """Open the record of whoever is called *code*."""
    viewed = viewed_by(desk)
    person = called(viewed, code)
    return _open(desk, entered, person, _pseudonym(viewed, person), f"/log/open/{code}")


@router.get("/log/people/{person}")
def record(desk: DeskDep, person: Person) -> HTMLResponse:
    """Show the record of *person* where it is open, else ask why it should be."""
    viewed = viewed_by(desk)
    member = openable(viewed, person)
    if person not in viewed.open_now:
        return _form(desk, member.name, f"/log/people/{person}", member, {})
    found = desk.site.events.search(
        EventFilter(person=person, with_allowed=True),
        limit=SHOWN_EVENTS,
        budget_s=SEARCH_FOR_S,
    )
    days, missing = social_media_of(desk, person)
    services = desk.site.policy_in_force.policy().catalogue.services_by_id
    used = person_days(days, desk.now)
    page = opened.record_page(
        member,
        viewed.open_now[person],
        desk.now,
        year=viewed.years.get(person),
        rows=rows_of(found.events, around(desk, viewed)),
        has_more=found.searched_to is not None,
        days=tuple(day_use(each, services) for each in reversed(used)),
        missing=len(missing),
    )
    return desk.page("log_record.html", record=page)


@router.post("/log/people/{person}")
def open_by_name(desk: DeskDep, entered: EnteredDep, person: Person) -> Response:
    """Open the record of *person*."""
    member = openable(viewed_by(desk), person)
    return _open(desk, entered, member, member.name, f"/log/people/{person}")


@router.get("/log/people/{person}/records.csv")
def export(desk: DeskDep, person: Person) -> Response:
    """Give everything that the log keeps about *person*, as a file; the audit says who took it."""
    viewed = viewed_by(desk)
    member = openable(viewed, person)
    if person not in viewed.open_now:
        return _see(member)
    return whole_log(desk, person)


def whole_log(desk: Desk, person: str) -> Response:
    """Return the file of everything that the log keeps about *person*. Raises NotAllowed."""
    now = desk.now
    desk.site.decisions.looks.exported(
        person, by=desk.member.id, at=now.machine, what="what the log keeps about them"
    )
    text = export_of(_all_of(desk, person), now)
    return csv_download(f"records-{now.local(now.school):%Y-%m-%d}.csv", text)


@router.get("/log/looks")
def looks(
    desk: DeskDep, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> HTMLResponse:
    """Show whose records were opened, by whom and why."""
    viewed = viewed_by(desk)
    names = desk.site.decisions.people.names()
    found = desk.site.decisions.looks.recent(before=before, limit=opened.MAX_LISTED)
    page = opened.LooksPage(
        lines=tuple(
            opened.look_line(each, names, desk.now)
            for each in found
            if may_see_look(desk.member, each, viewed.people)
        ),
        older_href=f"/log/looks?before={found[-1].id}" if len(found) == opened.MAX_LISTED else "",
    )
    return desk.page("log_looks.html", looks=page)


def called(viewed: Viewed, code: str) -> Member:
    """Return whoever is called *code*; who may not be opened is nobody."""
    person = viewed.person_called(code)
    return openable(viewed, "" if person is None else person)


def openable(viewed: Viewed, person: str) -> Member:
    """Return *person*; for those who may not open their record there is none."""
    member = viewed.people.get(person)
    if member is None or not may_open(viewed.viewer, member):
        raise UnknownObject("there is no such record for them")
    return member


def _pseudonym(viewed: Viewed, person: Member) -> str:
    return viewed.shown(person.id, person.audience).text


def _open(
    desk: Desk, entered: dict[str, str], person: Member, title: str, action: str
) -> Response:
    try:
        form = parse_look(entered, person)
    except InvalidForm as error:
        return _form(desk, title, action, person, entered, error)
    desk.site.decisions.looks.open(person.id, by=desk.member.id, form=form, at=desk.now.machine)
    return _see(person)


def _form(  # noqa: PLR0917 - what the form is of, and what was typed into it
    desk: Desk,
    title: str,
    action: str,
    person: Member,
    entered: dict[str, str],
    invalid: InvalidForm | None = None,
) -> HTMLResponse:
    page = opened.open_page(title, action, person, entered, invalid)
    status_code = status.HTTP_200_OK if invalid is None else _UNPROCESSABLE
    return desk.page("log_open.html", status_code=status_code, opening=page)


def _see(person: Member) -> RedirectResponse:
    return RedirectResponse(f"/log/people/{person.id}", status.HTTP_303_SEE_OTHER)


def _all_of(desk: Desk, person: str) -> Iterator[Stored]:
    """Yield every event of *person*, newest first."""
    wanted = EventFilter(person=person, with_allowed=True)
    before: EventPlace | None = None
    for _ in range(MAX_EXPORTED // MAX_PAGE):
        found = desk.site.events.search(wanted, limit=MAX_PAGE, before=before, budget_s=None)
        yield from found.events
        before = found.searched_to
        if before is None:
            return
