"""Restrictions as pages show them: what is restricted, until when, where it binds, who decides."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.policy import Policy, Register
from schoolgate_policyd.core.rules import RestrictionKind
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incidents import Handling
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.restrictions import (
    RestrictionRecord,
    RestrictionState,
    group_of,
    is_to_decide,
)
from schoolgate_policyd.workflow.supervision import kind_of_device
from schoolgate_webui.views.fields import Field, Form, Option
from schoolgate_webui.views.moments import Now, day_and_time
from schoolgate_webui.views.requests import Names
from schoolgate_webui.views.stages import Tag
from schoolgate_webui.views.words import DEVICES, joined

DECISION_LABELS = {"approved": "Does it come into force?", "reasons": "Reasons"}
END_LABELS = {"why": "Why does it end now?"}
PROPOSAL_LABELS = {
    "what": "What is proposed?",
    "service": "What is withdrawn?",
    "site": "Or which site?",
    "ends_on": "Last day",
    "why": "Reasons",
    "section": "Section of the policy that asks for it (optional)",
}
_STATES: Mapping[RestrictionState, Tag] = {
    RestrictionState.PROPOSED: Tag("Proposed", "govuk-tag--yellow"),
    RestrictionState.REFUSED: Tag("Not approved", "govuk-tag--grey"),
    RestrictionState.DECIDED: Tag("In force", "govuk-tag--green"),
    RestrictionState.ENDED_EARLY: Tag("Ended early", "govuk-tag--grey"),
    RestrictionState.OVER: Tag("Ended by itself", "govuk-tag--grey"),
}
_OVER = Tag("Ended by itself", "govuk-tag--grey")
_SUPERVISED = "May use school devices under close supervision only"


class RestrictionCard(msgspec.Struct, frozen=True):
    """A restriction in a list; *decide* and *end* are forms for those who may."""

    number: int
    tag: Tag
    who: str
    what: str
    window: str
    why: str
    cite: str
    history: tuple[str, ...]
    where: tuple[str, ...]
    incident_href: str
    decide: Mapping[str, Field] | None
    decide_action: str
    options: list[dict[str, object]]
    end: Mapping[str, Field] | None
    end_action: str
    mistakes: list[dict[str, str]]


class Invalid(msgspec.Struct, frozen=True):
    """A form of a restriction that came back: whose, which, and its mistakes."""

    number: int
    form: str
    entered: Mapping[str, str]
    error: InvalidForm


def restriction_card(
    record: RestrictionRecord,
    handling: Handling,
    *,
    member: Member,
    names: Names,
    policy: Policy,
    now: Now,
    register: Register | None = None,
    invalid: Invalid | None = None,
) -> RestrictionCard:
    """Return *record* as *member* sees it; with *register* also where it binds."""
    proposal = record.proposal
    is_live = record.is_in_force_at(now.school)
    decide = _form("decide", DECISION_LABELS, record.id, invalid)
    end = _form("end", END_LABELS, record.id, invalid)
    may_decide = is_to_decide(record, handling, member.id)
    may_end = is_live and handling.is_decided_by(member.id) and member.id != proposal.person
    is_over = record.state is RestrictionState.DECIDED and proposal.ends_at <= now.school
    return RestrictionCard(
        number=record.id,
        tag=_OVER if is_over else _STATES[record.state],
        who=names.person(proposal.person),
        what=what_words(record, policy),
        window=_window(record, now),
        why=proposal.why,
        cite=str(proposal.cite),
        history=_history(record, names, now),
        where=() if register is None or not is_live else where_words(proposal.person, register),
        incident_href="" if proposal.incident is None else f"/incidents/{proposal.incident}",
        decide={name: decide[name] for name in DECISION_LABELS} if may_decide else None,
        decide_action=f"/restrictions/{record.id}/decide",
        options=[
            Option("yes", "Yes, at once").printed(),
            Option("no", "No").printed(),
        ],
        end={name: end[name] for name in END_LABELS} if may_end else None,
        end_action=f"/restrictions/{record.id}/end",
        mistakes=[*decide.mistakes, *end.mistakes],
    )


def what_words(record: RestrictionRecord, policy: Policy) -> str:
    """Return what is restricted."""
    if record.proposal.kind is RestrictionKind.SUPERVISED_ONLY:
        return _SUPERVISED
    if record.proposal.site is not None:
        return f"May not use {record.proposal.site} and what is under it"
    word = record.proposal.service or ""
    return f"May not use {dict(withdrawable(policy)).get(word, word)}"


def withdrawable(policy: Policy) -> Iterable[tuple[str, str]]:
    """Yield what can be withdrawn, categories first: its id and its name."""
    for category in sorted(policy.catalogue.categories, key=lambda each: each.name.casefold()):
        yield category.id, f"all of: {category.name}"
    for service in sorted(policy.catalogue.services, key=lambda each: each.name.casefold()):
        yield service.id, service.name


def where_words(person: str, register: Register) -> tuple[str, ...]:
    """Return where a restriction of *person* binds, and where it cannot."""
    own = [each for each in register.devices if each.owner == person]
    assigned = [each for each in register.devices if group_of(person) in each.groups]
    named = [
        f"{each.id} ({DEVICES[kind_of_device(each, register.networks)]})"
        for each in (*own, *assigned)
    ]
    binds = (
        f"In force on {joined(named)}"
        if named
        else "No device is registered as theirs or assigned to them: it is enforced nowhere now"
    )
    return (
        f"{binds}.",
        (
            "Not enforced on other shared devices: the filter does not know who uses them until a "
            "teacher assigns them."
        ),
    )


def proposal_fields(
    values: Mapping[str, str], invalid: InvalidForm | None, policy: Policy
) -> tuple[Form, list[dict[str, object]], list[dict[str, object]]]:
    """Return the form of a proposal, what can be chosen, and what can be withdrawn."""
    what = [
        Option(
            RestrictionKind.SUPERVISED_ONLY.value,
            "Supervised-only use",
            "Everything but help lines is blocked on school devices, except in a supervised "
            "session that a member of staff opens.",
        ),
        Option(
            RestrictionKind.WITHDRAWN_SERVICE.value,
            "Withdrawal of a site or of a kind of site",
            "One service, all of one category, or one site is blocked for this person on every "
            "device.",
        ),
    ]
    services = [Option("", "Choose"), *(Option(*each) for each in withdrawable(policy))]
    form = Form(PROPOSAL_LABELS, values, invalid)
    return form, [each.printed() for each in what], [each.printed() for each in services]


def _window(record: RestrictionRecord, now: Now) -> str:
    # It ends with the last minute of a day, and nobody thinks of that as of the next day.
    last = now.local(record.proposal.ends_at - timedelta(microseconds=1))
    return f"Until the end of {weekday_words(last)}"


def _history(record: RestrictionRecord, names: Names, now: Now) -> tuple[str, ...]:
    proposed = day_and_time(now.recorded(record.proposed_at))
    lines = [f"Proposed by {names.person(record.proposed_by)}, {proposed}."]
    if record.decided_by is not None and record.decided_at is not None:
        what = "Not approved" if record.state is RestrictionState.REFUSED else "Decided"
        when = day_and_time(now.recorded(record.decided_at))
        lines.append(f"{what} by {names.person(record.decided_by)}, {when}: {record.reasons}")
    if record.ended_by is not None and record.ended_at is not None:
        when = day_and_time(now.recorded(record.ended_at))
        lines.append(f"Ended by {names.person(record.ended_by)}, {when}: {record.ended_why}")
    return tuple(lines)


def _form(name: str, labels: Mapping[str, str], number: int, invalid: Invalid | None) -> Form:
    is_this = invalid is not None and (invalid.number, invalid.form) == (number, name)
    entered = dict(invalid.entered) if invalid is not None and is_this else {}
    error = invalid.error if invalid is not None and is_this else None
    return Form(labels, entered, error, prefix=f"{name}-{number}-")
