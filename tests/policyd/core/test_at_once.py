"""What is blocked at once: it only blocks, and help lines and lesson sites stay open."""

from datetime import datetime

import msgspec
import pytest
import strategies as worlds
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.at_once import (
    AtOnce,
    Blockable,
    BlockedPart,
    BlockedService,
    BlockedSite,
    with_blocks,
    with_blocks_of,
    without_blocks,
)
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource, Verdict
from schoolgate_policyd.core.names import DomainName, parse_url
from schoolgate_policyd.core.policy import Live, Policy, Source
from schoolgate_policyd.core.rules import Condition, Grant, GrantKind, HostScope, Rule
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.core.url_patterns import parse_pattern

OPENNESS = {Verdict.BLOCK: 0, Verdict.DEPENDS: 1, Verdict.ALLOW: 2}
PARTS = ("*.shared.example/talk", "*.chat.example/x", "lesson.example/wiki?act=edit")
PUPIL = Subject(Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, inspectable=True)
STAFF = Subject(Audience.STAFF, DeviceKind.SCHOOL_COMPUTER, inspectable=True)
MOMENT = datetime.fromisoformat("2026-11-20T10:00+00:00")
SITE = AtOnce(3, BlockedSite(DomainName("other.example")))


def sites() -> st.SearchStrategy[BlockedSite]:
    return st.sampled_from([*worlds.HOSTS, DomainName("example")]).map(BlockedSite)


def blocks() -> st.SearchStrategy[tuple[AtOnce, ...]]:
    what: st.SearchStrategy[Blockable] = st.one_of(
        sites(),
        st.sampled_from(PARTS).map(lambda part: BlockedPart(parse_pattern(part))),
        st.sampled_from(worlds.SERVICES).map(BlockedService),
    )
    one = st.builds(AtOnce, st.integers(1, 9), what, st.booleans())
    return st.lists(one, min_size=1, max_size=3, unique_by=lambda each: each.number).map(tuple)


def laid_over(source: Source, chosen: tuple[AtOnce, ...]) -> Source:
    return msgspec.structs.replace(source, policy=with_blocks(source.policy, chosen))


def plain(*rules: Rule) -> Policy:
    return worlds.source_of(rules).policy


def verdict(policy: Policy, url: str, subject: Subject = PUPIL, live: Live | None = None) -> str:
    asked = Request(subject, UrlResource(parse_url(url)))
    source = Source(1, policy, live=Live() if live is None else live)
    return decide(asked, worlds.compiled(source), MOMENT).verdict.value


@given(worlds.situations(), blocks())
def test_a_block_never_opens_anything(
    situation: tuple[Source, Request, datetime], chosen: tuple[AtOnce, ...]
) -> None:
    source, request, moment = situation
    before = decide(request, worlds.compiled(source), moment).verdict
    after = decide(request, worlds.compiled(laid_over(source, chosen)), moment).verdict

    assert OPENNESS[after] <= OPENNESS[before]


@given(worlds.situations(), blocks())
def test_decide_agrees_with_the_reference_where_something_is_blocked_at_once(
    situation: tuple[Source, Request, datetime], chosen: tuple[AtOnce, ...]
) -> None:
    source, request, moment = situation
    laid = laid_over(source, chosen)

    assert worlds.judged(request, laid, moment) == (
        decide(request, worlds.compiled(laid), moment).verdict
    )


@given(worlds.url_requests() | worlds.host_requests(), worlds.moments(), blocks())
def test_no_block_closes_a_help_line(
    request: Request, moment: datetime, chosen: tuple[AtOnce, ...]
) -> None:
    help_line = DomainName("www.help.example")
    resource = (
        UrlResource(msgspec.structs.replace(request.resource.url, host=help_line))
        if isinstance(request.resource, UrlResource)
        else HostResource(help_line)
    )
    asked = Request(request.subject, resource)
    snapshot = worlds.compiled(laid_over(worlds.source_of(()), chosen))

    assert Verdict.ALLOW == decide(asked, snapshot, moment).verdict


@given(worlds.host_requests(), worlds.moments(), sites())
def test_no_site_that_is_blocked_closes_a_lesson_site(
    request: Request, moment: datetime, blocked: BlockedSite
) -> None:
    """Neither by a name above it nor by the host that it leads to; parts are chosen knowingly."""
    resource = HostResource(DomainName("www.lesson.example"), request.resource.chain)
    snapshot = worlds.compiled(
        laid_over(worlds.source_of(()), (AtOnce(1, blocked, is_for_everybody=True),))
    )

    assert Verdict.ALLOW == decide(Request(request.subject, resource), snapshot, moment).verdict


@pytest.mark.parametrize(
    ("what", "url", "expected"),
    [
        (BlockedSite(DomainName("other.example")), "https://other.example/", "block"),
        (BlockedSite(DomainName("other.example")), "https://a.b.other.example/x", "block"),
        (BlockedSite(DomainName("other.example")), "https://another.example/", "allow"),
        (
            BlockedPart(parse_pattern("*.other.example/bad")),
            "https://m.other.example/bad",
            "block",
        ),
        (BlockedPart(parse_pattern("*.other.example/bad")), "https://other.example/", "allow"),
        (BlockedPart(parse_pattern("o.example/v?id=7")), "https://o.example/v?t=1&id=7", "block"),
        (BlockedPart(parse_pattern("o.example/v?id=7")), "https://o.example/v?id=8", "allow"),
        (BlockedService("chat"), "https://www.chat.example/", "block"),
        (BlockedService("chat"), "https://learn.chat.example/", "allow"),
    ],
)
def test_a_block_covers_what_it_says(what: Blockable, url: str, expected: str) -> None:
    assert expected == verdict(with_blocks(plain(), (AtOnce(1, what),)), url)


@pytest.mark.parametrize(
    ("is_for_everybody", "subject", "expected"),
    [
        (False, PUPIL, "block"),
        (False, Subject(), "block"),
        (False, STAFF, "allow"),
        (True, STAFF, "block"),
        (True, Subject(Audience.VISITOR, DeviceKind.OWN_DEVICE, inspectable=True), "block"),
    ],
)
def test_a_block_is_for_pupils_or_for_everybody(
    is_for_everybody: bool, subject: Subject, expected: str
) -> None:
    laid = with_blocks(plain(), (AtOnce(1, SITE.what, is_for_everybody),))

    assert expected == verdict(laid, "https://other.example/", subject)


@pytest.mark.parametrize("kind", list(GrantKind))
def test_no_grant_opens_what_is_blocked_at_once(kind: GrantKind) -> None:
    """Somebody saw harm there after the grant was signed."""
    about_all = Rule(
        "r", frozenset({"chat"}), (Condition(),), worlds.CITE, lifted_by=frozenset({kind})
    )
    grant = Grant(
        "g",
        kind,
        HostScope(DomainName("chat.example")),
        MOMENT.replace(day=1),
        MOMENT.replace(day=30),
        people=frozenset({"p1"}),
    )
    asker = msgspec.structs.replace(STAFF, person="p1")
    live = Live(grants=(grant,))
    policy = plain(about_all)
    blocked = AtOnce(1, BlockedSite(DomainName("chat.example")), is_for_everybody=True)

    assert "allow" == verdict(policy, "https://chat.example/", asker, live)
    laid = with_blocks(policy, (blocked,))
    assert "block" == verdict(laid, "https://chat.example/", asker, live)


def test_a_bad_page_of_a_lesson_site_closes_no_lesson_where_nobody_can_look_inside() -> None:
    unseen = msgspec.structs.replace(PUPIL, inspectable=False)
    asked = "https://lesson.example/wiki?act=edit"
    laid = with_blocks(plain(), (AtOnce(1, BlockedPart(parse_pattern(asked[8:]))),))

    assert "block" == verdict(laid, asked)
    assert "allow" == verdict(laid, asked, unseen)


def test_laying_anew_replaces_and_taking_off_gives_back() -> None:
    policy = plain()
    other = AtOnce(4, BlockedService("chat"))
    once = with_blocks(policy, (SITE,))

    assert with_blocks(policy, (other,)) == with_blocks(once, (other,))
    assert policy == without_blocks(once)
    assert policy is without_blocks(policy)
    assert once == with_blocks_of(policy, once)
    assert policy == with_blocks_of(once, policy)


def test_a_rule_says_which_block_it_is() -> None:
    assert "at-once:3" == SITE.rule_id
