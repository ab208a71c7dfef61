"""What holds while the gateway has no policy: nothing fails open."""

from datetime import UTC, datetime

import msgspec
import pytest
import strategies as worlds

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import parse_host
from schoolgate_policyd.core.rules import Condition, Rule
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, DeviceKind, Subject

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BASELINE = Rule(
    id="baseline-adult",
    block=frozenset({"adult"}),
    applies_to=(Condition(),),
    cite=worlds.CITE,
    locked=True,
)
STAFF = Subject(audience=Audience.STAFF, device=DeviceKind.SCHOOL_COMPUTER, network="n1")


def verdict_for(subject: Subject, host: str, catalogue: Catalogue | None) -> Verdict:
    snapshot = compile_snapshot(strict_source((), catalogue, (BASELINE,)))
    return decide(Request(subject, HostResource(parse_host(host))), snapshot, NOW).verdict


@pytest.mark.parametrize(
    ("subject", "host", "expected"),
    [
        (UNKNOWN_SUBJECT, "other.example", Verdict.BLOCK),
        (UNKNOWN_SUBJECT, "lesson.example", Verdict.ALLOW),
        (UNKNOWN_SUBJECT, "help.example", Verdict.ALLOW),
        (msgspec.structs.replace(STAFF, audience=Audience.PUPIL), "other.example", Verdict.BLOCK),
        (
            msgspec.structs.replace(STAFF, audience=Audience.VISITOR),
            "other.example",
            Verdict.BLOCK,
        ),
        (STAFF, "other.example", Verdict.ALLOW),
        (STAFF, "listed.example", Verdict.BLOCK),
        (
            msgspec.structs.replace(STAFF, device=DeviceKind.UNKNOWN),
            "other.example",
            Verdict.BLOCK,
        ),
    ],
)
def test_only_essentials_and_help_lines_are_open(
    subject: Subject, host: str, expected: Verdict
) -> None:
    assert expected is verdict_for(subject, host, worlds.CATALOGUE)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("www.childline.org.uk", Verdict.ALLOW),
        ("samaritans.org", Verdict.ALLOW),
        ("lesson.example", Verdict.BLOCK),
    ],
)
def test_without_any_rule_file_the_last_help_lines_remain(host: str, expected: Verdict) -> None:
    assert expected is verdict_for(STAFF, host, None)
    assert expected is verdict_for(UNKNOWN_SUBJECT, host, None)
