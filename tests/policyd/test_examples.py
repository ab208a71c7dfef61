"""Examples are asked as `check` asks, and what may be assumed is in force for whoever asks."""

from datetime import time
from zoneinfo import ZoneInfo

import msgspec
import pytest

from schoolgate_policyd.checking import answer
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.moments import parse_moment
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty
from schoolgate_policyd.core.times import WorkingHours
from schoolgate_policyd.examples import failing, question_of, verdict_on
from schoolgate_policyd.presets import SnapshotShelf
from schoolgate_policyd.questions import Question, QuestionError, parse_hours
from schoolgate_policyd.rulefiles.preset import Example

LESSON = parse_moment("2026-11-20T10:15", ZoneInfo("Europe/London"))
TIKTOK = Example(url="tiktok.com", at=LESSON, verdict=Verdict.BLOCK)
EVERYTHING_SAID = Example(
    url="https://www.tiktok.com/",
    at=LESSON,
    verdict=Verdict.ALLOW,
    audience=Audience.STAFF,
    duty=(Duty.ACCOUNT_OPERATOR,),
    device=DeviceKind.OWN_DEVICE,
    assume=frozenset({"staff-break-access", "access-grant"}),
    uninspectable=True,
    age=40,
    year_group=6,
    school_class=frozenset({"6A"}),
    hours=WorkingHours(time(7, 30), time(12)),
    overtime=True,
    platform=frozenset({"x", "facebook"}),
)


@pytest.fixture(scope="module")
def shelf() -> SnapshotShelf:
    return SnapshotShelf(load_settings())


def verdict_of(shelf: SnapshotShelf, **fields: object) -> Verdict:
    plain = Question(url="tiktok.com", school="twiss-green", at="2026-11-20T10:15")
    question = msgspec.structs.replace(plain, **fields)
    return answer(question, shelf.snapshot_of, LESSON).verdict


def test_everything_that_an_example_says_is_asked() -> None:
    question = question_of(EVERYTHING_SAID, "twiss-green")

    left_out = {"address", "person"}
    unsaid = {name for name in Question.__struct_fields__ if getattr(question, name) is None}
    assert left_out == unsaid
    assert ("x", "facebook") == tuple(reversed(question.platform or ()))
    assert EVERYTHING_SAID.hours == parse_hours(question.hours or "")


def test_an_example_that_gets_another_verdict_is_told_with_the_one_it_gets(
    shelf: SnapshotShelf,
) -> None:
    snapshot = shelf.snapshot_of("twiss-green")
    wrong = Example(url="tiktok.com", at=LESSON, verdict=Verdict.ALLOW)

    assert ((wrong, Verdict.BLOCK),) == failing((TIKTOK, wrong), snapshot)
    assert Verdict.BLOCK is verdict_on(TIKTOK, snapshot)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"assume": "curriculum-grant"}, Verdict.ALLOW),
        ({"assume": "access-grant"}, Verdict.BLOCK),
        ({"assume": "access-grant", "audience": Audience.STAFF}, Verdict.ALLOW),
        ({"assume": "access-grant", "audience": Audience.STAFF, "url": "nordvpn.com"}, "block"),
        ({"url": "bbc.co.uk", "device": DeviceKind.SCHOOL_COMPUTER}, Verdict.ALLOW),
        (
            {
                "assume": "supervised-only",
                "url": "bbc.co.uk",
                "device": DeviceKind.SCHOOL_COMPUTER,
            },
            Verdict.BLOCK,
        ),
        (
            {
                "assume": ("supervised-only", "supervised-session"),
                "url": "bbc.co.uk",
                "device": DeviceKind.SCHOOL_COMPUTER,
            },
            Verdict.ALLOW,
        ),
    ],
)
def test_a_grant_or_a_restriction_may_be_assumed(
    fields: dict[str, object], expected: str, shelf: SnapshotShelf
) -> None:
    assert expected == verdict_of(shelf, **fields)


def test_what_is_assumed_is_assumed_for_one_question_alone(shelf: SnapshotShelf) -> None:
    assert Verdict.ALLOW is verdict_of(shelf, assume="curriculum-grant")
    assert Verdict.BLOCK is verdict_of(shelf)


def test_what_cannot_be_assumed_is_told_with_what_can(shelf: SnapshotShelf) -> None:
    with pytest.raises(QuestionError, match="`supervised-only`"):
        verdict_of(shelf, assume="sunshine")
