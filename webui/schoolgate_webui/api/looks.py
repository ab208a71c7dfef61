"""Opening a named person's record for a reason, reading it, and who looked at whose."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette import status

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.errors import NotAllowed, mistake_in
from schoolgate_policyd.workflow.looks import Look, LookReason, may_open, may_see_look, parse_look
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import rest_of, skipped
from schoolgate_webui.api.shapes import (
    After,
    Entered,
    Limit,
    Named,
    Page,
    PersonId,
    Shape,
    Skip,
    Word,
    known,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.looking import social_media_of, viewed_by
from schoolgate_webui.routes.log_people import called, openable
from schoolgate_webui.views.opened import missing_words
from schoolgate_webui.views.pseudonyms import Viewed
from schoolgate_webui.views.use_minutes import METHOD, PersonDay, person_days

router = APIRouter(tags=["Log and figures"])

_ONE_OF_THEM = "Say whose record: by person, or by the pseudonym that this token has for them."


class LookEntry(Entered):
    """
    Whose record is opened, and why.

    *person* is an id, or else *who* the pseudonym that the log and the figures give to this token
    today; *words* say what is looked for.
    """

    person: Word = ""
    who: Word = ""
    reason: Word = ""
    words: Word = ""


class LookLine(Shape):
    """A record that was opened: whose, by whom, and why."""

    number: int
    person: Named
    by: Named
    at: datetime
    ends_at: datetime
    reason: LookReason
    words: str


class Openable(Shape):
    """Somebody whose record may be opened; *open_until* is null while it is not open."""

    id: str
    name: str
    audience: Audience
    year_group: int | None
    open_until: datetime | None


class DayOfUse(Shape):
    """Estimated minutes of social media on a day of the school, and with which services."""

    day: date
    minutes: int
    services: list[str]


class RecordShown(Shape):
    """
    A person's record while it is open to the token's owner.

    What the log has of them is read at *log*. *missing* says which days are not counted.
    """

    person: Named
    reason: LookReason
    words: str
    open_until: datetime
    days: list[DayOfUse]
    missing: str
    method: str
    log: str
    export: str


@router.get("/log/looks", summary="Whose records were opened, by whom and why")
def looks(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[LookLine]:
    """List the records that were opened, those that the token's owner may know of."""
    people = viewed_by(desk).people
    found = desk.site.decisions.looks.recent(before=after, limit=limit)
    return Page(
        items=[_line(each, desk) for each in found if may_see_look(desk.member, each, people)],
        next=rest_of(desk.request, found, number=lambda each: each.id, limit=limit),
    )


@router.post("/log/looks", status_code=status.HTTP_201_CREATED, summary="Open somebody's record")
def look(desk: DeskDep, entered: LookEntry) -> LookLine:
    """Open a record for half an hour, for the token's owner; the look itself is recorded."""
    person = _whose(viewed_by(desk), entered)
    form = parse_look(entered.as_form(), person)
    opened = desk.site.decisions.looks.open(
        person.id, by=desk.member.id, form=form, at=desk.now.machine
    )
    return _line(opened, desk)


@router.get("/log/people", summary="People whose records may be opened")
def people(
    desk: DeskDep,
    words: Annotated[str, Query(max_length=200, description="Words of their name.")] = "",
    skip: Skip = 0,
    limit: Limit = 50,
) -> Page[Openable]:
    """Find somebody by name; without words, those whose records are open now."""
    viewed, wanted = viewed_by(desk), words.casefold().split()
    fitting = sorted(
        (
            each
            for each in viewed.people.values()
            if may_open(desk.member, each)
            and (
                all(word in each.name.casefold() for word in wanted)
                if wanted
                else each.id in viewed.open_now
            )
        ),
        key=lambda each: (each.name, each.id),
    )
    return skipped(
        desk.request,
        fitting[skip : skip + limit],
        lambda each: _openable(each, viewed, desk),
        count=len(fitting),
        skip=skip,
    )


@router.get("/log/people/{person}", summary="A person's record, while it is open")
def record(desk: DeskDep, person: PersonId) -> RecordShown:
    """Give the record of somebody, to those who opened it before."""
    member, opened = require_open(desk, person)
    days, missing = social_media_of(desk, person)
    return RecordShown(
        person=Named(id=member.id, name=member.name),
        reason=opened.reason,
        words=opened.words,
        open_until=desk.now.recorded(opened.ends_at),
        days=[_day(each, desk) for each in reversed(person_days(days, desk.now))],
        missing=missing_words(len(missing)),
        method=METHOD,
        log=f"/api/v1/log?person={person}&allowed=true",
        export=f"/api/v1/log/people/{person}/records.csv",
    )


def require_open(desk: Desk, person: str) -> tuple[Member, Look]:
    """
    Return *person* and the look by which their record is open to whoever asks.

    Raises UnknownObject where it is none of theirs to open, NotAllowed where they have not.
    """
    viewed = viewed_by(desk)
    member = openable(viewed, person)
    opened = viewed.open_now.get(person)
    if opened is None:
        raise NotAllowed("Their record is not open to you: open it first, with a reason.")
    return member, opened


def _whose(viewed: Viewed, entered: LookEntry) -> Member:
    if bool(entered.person) == bool(entered.who):
        raise mistake_in("person", _ONE_OF_THEM)
    if entered.person:
        return openable(viewed, entered.person)
    return called(viewed, entered.who)


def _line(found: Look, desk: Desk) -> LookLine:
    names, now = names_of(desk).people, desk.now
    return LookLine(
        number=found.id,
        person=known(found.person, names),
        by=known(found.by, names),
        at=now.recorded(found.at),
        ends_at=now.recorded(found.ends_at),
        reason=found.reason,
        words=found.words,
    )


def _openable(member: Member, viewed: Viewed, desk: Desk) -> Openable:
    opened = viewed.open_now.get(member.id)
    return Openable(
        id=member.id,
        name=member.name,
        audience=member.audience,
        year_group=viewed.years.get(member.id),
        open_until=None if opened is None else desk.now.recorded(opened.ends_at),
    )


def _day(used: PersonDay, desk: Desk) -> DayOfUse:
    services = desk.site.policy_in_force.policy().catalogue.services_by_id
    named = sorted(services[each].name if each in services else each for each in used.services)
    return DayOfUse(day=used.day, minutes=used.minutes, services=named)
