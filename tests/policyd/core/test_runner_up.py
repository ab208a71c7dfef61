"""What would hold without the deciding rule, against really deciding so."""

from datetime import UTC, datetime, timedelta

import strategies as worlds
import test_decide as cases
from hypothesis import given
from msgspec.structs import replace

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Request, Verdict, deciding_rule
from schoolgate_policyd.core.names import parse_domain, parse_url
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import (
    Condition,
    GrantKind,
    HostScope,
    PageScope,
    Restriction,
    RestrictionKind,
    Rule,
    rule_of,
)
from schoolgate_policyd.core.runner_up import RunnerUp, runner_up
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Subject

EVERYONE = Rule("everyone", frozenset({"chat"}), (Condition(),), worlds.CITE)
FORUMS = replace(cases.FORUM_RULE, block=frozenset({"parts"}))


def second(
    snapshot: Snapshot, text: str, subject: Subject = cases.TEACHER, at: datetime = cases.LESSON
) -> RunnerUp | None:
    request = cases.asked(subject, text)
    return runner_up(request, decide(request, snapshot, at), snapshot, at)


def of_rules(*rules: Rule, live: Live = cases.PERMITTED) -> Snapshot:
    return compile_snapshot(worlds.source_of(rules, live))


def test_a_second_rule_that_still_blocks_is_named() -> None:
    found = second(of_rules(EVERYONE, cases.STAFF_RULE), "chat.example")

    assert found == RunnerUp(
        Verdict.BLOCK,
        cases.STAFF_RULE,
        "Without this rule, rule staff-messaging would still block it: Policy, §1.",
    )


def test_the_hardest_rule_to_lift_decides() -> None:
    locked = replace(EVERYONE, id="locked", locked=True)
    request = cases.asked(cases.TEACHER, "chat.example")
    snapshot = of_rules(cases.STAFF_RULE, EVERYONE, locked)

    assert locked == deciding_rule(decide(request, snapshot, cases.LESSON))
    assert EVERYONE == deciding_rule(
        decide(request, of_rules(cases.STAFF_RULE, EVERYONE), cases.LESSON)
    )


def test_without_the_only_rule_it_would_be_allowed() -> None:
    found = second(of_rules(cases.STAFF_RULE), "chat.example")

    assert found == RunnerUp(Verdict.ALLOW, None, "Without this rule, it would be allowed.")


def test_a_rule_for_a_part_of_a_site_would_block_some_of_its_pages() -> None:
    found = second(of_rules(EVERYONE, FORUMS), "www.chat.example")

    assert found is not None
    assert Verdict.DEPENDS is found.verdict
    assert (
        "Without this rule, rule forums would still block some of its pages: Policy, §1."
        == found.sentence
    )


def test_what_depends_would_be_allowed_as_a_whole() -> None:
    found = second(of_rules(FORUMS), "shared.example")

    assert found is not None
    assert "Without this rule, all of it would be allowed." == found.sentence


def test_without_the_exception_its_rule_would_block() -> None:
    found = second(cases.snapshot_with(), "chat.example", at=cases.BREAK)

    assert found == RunnerUp(
        Verdict.BLOCK,
        cases.STAFF_RULE,
        "Without the exception, rule staff-messaging would block it: Policy, §1.",
    )


def test_without_the_exception_of_a_part_some_pages_would_be_blocked() -> None:
    excepted = replace(FORUMS, unless=(Condition(),))
    found = second(of_rules(excepted), "shared.example")

    assert found is not None
    assert Verdict.DEPENDS is found.verdict
    assert (
        "Without the exception, rule forums would block some of its pages: Policy, §1."
        == found.sentence
    )


def test_an_exception_that_a_grant_covers_too_changes_nothing_by_its_end() -> None:
    host = parse_domain("chat.example")
    live = replace(
        cases.PERMITTED,
        grants=(
            replace(cases.grant_of(HostScope(host)), ends_at=cases.BREAK + timedelta(minutes=5)),
        ),
    )
    found = second(of_rules(cases.STAFF_RULE, live=live), "chat.example", at=cases.BREAK)

    assert found is not None
    assert "Without the exception, it would be allowed all the same." == found.sentence


def test_without_the_grant_its_rule_would_block() -> None:
    snapshot = cases.snapshot_with(cases.grant_of(HostScope(parse_domain("chat.example"))))
    found = second(snapshot, "chat.example")

    assert found is not None
    assert Verdict.BLOCK is found.verdict
    assert "Without the grant, rule staff-messaging would block it: Policy, §1." == found.sentence


def test_a_restriction_can_be_the_deciding_rule() -> None:
    restriction = Restriction(
        id="r1",
        kind=RestrictionKind.WITHDRAWN_SERVICE,
        starts_at=cases.LESSON - timedelta(days=1),
        ends_at=cases.LESSON + timedelta(days=1),
        cite=worlds.CITE,
        person="p1",
        service="chat",
    )
    snapshot = of_rules(cases.STAFF_RULE, live=Live(restrictions=(restriction,)))
    request = cases.asked(cases.TEACHER, "chat.example")
    found = second(snapshot, "chat.example")

    assert rule_of(restriction) == deciding_rule(decide(request, snapshot, cases.LESSON))
    assert found is not None
    assert cases.STAFF_RULE == found.rule


def test_where_nothing_decides_there_is_no_runner_up() -> None:
    assert second(cases.snapshot_with(), "other.example") is None
    assert second(cases.snapshot_with(), "help.example") is None


def test_a_page_opened_by_a_grant_would_be_blocked_with_the_rest() -> None:
    page = PageScope(parse_url("https://chat.example/x"))
    snapshot = cases.snapshot_with(cases.grant_of(page, GrantKind.ACCESS_GRANT))
    found = second(snapshot, "https://chat.example/x")

    assert found is not None
    assert Verdict.BLOCK is found.verdict


@given(worlds.situations())
def test_it_is_what_the_reference_says_without_the_rule(
    situation: tuple[Source, Request, datetime],
) -> None:
    source, request, moment = situation
    snapshot = compile_snapshot(source)
    decision = decide(request, snapshot, moment)
    found = runner_up(request, decision, snapshot, moment.astimezone(UTC))
    rule = deciding_rule(decision)

    assert (rule is None) == (found is None)
    if rule is None or found is None or decision.verdict is Verdict.ALLOW:
        return
    rules = tuple(each for each in source.policy.rules if each.id != rule.id)
    restrictions = tuple(each for each in source.live.restrictions if rule_of(each).id != rule.id)
    without = replace(
        source,
        policy=replace(source.policy, rules=rules),
        live=replace(source.live, restrictions=restrictions),
    )
    assert reference(request, without, moment) is found.verdict
    assert found.rule != rule
