"""Who is told of what: whoever must act, the requester, and never whom a matter is about."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from office import (
    CHAIR,
    DSL,
    HEAD,
    LEAD,
    LESSON,
    MACHINE,
    PEOPLE,
    PUPIL,
    TEACHER,
    form,
)

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.alerts import (
    Alert,
    AlertKind,
    about_delegation,
    about_incident,
    about_report,
    about_request,
    about_restriction,
    reachable,
)
from schoolgate_policyd.workflow.incidents import (
    Incident,
    IncidentKind,
    IncidentState,
    IncidentStep,
    IncidentSubject,
    Move,
    Severity,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.reports import Report, ReportForm, ReportState, ReportStep
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.requests import AccessRequest, State, Step

STAFFING = Staffing(PEOPLE, LESSON)


def asked(by: Member = TEACHER, *, states: tuple[State, ...] = ()) -> AccessRequest:
    request = moves.submit(5, by, form(), at=MACHINE)
    steps = tuple(Step(state, LEAD.id, MACHINE, "so") for state in states)
    return replace(request, steps=(*request.steps, *steps))


def told(alerts: tuple[Alert, ...]) -> dict[AlertKind, set[str]]:
    return {each.kind: set(each.to) for each in alerts}


def test_a_request_waits_for_whoever_checks_it() -> None:
    alerts = about_request(asked(), STAFFING, by=TEACHER.id)

    assert {AlertKind.REQUEST_WAITS: {LEAD.id}} == told(alerts)


def test_the_next_hears_of_it_and_so_does_the_requester() -> None:
    request = asked(states=(State.MEASURES_CONFIRMED,))

    alerts = about_request(request, STAFFING, by=LEAD.id)

    expected = {AlertKind.REQUEST_WAITS: {HEAD.id}, AlertKind.REQUEST_MOVED: {TEACHER.id}}
    assert expected == told(alerts)


def test_the_heads_own_request_waits_for_the_chair_of_governors() -> None:
    request = asked(HEAD, states=(State.MEASURES_CONFIRMED,))

    assert {CHAIR.id} == told(about_request(request, STAFFING, by=LEAD.id))[
        AlertKind.REQUEST_WAITS
    ]


def test_of_what_has_lapsed_nobody_is_told_that_it_waits() -> None:
    late = Staffing(PEOPLE, form().ends_at + timedelta(minutes=1))

    assert () == about_request(asked(), late, by=TEACHER.id)


def test_each_turn_of_a_request_is_another_alert() -> None:
    states = (State.MEASURES_CONFIRMED,)
    keys = [
        about_request(request, STAFFING, by=None)[0].key
        for request in (asked(), asked(states=states), asked(states=states))
    ]

    assert keys[0] != keys[1] == keys[2]


@pytest.mark.parametrize(
    "who", [PUPIL, replace(PUPIL, username="acorn"), replace(DSL, username=None)]
)
def test_pupils_and_those_who_cannot_sign_in_are_never_told(who: Member) -> None:
    assert () == reachable((replace(who, duties=frozenset(Duty)),))


def incident(
    subject: IncidentSubject,
    severity: Severity = Severity.HIGH,
    state: IncidentState = IncidentState.NEW,
    steps: tuple[IncidentStep, ...] = (),
) -> Incident:
    return Incident(
        id=3,
        kind=IncidentKind.HARMFUL_CONTENT,
        severity=severity,
        state=state,
        subject=subject,
        summary="A pupil looked for something harmful",
        first_at=MACHINE,
        last_at=MACHINE,
        tries=1,
        days=1,
        categories=frozenset({"self-harm"}),
        opened_at=MACHINE,
        opened_by=None,
        steps=steps,
    )


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (IncidentSubject(Audience.PUPIL, PUPIL.id), {DSL.id, LEAD.id}),
        (IncidentSubject(Audience.PUPIL, None, "pc-1"), {DSL.id, LEAD.id}),
        (IncidentSubject(Audience.STAFF, TEACHER.id), {HEAD.id}),
        (IncidentSubject(Audience.STAFF, DSL.id), {HEAD.id}),
        (IncidentSubject(Audience.STAFF, LEAD.id), {HEAD.id}),
        (IncidentSubject(Audience.STAFF, HEAD.id), {CHAIR.id}),
    ],
)
def test_what_is_severe_is_told_at_once_to_those_who_handle_it(
    subject: IncidentSubject, expected: set[str]
) -> None:
    [alert] = about_incident(incident(subject), by=None, people=PEOPLE)

    assert expected == set(alert.to)
    assert subject.person not in alert.to
    assert {"number": 3} == alert.facts


def test_what_is_not_severe_or_is_closed_is_told_nobody() -> None:
    subject = IncidentSubject(Audience.PUPIL, PUPIL.id)

    assert () == about_incident(incident(subject, Severity.MEDIUM), by=None, people=PEOPLE)
    closed = incident(subject, state=IncidentState.CLOSED)
    assert () == about_incident(closed, by=None, people=PEOPLE)


def test_what_is_opened_again_is_told_again() -> None:
    subject = IncidentSubject(Audience.PUPIL, PUPIL.id)
    again = incident(subject, steps=(IncidentStep(Move.REOPENED, DSL.id, MACHINE, "new"),))

    keys = {
        about_incident(each, by=None, people=PEOPLE)[0].key for each in (incident(subject), again)
    }

    assert 2 == len(keys)


def test_a_restriction_is_told_to_those_who_decide_and_not_to_whom_it_is_about() -> None:
    subject = IncidentSubject(Audience.STAFF, HEAD.id)

    [alert] = about_restriction(
        4, subject, PEOPLE, is_proposed=True, proposed_by=LEAD.id, by=LEAD.id
    )

    assert {CHAIR.id} == set(alert.to)


def test_once_decided_whoever_proposed_it_hears_of_it() -> None:
    subject = IncidentSubject(Audience.PUPIL, PUPIL.id)

    [alert] = about_restriction(
        4, subject, PEOPLE, is_proposed=False, proposed_by=LEAD.id, by=HEAD.id
    )

    assert {DSL.id, LEAD.id} == set(alert.to)


def report(*steps: ReportStep, reporter: str | None = TEACHER.id) -> Report:
    return Report(8, MACHINE, ReportForm("Something bad"), reporter, steps=steps)


def test_a_report_is_told_to_whom_it_waits_for_and_then_to_its_reporter() -> None:
    [arrived] = about_report(report(), PEOPLE, by=None)
    step = ReportStep(ReportState.BLOCKED, LEAD.id, MACHINE, "It was bad", "Thank you")
    [answered] = about_report(report(step), PEOPLE, by=LEAD.id)

    assert (AlertKind.REPORT_ARRIVED, (LEAD.id,)) == (arrived.kind, arrived.to)
    assert (AlertKind.REPORT_ANSWERED, (TEACHER.id,)) == (answered.kind, answered.to)
    assert () == about_report(report(step, reporter=None), PEOPLE, by=LEAD.id)


def test_a_deputy_hears_that_they_are_one_and_so_does_the_chair() -> None:
    [alert] = about_delegation(2, deputy=TEACHER.id, head=HEAD.id, people=PEOPLE, by=HEAD.id)

    assert {TEACHER.id, CHAIR.id} == set(alert.to)


def test_an_alert_holds_nothing_that_somebody_typed() -> None:
    alerts = [
        *about_request(asked(), STAFFING, by=TEACHER.id),
        *about_incident(
            incident(IncidentSubject(Audience.PUPIL, PUPIL.id)), by=None, people=PEOPLE
        ),
        *about_report(report(), PEOPLE, by=None),
    ]

    said = " ".join(f"{each.key} {each.path} {dict(each.facts)}" for each in alerts)

    for typed in ("clips", "otters", "harmful", "bad", "self-harm", PUPIL.id, TEACHER.id):
        assert typed not in said
