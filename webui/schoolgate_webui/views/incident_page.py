"""One incident: what happened, what was done, and what whoever looks may do about it."""

from collections.abc import Mapping

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incidents import (
    Evidence,
    Handling,
    Incident,
    IncidentState,
    IncidentStep,
    Move,
)
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.restrictions import RestrictionRecord
from schoolgate_webui.views import incidents
from schoolgate_webui.views.fields import Field, Form
from schoolgate_webui.views.log_rows import ATTEMPTS
from schoolgate_webui.views.moments import Now, day_and_time, short_day_and_time
from schoolgate_webui.views.people_options import person_options
from schoolgate_webui.views.requests import Names, Row, TimelineStep
from schoolgate_webui.views.restrictions import RestrictionCard, restriction_card
from schoolgate_webui.views.stages import Tag
from schoolgate_webui.views.words import DEVICES, joined

FORMS: Mapping[str, Mapping[str, str]] = {
    "note": {"text": "Note"},
    "action": {"text": "Action that was taken"},
    "name": {"person": "Who was it?", "how": "How do you know?"},
    "close": {"taken": "Action that was taken", "outcome": "Outcome"},
    "reopen": {"why": "Why is it opened again?"},
}
_MOVES: Mapping[Move, str] = {
    Move.OPENED: "Opened by {}",
    Move.TAKEN_UP: "Taken up by {}",
    Move.NOTED: "Note by {}",
    Move.ACTED: "Action by {}",
    Move.NAMED: "Person named by {}",
    Move.CLOSED: "Closed by {}: outcome",
    Move.REOPENED: "Opened again by {}",
}
_DEVICES = {each.value: words for each, words in DEVICES.items()}


class Invalid(msgspec.Struct, frozen=True):
    """A form of the page that came back: which, what stood in it and its mistakes."""

    form: str
    entered: Mapping[str, str]
    error: InvalidForm


class EvidenceRow(msgspec.Struct, frozen=True):
    """Requests alike in the evidence, told as one."""

    when: str
    name: str
    what: str
    times: str
    device: str
    rule: str


class IncidentPage(msgspec.Struct, frozen=True):
    """Everything that the page of one incident prints."""

    number: int
    href: str
    title: str
    severity: Tag
    state: Tag
    sentence: str
    handled_by: str
    rows: tuple[Row, ...]
    timeline: tuple[TimelineStep, ...]
    evidence: tuple[EvidenceRow, ...]
    evidence_note: str
    restrictions: tuple[RestrictionCard, ...]
    mistakes: list[dict[str, str]]
    forms: Mapping[str, Mapping[str, Field]]
    people: list[dict[str, object]]
    may_take_up: bool
    may_handle: bool
    may_name: bool
    may_propose: bool
    why_no_proposal: str
    has_action: bool
    is_open: bool


def incident_page(
    incident: Incident,
    handling: Handling,
    evidence: tuple[Evidence, ...],
    restrictions: tuple[tuple[RestrictionRecord, Handling], ...],
    *,
    member: Member,
    people: tuple[Member, ...],
    names: Names,
    policy: Policy,
    now: Now,
    invalid: Invalid | None = None,
) -> IncidentPage:
    """Return the page of *incident* as *member*, who may see it, sees it."""
    forms = {name: _form(name, labels, invalid) for name, labels in FORMS.items()}
    is_handler = handling.is_handled_by(member.id)
    is_known = incident.subject.person is not None
    return IncidentPage(
        number=incident.id,
        href=f"/incidents/{incident.id}",
        title=f"{incidents.KINDS[incident.kind]}: {incidents.who_words(incident.subject, names)}",
        severity=incidents.SEVERITIES[incident.severity],
        state=incidents.STATES[incident.state],
        sentence=incidents.what_words(incident, policy) + ".",
        handled_by=_handled_words(handling),
        rows=summary_rows(incident, names, policy, now),
        timeline=timeline(incident, names, now),
        evidence=evidence_rows(evidence, now),
        evidence_note=_evidence_note(incident, evidence),
        restrictions=tuple(
            restriction_card(record, each, member=member, names=names, policy=policy, now=now)
            for record, each in restrictions
        ),
        mistakes=[mistake for form in forms.values() for mistake in form.mistakes],
        forms={name: {field: forms[name][field] for field in FORMS[name]} for name in FORMS},
        people=person_options(people, but=member.id),
        may_take_up=is_handler and incident.state is IncidentState.NEW,
        may_handle=is_handler,
        may_name=is_handler and not is_known and incident.is_open,
        may_propose=is_known and incident.is_open,
        why_no_proposal=_why_no_proposal(is_known=is_known),
        has_action=bool(incident.actions),
        is_open=incident.is_open,
    )


def summary_rows(incident: Incident, names: Names, policy: Policy, now: Now) -> tuple[Row, ...]:
    """Return what the incident is, term by term."""
    first, last = now.recorded(incident.first_at), now.recorded(incident.last_at)
    when = day_and_time(first)
    if incident.last_at != incident.first_at:
        when += f", last {day_and_time(last)}"
    known = incident.subject
    rows = [
        Row("Whom it is about", incidents.who_words(known, names)),
        Row("When", when),
        Row("What", incidents.what_words(incident, policy)),
    ]
    if known.device is not None or known.address is not None:
        where = [each for each in (known.device, known.address) if each is not None]
        rows.append(Row("Device and address", ", ".join(where)))
    if incident.opened_by is not None:
        rows.append(Row("Reported by", names.person(incident.opened_by)))
        rows.append(Row("What was reported", incident.summary))
    return tuple(rows)


def timeline(incident: Incident, names: Names, now: Now) -> tuple[TimelineStep, ...]:
    """Return everything that was done, oldest first, with what still has to be."""
    steps = [_step(each, incident, names, now) for each in incident.steps]
    if incident.state is IncidentState.NEW:
        steps.append(TimelineStep("now", "Waiting for somebody to look into it"))
    if incident.is_open:
        missing = "an outcome" if incident.actions else "an action and an outcome"
        steps.append(TimelineStep("ahead", f"To be closed with {missing}"))
    return tuple(steps)


def evidence_rows(evidence: tuple[Evidence, ...], now: Now) -> tuple[EvidenceRow, ...]:
    """Return the evidence with alike requests of a day told as one, oldest first."""
    alike: dict[tuple[object, ...], list[Evidence]] = {}
    for each in evidence:
        day = now.local(each.school_at).date()
        key = (day, each.page or each.host, each.attempt, each.client, each.evidence)
        alike.setdefault(key, []).append(each)
    return tuple(_evidence_row(group, now) for group in alike.values())


def _evidence_row(alike: list[Evidence], now: Now) -> EvidenceRow:
    first = alike[0]
    starts = now.local(first.school_at)
    shift = first.school_at - first.at
    ends = now.local(max(each.last_at for each in alike) + shift)
    when = short_day_and_time(starts)
    if f"{ends:%H:%M}" != f"{starts:%H:%M}":
        when += f" to {ends:%H:%M}"
    times = sum(each.count for each in alike)
    said = "Asked for a blocked page"
    if first.attempt is not None:
        said = ATTEMPTS.get(first.attempt, ATTEMPTS["circumvention"])
    elif first.categories:
        said = f"{said}: {joined(list(first.categories))}"
    return EvidenceRow(
        when=when,
        name=first.page or first.host,
        what=f"{said}. {first.evidence}" if first.evidence else said,
        times=f"{times:,}",
        device=f"{_DEVICES.get(first.device, first.device)}, {first.device_id or first.client}",
        rule="; ".join(first.citations) or "Noticed by the filter itself",
    )


def _evidence_note(incident: Incident, evidence: tuple[Evidence, ...]) -> str:
    left_out = incident.tries - sum(each.count for each in evidence)
    if not incident.tries:
        return "Nothing of the log belongs to it: it was opened by hand."
    if left_out > 0:
        return f"There were {left_out:,} more, which are counted and not kept one by one."
    return ""


def _step(step: IncidentStep, incident: Incident, names: Names, now: Now) -> TimelineStep:
    by = "Schoolgate" if step.actor is None else names.person(step.actor)
    is_report = step.move is Move.OPENED and incident.opened_by is not None
    return TimelineStep(
        kind="stopped" if step.move is Move.REOPENED else "done",
        what=_MOVES[step.move].format(by),
        when=day_and_time(now.recorded(step.at)),
        # What was reported stands in the summary beside the timeline.
        why="" if is_report else step.text,
    )


def _handled_words(handling: Handling) -> str:
    if not handling.handlers:
        return handling.why
    named = joined([each.name for each in handling.handlers], "or")
    return f"{handling.why} Looked into by {named}."


def _why_no_proposal(*, is_known: bool) -> str:
    if is_known:
        return ""
    return (
        "Nobody can be restricted before it is known who it was. Where neither the person nor "
        "the device is known, the filter enforces nothing about a single person there."
    )


def _form(name: str, labels: Mapping[str, str], invalid: Invalid | None) -> Form:
    is_this = invalid is not None and invalid.form == name
    entered = dict(invalid.entered) if invalid is not None and is_this else {}
    error = invalid.error if invalid is not None and is_this else None
    return Form(labels, entered, error, prefix=f"{name}-")
