"""
Who is told of what by e-mail: pure functions from what changed to alerts.

A mail says that something waits and where. It holds no child's name, no address that somebody
visited and nothing that was written in a form: whoever it is for reads that in the pages, where
they have signed in. So an alert's facts are numbers, dates and closed words alone.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.incidents import (
    Incident,
    IncidentSubject,
    Severity,
    handling_of,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import is_waiting_for
from schoolgate_policyd.workflow.policy_versions import (
    Move,
    PolicyVersion,
    Stage,
    VersionState,
    stage_at,
)
from schoolgate_policyd.workflow.report_handlers import waits_for
from schoolgate_policyd.workflow.reports import Report
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.standing_requests import StandingRequest, turn_of


class AlertKind(StrEnum):
    """What an alert is about."""

    REQUEST_WAITS = "request-waits"
    REQUEST_MOVED = "request-moved"
    PERMISSION_ENDS = "permission-ends"
    STANDING_WAITS = "standing-waits"
    STANDING_MOVED = "standing-moved"
    REPORT_ARRIVED = "report-arrived"
    REPORT_ANSWERED = "report-answered"
    INCIDENT_URGENT = "incident-urgent"
    RESTRICTION_WAITS = "restriction-waits"
    RESTRICTION_DECIDED = "restriction-decided"
    DEPUTY_NAMED = "deputy-named"
    POLICY_WAITS = "policy-waits"
    POLICY_MOVED = "policy-moved"
    POLICY_ANNOUNCED = "policy-announced"
    WEEK = "week"
    TERM = "term"
    REVIEW_DUE = "review-due"
    TRAINING_DUE = "training-due"
    EDUCATION_DUE = "education-due"
    CHECKPOINT_MADE = "checkpoint-made"


# Whoever keeps the gateway running sees the list of mails, but not that these were sent: who was
# told, and who was not, says whom a matter is about.
CONFIDENTIAL = frozenset(
    {
        AlertKind.INCIDENT_URGENT,
        AlertKind.RESTRICTION_WAITS,
        AlertKind.RESTRICTION_DECIDED,
        AlertKind.REPORT_ARRIVED,
        AlertKind.REPORT_ANSWERED,
    }
)


def may_see_mail(kind: str, recipient: str, viewer: str) -> bool:
    """Whether *viewer* sees that a mail of *kind* was made for *recipient* (people's ids)."""
    return kind not in CONFIDENTIAL or recipient == viewer


class Alert(msgspec.Struct, frozen=True):
    """
    An alert for each person of *to*; *key* is the same however often it is worked out.

    *path* is the page to go to.
    """

    kind: AlertKind
    key: str
    to: tuple[str, ...]
    path: str
    facts: Mapping[str, str | int] = {}


def reachable(people: Iterable[Member], *, but: str | None = None) -> tuple[str, ...]:
    """Return the ids of those who can sign in and are no pupils, without *but*."""
    return tuple(
        each.id
        for each in people
        if each.username is not None and each.audience is not Audience.PUPIL and each.id != but
    )


def with_duty(people: Iterable[Member], *duties: Duty) -> tuple[str, ...]:
    """Return the ids of those who hold any of *duties* and can be told."""
    return reachable(each for each in people if each.holds(*duties))


def about_checkpoint(size: int, groups: Iterable[str], people: Iterable[Member]) -> Alert:
    """
    Return who is a witness of a checkpoint of the audit: the chair of governors and the head.

    The *groups* of letters are all that a witness needs to keep.
    """
    facts: dict[str, str | int] = {"size": size, "letters": " ".join(groups)}
    to = with_duty(people, Duty.CHAIR_OF_GOVERNORS, Duty.HEAD)
    path = f"/records/checkpoints/{size}"
    return Alert(AlertKind.CHECKPOINT_MADE, f"checkpoint:{size}", to, path, facts)


def about_request(
    request: AccessRequest, staffing: Staffing, *, by: str | None
) -> tuple[Alert, ...]:
    """
    Return who is told of where *request* stands after *by* moved it.

    Whoever must act, and the requester unless they moved it themselves or must act.
    """
    path, moves = f"/requests/{request.id}", _moves(request)
    turn = staffing.turn(request)
    acting = () if turn is None else reachable(turn.actors, but=by)
    found = []
    if turn is not None:
        facts = {"number": request.id, "task": turn.task.value}
        key = f"request:{request.id}:{moves}:{turn.task}"
        found.append(Alert(AlertKind.REQUEST_WAITS, key, acting, path, facts))
    if request.requester not in {by, *acting}:
        facts = {"number": request.id, "state": request.state.value}
        asked = reachable(each for each in staffing.people if each.id == request.requester)
        key = f"request:{request.id}:{moves}:moved"
        found.append(Alert(AlertKind.REQUEST_MOVED, key, asked, path, facts))
    return tuple(each for each in found if each.to)


def _moves(request: AccessRequest) -> int:
    """Return how often somebody did something about *request*."""
    answered = sum(not each.is_open for each in request.questions)
    after = request.afterwards
    told = 0 if after is None else 1 + (after.note is not None)
    return len(request.steps) + len(request.questions) + answered + told


def about_standing(
    request: StandingRequest, people: tuple[Member, ...], *, by: str | None
) -> tuple[Alert, ...]:
    """Return who is told of where a request for a standing permission stands."""
    moves, path = len(request.steps), f"/standing/requests/{request.id}"
    turn = turn_of(request, people)
    found = []
    if turn is not None:
        facts = {"number": request.id, "task": turn.task.value}
        key = f"standing-request:{request.id}:{moves}:{turn.task}"
        to = reachable(turn.actors, but=by)
        found.append(Alert(AlertKind.STANDING_WAITS, key, to, path, facts))
    if request.requester != by:
        facts = {"number": request.id, "state": request.state.value}
        asked = reachable(each for each in people if each.id == request.requester)
        key = f"standing-request:{request.id}:{moves}:moved"
        found.append(Alert(AlertKind.STANDING_MOVED, key, asked, path, facts))
    return tuple(each for each in found if each.to)


def about_policy(
    version: PolicyVersion,
    versions: tuple[PolicyVersion, ...],
    *,
    by: str | None,
    people: tuple[Member, ...],
    moment: datetime,
) -> tuple[Alert, ...]:
    """Return who is told of where *version*, one of *versions*, stands after *by* moved it."""
    stage, number = stage_at(version, versions, moment), version.number
    drafted, facts = f"/policy/drafts/{number}", {"number": number, "stage": stage.value}
    found = []
    waiting = [each for each in people if is_waiting_for(each, version, stage, people)]
    if waiting:
        key = f"policy:{number}:{stage}"
        to = reachable(waiting, but=by)
        found.append(Alert(AlertKind.POLICY_WAITS, key, to, drafted, facts))
    is_over = version.state in {VersionState.REFUSED, VersionState.DIRECTED}
    if is_over and version.author is not None and version.author != by:
        author = reachable(each for each in people if each.id == version.author)
        key = f"policy:{number}:{version.state}"
        found.append(Alert(AlertKind.POLICY_MOVED, key, author, drafted, facts))
    if stage in {Stage.TO_COME, Stage.IN_FORCE} and version.step(Move.DIRECTED) is not None:
        staff = reachable(each for each in people if each.audience is Audience.STAFF)
        key = f"policy:{number}:announced"
        found.append(Alert(AlertKind.POLICY_ANNOUNCED, key, staff, "/filtering", facts))
    return tuple(each for each in found if each.to)


def about_incident(
    incident: Incident, *, by: str | None, people: tuple[Member, ...]
) -> tuple[Alert, ...]:
    """
    Return who is told at once of *incident*: its handlers, where it is severe and open.

    Never whom it is about. Told anew when it becomes severe again after it was closed, and when
    others handle it because it was found out whom it is about.
    """
    if not incident.is_open or incident.severity is not Severity.HIGH:
        return ()
    handling = handling_of(incident.subject, people)
    to = tuple(
        each for each in reachable(handling.handlers, but=by) if each != incident.subject.person
    )
    opened_again = sum(step.move.value == "reopened" for step in incident.steps)
    alert = Alert(
        AlertKind.INCIDENT_URGENT,
        f"incident:{incident.id}:{opened_again}",
        to,
        f"/incidents/{incident.id}",
        {"number": incident.id},
    )
    return (alert,) if to else ()


def about_report(
    report: Report, people: tuple[Member, ...], *, by: str | None
) -> tuple[Alert, ...]:
    """
    Return who is told of *report*: whom it waits for, and its reporter once it is answered.

    A reporter who is no member of the school finds the answer with the code that they were given.
    """
    facts, path = {"number": report.id}, f"/reports/{report.id}"
    found = []
    if report.is_open:
        waiting = [each for each in people if waits_for(each, report, people)]
        key = f"report:{report.id}:{report.state}"
        to = tuple(each for each in reachable(waiting, but=by) if each != report.reporter)
        found.append(Alert(AlertKind.REPORT_ARRIVED, key, to, path, facts))
    elif report.reporter not in {None, by}:
        asked = reachable(each for each in people if each.id == report.reporter)
        key = f"report:{report.id}:{len(report.steps)}:answered"
        found.append(Alert(AlertKind.REPORT_ANSWERED, key, asked, path, facts))
    return tuple(each for each in found if each.to)


def about_restriction(
    number: int,
    person: IncidentSubject,
    people: tuple[Member, ...],
    *,
    is_proposed: bool,
    proposed_by: str,
    by: str | None,
) -> tuple[Alert, ...]:
    """
    Return who is told of restriction *number* about *person*, never they themselves.

    While it is proposed those who decide; once it is decided those who look into the matter.
    """
    handling = handling_of(person, people)
    path, facts = f"/restrictions/{number}", {"number": number}
    if is_proposed:
        kind, told = AlertKind.RESTRICTION_WAITS, reachable(handling.deciders, but=by)
    else:
        proposer = [each for each in people if each.id == proposed_by]
        kind, told = (
            AlertKind.RESTRICTION_DECIDED,
            reachable((*handling.handlers, *proposer), but=by),
        )
    to = tuple(dict.fromkeys(each for each in told if each != person.person))
    alert = Alert(kind, f"restriction:{number}:{kind}", to, path, facts)
    return (alert,) if to else ()


def about_delegation(
    number: int, *, deputy: str, head: str, people: tuple[Member, ...], by: str | None
) -> tuple[Alert, ...]:
    """Return who is told that *deputy* stands in for *head*: both, and the chair of governors."""
    hearing = [
        each for each in people if each.id in {deputy, head} or each.holds(Duty.CHAIR_OF_GOVERNORS)
    ]
    to = reachable(hearing, but=by)
    alert = Alert(
        AlertKind.DEPUTY_NAMED, f"delegation:{number}", to, "/delegations", {"number": number}
    )
    return (alert,) if to else ()
