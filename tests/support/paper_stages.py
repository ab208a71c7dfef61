"""Each kind of paper of the office in each of its stages, as rows of its store."""

from collections.abc import Callable
from datetime import date, timedelta

from office import DSL, HEAD, LEAD, LESSON, LONDON, MACHINE, NOON, PUPIL, TEACHER, sign

from schoolgate_policyd.core.rules import GrantKind, RestrictionKind
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.models import (
    AssignmentRow,
    Base,
    BlockRow,
    DraftRow,
    GrantRow,
    IncidentRow,
    QuestionRow,
    ReportRow,
    RequestRow,
    RestrictionRow,
    ReviewRow,
    StandingRecordRow,
    StandingRequestRow,
    SupervisedSessionRow,
)
from schoolgate_policyd.store.models.permissions import StandingRecordKind
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.workflow.delegations import DelegationForm
from schoolgate_policyd.workflow.incidents import IncidentKind, IncidentState, Severity
from schoolgate_policyd.workflow.reports import ReportState
from schoolgate_policyd.workflow.requests import ScopeChoice, State
from schoolgate_policyd.workflow.restrictions import RestrictionState

DAY = date(2026, 12, 1)

type Make = Callable[[DecisionStore], None]


def adding(*rows: Callable[[], Base]) -> Make:
    def make(store: DecisionStore) -> None:
        with store.database.writing() as session:
            for each in rows:
                session.add(each())
                session.flush()

    return make


def request(state: State) -> RequestRow:
    return RequestRow(
        id=1,
        requester_id=TEACHER.id,
        state=state,
        staff_name=TEACHER.name,
        written_on=LESSON.date(),
        url="https://clips.example/",
        site_content="otters",
        reasons="a lesson",
        measures="on the board",
        scope=ScopeChoice.PAGE,
        starts_at=LESSON,
        ends_at=NOON,
    )


def question() -> QuestionRow:
    return QuestionRow(request_id=1, asked_by=LEAD.id, asked_at=MACHINE, question="Why?")


def grant(state: GrantState) -> GrantRow:
    return GrantRow(
        id="1-1",
        request_id=1,
        version=1,
        kind=GrantKind.ACCESS_GRANT,
        scope="{}",
        starts_at=LESSON,
        ends_at=NOON,
        person_id=TEACHER.id,
        state=state,
        signed_in_version=1,
    )


def told() -> ReviewRow:
    return ReviewRow(request_id=1, how_it_went="well", told_at=MACHINE)


def reviewed() -> ReviewRow:
    row = told()
    row.note, row.noted_by, row.noted_at = "fine", LEAD.id, MACHINE
    return row


def draft(store: DecisionStore) -> None:
    adding(lambda: DraftRow(author_id=TEACHER.id, entry="{}", changed_at=MACHINE))(store)


def requested(state: State, *beside: Callable[[], Base]) -> Make:
    return adding(lambda: request(state), *beside)


def approved(state: GrantState, *beside: Callable[[], Base]) -> Make:
    return requested(State.APPROVED, lambda: grant(state), *beside)


def standing_request(state: State) -> Make:
    return adding(
        lambda: StandingRequestRow(
            name="break",
            requester_id=DSL.id,
            state=state,
            reasons="at break",
            measures="watched",
            review_on=DAY,
        )
    )


def standing_record(*, review_on: date = DAY, **more: object) -> Make:
    return adding(
        lambda: StandingRecordRow(
            name="break",
            kind=StandingRecordKind.HEAD_PERMISSION,
            actor_id=HEAD.id,
            at=MACHINE,
            reasons="at break",
            review_on=review_on,
            **more,
        )
    )


def report(state: ReportState, **more: object) -> Make:
    is_open = state in {ReportState.WAITING, ReportState.WITH_HEAD}
    return adding(
        lambda: ReportRow(
            reported_at=MACHINE,
            state=state,
            saw="something",
            name="",
            code_hash="0" * 64,
            closed_at=None if is_open else MACHINE,
            **more,
        )
    )


def incident(state: IncidentState) -> Make:
    return adding(
        lambda: IncidentRow(
            kind=IncidentKind.CIRCUMVENTION,
            severity=Severity.LOW,
            state=state,
            audience=Audience.PUPIL,
            person_id=PUPIL.id,
            subject_key="person acorn",
            summary="tried",
            first_at=MACHINE,
            last_at=MACHINE,
            last_day=MACHINE.date(),
            tries=1,
            days=1,
            categories=frozenset(),
            opened_at=MACHINE,
            closed_at=MACHINE if state is IncidentState.CLOSED else None,
        )
    )


def restriction(state: RestrictionState) -> Make:
    decided = {} if state is RestrictionState.PROPOSED else {"decided_by": HEAD.id}
    return adding(
        lambda: RestrictionRow(
            kind=RestrictionKind.SUPERVISED_ONLY,
            person_id=PUPIL.id,
            starts_at=LESSON,
            ends_at=NOON,
            why="tried",
            document="Policy",
            section="§9",
            is_ours=False,
            proposed_by=DSL.id,
            proposed_at=MACHINE,
            state=state,
            decided_at=MACHINE if decided else None,
            reasons="so",
            ended_why="",
            **decided,
        )
    )


def supervised(**ended: object) -> Make:
    return adding(
        lambda: SupervisedSessionRow(
            person_id=PUPIL.id,
            opened_by=TEACHER.id,
            opened_at=MACHINE,
            starts_at=LESSON,
            ends_at=NOON,
            **ended,
        )
    )


def assignment(**ended: object) -> Make:
    return adding(
        lambda: AssignmentRow(
            device_id="tablet",
            person_id=PUPIL.id,
            assigned_by=TEACHER.id,
            assigned_at=MACHINE,
            starts_at=LESSON,
            ends_at=NOON,
            **ended,
        )
    )


def delegation(store: DecisionStore) -> None:
    given = DelegationForm(LEAD.id, LESSON, LESSON + timedelta(days=2), "away")
    sign(store, DelegationToSign(HEAD.id, given, LESSON.date(), LONDON, MACHINE, LESSON))


def withdrawn_delegation(store: DecisionStore) -> None:
    delegation(store)
    store.delegations.end(1, by=HEAD.id, why="back", at=MACHINE, moment=LESSON)


def block(**lifted: object) -> Make:
    return adding(
        lambda: BlockRow(
            what="{}",
            is_for_everybody=True,
            reason="harm",
            made_by=LEAD.id,
            made_at=MACHINE,
            **lifted,
        )
    )
