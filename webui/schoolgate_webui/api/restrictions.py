"""Restrictions, supervised sessions and devices assigned to pupils."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from starlette import status

from schoolgate_policyd.workflow import incident_forms as forms
from schoolgate_policyd.workflow.restrictions import RestrictionRecord, RestrictionState
from schoolgate_policyd.workflow.supervision import (
    Assignment,
    HowLong,
    SupervisedSession,
    assignment_end,
    is_supervised_only,
    session_end,
)
from schoolgate_webui.api.guard import DeskDep, names_of
from schoolgate_webui.api.paging import part_of
from schoolgate_webui.api.request_shapes import Why
from schoolgate_webui.api.shapes import (
    After,
    Entered,
    Id,
    Limit,
    Named,
    Number,
    Page,
    Shape,
    known,
    named,
)
from schoolgate_webui.desk import Desk
from schoolgate_webui.routes.supervised import subject_called
from schoolgate_webui.views.restrictions import what_words, where_words

router = APIRouter(tags=["Restrictions"])


class SessionEntry(Entered):
    """The pupil for whom a supervised session is opened, by id."""

    person: Id


class AssignmentEntry(Entered):
    """A school device, the pupil who uses it, and for how long: lesson or day."""

    device: Id
    person: Id
    how_long: Literal["lesson", "day"] = "lesson"


class RestrictionShown(Shape):
    """A restriction: proposed, decided by a person, and over by itself."""

    number: int
    state: RestrictionState
    is_in_force: bool
    person: Named
    what: str
    starts_at: datetime
    ends_at: datetime
    why: str
    cite: str
    incident: int | None
    proposed_by: Named
    decided_by: Named | None
    reasons: str
    page: str


class SessionShown(Shape):
    """A supervised session."""

    number: int
    person: Named
    opened_by: Named
    starts_at: datetime
    ends_at: datetime
    is_over: bool


class SupervisedPupil(Shape):
    """A pupil under supervised-only use, and where that binds."""

    person: Named
    classes: list[str]
    where: list[str]
    has_session: bool


class AssignmentShown(Shape):
    """A school device that a pupil uses."""

    number: int
    device: str
    person: Named
    assigned_by: Named
    starts_at: datetime
    ends_at: datetime
    is_over: bool


@router.get("/restrictions", summary="Restrictions")
def listed(desk: DeskDep, after: After = None, limit: Limit = 50) -> Page[RestrictionShown]:
    """List the restrictions that the token's owner may see."""
    found = desk.site.decisions.restrictions.seen_by(desk.member.id)
    return part_of(
        desk.request,
        (record for record, _ in found),
        lambda each: restriction_shown(each, desk),
        number=lambda each: each.id,
        after=after,
        limit=limit,
    )


@router.post("/restrictions/{number}/end", summary="End a restriction early")
def end(desk: DeskDep, number: Number, entered: Why) -> RestrictionShown:
    """End one before its time."""
    restrictions = desk.site.decisions.restrictions
    restrictions.find(number, by=desk.member.id)
    ended = restrictions.end_early(
        number,
        by=desk.member.id,
        why=forms.parse_why(entered.as_form(), "Say why it ends now."),
        at=desk.now.machine,
        moment=desk.now.school,
    )
    desk.site.changed()
    return restriction_shown(ended, desk)


@router.get("/supervised-sessions", summary="Supervised sessions that are going on")
def sessions(desk: DeskDep) -> Page[SessionShown]:
    """List the supervised sessions that are going on."""
    found = desk.site.decisions.supervision.sessions(desk.now.school)
    return Page(items=[_session(each, desk) for each in found])


@router.get("/supervised-pupils", summary="Pupils under supervised-only use")
def pupils(desk: DeskDep) -> Page[SupervisedPupil]:
    """List the pupils for whom a supervised session can be opened, or is going on."""
    decisions, now = desk.site.decisions, desk.now
    restrictions = decisions.restrictions.in_force(now.school)
    going_on = {each.person for each in decisions.supervision.sessions(now.school)}
    register = desk.site.policy_in_force.source(now.school).register
    return Page(
        items=[
            SupervisedPupil(
                person=Named(id=each.id, name=each.name),
                classes=sorted(each.classes),
                where=list(where_words(each.id, register)),
                has_session=each.id in going_on,
            )
            for each in decisions.people.members()
            if is_supervised_only(each.id, restrictions, now.school)
        ]
    )


@router.post(
    "/supervised-sessions",
    status_code=status.HTTP_201_CREATED,
    summary="Open a supervised session",
)
def open_session(desk: DeskDep, entered: SessionEntry) -> SessionShown:
    """Open a supervised session for a pupil, until the bell or for an hour."""
    decisions, now = desk.site.decisions, desk.now
    time = desk.site.policy_in_force.policy().school_time
    opened = decisions.supervision.open(
        entered.person,
        by=desk.member.id,
        restrictions=decisions.restrictions.in_force(now.school),
        ends_at=session_end(time, subject_called(desk, entered.person), now.school),
        at=now.machine,
        moment=now.school,
    )
    desk.site.changed()
    return _session(opened, desk)


@router.post("/supervised-sessions/{number}/end", summary="End a supervised session")
def end_session(desk: DeskDep, number: Number) -> SessionShown:
    """End a session at once."""
    store = desk.site.decisions.supervision
    ended = store.end(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _session(ended, desk)


@router.get("/device-assignments", summary="School devices that pupils use now")
def assignments(desk: DeskDep) -> Page[AssignmentShown]:
    """List the assignments in force, by device."""
    found = desk.site.decisions.supervision.assignments(desk.now.school)
    return Page(items=[_assignment(each, desk) for each in found])


@router.post("/device-assignments", status_code=status.HTTP_201_CREATED, summary="Assign a device")
def assign(desk: DeskDep, entered: AssignmentEntry) -> AssignmentShown:
    """Assign a school device to a pupil for a time."""
    decisions, now = desk.site.decisions, desk.now
    in_force = desk.site.policy_in_force
    how_long = HowLong(entered.how_long)
    subject = subject_called(desk, entered.person)
    assigned = decisions.supervision.assign(
        entered.device,
        entered.person,
        by=desk.member.id,
        networks=in_force.source(now.school).register.networks,
        ends_at=assignment_end(in_force.policy().school_time, subject, now.school, how_long),
        at=now.machine,
        moment=now.school,
    )
    desk.site.changed()
    return _assignment(assigned, desk)


@router.post("/device-assignments/{number}/give-back", summary="End an assignment")
def give_back(desk: DeskDep, number: Number) -> AssignmentShown:
    """End an assignment at once."""
    store = desk.site.decisions.supervision
    ended = store.give_back(number, by=desk.member.id, at=desk.now.machine)
    desk.site.changed()
    return _assignment(ended, desk)


def restriction_shown(record: RestrictionRecord, desk: Desk) -> RestrictionShown:
    """Return *record* as its page shows it."""
    people, now, proposal = names_of(desk).people, desk.now, record.proposal
    return RestrictionShown(
        number=record.id,
        state=record.state,
        is_in_force=record.is_in_force_at(now.school),
        person=known(proposal.person, people),
        what=what_words(record, desk.site.policy_in_force.policy()),
        starts_at=now.local(proposal.starts_at),
        ends_at=now.local(proposal.ends_at),
        why=proposal.why,
        cite=str(proposal.cite),
        incident=proposal.incident,
        proposed_by=known(record.proposed_by, people),
        decided_by=named(record.decided_by, people),
        reasons=record.reasons,
        page="/restrictions",
    )


def _session(found: SupervisedSession, desk: Desk) -> SessionShown:
    people, now = names_of(desk).people, desk.now
    return SessionShown(
        number=found.id,
        person=known(found.person, people),
        opened_by=known(found.opened_by, people),
        starts_at=now.local(found.starts_at),
        ends_at=now.local(found.ends_at),
        is_over=found.ended_at is not None,
    )


def _assignment(found: Assignment, desk: Desk) -> AssignmentShown:
    people, now = names_of(desk).people, desk.now
    return AssignmentShown(
        number=found.id,
        device=found.device,
        person=known(found.person, people),
        assigned_by=known(found.assigned_by, people),
        starts_at=now.local(found.starts_at),
        ends_at=now.local(found.ends_at),
        is_over=found.ended_at is not None,
    )
