"""Large lists in decisions: what they name, what they spare, and what nothing lifts."""

import gc
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from list_world import FakeNames

from schoolgate_policyd.core import listed
from schoolgate_policyd.core.catalogue import Catalogue, Category, HelpLine, LargeList, Service
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.errors import PolicyError
from schoolgate_policyd.core.listed import Listed
from schoolgate_policyd.core.names import DomainName, Host, parse_host, parse_url
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import (
    Citation,
    Condition,
    Grant,
    GrantKind,
    HostScope,
    PageScope,
    PrefixScope,
    Restriction,
    RestrictionKind,
    Rule,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.strict import strict_source
from schoolgate_policyd.core.subjects import Audience, Subject

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CITE = Citation("Policy", "§1")
CATALOGUE = Catalogue(
    categories=(Category("adult", "Adult"), Category("vpn", "VPN", is_circumvention=True)),
    services=(Service("video", "Video", "adult", domains=(DomainName("unlawful.example"),)),),
    essentials=(DomainName("lesson.example"),),
    help_lines=(HelpLine("help", "Help", (DomainName("help.example"),)),),
    large_lists=(
        LargeList("ut1-adult", "adult"),
        LargeList("ut1-vpn", "vpn"),
        LargeList("iwf", "adult", locked=True),
    ),
)
NAMES = FakeNames(
    at={
        "bad.example": ("ut1-adult",),
        "tunnel.example": ("ut1-vpn",),
        "unlawful.example": ("iwf",),
        "lesson.example": ("ut1-adult",),
        "help.example": ("ut1-adult", "iwf"),
        "target.example": ("ut1-adult", "iwf"),
        "old.example": ("no-longer-subscribed",),
    },
    below={
        "bad.example": ("ut1-adult",),
        "unlawful.example": ("iwf",),
        "lesson.example": ("ut1-adult",),
        "pages.lesson.example": ("iwf",),
    },
)
ADULT = Rule("adult", frozenset({"adult"}), (Condition(),), CITE, locked=True)
VPN = Rule("vpn", frozenset({"ut1-vpn"}), (Condition(),), CITE, lifted_by=frozenset(GrantKind))
LOCK = Rule("locked-list-iwf", frozenset({"iwf"}), (Condition(),), CITE, locked=True)


def source_of(*rules: Rule, live: Live | None = None) -> Source:
    source = strict_source(catalogue=CATALOGUE)
    policy = msgspec.structs.replace(source.policy, rules=rules)
    return msgspec.structs.replace(source, policy=policy, live=live or Live())


def decided(source: Source, request: Request) -> Decision:
    decision = decide(request, compile_snapshot(source, NAMES), NOON)
    assert decision.verdict is reference(request, source, NOON, NAMES)
    return decision


def host(name: str, *chain: str) -> Request:
    return Request(Subject(), HostResource(parse_host(name), tuple(map(parse_host, chain))))


@pytest.mark.parametrize(
    ("request_", "verdict"),
    [
        (host("bad.example"), Verdict.BLOCK),
        (host("a.bad.example"), Verdict.BLOCK),
        (host("notbad.example"), Verdict.ALLOW),
        (host("other.example", "bad.example"), Verdict.BLOCK),
        (host("other.example", "x.example", "www.bad.example"), Verdict.BLOCK),
        (host("lesson.example"), Verdict.ALLOW),
        (host("www.lesson.example"), Verdict.ALLOW),
        (host("lesson.example", "bad.example"), Verdict.ALLOW),
        (host("other.example", "cdn.lesson.example"), Verdict.ALLOW),
        (host("a.pages.lesson.example"), Verdict.BLOCK),
        (host("lesson.example", "target.example"), Verdict.BLOCK),
        (host("help.example"), Verdict.ALLOW),
        (host("a.help.example", "bad.example"), Verdict.ALLOW),
        (host("old.example"), Verdict.ALLOW),
        (Request(Subject(), UrlResource(parse_url("https://bad.example/a"))), Verdict.BLOCK),
    ],
)
def test_a_list_blocks_what_it_names_and_spares_lessons_and_help_lines(
    request_: Request, verdict: Verdict
) -> None:
    """Of lesson sites a locked list alone blocks parts; nothing blocks a help line."""
    assert verdict is decided(source_of(ADULT, LOCK), request_).verdict


def test_a_decision_names_the_rule_and_the_categories_of_lists() -> None:
    decision = decided(source_of(ADULT, VPN, LOCK), host("tunnel.example", "bad.example"))

    assert ("vpn", "adult") == decision.categories
    assert {"adult", "vpn"} == {rule.id for rule in decision.rules}
    assert decision.is_circumvention


def test_a_rule_blocks_one_list_by_its_id() -> None:
    assert Verdict.BLOCK is decided(source_of(VPN), host("tunnel.example")).verdict
    assert Verdict.ALLOW is decided(source_of(VPN), host("bad.example")).verdict


def grants() -> list[Grant]:
    """Every kind and every scope, for the person who asks."""
    page = parse_url("https://www.unlawful.example/a")
    scopes: list[Scope] = [
        PageScope(page),
        PrefixScope(page),
        HostScope(DomainName("unlawful.example")),
        HostScope(DomainName("www.unlawful.example")),
        ServiceScope("video"),
    ]
    return [
        Grant(
            id=f"{kind}-{number}",
            kind=kind,
            scope=scope,
            starts_at=NOON - timedelta(hours=1),
            ends_at=NOON + timedelta(hours=1),
            people=frozenset({"p1"}),
        )
        for kind in GrantKind
        for number, scope in enumerate(scopes)
    ]


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize(
    "grant", [*grants(), None], ids=lambda grant: grant.id if grant else "all"
)
@pytest.mark.parametrize("asked", ["www.unlawful.example", "https://www.unlawful.example/a"])
def test_no_grant_of_any_kind_or_scope_opens_a_name_on_a_locked_list(
    audience: Audience, grant: Grant | None, asked: str
) -> None:
    live = Live(grants=tuple(grants()) if grant is None else (grant,))
    subject = Subject(audience=audience, person="p1")
    resource = UrlResource(parse_url(asked)) if "/" in asked else HostResource(parse_host(asked))
    # Beside a rule that the very same grants lift.
    liftable = Rule(
        "video", frozenset({"video"}), (Condition(),), CITE, lifted_by=frozenset(GrantKind)
    )
    decision = decided(source_of(LOCK, liftable, live=live), Request(subject, resource))

    assert Verdict.BLOCK is decision.verdict
    assert "locked-list-iwf" in {rule.id for rule in decision.rules}
    assert "locked-list-iwf" not in {rule.id for rule in decision.lifted}


def test_a_grant_lifts_the_rule_about_a_list_that_is_not_locked() -> None:
    grant = msgspec.structs.replace(grants()[2], scope=HostScope(DomainName("tunnel.example")))
    live = Live(grants=(grant,))
    asked = Request(Subject(person="p1"), HostResource(parse_host("tunnel.example")))

    assert Verdict.ALLOW is decided(source_of(VPN, live=live), asked).verdict


@pytest.mark.parametrize("kind", list(RestrictionKind))
def test_no_restriction_opens_a_name_on_a_locked_list(kind: RestrictionKind) -> None:
    restriction = Restriction(
        id="r",
        kind=kind,
        starts_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(hours=1),
        cite=CITE,
        person="p1",
        service="video",
    )
    asked = Request(Subject(person="p1"), HostResource(parse_host("www.unlawful.example")))
    source = source_of(LOCK, live=Live(restrictions=(restriction,)))

    assert "locked-list-iwf" in {rule.id for rule in decided(source, asked).rules}


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def lists_of(self, host: Host) -> tuple[str, ...]:
        self.asked.append(host.text)
        return ("iwf",)


def test_what_a_table_said_is_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "MEMORY_LIMIT", 2)
    names = Counting()
    found = Listed(CATALOGUE, names)
    for name in ("a.example", "a.example", "b.example", "a.example", "c.example", "c.example"):
        assert (LargeList("iwf", "adult", locked=True),) == found.naming(DomainName(name))

    assert ["a.example", "b.example", "c.example"] == names.asked
    assert 1 == len(found._remembered)


def test_what_is_remembered_of_a_listed_name_is_nothing_to_look_through() -> None:
    """Of a worker's names there may be as many on lists as not."""
    found = Listed(CATALOGUE, Counting()).naming(DomainName("a.example"))
    gc.collect()

    assert [LargeList("iwf", "adult", locked=True)] == list(found)
    assert not gc.is_tracked(found)


def test_live_changes_keep_the_names() -> None:
    snapshot: Snapshot = compile_snapshot(source_of(ADULT), NAMES).with_live(7, Live())

    assert Verdict.BLOCK is decide(host("bad.example"), snapshot, NOON).verdict


def test_without_a_table_named_no_names_are_needed() -> None:
    snapshot = compile_snapshot(source_of(ADULT))

    assert Verdict.ALLOW is decide(host("bad.example"), snapshot, NOON).verdict


def test_a_table_named_and_not_open_is_refused() -> None:
    catalogue = msgspec.structs.replace(CATALOGUE, name_table="f" * 64)

    with pytest.raises(PolicyError, match="ffff, which is not open"):
        Listed(catalogue, None)
