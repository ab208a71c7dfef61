"""Requests and grants between their rows and the workflow's values."""

import msgspec
from sqlalchemy.orm import Session

from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.rules import Grant, Scope
from schoolgate_policyd.store.errors import UnknownObject
from schoolgate_policyd.store.models import (
    EarlierFormRow,
    GrantRow,
    QuestionRow,
    RequestRow,
    ReviewRow,
    StepRow,
)
from schoolgate_policyd.store.models.requests import GrantState
from schoolgate_policyd.workflow.requests import (
    AccessRequest,
    Afterwards,
    FormVersion,
    Question,
    RequestForm,
    Signature,
    Step,
)


def request_row_in(session: Session, number: int) -> RequestRow:
    """Return the row of request *number*. Raises UnknownObject."""
    row = session.get(RequestRow, number)
    if row is None:
        raise UnknownObject(f"there is no request {number}")
    return row


def request_of(row: RequestRow) -> AccessRequest:
    """Return the request that *row* keeps, with its whole history."""
    grant = row.grant
    return AccessRequest(
        id=row.id,
        requester=row.requester_id,
        form=_form_of(row),
        steps=tuple(_step_of(step) for step in row.steps),
        has_ended=grant is not None and grant.state is GrantState.ENDED,
        grant=None if grant is None else grant_of(grant),
        store_version=None if grant is None else grant.signed_in_version,
        version=row.version,
        earlier=tuple(_earlier_of(each) for each in row.earlier),
        questions=tuple(_question_of(each) for each in row.questions),
        afterwards=None if row.review is None else _afterwards_of(row.review),
    )


def row_of_form(requester: str, form: RequestForm) -> dict[str, object]:
    """Return the columns of a request that its form fills."""
    return {
        "requester_id": requester,
        "staff_name": form.staff_name,
        "written_on": form.written_on,
        "url": str(form.url),
        "site_content": form.site_content,
        "reasons": form.reasons,
        "measures": form.measures,
        "class_id": form.for_class,
        "scope": form.scope,
        "starts_at": form.starts_at,
        "ends_at": form.ends_at,
    }


def row_of_step(step: Step) -> StepRow:
    """Return the row of a step."""
    signature = step.signature
    return StepRow(
        version=step.version,
        state=step.state,
        actor_id=step.actor,
        at=step.at,
        reasons=step.reasons,
        signed_name=None if signature is None else signature.name,
        signed_on=None if signature is None else signature.signed_on,
        signed_digest=None if signature is None else signature.digest,
        signature_id=None if signature is None else signature.number,
        delegation_id=step.delegation,
    )


def row_of_grant(grant: Grant, request: AccessRequest, version: int) -> GrantRow:
    """Return the row of a grant that was signed just now, in the store's *version*."""
    return GrantRow(
        id=grant.id,
        request_id=request.id,
        version=request.version,
        kind=grant.kind,
        scope=msgspec.json.encode(grant.scope).decode(),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        person_id=next(iter(grant.people), None),
        class_id=next(iter(grant.classes), None),
        state=GrantState.LIVE,
        signed_in_version=version,
    )


def row_of_earlier(before: FormVersion) -> EarlierFormRow:
    """Return the row of a form that was replaced just now."""
    return EarlierFormRow(
        version=before.version,
        form=msgspec.json.encode(before.form).decode(),
        replaced_at=before.replaced_at,
        why=before.why,
    )


def row_of_question(question: Question) -> QuestionRow:
    """Return the row of a question that was asked just now."""
    return QuestionRow(
        asked_by=question.asked_by, asked_at=question.asked_at, question=question.question
    )


def grant_of(row: GrantRow) -> Grant:
    """Return the grant that *row* keeps."""
    return Grant(
        id=row.id,
        kind=row.kind,
        scope=msgspec.json.decode(row.scope, type=Scope),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        people=frozenset(() if row.person_id is None else {row.person_id}),
        classes=frozenset(() if row.class_id is None else {row.class_id}),
    )


def _form_of(row: RequestRow) -> RequestForm:
    return RequestForm(
        staff_name=row.staff_name,
        written_on=row.written_on,
        url=parse_url(row.url),
        site_content=row.site_content,
        reasons=row.reasons,
        measures=row.measures,
        for_class=row.class_id,
        scope=row.scope,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def _step_of(row: StepRow) -> Step:
    signature = None
    if row.signed_digest is not None and row.signed_on is not None:
        signature = Signature(
            row.signed_name or "", row.signed_on, row.signed_digest, row.signature_id
        )
    return Step(
        row.state,
        row.actor_id,
        row.at,
        row.reasons,
        signature,
        version=row.version,
        delegation=row.delegation_id,
        for_head=None if row.delegation is None else row.delegation.head_id,
    )


def _earlier_of(row: EarlierFormRow) -> FormVersion:
    form = msgspec.json.decode(row.form, type=RequestForm)
    return FormVersion(row.version, form, row.replaced_at, row.why)


def _question_of(row: QuestionRow) -> Question:
    return Question(row.asked_by, row.asked_at, row.question, row.answered_at, row.answer)


def _afterwards_of(row: ReviewRow) -> Afterwards:
    return Afterwards(row.how_it_went, row.told_at, row.note, row.noted_by, row.noted_at)
