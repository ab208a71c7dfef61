"""A preset's own examples, asked as `schoolgate check` asks."""

from schoolgate_policyd.checking import answer
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.questions import Question
from schoolgate_policyd.rulefiles.preset import Example


def question_of(example: Example, school: str | None = None) -> Question:
    """Return *example* as a question about the preset *school*."""
    return Question(
        url=example.url,
        school=school,
        audience=example.audience,
        duty=example.duty,
        device=example.device,
        at=example.at.isoformat(),
        assume=tuple(sorted(example.assume)),
        uninspectable=example.uninspectable,
        age=example.age,
        year_group=example.year_group,
        school_class=tuple(sorted(example.school_class)),
        hours=None if example.hours is None else _hours(example.hours),
        overtime=example.overtime,
        platform=tuple(sorted(example.platform)),
    )


def verdict_on(example: Example, snapshot: Snapshot) -> Verdict:
    """
    Return what *snapshot*, the preset's own without anybody in it, says to *example*.

    Raises SchoolgateError where the example cannot be asked.
    """
    return answer(question_of(example), lambda _: snapshot, example.at).verdict


def failing(
    examples: tuple[Example, ...], snapshot: Snapshot
) -> tuple[tuple[Example, Verdict], ...]:
    """Return the *examples* that get another verdict than they state, with the one each gets."""
    found = ((each, verdict_on(each, snapshot)) for each in examples)
    return tuple((each, verdict) for each, verdict in found if verdict is not each.verdict)


def _hours(hours: WorkingHours) -> str:
    return f"{hours.start:%H:%M}-{hours.end:%H:%M}"
