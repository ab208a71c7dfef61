"""The steps from a draft to the policy in force: propose, approve, direct, refuse, withdraw."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.policy_gate import earliest_date
from schoolgate_policyd.workflow.policy_versions import Move, terms_for
from schoolgate_webui.views.draft_checks import Sentences, findings_of, kept_replay
from schoolgate_webui.views.drafts import Drafted, Header, header_of
from schoolgate_webui.views.fields import Field, Form, Option, day_input_type
from schoolgate_webui.views.requests import TimelineStep

_MOST_SENTENCES = 10
# An empty field is one for a date.
_A_DAY = "2026-11-20"


class Step(StrEnum):
    """What is done with a draft, as it stands in the address."""

    PROPOSE = "propose"
    APPROVE = "approve"
    DIRECT = "direct"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class When(StrEnum):
    """From when a version is directed to be in force."""

    NOW = "now"
    DAY = "day"
    SAFETY = "safety"


LABELS: Mapping[Step, Mapping[str, str]] = {
    Step.PROPOSE: {"reasons": "Why is it proposed?"},
    Step.APPROVE: {"met_on": "Date of the meeting", "reference": "Minute reference"},
    Step.DIRECT: {
        "announced_on": "On which day was it announced?",
        "when": "From when is it in force?",
        "in_force_from": "In force from the beginning of",
        "reasons": "Reasons",
        "staff_name": "Staff name",
    },
    Step.REFUSE: {"reasons": "Why is it refused?"},
    Step.WITHDRAW: {"why": "Why is it withdrawn?"},
}
_TITLES = {
    Step.PROPOSE: "Propose this draft",
    Step.APPROVE: "Record the governors’ approval",
    Step.DIRECT: "Direct this version",
    Step.REFUSE: "Refuse this proposal",
    Step.WITHDRAW: "Withdraw this version",
}
_BUTTONS = {
    Step.PROPOSE: "Propose",
    Step.APPROVE: "Record approval",
    Step.DIRECT: "Continue to sign",
    Step.REFUSE: "Refuse",
    Step.WITHDRAW: "Withdraw",
}
_FORM_TITLES = {
    Step.PROPOSE: "Your reasons",
    Step.APPROVE: "The meeting",
    Step.DIRECT: "From when, and why",
    Step.REFUSE: "Your reasons",
    Step.WITHDRAW: "Your reasons",
}
_INTROS = {
    Step.PROPOSE: (
        "From now on it stays as it is: governors and the headteacher read exactly this."
    ),
    Step.APPROVE: "Enter the meeting at which the governors approved exactly this.",
    Step.DIRECT: "Your signature puts exactly this in force.",
    Step.REFUSE: "It goes no further. Whoever drafted it reads your reasons.",
    Step.WITHDRAW: "It goes no further. It stays in the list of versions.",
}
_WARNING_BUTTON = frozenset({Step.REFUSE, Step.WITHDRAW})


class StepPage(msgspec.Struct, frozen=True):
    """What the page of one step prints."""

    header: Header
    step: Step
    title: str
    form_title: str
    intro: str
    button: str
    is_warning: bool
    refusal: str
    mistakes: list[dict[str, str]]
    fields: Mapping[str, Field]
    types: Mapping[str, str]
    options: list[dict[str, object]]
    asks_announcement: bool
    terms: tuple[str, ...]
    differences: tuple[str, ...] | None
    found: tuple[Sentences, ...]
    replayed: str
    rows: tuple[TimelineStep, ...]


def step_page(
    step: Step,
    drafted: Drafted,
    differences: tuple[str, ...] | None,
    entered: Mapping[str, str],
    *,
    invalid: InvalidForm | None = None,
    refusal: str = "",
) -> StepPage:
    """Return the page of *step*; *refusal* is a sentence about the whole of it."""
    form = Form(LABELS[step], {**_values(step, drafted), **entered}, invalid)
    fields = {name: form[name] for name in LABELS[step]}
    replay = kept_replay(drafted)
    mistakes = form.mistakes
    if refusal:
        mistakes = [{"text": refusal, "href": "#step"}, *mistakes]
    terms = terms_for(drafted.version, drafted.versions)
    return StepPage(
        header=header_of(drafted),
        step=step,
        title=_TITLES[step],
        form_title=_FORM_TITLES[step],
        intro=_INTROS[step],
        button=_BUTTONS[step],
        is_warning=step in _WARNING_BUTTON,
        refusal=refusal,
        mistakes=mistakes,
        fields=fields,
        types={name: day_input_type(field.value or _A_DAY) for name, field in fields.items()},
        options=_when_options(drafted) if step is Step.DIRECT else [],
        asks_announcement=terms.notice is not None or terms.announcement is not None,
        terms=_terms(drafted) if step is Step.DIRECT else (),
        differences=differences,
        found=findings_of(drafted.version.proof, _MOST_SENTENCES),
        replayed="The replay was not run." if replay is None else replay.summary,
        rows=_rows(drafted),
    )


def _values(step: Step, drafted: Drafted) -> dict[str, str]:
    if step is not Step.DIRECT:
        return {}
    today = local_date(drafted.now.school, drafted.now.zone)
    terms = terms_for(drafted.version, drafted.versions)
    values = {"staff_name": drafted.member.name}
    if terms.notice is None:
        return {**values, "when": When.NOW}
    earliest = earliest_date(drafted.version, drafted.versions, today)
    return {**values, "when": When.DAY, "in_force_from": earliest.isoformat()}


def _when_options(drafted: Drafted) -> list[dict[str, object]]:
    terms = terms_for(drafted.version, drafted.versions)
    proof = drafted.version.proof
    options = [] if terms.notice is not None else [Option(When.NOW, "At once")]
    options.append(Option(When.DAY, "From the beginning of a day"))
    if proof is not None and proof.only_tightens:
        hint = "It opens nothing, so it waits for no notice. Governors approve it afterwards."
        if terms.approval is None:
            hint = "It opens nothing, so it waits for no notice."
        options.append(Option(When.SAFETY, "At once, for safety", hint))
    return [each.printed() for each in options]


def _terms(drafted: Drafted) -> tuple[str, ...]:
    """Return what the policy in force asks for, and the earliest date that follows from it."""
    terms = terms_for(drafted.version, drafted.versions)
    today = local_date(drafted.now.school, drafted.now.zone)
    found = []
    if terms.announcement is not None:
        told = " and ".join(each.value for each in terms.announcement.to)
        found.append(f"A change is announced to {told} ({terms.announcement.cite.section}).")
    if terms.notice is not None:
        months = terms.notice.months
        notice = "one month" if months == 1 else f"{months} months"
        earliest = day_words(earliest_date(drafted.version, drafted.versions, today))
        found.append(
            f"It is announced at least {notice} before it takes effect "
            f"({terms.notice.cite.section}). Announced today, the earliest date is {earliest}."
        )
    if terms.approval is not None:
        is_approved = drafted.version.approval is not None
        says = "Their approval is recorded." if is_approved else "That is not recorded yet."
        found.append(f"Governors approve it first ({terms.approval.cite.section}). {says}")
    return tuple(found)


def _rows(drafted: Drafted) -> tuple[TimelineStep, ...]:
    version = drafted.version
    author = drafted.names.person(version.author or "")
    rows = [TimelineStep("done", f"Drafted by {author} on version {version.base}")]
    rows += [
        TimelineStep(
            "done", f"{word} by {drafted.names.person(each.actor or '')}", why=each.reasons
        )
        for each in version.steps
        if (word := _WORDS.get(each.move)) is not None
    ]
    return tuple(rows)


_WORDS = {Move.PROPOSED: "Proposed", Move.APPROVED: "Approved in the governors’ name"}
