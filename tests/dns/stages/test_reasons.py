"""Whose will a block follows, by the codes of RFC 8914, and its text."""

from datetime import UTC, datetime

import pytest
from dns_asked import asked_for, changed, decided
from dns_world import LESSON, PUPIL, rule, source

from schoolgate_dns.messages import ExtendedErrorCode
from schoolgate_dns.stages import reasons
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.rules import Citation, Condition, Restriction, RestrictionKind, Rule
from schoolgate_policyd.core.subjects import Audience, Device, Person

OURS = Rule(
    id="ours",
    block=frozenset({"video-sharing"}),
    applies_to=(Condition(),),
    cite=Citation("Another Document", "§9", is_ours=True),
    locked=True,
)


@pytest.mark.parametrize(
    ("added", "name", "code"),
    [
        ((), "tiktok.example", ExtendedErrorCode.BLOCKED),
        ((), "vpn.example", ExtendedErrorCode.CENSORED),
        ((rule("locked", "video-sharing", locked=True),), "tiktok.example", 15),
        ((rule("theirs", "video-sharing", document="Another"),), "tiktok.example", 15),
        ((OURS,), "tiktok.example", ExtendedErrorCode.BLOCKED),
    ],
    ids=["the school's own", "required", "locked by the school", "another's, open", "ours"],
)
def test_the_code_tells_whose_will_it_is(added: tuple[Rule, ...], name: str, code: int) -> None:
    school = changed(source(), rules=(*source().policy.rules, *added))
    asked = asked_for(name, school=school)

    assert code == reasons.code_of(decided(asked), asked.snapshot)


def restricted(kind: RestrictionKind, service: str | None = None) -> Source:
    """The small school with a restriction of the child at the pupil's computer."""
    restriction = Restriction(
        id="r1",
        kind=kind,
        starts_at=datetime(2026, 11, 1, tzinfo=UTC),
        ends_at=datetime(2026, 12, 1, tzinfo=UTC),
        cite=Citation("Social Media Policy", "§9"),
        person="child",
        service=service,
    )
    school = source(live=Live(restrictions=(restriction,)))
    register = type(school.register)(
        people=(Person("child", Audience.PUPIL),),
        networks=school.register.networks,
        devices=(Device(PUPIL, "pc", owner="child"),),
    )
    return Source(1, school.policy, register, school.live)


@pytest.mark.parametrize(
    ("kind", "service", "name"),
    [
        (RestrictionKind.SUPERVISED_ONLY, None, "a.example"),
        (RestrictionKind.WITHDRAWN_SERVICE, "edit", "wiki.example"),
    ],
)
def test_a_filter_for_one_person_is_filtered(
    kind: RestrictionKind, service: str | None, name: str
) -> None:
    asked = asked_for(name, school=restricted(kind, service))
    decision = decided(asked)

    assert ExtendedErrorCode.FILTERED == reasons.code_of(decision, asked.snapshot)
    assert reasons.text_of(decision, asked.snapshot).startswith("restriction-r1: ")


def test_what_is_required_counts_before_a_restriction() -> None:
    asked = asked_for("vpn.example", school=restricted(RestrictionKind.SUPERVISED_ONLY))
    decision = decided(asked)

    assert 2 == len(decision.rules)
    assert ExtendedErrorCode.CENSORED == reasons.code_of(decision, asked.snapshot)
    assert (
        "no-vpn: Another Document, §1; restriction-r1: Social Media Policy, September 2022, §9"
    ) == reasons.text_of(decision, asked.snapshot)


def test_what_is_allowed_has_no_reason() -> None:
    asked = asked_for("a.example", moment=LESSON)

    assert "" == reasons.text_of(decided(asked), asked.snapshot)
