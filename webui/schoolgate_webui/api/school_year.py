"""Overtime, the move to the next year, and forgetting somebody who left."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette import status
from starlette.responses import Response

from schoolgate_policyd.workflow.errors import mistake_in
from schoolgate_policyd.workflow.year_moves import MAX_TEXT, YearMoves
from schoolgate_webui import school_desk
from schoolgate_webui.api.guard import DeskDep
from schoolgate_webui.api.people import Change, PersonShown, fields_between, person_read
from schoolgate_webui.api.shapes import Entered, PersonId, Shape, Word
from schoolgate_webui.routes.school import LAST_YEAR, year_entry
from schoolgate_webui.school_desk import end_of_day

router = APIRouter(tags=["School"])

_REPEAT = "This cannot be undone: repeat the id of whom you forget."


class OvertimeEntry(Entered):
    """Who of the staff is `on` or `off` overtime on a day."""

    person: Word = ""
    day: Word = ""
    what: Word = ""


class YearEntry(Entered):
    """
    The school's last year group, the last day of its pupils, and where each class goes.

    *moves* has a line like `4B > 5B` for each class; with *shown*, a plan's digest, it is done.
    """

    last_year: Word = ""
    leave_on: Word = ""
    moves: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    shown: Word = ""


class ProposedMoves(Shape):
    """Where each class's pupils probably go, a line for each, to be sent back as *moves*."""

    moves: str


class YearPlan(Shape):
    """What moving up would change, or changed; *digest* is what says yes to it."""

    is_done: bool
    digest: str
    moved: list[Change]
    leaving: list[str]
    without_year: list[str]


class ForgettingEntry(Entered):
    """Whom to forget, once more: *person* repeats the id in the address, as nothing is undone."""

    person: Word = ""


class KeptShown(Shape):
    """Records of one kind that go on naming somebody's pseudonym once they are forgotten."""

    kind: str
    records: int


class ForgettingShown(Shape):
    """What is kept when somebody who left is forgotten: the rest of them is deleted for good."""

    person: str
    kept: list[KeptShown]


@router.post("/overtime", summary="Put somebody on overtime for a day, or take them off it")
def put_on_overtime(desk: DeskDep, entered: OvertimeEntry) -> PersonShown:
    """Put a member of staff on overtime for a day, or take them off it."""
    return person_read(desk, school_desk.put_on_overtime(desk, entered.as_form()))


@router.get("/school-year", summary="Where each class goes in the new year")
def proposed_moves(desk: DeskDep) -> ProposedMoves:
    """Propose where each class's pupils go."""
    proposed = desk.site.decisions.people_import.year_moves(None, LAST_YEAR)
    return ProposedMoves(moves=proposed.text)


@router.post("/school-year", summary="Move every pupil up by a year")
def move_up(desk: DeskDep, entered: YearEntry) -> YearPlan:
    """Say what moving up would change; do it where exactly that was shown before."""
    form, store = entered.as_form(), desk.site.decisions.people_import
    last_year, leave_on = year_entry(form)
    moves = store.year_moves(entered.moves, last_year)
    if entered.shown:
        store.move_up(
            entered.moves,
            last_year,
            shown=entered.shown,
            leave_at=end_of_day(desk, leave_on),
            by=desk.member.id,
            at=desk.now.machine,
            moment=desk.now.school,
        )
        desk.site.changed()
    return _plan(moves, is_done=bool(entered.shown))


@router.get("/people/{person}/forgetting", summary="What is kept of somebody who is forgotten")
def forgetting(desk: DeskDep, person: PersonId) -> ForgettingShown:
    """Say what is kept, and of what kind, when somebody who left is forgotten."""
    found = desk.site.decisions.retention.naming(person)
    kept = [KeptShown(kind=each.kind, records=each.records) for each in found]
    return ForgettingShown(person=person, kept=kept)


@router.post(
    "/people/{person}/forget",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Forget somebody who left",
)
def forget(desk: DeskDep, person: PersonId, entered: ForgettingEntry) -> Response:
    """Delete what the register says of somebody who left, for good."""
    if entered.person != person:
        raise mistake_in("person", _REPEAT)
    desk.site.decisions.retention.forget(person, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def _plan(moves: YearMoves, *, is_done: bool) -> YearPlan:
    return YearPlan(
        is_done=is_done,
        digest=moves.digest,
        moved=[
            Change(id=each.id, fields=fields_between(each.before, each.after))
            for each in moves.moved
        ],
        leaving=list(moves.leaving),
        without_year=list(moves.without_year),
    )
