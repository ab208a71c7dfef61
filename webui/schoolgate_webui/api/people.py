"""People of the school: listed, added, changed, taken up from a table, leaving."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette import status

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow import register_acts
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people_import import ImportPlan
from schoolgate_policyd.workflow.people_table import MAX_OCTETS, read_table
from schoolgate_policyd.workflow.register_duties import parse_leaving
from schoolgate_policyd.workflow.register_people import PersonEntry, PersonRecord, parse_person
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.paging import skipped
from schoolgate_webui.api.shapes import (
    Entered,
    Ids,
    Limit,
    Page,
    PersonId,
    Shape,
    Skip,
    Text,
    Word,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.school_desk import end_of_day, today
from schoolgate_webui.views.moments import Now

router = APIRouter(tags=["School"])

Version = Annotated[int, Field(ge=0, le=2**53, description="The version that was read.")]


class PersonFields(Entered):
    """Somebody's line, as its form has it; times of day like 8:30, a day on each line."""

    name: Word = ""
    audience: Word = ""
    username: Word = ""
    year_group: Word = ""
    age: Word = ""
    classes: Ids = ()
    hours_start: Word = ""
    hours_end: Word = ""
    overtime: Text = ""


class NewPersonEntry(PersonFields):
    """Somebody new; without an id one is made."""

    id: Word = ""


class PersonChange(PersonFields):
    """A changed line: every field of it, and the version that was read."""

    version: Version


class Leaving(Entered):
    """The last day of somebody who leaves."""

    version: Version
    last_day: Word = ""


class Fresh(Entered):
    """The version that was read: of an older one nothing is written over."""

    version: Version


class TableEntry(Entered):
    """A table of people as CSV; with *shown*, a plan's digest, it is taken up."""

    table: Annotated[str, Field(max_length=MAX_OCTETS)]
    shown: Word = ""


class PersonShown(Shape):
    """Somebody's line in the register."""

    id: str
    name: str
    audience: Audience
    username: str | None
    year_group: int | None
    age: int | None
    classes: list[str]
    duties: list[Duty]
    hours_start: str | None
    hours_end: str | None
    overtime: list[date]
    version: int
    has_account: bool
    has_left: bool
    leaves_at: datetime | None


class Change(Shape):
    """Somebody's line that changes: which fields."""

    id: str
    fields: list[str]


class Plan(Shape):
    """What taking the table up would change, or changed; *digest* is what says yes to it."""

    is_done: bool
    digest: str
    new_classes: list[str]
    added: list[str]
    changed: list[Change]
    unchanged: int
    missing: list[str]


@router.get("/people", summary="People of the school, by name")
def listed(
    desk: DeskDep,
    *,
    words: Annotated[str, Query(max_length=100)] = "",
    audience: Audience | None = None,
    in_class: Annotated[str, Query(max_length=40)] = "",
    left: bool = False,
    skip: Skip = 0,
    limit: Limit = 50,
) -> Page[PersonShown]:
    """List who is in the school, or was."""
    count, found = desk.site.decisions.person_records.search(
        words,
        audience=audience,
        in_class=in_class or None,
        has_left=left,
        skip=skip,
        limit=limit,
    )
    return skipped(
        desk.request, found, lambda each: _shown(each, desk.now), count=count, skip=skip
    )


@router.get("/people/{person}", summary="One person")
def one(desk: DeskDep, person: PersonId) -> PersonShown:
    """Give somebody's line."""
    return person_read(desk, person)


@router.post("/people", status_code=status.HTTP_201_CREATED, summary="Add somebody")
def add(desk: DeskDep, entered: NewPersonEntry) -> PersonShown:
    """Add somebody."""
    decisions = desk.site.decisions
    id_, entry = parse_person(entered.as_form(), decisions.people.classes(), is_new=True)
    made = decisions.people_changes.add(id_, entry, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return person_read(desk, made)


@router.put("/people/{person}", summary="Change somebody's line")
def change(desk: DeskDep, person: PersonId, entered: PersonChange) -> PersonShown:
    """Change their line; every field is written."""
    _require_kept(desk, person)
    decisions = desk.site.decisions
    _, entry = parse_person(entered.as_form(), decisions.people.classes(), is_new=False)
    decisions.people_changes.change(
        person,
        entry,
        version=entered.version,
        by=desk.member.id,
        at=desk.now.machine,
        moment=desk.now.school,
    )
    desk.site.changed()
    return person_read(desk, person)


@router.post("/people/{person}/leave", summary="Have somebody leave")
def leave(desk: DeskDep, person: PersonId, entered: Leaving) -> PersonShown:
    """Have them leave, at once or when their last day is over."""
    _require_kept(desk, person, is_sign_in=True)
    last_day = parse_leaving(entered.as_form())
    desk.site.decisions.people_changes.leave(
        person,
        desk.now.school if last_day <= today(desk) else end_of_day(desk, last_day),
        version=entered.version,
        by=desk.member.id,
        at=desk.now.machine,
        moment=desk.now.school,
    )
    desk.site.changed()
    return person_read(desk, person)


@router.post("/people/{person}/back", summary="Have somebody stay, or be back")
def come_back(desk: DeskDep, person: PersonId, entered: Fresh) -> PersonShown:
    """Have somebody stay, or be back."""
    desk.site.decisions.people_changes.come_back(
        person, version=entered.version, by=desk.member.id, at=desk.now.machine
    )
    desk.site.changed()
    return person_read(desk, person)


@router.post("/people/import", summary="Take a table of people up")
def import_table(desk: DeskDep, entered: TableEntry) -> Plan:
    """Say what taking the table up would change; do it where exactly that was shown before."""
    people, store = read_table(entered.table), desk.site.decisions.people_import
    plan = store.plan(people)
    if entered.shown:
        store.take_up(
            people,
            shown=entered.shown,
            by=desk.member.id,
            at=desk.now.machine,
            moment=desk.now.school,
        )
        desk.site.changed()
    return _plan(plan, is_done=bool(entered.shown))


def _require_kept(desk: Desk, person: str, *, is_sign_in: bool = False) -> None:
    record = desk.site.decisions.person_records.one(person)
    if record.has_left:
        raise NotAllowed("They have left the school: say first that they are back.")
    register_acts.require_may_keep(desk.member, record.member, is_sign_in=is_sign_in)


def person_read(desk: Desk, person: str) -> PersonShown:
    """Return somebody's line as it stands now."""
    return _shown(desk.site.decisions.person_records.one(person), desk.now)


def _shown(record: PersonRecord, now: Now) -> PersonShown:
    entry, hours = record.entry, record.entry.hours
    return PersonShown(
        id=record.id,
        name=entry.name,
        audience=entry.audience,
        username=entry.username,
        year_group=entry.year_group,
        age=entry.age,
        classes=sorted(entry.classes),
        duties=sorted(each.duty for each in record.duties),
        hours_start=None if hours is None else f"{hours.start:%H:%M}",
        hours_end=None if hours is None else f"{hours.end:%H:%M}",
        overtime=sorted(entry.overtime),
        version=record.version,
        has_account=record.has_account,
        has_left=record.has_left,
        leaves_at=None if record.leaves_at is None else now.local(record.leaves_at),
    )


def _plan(plan: ImportPlan, *, is_done: bool) -> Plan:
    return Plan(
        is_done=is_done,
        digest=plan.digest,
        new_classes=[each.name for each in plan.classes],
        added=[id_ for id_, _ in plan.added],
        changed=[
            Change(
                id=each.id,
                fields=fields_between(each.before, each.after),
            )
            for each in plan.changed
        ],
        unchanged=plan.unchanged,
        missing=list(plan.missing),
    )


def fields_between(before: PersonEntry, after: PersonEntry) -> list[str]:
    """Return which fields of a line are different."""
    return [
        field
        for field in before.__struct_fields__
        if getattr(before, field) != getattr(after, field)
    ]
