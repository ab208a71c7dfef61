"""What the API gives and takes of requests."""

from datetime import date, datetime

from schoolgate_policyd.core.rules import Grant
from schoolgate_policyd.workflow.actors import Turn
from schoolgate_policyd.workflow.request_rights import Staffing, acts_of
from schoolgate_policyd.workflow.requests import (
    AccessRequest,
    Question,
    RequestForm,
    ScopeChoice,
    Stage,
    State,
    Step,
    stage_at,
)
from schoolgate_webui.api.guard import names_of
from schoolgate_webui.api.shapes import Entered, Named, Shape, Text, Word, known, named
from schoolgate_webui.desk import Desk
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import Names


class RequestEntry(Entered):
    """A request as its form has it; times like 2026-11-20T10:30 on the school's clock."""

    url: Text = ""
    site_content: Text = ""
    reasons: Text = ""
    measures: Text = ""
    for_whom: Word = "oneself"
    scope: Word = ""
    starts_at: Word = ""
    ends_at: Word = ""

    def as_signed_by(self, desk: Desk) -> dict[str, str]:
        """Return the form with the owner's name and today's date, as the page writes them."""
        today = desk.now.local(desk.now.school).date()
        return {**self.as_form(), "staff_name": desk.member.name, "date": today.isoformat()}


class RequestChange(RequestEntry):
    """A changed request, and why it was changed."""

    why: Text = ""


class Measures(Entered):
    """Whether the control measures are in place."""

    in_place: bool
    why: Text = ""


class QuestionEntry(Entered):
    """What the requester is asked."""

    question: Text = ""


class AnswerEntry(Entered):
    """The answer to what was asked."""

    answer: Text = ""


class HowItWent(Entered):
    """How it went."""

    how_it_went: Text = ""


class NoteEntry(Entered):
    """A note."""

    note: Text = ""


class Why(Entered):
    """A reason."""

    why: Text = ""


class Form(Shape):
    """The requester's half of the form; *for_class* null means the requester."""

    staff_name: str
    written_on: date
    url: str
    site_content: str
    reasons: str
    measures: str
    for_class: Named | None
    scope: ScopeChoice
    starts_at: datetime
    ends_at: datetime


class StepShown(Shape):
    """One move of a request; *signature* is the digest of what was signed."""

    state: State
    by: Named
    at: datetime
    reasons: str
    version: int
    signature: str | None


class QuestionShown(Shape):
    """A question to the requester, and its answer."""

    by: Named
    at: datetime
    question: str
    answered_at: datetime | None
    answer: str | None


class TurnShown(Shape):
    """Whose turn it is, for what."""

    task: str
    who: list[Named]


class RequestLine(Shape):
    """A request in a list."""

    number: int
    stage: Stage
    requester: Named
    url: str
    starts_at: datetime
    ends_at: datetime
    submitted_at: datetime


class Request(RequestLine):
    """A request; *may* is what the token's owner may do with it on its page."""

    version: int
    form: Form
    steps: list[StepShown]
    questions: list[QuestionShown]
    how_it_went: str | None
    turn: TurnShown | None
    may: list[str]
    page: str


class GrantShown(Shape):
    """A permission in force."""

    request: int
    kind: str
    requester: Named
    url: str
    people: list[Named]
    classes: list[Named]
    starts_at: datetime
    ends_at: datetime


def line_of(asked: AccessRequest, names: Names, now: Now) -> RequestLine:
    """Return *asked* as a line of a list."""
    return RequestLine(
        number=asked.id,
        stage=stage_at(asked, now.school),
        requester=known(asked.requester, names.people),
        url=str(asked.form.url),
        starts_at=now.local(asked.form.starts_at),
        ends_at=now.local(asked.form.ends_at),
        submitted_at=now.recorded(asked.submitted_at),
    )


def whole_of(asked: AccessRequest, desk: Desk, staffing: Staffing) -> Request:
    """Return *asked* with everything that its page shows whoever is at *desk*."""
    names, now = names_of(desk), desk.now
    afterwards = asked.afterwards
    return Request(
        **line_of(asked, names, now).model_dump(),
        version=asked.version,
        form=_form(asked.form, names, now),
        steps=[_step(each, names, now) for each in asked.steps],
        questions=[_question(each, names, now) for each in asked.questions],
        how_it_went=None if afterwards is None else afterwards.how_it_went,
        turn=_turn(staffing.turn(asked)),
        may=sorted(acts_of(asked, desk.member, staffing)),
        page=f"/requests/{asked.id}",
    )


def grant_shown(asked: AccessRequest, grant: Grant, names: Names, now: Now) -> GrantShown:
    """Return the *grant* of *asked*."""
    return GrantShown(
        request=asked.id,
        kind=grant.kind.value,
        requester=known(asked.requester, names.people),
        url=str(asked.form.url),
        people=[known(each, names.people) for each in sorted(grant.people)],
        classes=[known(each, names.classes) for each in sorted(grant.classes)],
        starts_at=now.local(grant.starts_at),
        ends_at=now.local(grant.ends_at),
    )


def _form(form: RequestForm, names: Names, now: Now) -> Form:
    return Form(
        staff_name=form.staff_name,
        written_on=form.written_on,
        url=str(form.url),
        site_content=form.site_content,
        reasons=form.reasons,
        measures=form.measures,
        for_class=named(form.for_class, names.classes),
        scope=form.scope,
        starts_at=now.local(form.starts_at),
        ends_at=now.local(form.ends_at),
    )


def _step(step: Step, names: Names, now: Now) -> StepShown:
    return StepShown(
        state=step.state,
        by=known(step.actor, names.people),
        at=now.recorded(step.at),
        reasons=step.reasons,
        version=step.version,
        signature=None if step.signature is None else step.signature.digest,
    )


def _question(question: Question, names: Names, now: Now) -> QuestionShown:
    answered = question.answered_at
    return QuestionShown(
        by=known(question.asked_by, names.people),
        at=now.recorded(question.asked_at),
        question=question.question,
        answered_at=None if answered is None else now.recorded(answered),
        answer=question.answer,
    )


def _turn(turn: Turn | None) -> TurnShown | None:
    if turn is None:
        return None
    who = [Named(id=each.id, name=each.name) for each in turn.actors]
    return TurnShown(task=turn.task.value, who=who)
