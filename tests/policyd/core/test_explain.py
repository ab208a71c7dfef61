"""A decision in sentences."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import strategies as worlds
import test_decide as cases
from hypothesis import given

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict, deciding_rule
from schoolgate_policyd.core.explain import Explanation, explain
from schoolgate_policyd.core.names import parse_domain, parse_host, parse_url
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import Condition, HostScope, PageScope
from schoolgate_policyd.core.safe_search import SearchService
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Duty, HeldDuty, Subject


def explained(
    subject: Subject, text: str, snapshot: Snapshot, moment: datetime
) -> tuple[str, ...]:
    request = cases.asked(subject, text)
    return explain(request, decide(request, snapshot, moment), snapshot, moment).sentences


def test_a_block_says_who_what_when_why_and_until_when() -> None:
    asked = "A member of staff on their own device asks for chat.example"

    assert (
        f"{asked} on Friday 20 November 2026 at 10:29, in a lesson.",
        "It belongs to Chat.",
        "It is blocked.",
        "Rule staff-messaging blocks it: Policy, §1. Only an access grant can lift it.",
        "This holds until Friday 20 November 2026 at 10:30.",
    ) == explained(cases.TEACHER, "chat.example", cases.snapshot_with(), cases.LESSON)


def test_an_exception_is_named() -> None:
    sentences = explained(cases.TEACHER, "chat.example", cases.snapshot_with(), cases.BREAK)

    assert "It is allowed." in sentences
    assert (
        "Rule staff-messaging would block it, but an exception in it applies, because it is "
        "break, it is their own device and break-access is recorded: Policy, §1." in sentences
    )


def test_an_exception_that_asks_nothing_needs_no_reason() -> None:
    open_to_all = msgspec.structs.replace(cases.STAFF_RULE, unless=(Condition(),))
    snapshot = compile_snapshot(worlds.source_of((open_to_all,)))
    sentences = explained(cases.TEACHER, "chat.example", snapshot, cases.LESSON)

    assert (
        "Rule staff-messaging would block it, but an exception in it applies: Policy, §1."
        in sentences
    )


def test_an_exception_for_a_part_of_a_site_is_named_with_its_service() -> None:
    for_operators = msgspec.structs.replace(
        cases.FORUM_RULE,
        unless=(Condition(duty=frozenset({Duty.DSL}), platform=frozenset({"parts"})),),
    )
    snapshot = compile_snapshot(worlds.source_of((for_operators,)))
    dsl = msgspec.structs.replace(cases.TEACHER, duties=(HeldDuty(Duty.DSL),))
    sentences = explained(dsl, "https://shared.example/talk", snapshot, cases.LESSON)

    assert (
        "Rule forums would block it, but an exception in it applies, because they are the "
        "designated safeguarding lead and this is Parts: Policy, §1." in sentences
    )


def test_a_grant_is_named_with_its_end() -> None:
    grant = cases.grant_of(HostScope(parse_domain("chat.example")))
    snapshot = cases.snapshot_with(grant)
    sentences = explained(cases.TEACHER, "chat.example", snapshot, cases.LESSON)

    assert "Rule staff-messaging is lifted here: Policy, §1." in sentences
    assert "It is open by grant g1, until Friday 20 November 2026 at 10:59." in sentences


def test_a_host_of_which_a_page_is_open_says_so() -> None:
    grant = cases.grant_of(PageScope(parse_url("https://chat.example/x")))
    snapshot = cases.snapshot_with(grant)
    sentences = explained(cases.TEACHER, "chat.example", snapshot, cases.LESSON)

    assert "Some of its pages are allowed and some are not." in sentences
    assert (
        "Rule staff-messaging blocks some of it: Policy, §1. Only an access grant can lift it."
        in sentences
    )


def test_what_no_rule_speaks_of_is_said_to_be_open() -> None:
    sentences = explained(cases.PUPIL, "other.example", cases.snapshot_with(), cases.LESSON)

    assert "No rule of the Policy blocks it." in sentences
    assert "This does not change with the time of day." == sentences[-1]


FINDER = SearchService(
    "finder", "Finder", (parse_domain("www.finder.example"),), parse_domain("safe.finder.example")
)


@pytest.mark.parametrize(("subject", "is_filtered"), [(cases.PUPIL, True), (cases.TEACHER, False)])
def test_whose_searches_are_filtered_is_said(subject: Subject, *, is_filtered: bool) -> None:
    source = cases.snapshot_with().source
    catalogue = msgspec.structs.replace(source.policy.catalogue, search_services=(FINDER,))
    policy = msgspec.structs.replace(source.policy, catalogue=catalogue)
    snapshot = compile_snapshot(msgspec.structs.replace(source, policy=policy))
    said = "Safe search is on: it is fetched from safe.finder.example, which filters the results."

    sentences = explained(subject, "https://www.finder.example/q", snapshot, cases.LESSON)

    assert is_filtered is (said in sentences)
    assert said not in explained(subject, "finder.example", snapshot, cases.LESSON)


def test_a_help_line_is_not_reasoned_about() -> None:
    sentences = explained(cases.PUPIL, "help.example", cases.snapshot_with(), cases.LESSON)

    assert (
        "It is a help line, so it is always open and the visit is not recorded." == sentences[-1]
    )


def test_locked_rules_duties_and_chains_are_said() -> None:
    locked = msgspec.structs.replace(cases.PUPIL_RULE, locked=True, lifted_by=frozenset())
    no_grant = msgspec.structs.replace(cases.PUPIL_RULE, id="other", lifted_by=frozenset())
    snapshot = compile_snapshot(worlds.source_of((locked, no_grant)))
    dsl = msgspec.structs.replace(cases.PUPIL, duties=(HeldDuty(Duty.DSL),))
    resource = HostResource(parse_host("other.example"), (parse_host("chat.example"),))
    request = Request(dsl, resource)
    moment = cases.LESSON + timedelta(seconds=5)
    text = " ".join(
        explain(request, decide(request, snapshot, moment), snapshot, moment).sentences
    )

    assert "A pupil (dsl) on a school computer" in text
    assert "other.example, which leads to chat.example" in text
    assert "at 10:29:05" in text
    assert "The rule is locked: nothing can lift it." in text
    assert "No grant lifts it." in text


@given(worlds.situations())
def test_every_decision_can_be_explained(situation: tuple[Source, Request, datetime]) -> None:
    source, request, moment = situation
    snapshot = compile_snapshot(source)
    decision = decide(request, snapshot, moment)
    explanation = explain(request, decision, snapshot, moment.astimezone(UTC))

    assert isinstance(explanation, Explanation)
    assert snapshot.period_of(request.subject, moment) is explanation.period
    assert deciding_rule(decision) == explanation.deciding
    assert snapshot.periods_of(request.subject, moment) == explanation.periods
    assert all(sentence.endswith(".") for sentence in explanation.sentences)
    if decision.verdict is not Verdict.ALLOW:
        assert all(rule.id in " ".join(explanation.sentences) for rule in decision.rules)
