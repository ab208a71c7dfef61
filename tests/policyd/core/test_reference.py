"""The definition on cases that can be checked by hand; the laws compare it with `decide`."""

import msgspec
import pytest
import strategies as worlds
import test_decide as cases

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.subjects import Subject

UNSEEN = msgspec.structs.replace(cases.PUPIL, inspectable=False)


@pytest.mark.parametrize(
    ("subject", "asked", "expected"),
    [
        (cases.PUPIL, "chat.example", Verdict.BLOCK),
        (cases.PUPIL, "other.example", Verdict.ALLOW),
        (cases.PUPIL, "shared.example", Verdict.DEPENDS),
        (cases.PUPIL, "https://shared.example/talk", Verdict.BLOCK),
        (cases.PUPIL, "https://shared.example/", Verdict.ALLOW),
        (cases.PUPIL, "help.example", Verdict.ALLOW),
        (UNSEEN, "shared.example", Verdict.BLOCK),
        (UNSEEN, "https://shared.example/", Verdict.BLOCK),
        (UNSEEN, "other.example", Verdict.ALLOW),
        (cases.PUPIL, "192.0.2.8", Verdict.ALLOW),
        (cases.PUPIL, "listed.example", Verdict.ALLOW),
    ],
)
def test_the_definition_says_what_a_reader_expects(
    subject: Subject, asked: str, expected: Verdict
) -> None:
    source = worlds.source_of(cases.RULES)

    assert expected is reference(cases.asked(subject, asked), source, cases.LESSON)
