"""Standing permissions: what is permitted until when, what is asked for, and whose turn it is."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.store.records import StandingPermission, StandingRecord
from schoolgate_policyd.workflow.actors import Task, Turn
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.requests import State
from schoolgate_policyd.workflow.standing_requests import StandingForm, StandingRequest, is_soon
from schoolgate_webui.views.fields import Field, Form, Option, day_input_type
from schoolgate_webui.views.moments import day_and_time
from schoolgate_webui.views.request_page import DECISION_LABELS, REVIEW_LABELS
from schoolgate_webui.views.requests import Row, Seen, TimelineStep, turn_is_of
from schoolgate_webui.views.stages import Tag

LABELS = {
    "name": "What is to be permitted?",
    "reasons": "Reasons",
    "measures": "Identified risks and control measures",
    "review_on": "Reviewed on",
}
_TAGS = {
    State.SUBMITTED: Tag("Waiting for controls", "govuk-tag--yellow"),
    State.MEASURES_CONFIRMED: Tag("Waiting for permission", "govuk-tag--yellow"),
    State.MEASURES_REFUSED: Tag("Controls not in place", "govuk-tag--red"),
    State.APPROVED: Tag("Permitted", "govuk-tag--green"),
    State.REFUSED: Tag("Not permitted", "govuk-tag--red"),
    State.WITHDRAWN: Tag("Withdrawn", "govuk-tag--grey"),
}
_DONE = {
    State.SUBMITTED: "Asked for by {}",
    State.MEASURES_CONFIRMED: "Controls confirmed by {}",
    State.MEASURES_REFUSED: "Controls not in place, says {}",
    State.APPROVED: "Permitted and signed by {}",
    State.REFUSED: "Not permitted, signed by {}",
    State.WITHDRAWN: "Withdrawn by {}",
}
_REVIEW_OPTIONS = (Option("yes", "Yes, they are in place"), Option("no", "No"))
_DECISION_OPTIONS = (Option("yes", "✓ Yes"), Option("no", "✗ No"))
_IN_FORCE = Tag("In force", "govuk-tag--green")
_DUE = Tag("In force, review due", "govuk-tag--yellow")
_OVERDUE = Tag("Review overdue, not in force", "govuk-tag--red")
_HALF = Tag("Not in force", "govuk-tag--grey")


class PermissionCard(msgspec.Struct, frozen=True):
    """A standing permission; *withdrawals* are forms for the records that they may withdraw."""

    title: str
    stage: Tag
    sentence: str
    records: tuple[Row, ...]
    withdrawals: tuple[tuple[str, str], ...]
    renew_href: str


class AskedCard(msgspec.Struct, frozen=True):
    """Something that was asked for, in the list."""

    href: str
    title: str
    stage: Tag
    facts: str


class StandingPage(msgspec.Struct, frozen=True):
    """The page of standing permissions."""

    permissions: tuple[PermissionCard, ...]
    asked: tuple[AskedCard, ...]
    may_ask: bool


class AskPage(msgspec.Struct, frozen=True):
    """The form that asks for one."""

    mistakes: list[dict[str, str]]
    fields: Mapping[str, Field]
    options: list[dict[str, object]]
    review_type: str


class AskedPage(msgspec.Struct, frozen=True):
    """One that was asked for, with what whoever looks at it may do."""

    href: str
    title: str
    stage: Tag
    next_words: str
    mistakes: list[dict[str, str]]
    rows: tuple[Row, ...]
    timeline: tuple[TimelineStep, ...]
    proofs: tuple[str, ...]
    why_you: str
    review: Mapping[str, Field] | None
    review_options: list[dict[str, object]]
    decision: Mapping[str, Field] | None
    decision_options: list[dict[str, object]]
    date_type: str
    may_withdraw: bool


def abouts_of(seen: Seen) -> dict[str, str]:
    """Return what each standing permission of the policy in force is about, by its name."""
    return {each.id: each.about for each in seen.policy.standing}


def standing_page(
    permissions: tuple[StandingPermission, ...],
    asked: tuple[StandingRequest, ...],
    seen: Seen,
    *,
    withdrawable: frozenset[int],
) -> StandingPage:
    """Return the page; *withdrawable* are the records that whoever looks may withdraw."""
    abouts = abouts_of(seen)
    standing = {each.name for each in permissions}
    missing = tuple(
        StandingPermission(name, None, None) for name in abouts if name not in standing
    )
    return StandingPage(
        permissions=tuple(
            _permission(each, abouts, seen, withdrawable) for each in (*permissions, *missing)
        ),
        asked=tuple(_asked_card(each, abouts, seen) for each in asked),
        may_ask=bool(abouts),
    )


def ask_page(values: Mapping[str, str], seen: Seen, invalid: InvalidForm | None = None) -> AskPage:
    """Return the form with *values*."""
    form = Form(LABELS, values, invalid)
    options = [Option(name, sentence_of(about)) for name, about in abouts_of(seen).items()]
    review_on = form["review_on"].value
    return AskPage(
        mistakes=form.mistakes,
        fields={name: form[name] for name in LABELS},
        options=[each.printed() for each in options],
        review_type="date" if not review_on else day_input_type(review_on),
    )


def asked_page(
    request: StandingRequest,
    turn: Turn | None,
    member: Member,
    seen: Seen,
    *,
    entered: Mapping[str, str] | None = None,
    invalid: InvalidForm | None = None,
    proofs: tuple[str, ...] = (),
) -> AskedPage:
    """
    Return the page of one that was asked for; *entered* and *invalid* of a form come back.

    *proofs* say by what means it was signed.
    """
    today = {"staff_name": member.name, "date": f"{seen.now.local(seen.now.school):%Y-%m-%d}"}
    typed = {**today, **(entered or {})}
    may_check = turn_is_of(turn, member.id, Task.CHECK_MEASURES)
    may_decide = turn_is_of(turn, member.id, Task.DECIDE)
    review = Form(REVIEW_LABELS, typed, invalid if may_check else None)
    decision = Form(DECISION_LABELS, typed, invalid if may_decide else None)
    about = abouts_of(seen).get(request.form.name, request.form.name)
    return AskedPage(
        href=f"/standing/requests/{request.id}",
        title=sentence_of(about),
        stage=_TAGS[request.state],
        next_words="" if turn is None else turn.why,
        mistakes=[*review.mistakes, *decision.mistakes],
        rows=_rows(request.form),
        timeline=_timeline(request, seen),
        proofs=proofs,
        why_you="" if turn is None else turn.why,
        review={name: review[name] for name in REVIEW_LABELS} if may_check else None,
        review_options=[each.printed() for each in _REVIEW_OPTIONS],
        decision={name: decision[name] for name in DECISION_LABELS} if may_decide else None,
        decision_options=[each.printed() for each in _DECISION_OPTIONS],
        date_type=day_input_type(decision["date"].value),
        may_withdraw=request.is_open and member.id == request.requester,
    )


def _rows(form: StandingForm) -> tuple[Row, ...]:
    return (
        Row("Reasons", form.reasons),
        Row("Identified risks and control measures", form.measures),
        Row("Reviewed on", day_words(form.review_on)),
    )


def _timeline(request: StandingRequest, seen: Seen) -> tuple[TimelineStep, ...]:
    return tuple(
        TimelineStep(
            "done",
            _DONE[step.state].format(seen.names.person(step.actor)),
            day_and_time(seen.now.recorded(step.at)),
            "" if step.state is State.SUBMITTED else step.reasons,
        )
        for step in request.steps
    )


def sentence_of(about: str) -> str:
    """Return what a permission is about as the beginning of a line."""
    return f"{about[:1].upper()}{about[1:]}"


def reminders(permissions: tuple[StandingPermission, ...], seen: Seen) -> tuple[str, ...]:
    """Return a sentence for each permission that is to be reviewed soon, or was to be already."""
    abouts, moment = abouts_of(seen), seen.now.school
    return tuple(
        f"{sentence_of(abouts.get(each.name, each.name))}. {_standing_of(each, moment)[1]}"
        for each in permissions
        if each.review_on is not None
        and (is_soon(each.review_on, moment) or each.is_overdue_at(moment))
    )


def _permission(
    permission: StandingPermission,
    abouts: Mapping[str, str],
    seen: Seen,
    withdrawable: frozenset[int],
) -> PermissionCard:
    records = [
        (label, each)
        for label, each in (
            ("The headteacher’s permission", permission.permission),
            ("The online safety lead’s controls", permission.controls),
        )
        if each is not None
    ]
    stage, sentence = _standing_of(permission, seen.now.school)
    about = abouts.get(permission.name, permission.name)
    return PermissionCard(
        title=sentence_of(about),
        stage=stage,
        sentence=sentence,
        records=tuple(Row(label, _record_words(each, seen)) for label, each in records),
        withdrawals=tuple(
            (f"Withdraw {label[0].lower()}{label[1:]}", f"/standing/records/{each.id}/withdraw")
            for label, each in records
            if each.id in withdrawable
        ),
        renew_href=f"/standing/new?name={permission.name}" if permission.name in abouts else "",
    )


def _standing_of(permission: StandingPermission, moment: datetime) -> tuple[Tag, str]:
    review_on = permission.review_on
    if review_on is None:
        return _HALF, "Nobody has permitted it."
    if permission.is_overdue_at(moment):
        return _OVERDUE, f"It was to be reviewed on {day_words(review_on)}: ask for it again."
    if not permission.is_in_force_at(moment):
        missing = (
            "headteacher’s permission" if permission.permission is None else "confirmed controls"
        )
        return _HALF, f"One of its two records stands: the {missing} is missing."
    if is_soon(review_on, moment):
        return (
            _DUE,
            f"It is in force until its review on {day_words(review_on)}: renew it in time.",
        )
    return _IN_FORCE, f"Both records stand. It is reviewed on {day_words(review_on)}."


def _record_words(record: StandingRecord, seen: Seen) -> str:
    on = day_and_time(seen.now.recorded(record.at))
    return f"{seen.names.person(record.actor)}, {on}: {record.reasons}"


def _asked_card(request: StandingRequest, abouts: Mapping[str, str], seen: Seen) -> AskedCard:
    about = abouts.get(request.form.name, request.form.name)
    on = day_and_time(seen.now.recorded(request.steps[-1].at))
    return AskedCard(
        href=f"/standing/requests/{request.id}",
        title=sentence_of(about),
        stage=_TAGS[request.state],
        facts=f"Asked for by {seen.names.person(request.requester)}. {on}.",
    )
