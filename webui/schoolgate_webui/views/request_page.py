"""One request: its form, how far it is, and what whoever looks at it may do about it."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.workflow.actors import Turn
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.request_rights import Act
from schoolgate_policyd.workflow.requests import AccessRequest, FormVersion, State
from schoolgate_webui.views import requests
from schoolgate_webui.views.effects import Outcome
from schoolgate_webui.views.fields import Field, Form, Option, day_input_type
from schoolgate_webui.views.moments import day_and_time
from schoolgate_webui.views.request_timeline import next_words, timeline
from schoolgate_webui.views.requests import Row, Seen, TimelineStep
from schoolgate_webui.views.stages import Tag, is_on_its_way, tag_of

REVIEW_LABELS = {"in_place": "Are the control measures in place?", "why": "Why?"}
# The authoriser's half of the form, its own labels in its own order.
DECISION_LABELS = {
    "approved": "Approved?",
    "reasons": "Reasons",
    "staff_name": "Staff name",
    "date": "Date",
}
WITHDRAWAL_LABELS = {"why": "Why is it withdrawn?"}

_IN_PLACE = [Option("yes", "Yes, they are in place"), Option("no", "No")]
_APPROVED = [Option("yes", "✓ Yes"), Option("no", "✗ No")]


class Remark(msgspec.Struct, frozen=True):
    """A form of one text: where it goes, its field, its label and what its button says."""

    action: str
    field: str
    label: str
    title: str
    button: str
    hint: str = ""


# What may be said beside the decision, each where its act is in the table.
REMARKS: Mapping[Act, Remark] = {
    Act.ANSWER: Remark(
        "answer", "answer", "Your answer", "Answer the question", "Send the answer"
    ),
    Act.ASK: Remark(
        "question",
        "question",
        "Your question",
        "Ask the requester first",
        "Ask",
        "It waits for them until they answer. You are told when they have.",
    ),
    Act.TELL: Remark(
        "how-it-went",
        "how_it_went",
        "How did it go?",
        "Say how it went",
        "Send",
        "A line is enough: was it any use, did anything happen?",
    ),
    Act.NOTE: Remark("note", "note", "Your note", "Note how it went", "Note it"),
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


class RemarkPart(msgspec.Struct, frozen=True):
    """A form of one text, ready to print; *quotes* is what it answers."""

    id: str
    title: str
    action: str
    button: str
    hint: str
    quotes: str
    field: Field


class EarlierPart(msgspec.Struct, frozen=True):
    """A form before it was changed: which version, until when, and what stood in it."""

    title: str
    rows: tuple[Row, ...]


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
    next_words: str
    needs_refresh: bool
    change_href: str
    print_href: str
    again_href: str
    mistakes: list[dict[str, str]]
    requester_rows: tuple[Row, ...]
    authoriser_rows: tuple[Row, ...]
    proof: str
    added_rows: tuple[Row, ...]
    timeline: tuple[TimelineStep, ...]
    earlier: tuple[EarlierPart, ...]
    remarks: tuple[RemarkPart, ...]
    review: ReviewPart | None
    decision: DecisionPart | None
    withdraw: WithdrawPart | None


def asked_page(
    request: AccessRequest,
    turn: Turn | None,
    member: Member,
    seen: Seen,
    *,
    acts: frozenset[Act],
    outcome: Outcome | None,
    invalid: Invalid | None = None,
    kept: Mapping[str, str] | None = None,
    proof: str = "",
) -> AskedPage:
    """
    Return the page of *request* as *member* sees it, who may do *acts* with it.

    *outcome* is what a signature would open, where they are to decide; *kept* what they entered
    before they came back to change it. *proof* says by what means the decision was signed.
    """
    review = _form("measures", REVIEW_LABELS, {}, invalid)
    decision = _form("decision", DECISION_LABELS, _decision_values(member, seen, kept), invalid)
    withdrawal = _form("withdraw", WITHDRAWAL_LABELS, {}, invalid)
    remarks = [(each, _remark_form(each, invalid)) for act, each in REMARKS.items() if act in acts]
    added = requests.added_rows(request, seen)
    forms = (review, decision, withdrawal, *(form for _, form in remarks))
    href = f"/requests/{request.id}"
    is_over = not acts & {Act.CHANGE, Act.WITHDRAW} and member.id == request.requester
    return AskedPage(
        number=request.id,
        href=href,
        title=requests.title_of(request),
        stage=tag_of(request, seen.now.school, seen.status),
        sentence=requests.sentence(request, turn, seen),
        next_words=next_words(request, turn, member.id, seen),
        needs_refresh=is_on_its_way(request, seen.now.school, seen.status),
        change_href=f"{href}/change" if Act.CHANGE in acts else "",
        print_href=f"{href}/form.pdf" if Act.PRINT in acts else "",
        again_href=f"/requests/new?like={request.id}" if is_over else "",
        mistakes=[mistake for form in forms for mistake in form.mistakes],
        requester_rows=requests.requester_rows(request.form),
        authoriser_rows=requests.authoriser_rows(request, seen),
        proof=proof,
        added_rows=added,
        timeline=timeline(request, turn, seen),
        earlier=tuple(_earlier_part(each, seen) for each in reversed(request.earlier)),
        remarks=tuple(_remark_part(each, form, request) for each, form in remarks),
        review=_review_part(review, turn) if Act.CHECK in acts else None,
        decision=None if outcome is None else _decision_part(decision, turn, outcome, added[1:]),
        withdraw=(
            _withdraw_part(withdrawal, request, member)
            if Act.WITHDRAW in acts and _is_theirs_to_end(request, member)
            else None
        ),
    )


def _is_theirs_to_end(request: AccessRequest, member: Member) -> bool:
    """Whether to offer it: whoever decides a request refuses it instead of withdrawing it."""
    return request.state is State.APPROVED or member.id == request.requester


def _remark_form(remark: Remark, invalid: Invalid | None) -> Form:
    return _form(remark.action, {remark.field: remark.label}, {}, invalid)


def _remark_part(remark: Remark, form: Form, request: AccessRequest) -> RemarkPart:
    asked = request.open_question
    return RemarkPart(
        id=remark.action,
        title=remark.title,
        action=f"/requests/{request.id}/{remark.action}",
        button=remark.button,
        hint=remark.hint,
        quotes=asked.question if remark is REMARKS[Act.ANSWER] and asked is not None else "",
        field=form[remark.field],
    )


def _earlier_part(before: FormVersion, seen: Seen) -> EarlierPart:
    until = day_and_time(seen.now.recorded(before.replaced_at))
    title = f"Version {before.version}, as it was until {until}"
    return EarlierPart(title, requests.requester_rows(before.form))


def _decision_values(member: Member, seen: Seen, kept: Mapping[str, str] | None) -> dict[str, str]:
    return {
        "date": f"{seen.now.local(seen.now.school):%Y-%m-%d}",
        **(kept or {}),
        "staff_name": member.name,
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


def _withdraw_part(form: Form, request: AccessRequest, member: Member) -> WithdrawPart:
    is_signed = request.state is State.APPROVED
    whose = "your request" if member.id == request.requester else "this request"
    return WithdrawPart(
        title="Withdraw this permission at once" if is_signed else f"Withdraw {whose}",
        button="Withdraw now" if is_signed else "Withdraw request",
        fields={name: form[name] for name in WITHDRAWAL_LABELS},
    )
