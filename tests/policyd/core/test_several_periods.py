"""Where several timetables are possible: what blocks in one of them blocks, and why it is said."""

from datetime import datetime

import msgspec
import pytest
import strategies as worlds
import test_decide as cases
import test_school_time as times

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.explain import explain
from schoolgate_policyd.core.membership import Membership
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.several_periods import why_several
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.core.times import Period

AT_BREAK = Condition(period=frozenset({Period.BREAK, Period.LUNCH}))
IN_LESSONS = Condition(period=frozenset({Period.LESSON}))
EVERYBODY = (Condition(),)


def blocking_chat(*applies_to: Condition, unless: tuple[Condition, ...] = ()) -> Rule:
    return Rule(
        id="no-chat",
        block=frozenset({"messaging"}),
        applies_to=applies_to or EVERYBODY,
        unless=unless,
        cite=worlds.CITE,
    )


@pytest.mark.parametrize(
    "rule", [blocking_chat(unless=(AT_BREAK,)), blocking_chat(IN_LESSONS)], ids=["unless", "for"]
)
@pytest.mark.parametrize(
    ("subject", "at", "verdict", "until"),
    [
        (times.YEAR_1, "2026-11-19T10:15", Verdict.ALLOW, "2026-11-19T10:40"),
        (times.YEAR_5, "2026-11-19T10:15", Verdict.BLOCK, "2026-11-19T10:30"),
        # It is break for both from 10:30 to 10:40, and lunch from 12:15 to 12:45.
        (times.PUPIL, "2026-11-19T10:15", Verdict.BLOCK, "2026-11-19T10:30"),
        (times.PUPIL, "2026-11-19T10:30", Verdict.ALLOW, "2026-11-19T10:40"),
        (times.PUPIL, "2026-11-19T10:40", Verdict.BLOCK, "2026-11-19T12:15"),
        (times.PUPIL, "2026-11-19T12:15", Verdict.ALLOW, "2026-11-19T12:45"),
    ],
)
def test_a_rule_that_blocks_in_one_of_the_possible_periods_blocks(
    subject: Subject, at: str, verdict: Verdict, until: str, rule: Rule
) -> None:
    source = worlds.source_of((rule,), school_time=times.STAGGERED)
    request, moment = cases.asked(subject, "chat.example"), times.london(at)

    decision = decide(request, compile_snapshot(source), moment)

    assert verdict is reference(request, source, moment)
    assert (verdict, times.london(until)) == (decision.verdict, decision.valid_until)
    assert (rule,) * (verdict is Verdict.BLOCK) == decision.rules


def test_an_exception_in_one_possible_period_alone_is_none() -> None:
    source = worlds.source_of((blocking_chat(unless=(AT_BREAK,)),), school_time=times.STAGGERED)
    request = cases.asked(times.PUPIL, "chat.example")

    decision = decide(request, compile_snapshot(source), times.london("2026-11-19T10:15"))

    assert () == decision.excepted


LUNCH_FOR_SOME = times.london("2026-11-19T12:00")
BY_YEAR = Membership(year_groups=(0, 2))
BY_CLASS = Membership(classes=frozenset({"1A"}))


def school_of(*members: Membership) -> SchoolTime:
    return msgspec.structs.replace(
        times.STAGGERED,
        timetables=tuple(
            TimetableUse(timetable, each)
            for timetable, each in zip((times.INFANTS, times.DAY), members, strict=True)
        ),
    )


@pytest.mark.parametrize(
    ("school_time", "subject", "expected"),
    [
        (school_of(BY_YEAR, Membership()), Subject(), "their year group is not known"),
        (school_of(BY_CLASS, Membership()), Subject(), "their class is not known"),
        (
            school_of(BY_YEAR, BY_CLASS),
            Subject(),
            "their year group and class are not known",
        ),
        (
            school_of(BY_CLASS, Membership()),
            Subject(classes=frozenset({"1A", "5C"})),
            "several classes share the device",
        ),
        (
            school_of(BY_YEAR, Membership()),
            times.YEAR_1,
            "several timetables are for them",
        ),
        (
            school_of(BY_YEAR, Membership(year_groups=(3, 4))),
            times.YEAR_5,
            "no timetable is for them",
        ),
        (
            school_of(Membership(audience=frozenset({Audience.PUPIL})), BY_CLASS),
            times.YEAR_1,
            "several timetables are for them",
        ),
    ],
)
def test_why_it_may_be_several_periods_is_said(
    school_time: SchoolTime, subject: Subject, expected: str
) -> None:
    assert 2 == len(school_time.periods_at(LUNCH_FOR_SOME, subject))
    assert expected == why_several(subject, LUNCH_FOR_SOME, school_time)


def test_a_one_off_day_that_may_be_theirs_is_a_reason_on_its_day_alone() -> None:
    trip = times.with_one_off(times.on_friday(times.NO_BELLS, BY_CLASS))

    def why(at: str) -> str:
        return why_several(Subject(year_group=5), times.london(at), trip)

    assert "their class is not known" == why("2026-11-20T10:15")
    assert "several timetables are for them" == why("2026-11-19T10:15")


@pytest.mark.parametrize(
    ("at", "when"),
    [
        ("2026-11-19T10:15", "in a lesson or at break, since their year group is not known."),
        ("2026-11-19T10:30", "at break."),
        ("2026-11-19T12:00", "in a lesson or at lunch, since their year group is not known."),
    ],
)
def test_an_explanation_names_every_possible_period(at: str, when: str) -> None:
    snapshot = compile_snapshot(worlds.source_of((), school_time=times.STAGGERED))
    request, moment = cases.asked(times.PUPIL, "chat.example"), times.london(at)

    explanation = explain(request, decide(request, snapshot, moment), snapshot, moment)

    assert explanation.sentences[0].endswith(f" at {at[11:]}, {when}")
    assert snapshot.periods_of(times.PUPIL, moment) == explanation.periods
    assert snapshot.period_of(times.PUPIL, moment) is explanation.period


def test_a_bell_of_any_possible_timetable_is_awaited() -> None:
    """Who is not known hears the bells of infants and juniors."""
    snapshot = compile_snapshot(worlds.source_of((), school_time=times.STAGGERED))

    def bells(subject: Subject, at: str) -> datetime:
        return next(snapshot.timeline_of(subject).bells_after(times.london(at)))

    assert times.london("2026-11-19T10:15") == bells(times.PUPIL, "2026-11-19T09:00")
    assert times.london("2026-11-19T10:30") == bells(times.YEAR_5, "2026-11-19T09:00")
