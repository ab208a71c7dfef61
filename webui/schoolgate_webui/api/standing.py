"""Standing permissions and delegations."""

from datetime import date, datetime

from fastapi import APIRouter
from starlette import status

from schoolgate_policyd.store.records import StandingPermission
from schoolgate_policyd.workflow import forms
from schoolgate_policyd.workflow.delegations import Delegation
from schoolgate_policyd.workflow.requests import State
from schoolgate_policyd.workflow.standing_requests import StandingRequest, parse_standing
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import part_of
from schoolgate_webui.api.request_shapes import Measures, Why
from schoolgate_webui.api.shapes import (
    After,
    Entered,
    Limit,
    Named,
    Number,
    Page,
    Shape,
    Text,
    Word,
    known,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.standing import abouts_of

router = APIRouter(tags=["Standing permissions"])


class StandingEntry(Entered):
    """What is asked for; *name* is the policy's name for it."""

    name: Word = ""
    reasons: Text = ""
    measures: Text = ""
    review_on: Word = ""


class Permission(Shape):
    """
    A standing permission; it is in force while both records stand and none is overdue.

    Each record has a number of its own, by which it is withdrawn.
    """

    name: str
    is_in_force: bool
    review_on: date | None
    permitted_by: Named | None
    permitted_record: int | None
    confirmed_by: Named | None
    confirmed_record: int | None


class StandingLine(Shape):
    """A standing permission that was asked for."""

    number: int
    name: str
    state: State
    requester: Named
    reasons: str
    measures: str
    review_on: date
    asked_at: datetime
    page: str


class DelegationShown(Shape):
    """A delegation: the head lets a deputy decide from then to then."""

    number: int
    head: Named
    deputy: Named
    starts_at: datetime
    ends_at: datetime
    reasons: str
    is_live: bool


@router.get("/standing", summary="Standing permissions")
def permissions(desk: DeskDep) -> Page[Permission]:
    """List what is permitted, and until when."""
    names = names_of(desk)
    found = desk.site.decisions.standing.permissions()
    return Page(items=[_permission(each, names, desk.now) for each in found])


@router.get("/standing/requests", summary="Standing permissions that were asked for")
def requests(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[StandingLine]:
    """List what was asked for, newest first."""
    names = names_of(desk)
    return part_of(
        desk.request,
        desk.site.decisions.standing_requests.every(),
        lambda each: _line(each, names, desk.now),
        number=lambda each: each.id,
        after=after,
        limit=limit,
    )


@router.get("/standing/requests/{number}", summary="One that was asked for")
def one(desk: DeskDep, number: Number) -> StandingLine:
    """Give one that was asked for."""
    return _shown(desk, desk.site.decisions.standing_requests.find(number))


@router.post("/standing/requests", status_code=status.HTTP_201_CREATED, summary="Ask for one")
def ask(desk: DeskDep, entered: StandingEntry) -> StandingLine:
    """Ask for a standing permission."""
    now = desk.now
    form = parse_standing(
        entered.as_form(),
        names={name: name for name in abouts_of(desk.seen())},
        moment=now.school,
        zone=now.zone,
    )
    asked = desk.site.decisions.standing_requests.ask(desk.member.id, form, at=now.machine)
    return _shown(desk, asked)


@router.post("/standing/requests/{number}/controls", summary="Confirm or refuse the controls")
def check(desk: DeskDep, number: Number, entered: Measures) -> StandingLine:
    """Record whether the controls are in place."""
    answer = forms.parse_review(entered.as_form())
    checked = desk.site.decisions.standing_requests.check(
        number, by=desk.member.id, answer=answer, at=desk.now.machine
    )
    desk.site.changed()
    return _shown(desk, checked)


@router.post("/standing/requests/{number}/withdraw", summary="Withdraw what was asked for")
def withdraw(desk: DeskDep, number: Number) -> StandingLine:
    """Withdraw what was asked for and not decided."""
    withdrawn = desk.site.decisions.standing_requests.withdraw(
        number, by=desk.member.id, why="No longer asked for.", at=desk.now.machine
    )
    return _shown(desk, withdrawn)


@router.post("/standing/records/{number}/withdraw", summary="Withdraw one of the two records")
def withdraw_record(desk: DeskDep, number: Number) -> Page[Permission]:
    """Withdraw a record: its permission is in force no longer, at once; give what stands."""
    desk.site.decisions.standing.withdraw(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return permissions(desk)


@router.get("/delegations", summary="Deputies of the headteacher")
def delegations(desk: DeskDep) -> Page[DelegationShown]:
    """List the delegations."""
    return Page(
        items=[_delegation(each, desk) for each in desk.site.decisions.delegations.every()]
    )


@router.post("/delegations/{number}/withdraw", summary="Withdraw a delegation")
def end_delegation(desk: DeskDep, number: Number, entered: Why) -> DelegationShown:
    """Withdraw a delegation at once; naming a deputy is a signature, ending it is none."""
    ended = desk.site.decisions.delegations.end(
        number,
        by=desk.member.id,
        why=forms.parse_withdrawal(entered.as_form()),
        at=desk.now.machine,
        moment=desk.now.school,
    )
    return _delegation(ended, desk)


def _delegation(found: Delegation, desk: Desk) -> DelegationShown:
    people, now = names_of(desk).people, desk.now
    return DelegationShown(
        number=found.id,
        head=known(found.head, people),
        deputy=known(found.deputy, people),
        starts_at=now.local(found.starts_at),
        ends_at=now.local(found.ends_at),
        reasons=found.reasons,
        is_live=found.is_live(now.school),
    )


def _permission(found: StandingPermission, names: Names, now: Now) -> Permission:
    permission, controls = found.permission, found.controls
    return Permission(
        name=found.name,
        is_in_force=found.is_in_force_at(now.school),
        review_on=found.review_on,
        permitted_by=None if permission is None else known(permission.actor, names.people),
        permitted_record=None if permission is None else permission.id,
        confirmed_by=None if controls is None else known(controls.actor, names.people),
        confirmed_record=None if controls is None else controls.id,
    )


def _shown(desk: Desk, asked: StandingRequest) -> StandingLine:
    return _line(asked, names_of(desk), desk.now)


def _line(asked: StandingRequest, names: Names, now: Now) -> StandingLine:
    return StandingLine(
        number=asked.id,
        name=asked.form.name,
        state=asked.state,
        requester=known(asked.requester, names.people),
        reasons=asked.form.reasons,
        measures=asked.form.measures,
        review_on=asked.form.review_on,
        asked_at=now.recorded(asked.steps[0].at),
        page=f"/standing/requests/{asked.id}",
    )
