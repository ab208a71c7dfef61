"""
`schoolgate check`: any decision, past or future, from a preset or the live configuration.

A question names a subject and an address in plain words; the answer is what `decide` says, with
its reasons. Both are the same on the command line and in a batch.
"""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.assuming import assuming, can_assume
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, Verdict
from schoolgate_policyd.core.explain import Explanation, explain
from schoolgate_policyd.core.moments import parse_moment
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.questions import (
    Question,
    QuestionError,
    resource_of,
    several,
    subject_of,
)

MAX_BATCH_LINE = 65_536

SnapshotOf = Callable[[str | None], Snapshot]
"""Gives the snapshot of a preset, or the live one for None. May raise SchoolgateError."""


class Asked(msgspec.Struct, frozen=True):
    """A question made exact: what is decided, with what, for which moment."""

    snapshot: Snapshot
    request: Request
    moment: datetime
    zone: ZoneInfo


class Answer(msgspec.Struct, frozen=True):
    """
    A decision in JSON's terms.

    On block and depends *rules* are the deciding ones; on allow, those whose exception applied.
    *periods* are all that it may be where several timetables are possible; *period* is the first.
    *valid_until* is an ISO time on the school's clock, with its offset. *uninspected* is the
    verdict where nothing can look inside.
    """

    url: str
    verdict: Verdict
    period: Period
    periods: tuple[Period, ...]
    rules: tuple[str, ...]
    citations: tuple[str, ...]
    grants: tuple[str, ...]
    valid_until: str
    explanation: tuple[str, ...]
    services: tuple[str, ...]
    categories: tuple[str, ...]
    uninspected: Verdict


def answer(question: Question, snapshot_of: SnapshotOf, now: datetime) -> Answer:
    """
    Return the answer to *question*; *now* (aware) is meant where it names no moment.

    Raises QuestionError and other SchoolgateErrors that name the mistake.
    """
    asked = made_exact(question, snapshot_of, now)
    decision = decide(asked.request, asked.snapshot, asked.moment)
    explanation = explain(asked.request, decision, asked.snapshot, asked.moment)
    return answer_of(question, asked, decision, explanation)


def made_exact(question: Question, snapshot_of: SnapshotOf, now: datetime) -> Asked:
    """Return what *question* asks. Raises as `answer`."""
    snapshot = snapshot_of(question.school)
    zone = ZoneInfo(snapshot.school_time.zone)
    moment = now if question.at is None else parse_moment(question.at, zone)
    subject = subject_of(question, snapshot, moment, zone)
    resource = resource_of(question.url)
    assumed = _assumed(question, snapshot.source.policy)
    snapshot, subject = assuming(assumed, snapshot, subject, resource, moment)
    return Asked(snapshot, Request(subject, resource), moment, zone)


def answer_of(
    question: Question, asked: Asked, decision: Decision, explanation: Explanation
) -> Answer:
    """Return *decision* on *asked*, with its *explanation*, in JSON's terms."""
    deciding = decision.excepted if decision.verdict is Verdict.ALLOW else decision.rules
    return Answer(
        url=question.url,
        verdict=decision.verdict,
        period=explanation.period,
        periods=explanation.periods,
        rules=tuple(rule.id for rule in deciding),
        citations=tuple(dict.fromkeys(str(rule.cite) for rule in deciding)),
        grants=_grants(decision),
        valid_until=decision.valid_until.astimezone(asked.zone).isoformat(),
        explanation=explanation.sentences,
        services=decision.services,
        categories=decision.categories,
        uninspected=decision.uninspected,
    )


def answer_line(
    line: str, snapshot_of: SnapshotOf, now: datetime, otherwise: Question | None = None
) -> Answer:
    """
    Return the answer to one line of a batch; *otherwise* stands for what the line leaves out.

    Raises as `answer`, also for a faulty line.
    """
    if len(line) > MAX_BATCH_LINE:
        raise QuestionError(f"the line is longer than {MAX_BATCH_LINE} characters")
    try:
        question = msgspec.json.decode(line, type=Question)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise QuestionError(f"the line is not a question: {_lower_first(str(error))}") from error
    if otherwise is not None:
        question = _filled(question, otherwise)
    if question.person is not None:
        raise QuestionError(
            "person: a look at one person is recorded, so ask `schoolgate explain --person`"
        )
    return answer(question, snapshot_of, now)


def _filled(question: Question, otherwise: Question) -> Question:
    unsaid = {
        name: getattr(otherwise, name)
        for name in Question.__struct_fields__
        if getattr(question, name) is None
    }
    return msgspec.structs.replace(question, **unsaid)


def _grants(decision: Decision) -> tuple[str, ...]:
    if decision.verdict is Verdict.BLOCK:
        return ()
    return tuple(grant.id for grant in decision.grants)


def _assumed(question: Question, policy: Policy) -> tuple[str, ...]:
    known = can_assume(policy)
    for name in several(question.assume):
        if name not in known:
            choices = ", ".join(f"`{each}`" for each in known)
            raise QuestionError(
                f"assume: `{name}` is nothing that this policy knows of; it has {choices}"
            )
    return several(question.assume)


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
