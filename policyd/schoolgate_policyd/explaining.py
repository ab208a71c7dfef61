"""
`schoolgate explain` and the page "Why?": a decision with its rule, its runner-up and its week.

It answers the questions of `checking`, and says more.
"""

from datetime import datetime

import msgspec

from schoolgate_policyd.checking import Answer, Asked, SnapshotOf, answer_of, made_exact
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.explain import explain
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.runner_up import runner_up
from schoolgate_policyd.core.times import local_date
from schoolgate_policyd.core.week import Week, monday_of, week_of
from schoolgate_policyd.core.words import describe_rule
from schoolgate_policyd.questions import Question

NOT_NOW = (
    "It is judged by the rules, grants and permissions that are recorded now, not by those of "
    "that time."
)


class Deciding(msgspec.Struct, frozen=True):
    """The rule that decides, in words, and where it comes from."""

    rule: str
    words: str
    document: str
    section: str
    is_ours: bool


class Second(msgspec.Struct, frozen=True):
    """What would hold without what decides; *rule* would decide then."""

    verdict: Verdict
    rule: str | None
    sentence: str


class Explained(msgspec.Struct, frozen=True):
    """
    An answer and more of its reasons; *deciding* is None where no rule speaks of the address.

    *until* is the answer's last sentence, empty for a help line. *note* says how far it holds for
    another moment than now; *week* is the one of that moment.
    """

    answer: Answer
    until: str
    deciding: Deciding | None
    runner_up: Second | None
    note: str
    week: Week | None


def explained(
    question: Question, snapshot_of: SnapshotOf, now: datetime, *, with_week: bool = False
) -> Explained:
    """
    Return *question* answered with more reasons, and *with_week* with a picture of the week.

    *now* (aware) is meant where the question names no moment. Raises as `checking.answer`.
    """
    asked = made_exact(question, snapshot_of, now)
    decision = decide(asked.request, asked.snapshot, asked.moment)
    explanation = explain(asked.request, decision, asked.snapshot, asked.moment)
    return Explained(
        answer=answer_of(question, asked, decision, explanation),
        until=explanation.until,
        deciding=_deciding(asked, explanation.deciding),
        runner_up=_second(asked, decision),
        note="" if question.at is None else NOT_NOW,
        week=_week(asked) if with_week else None,
    )


def _deciding(asked: Asked, rule: Rule | None) -> Deciding | None:
    if rule is None:
        return None
    policy = asked.snapshot.source.policy
    return Deciding(
        rule=rule.id,
        words=describe_rule(rule, policy.catalogue, policy.social_media),
        document=rule.cite.document,
        section=rule.cite.section,
        is_ours=rule.cite.is_ours,
    )


def _second(asked: Asked, decision: Decision) -> Second | None:
    found = runner_up(asked.request, decision, asked.snapshot, asked.moment)
    if found is None:
        return None
    return Second(found.verdict, None if found.rule is None else found.rule.id, found.sentence)


def _week(asked: Asked) -> Week:
    monday = monday_of(local_date(asked.moment, asked.zone))
    return week_of(asked.request.subject, asked.request.resource, asked.snapshot, monday)
