"""A request in a list, and the request page: the form, the timeline, and whose turn it is."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.ipc.messages import Status
from schoolgate_policyd.workflow.actors import Task, Turn
from schoolgate_policyd.workflow.request_drafts import RequestDraft
from schoolgate_policyd.workflow.requests import (
    AccessRequest,
    RequestForm,
    ScopeChoice,
    Stage,
    State,
    Step,
    stage_at,
)
from schoolgate_policyd.workflow.scopes import scope_for
from schoolgate_webui.views.moments import Now, day_and_time, in_words, short_day_and_time, window
from schoolgate_webui.views.stages import (
    Tag,
    closing_words,
    is_in_force_everywhere,
    is_on_its_way,
    on_its_way_words,
    tag_of,
)
from schoolgate_webui.views.words import capitalised, joined, scope_words

# A colleague who planned tomorrow's lesson cannot wait longer than a day for an answer.
OVERDUE_AFTER = timedelta(days=1)

WAITING = frozenset(
    {Stage.WAITING_FOR_MEASURES, Stage.WAITING_FOR_ANSWER, Stage.WAITING_FOR_DECISION}
)

SCOPES: Mapping[ScopeChoice, str] = {
    ScopeChoice.PAGE: "This page",
    ScopeChoice.PART: "This part of the site",
    ScopeChoice.SITE: "The whole site",
}


class Names(msgspec.Struct, frozen=True):
    """Names of people and classes by their ids."""

    people: Mapping[str, str]
    classes: Mapping[str, str]

    def person(self, person: str) -> str:
        """Return the name of the person whose id is *person*."""
        return self.people.get(person, "somebody who has left")

    def for_whom(self, request: AccessRequest) -> str:
        """Return whom *request* is for."""
        for_class = request.form.for_class
        if for_class is None:
            return f"{self.person(request.requester)} alone"
        return f"class {self.classes.get(for_class, for_class)}"


class Seen(msgspec.Struct, frozen=True):
    """What the views of requests need beside a request; *version* is the store's now."""

    now: Now
    names: Names
    policy: Policy
    status: Status | None
    version: int


class Card(msgspec.Struct, frozen=True):
    """A request in a list."""

    href: str
    title: str
    stage: Tag
    facts: str
    is_overdue: bool
    is_quiet: bool


class Row(msgspec.Struct, frozen=True):
    """A term and its entry."""

    label: str
    value: str
    is_signature: bool = False


class TimelineStep(msgspec.Struct, frozen=True):
    """A step of the timeline; *kind* is `done`, `now`, `ahead` or `stopped`."""

    kind: str
    what: str
    when: str = ""
    why: str = ""


def title_of(request: AccessRequest) -> str:
    """Return a short name for what is asked for: the host and the beginning of the path."""
    url = request.form.url
    path = "" if url.path == "/" else url.path
    text = f"{url.host}{path}"
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - what fits on a line


def card(request: AccessRequest, seen: Seen) -> Card:
    """Return *request* for a list, with its age where somebody has to act."""
    stage = stage_at(request, seen.now.school)
    is_waiting = stage in WAITING
    age = seen.now.age(request.waiting_since)
    asker = seen.names.person(request.requester)
    whom = "" if request.form.for_class is None else f" for {seen.names.for_whom(request)}"
    facts = f"Asked by {asker}{whom}."
    if is_waiting:
        facts += f" Waiting for {in_words(age)}."
    else:
        facts += f" {short_day_and_time(seen.now.recorded(request.waiting_since))}."
    return Card(
        href=f"/requests/{request.id}",
        title=f"Request {request.id}: {title_of(request)}",
        stage=tag_of(request, seen.now.school, seen.status),
        facts=facts,
        is_overdue=is_waiting and age >= OVERDUE_AFTER,
        is_quiet=not is_waiting and stage not in {Stage.IN_FORCE, Stage.APPROVED},
    )


def draft_card(draft: RequestDraft, seen: Seen) -> Card:
    """Return *draft* for its author's list."""
    url = draft.entry.get("url", "").strip().removeprefix("https://").removeprefix("http://")
    saved = short_day_and_time(seen.now.recorded(draft.changed_at))
    return Card(
        href=f"/requests/drafts/{draft.id}",
        title=f"Draft: {url[:60] or 'no address yet'}",
        stage=Tag("Draft"),
        facts=f"Saved {saved}. Nobody else sees it.",
        is_overdue=False,
        is_quiet=False,
    )


def requester_rows(form: RequestForm) -> tuple[Row, ...]:
    """Return the requester's half of the form, the form's own fields in its own order."""
    return (
        Row("Staff name", form.staff_name),
        Row("Date", day_words(form.written_on)),
        Row("Full URL", str(form.url)),
        Row("Site content", form.site_content),
        Row("Reasons for access", form.reasons),
        Row("Identified risks and control measures", form.measures),
    )


def added_rows(request: AccessRequest, seen: Seen) -> tuple[Row, ...]:
    """Return what the form lacks and Schoolgate adds."""
    form = request.form
    starts, ends = seen.now.local(form.starts_at), seen.now.local(form.ends_at)
    return (
        Row("For whom", capitalised(seen.names.for_whom(request))),
        Row("Which pages", scope_words(scope_for(form, seen.policy.catalogue), seen.policy)),
        Row("When", window(starts, ends)),
    )


def authoriser_rows(request: AccessRequest, seen: Seen) -> tuple[Row, ...]:
    """Return the authoriser's half of the form once it was decided."""
    step = decision_of(request)
    if step is None or step.signature is None:
        return ()
    signed = step.signature
    return (
        Row("Approved?", "✓ Yes" if step.state is State.APPROVED else "✗ No"),
        Row("Reasons", step.reasons),
        Row("Staff name", f"{signed.name}{in_whose_name(step, seen)}"),
        Row("Date", day_words(signed.signed_on)),
        Row("Signature", signed.name, is_signature=True),
    )


def decision_of(request: AccessRequest) -> Step | None:
    """Return the signed decision on the form as it is now."""
    return request.step(State.APPROVED) or request.step(State.REFUSED)


def in_whose_name(step: Step, seen: Seen) -> str:
    """Return the words for a deputy's decision, nothing for anybody else's."""
    if step.for_head is None:
        return ""
    return f", deputy for {seen.names.person(step.for_head)}"


_SETTLED = {
    Stage.MEASURES_REFUSED: "The control measures are not in place, so it goes no further.",
    Stage.REFUSED: "It was not approved.",
    Stage.LAPSED: "The time that was asked for passed before it was decided.",
}


def sentence(request: AccessRequest, turn: Turn | None, seen: Seen) -> str:
    """Return where the request stands, as the requester needs to know it."""
    stage = stage_at(request, seen.now.school)
    if stage in _SETTLED:
        return _SETTLED[stage]
    if stage is Stage.WITHDRAWN:
        return _withdrawn_words(request, seen)
    if stage is Stage.WAITING_FOR_ANSWER:
        asker = seen.names.person(request.questions[-1].asked_by)
        age = in_words(seen.now.age(request.waiting_since))
        requester = seen.names.person(request.requester)
        return f"{asker} asked {requester} a question {age} ago."
    if request.state is State.APPROVED:
        return _granted_words(request, stage, seen)
    return _waiting_words(request, turn, seen)


def _granted_words(request: AccessRequest, stage: Stage, seen: Seen) -> str:
    form = request.form
    if stage is Stage.APPROVED:
        return f"It opens by itself on {day_and_time(seen.now.local(form.starts_at))}."
    if stage in {Stage.ENDED, Stage.TOLD, Stage.REVIEWED}:
        return f"It ended by itself on {day_and_time(seen.now.local(form.ends_at))}."
    if is_on_its_way(request, seen.now.school, seen.status):
        return on_its_way_words(seen.status)
    left = in_words(form.ends_at - seen.now.school)
    return f"It is open now and ends by itself in {left}."


def _withdrawn_words(request: AccessRequest, seen: Seen) -> str:
    would_be_open = request.step(State.APPROVED) and request.form.ends_at > seen.now.school
    if would_be_open and not is_in_force_everywhere(seen.version, seen.status):
        return f"It was withdrawn. {closing_words(seen.status)}"
    return "It was withdrawn."


def _waiting_words(request: AccessRequest, turn: Turn | None, seen: Seen) -> str:
    age = in_words(seen.now.age(request.waiting_since))
    if turn is None:
        return f"It has been waiting for {age}."
    if not turn.actors:
        return f"It cannot go on. {turn.why}"
    whom = joined([each.name for each in turn.actors], "or")
    return f"It has been waiting for {whom} for {age}."


def turn_is_of(turn: Turn | None, person: str, task: Task) -> bool:
    """Whether *person* may do *task* now."""
    return turn is not None and turn.task is task and any(a.id == person for a in turn.actors)
