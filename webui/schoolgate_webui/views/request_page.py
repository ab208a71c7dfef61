"""One request: its form, how far it is, and what whoever looks at it may do about it."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.workflow.actors import Task, Turn, may_withdraw
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, State, stage_at
from schoolgate_webui.views import requests
from schoolgate_webui.views.effects import Outcome
from schoolgate_webui.views.fields import Field, Form, Option, day_input_type
from schoolgate_webui.views.requests import Row, Seen, TimelineStep
from schoolgate_webui.views.stages import Tag, is_on_its_way, tag_of

REVIEW_LABELS = {"in_place": "Are the control measures in place?", "why": "Why?"}
# The authoriser's half of the form, its own labels in its own order.
DECISION_LABELS = {
    "approved": "Approved?",
    "reasons": "Reasons",
    "staff_name": "Staff name",
    "date": "Date",
    "password": "Signature",
}
WITHDRAWAL_LABELS = {"why": "Why is it withdrawn?"}

_IN_PLACE = [Option("yes", "Yes, they are in place"), Option("no", "No")]
_APPROVED = [Option("yes", "✓ Yes"), Option("no", "✗ No")]
_WITHDRAWABLE = {
    Stage.WAITING_FOR_MEASURES,
    Stage.WAITING_FOR_DECISION,
    Stage.APPROVED,
    Stage.IN_FORCE,
}


class Invalid(msgspec.Struct, frozen=True):
    """A form of the page that came back: which, what stood in it and its mistakes."""

    form: str
    entered: Mapping[str, str]
    error: InvalidForm


class ReviewPart(msgspec.Struct, frozen=True):
    """The reviewer's form."""

    why_you: str
    fields: Mapping[str, Field]
    options: list[dict[str, object]]


class DecisionPart(msgspec.Struct, frozen=True):
    """The authoriser's form; *shown* stands for the outcome that the page lists."""

    why_you: str
    what: str
    outcome: Outcome
    shown: str
    fields: Mapping[str, Field]
    options: list[dict[str, object]]
    date_type: str


class WithdrawPart(msgspec.Struct, frozen=True):
    """The form with which it ends at once."""

    title: str
    button: str
    fields: Mapping[str, Field]


class AskedPage(msgspec.Struct, frozen=True):
    """Everything that the page of one request prints."""

    number: int
    href: str
    title: str
    stage: Tag
    sentence: str
    needs_refresh: bool
    mistakes: list[dict[str, str]]
    requester_rows: tuple[Row, ...]
    authoriser_rows: tuple[Row, ...]
    added_rows: tuple[Row, ...]
    timeline: tuple[TimelineStep, ...]
    review: ReviewPart | None
    decision: DecisionPart | None
    withdraw: WithdrawPart | None


def asked_page(
    request: AccessRequest,
    turn: Turn | None,
    member: Member,
    seen: Seen,
    *,
    outcome: Outcome | None,
    invalid: Invalid | None = None,
) -> AskedPage:
    """Return the page of *request* as *member* sees it; *outcome* where they are to decide."""
    may_review = requests.turn_is_of(turn, member.id, Task.CHECK_MEASURES)
    is_open = stage_at(request, seen.now.school) in _WITHDRAWABLE
    review = _form("measures", REVIEW_LABELS, {}, invalid)
    decision = _form("decision", DECISION_LABELS, _decision_values(member, seen), invalid)
    added = requests.added_rows(request, seen)
    withdrawal = _form("withdraw", WITHDRAWAL_LABELS, {}, invalid)
    return AskedPage(
        number=request.id,
        href=f"/requests/{request.id}",
        title=requests.title_of(request),
        stage=tag_of(request, seen.now.school, seen.status),
        sentence=requests.sentence(request, turn, seen),
        needs_refresh=is_on_its_way(request, seen.now.school, seen.status),
        mistakes=[*review.mistakes, *decision.mistakes, *withdrawal.mistakes],
        requester_rows=requests.requester_rows(request),
        authoriser_rows=requests.authoriser_rows(request),
        added_rows=added,
        timeline=requests.timeline(request, turn, seen),
        review=_review_part(review, turn) if may_review and is_open else None,
        decision=None if outcome is None else _decision_part(decision, turn, outcome, added[1:]),
        withdraw=(
            _withdraw_part(withdrawal, request, member, seen)
            if is_open and _is_theirs_to_end(request, member)
            else None
        ),
    )


def _is_theirs_to_end(request: AccessRequest, member: Member) -> bool:
    """Whether to offer it: whoever decides a request refuses it instead of withdrawing it."""
    is_signed = request.state is State.APPROVED
    return may_withdraw(request, member) and (is_signed or member.id == request.requester)


def _decision_values(member: Member, seen: Seen) -> dict[str, str]:
    return {
        "staff_name": member.name,
        "date": f"{seen.now.local(seen.now.school):%Y-%m-%d}",
    }


def _form(
    name: str, labels: Mapping[str, str], values: Mapping[str, str], invalid: Invalid | None
) -> Form:
    is_this = invalid is not None and invalid.form == name
    entered = {} if invalid is None or not is_this else dict(invalid.entered)
    entered.pop("password", None)
    error = invalid.error if invalid is not None and is_this else None
    return Form(labels, {**values, **entered}, error, prefix=f"{name}-")


def _review_part(form: Form, turn: Turn | None) -> ReviewPart:
    return ReviewPart(
        why_you="" if turn is None else turn.why,
        fields={name: form[name] for name in REVIEW_LABELS},
        options=[each.printed() for each in _IN_PLACE],
    )


def _decision_part(
    form: Form, turn: Turn | None, outcome: Outcome, what: tuple[Row, ...]
) -> DecisionPart:
    return DecisionPart(
        why_you="" if turn is None else turn.why,
        what=". ".join(row.value for row in what) + ".",
        outcome=outcome,
        shown=outcome.digest,
        fields={name: form[name] for name in DECISION_LABELS},
        options=[each.printed() for each in _APPROVED],
        date_type=day_input_type(form["date"].value),
    )


def _withdraw_part(form: Form, request: AccessRequest, member: Member, seen: Seen) -> WithdrawPart:
    is_signed = stage_at(request, seen.now.school) in {Stage.APPROVED, Stage.IN_FORCE}
    whose = "your request" if member.id == request.requester else "this request"
    return WithdrawPart(
        title="Withdraw this permission at once" if is_signed else f"Withdraw {whose}",
        button="Withdraw now" if is_signed else "Withdraw request",
        fields={name: form[name] for name in WITHDRAWAL_LABELS},
    )
