"""How far a request is: every step and word in the order of time, and what is still ahead."""

from collections.abc import Iterator
from datetime import datetime

from schoolgate_policyd.workflow.actors import Task, Turn
from schoolgate_policyd.workflow.requests import AccessRequest, Stage, State, Step, stage_at
from schoolgate_webui.views.moments import day_and_time
from schoolgate_webui.views.requests import Seen, TimelineStep, in_whose_name
from schoolgate_webui.views.stages import is_on_its_way
from schoolgate_webui.views.words import joined

_DONE = {
    State.SUBMITTED: "Request sent by {}",
    State.MEASURES_CONFIRMED: "Control measures confirmed by {}",
    State.MEASURES_REFUSED: "Control measures not in place, says {}",
    State.APPROVED: "Approved and signed by {}",
    State.REFUSED: "Not approved, signed by {}",
    State.WITHDRAWN: "Withdrawn by {}",
}
_STOPPING = {State.MEASURES_REFUSED, State.REFUSED, State.WITHDRAWN}


def timeline(request: AccessRequest, turn: Turn | None, seen: Seen) -> tuple[TimelineStep, ...]:
    """Return every step that was made, the one that is being made, and those still ahead."""
    first, *steps = _steps(request, seen)
    # The sort is stable: of two at one moment, what was said comes before the step it led to.
    made = sorted((*_talk(request, seen), *steps), key=lambda each: each[0])
    return (first[1], *(step for _, step in made), *_rest(request, turn, seen))


def next_words(request: AccessRequest, turn: Turn | None, person: str, seen: Seen) -> str:
    """Return whose turn it is and what comes then, as whoever is *person* reads it."""
    if turn is None:
        return _without_turn(request, seen)
    if not turn.actors:
        return turn.why
    is_yours = any(each.id == person for each in turn.actors)
    whom = "you" if is_yours else joined([each.name for each in turn.actors], "or")
    return _NEXT[turn.task].format(whom)


_NEXT = {
    Task.CHECK_MEASURES: (
        "Next, the control measures are checked by {}. After that the headteacher decides."
    ),
    Task.ANSWER: "Next, the question is answered by {}. After that the measures are checked.",
    Task.DECIDE: "Next, it is decided and signed by {}. Once it is approved it opens by itself.",
    Task.TELL: "It is over. Next, {} may say in a line how it went.",
    Task.NOTE: "It is over. Next, how it went is noted by {}.",
}


def _without_turn(request: AccessRequest, seen: Seen) -> str:
    match stage_at(request, seen.now.school):
        case Stage.APPROVED | Stage.IN_FORCE:
            return "Nobody has to do anything: it ends by itself."
        case Stage.REFUSED | Stage.MEASURES_REFUSED | Stage.LAPSED:
            return "Nothing more happens with it. The page can be asked for again."
        case _:
            return "Nothing more happens with it."


def _steps(request: AccessRequest, seen: Seen) -> Iterator[tuple[datetime, TimelineStep]]:
    whys = {each.version + 1: each.why for each in request.earlier}
    for step in request.steps:
        who = f"{seen.names.person(step.actor)}{in_whose_name(step, seen)}"
        what, why = _DONE[step.state].format(who), step.reasons
        if step.state is State.SUBMITTED:
            # The requester's reasons stand in the form beside the timeline.
            what = what if step.version == 1 else f"Form changed by {who}"
            why = whys.get(step.version, "")
        kind = "stopped" if step.state in _STOPPING else "done"
        yield step.at, TimelineStep(kind, what, _when(step, seen), why)


def _talk(request: AccessRequest, seen: Seen) -> Iterator[tuple[datetime, TimelineStep]]:
    changed = {each.replaced_at for each in request.earlier}
    for each in request.questions:
        when = day_and_time(seen.now.recorded(each.asked_at))
        asked = f"Question from {seen.names.person(each.asked_by)}"
        kind = "now" if each.is_open else "done"
        yield each.asked_at, TimelineStep(kind, asked, when, each.question)
        # A question that a changed form answered has its answer in that step.
        if each.answered_at is not None and each.answered_at not in changed:
            when = day_and_time(seen.now.recorded(each.answered_at))
            answered = f"Answer from {seen.names.person(request.requester)}"
            yield each.answered_at, TimelineStep("done", answered, when, each.answer or "")


def _rest(request: AccessRequest, turn: Turn | None, seen: Seen) -> Iterator[TimelineStep]:
    stage = stage_at(request, seen.now.school)
    starts = day_and_time(seen.now.local(request.form.starts_at))
    ends = day_and_time(seen.now.local(request.form.ends_at))
    is_late = request.form.starts_at <= seen.now.school
    opens = TimelineStep("ahead", "In force", "As soon as it is signed" if is_late else starts)
    closes = TimelineStep("ahead", "Ends by itself", ends)
    decision = TimelineStep("ahead", "Decision and signature")
    why = "" if turn is None else turn.why
    match stage:
        case Stage.WAITING_FOR_MEASURES:
            now = TimelineStep("now", "Waiting for the control measures", why=why)
            yield from (now, decision, opens, closes)
        case Stage.WAITING_FOR_ANSWER:
            checked = TimelineStep("ahead", "Control measures")
            yield from (checked, decision, opens, closes)
        case Stage.WAITING_FOR_DECISION:
            yield from (TimelineStep("now", "Waiting for the decision", why=why), opens, closes)
        case Stage.APPROVED:
            yield from (opens, closes)
        case Stage.IN_FORCE if is_on_its_way(request, seen.now.school, seen.status):
            yield from (TimelineStep("now", "Being put in force"), closes)
        case Stage.IN_FORCE:
            yield from (TimelineStep("done", "In force", starts), closes)
        case Stage.ENDED | Stage.TOLD | Stage.REVIEWED:
            yield from _afterwards(request, ends, seen)
        case Stage.LAPSED:
            yield TimelineStep("stopped", "Lapsed before it was decided", ends)
        case Stage.DRAFT | Stage.MEASURES_REFUSED | Stage.REFUSED | Stage.WITHDRAWN:
            pass


def _afterwards(request: AccessRequest, ends: str, seen: Seen) -> Iterator[TimelineStep]:
    yield TimelineStep("done", "Ended by itself", ends)
    after = request.afterwards
    if after is None:
        yield TimelineStep("ahead", "How it went")
        return
    told = f"How it went, says {seen.names.person(request.requester)}"
    when = day_and_time(seen.now.recorded(after.told_at))
    yield TimelineStep("done", told, when, after.how_it_went)
    if after.noted_at is None or after.noted_by is None:
        yield TimelineStep("ahead", "Reviewed")
        return
    when = day_and_time(seen.now.recorded(after.noted_at))
    reviewed = f"Reviewed by {seen.names.person(after.noted_by)}"
    yield TimelineStep("done", reviewed, when, after.note or "")


def _when(step: Step, seen: Seen) -> str:
    return day_and_time(seen.now.recorded(step.at))
