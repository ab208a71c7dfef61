"""One part stands for others of its service: the verdict stays that of every part."""

from itertools import chain, product

import msgspec
import pytest
import strategies as worlds
import test_decide as cases
from hypothesis import given, settings
from hypothesis import strategies as st

from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, UrlResource, Verdict
from schoolgate_policyd.core.few_parts import few_parts
from schoolgate_policyd.core.names import Host, Url, parse_domain, parse_url
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.rules import (
    Condition,
    Grant,
    GrantKind,
    PageScope,
    PrefixScope,
    Rule,
    ServiceScope,
)
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.url_patterns import UrlPattern, parse_pattern
from schoolgate_policyd.core.witnesses import few_witnesses, witnesses

HOST = parse_domain("wiki.example")
ALIAS = parse_domain("front.example")
PATHS = ("/w", "/w/a", "/w/A", "/w/ab", "/w/a/b", "/x", "/w;p")
QUERIES = ("", "?q=1", "?q=2*", "?r=1", "?q=1&r=1")
STARS = ("", "*")
WRITTEN = [
    *(f"wiki.example{path}{star}{query}" for path, star, query in product(PATHS, STARS, QUERIES)),
    *(f"wiki.example/{query}" for query in QUERIES[1:]),
    *(f"front.example{path}{query}" for path, query in product(("/w", "/w/a"), QUERIES)),
]
# Readings in which one server finds a part and another a page beside it stand here too.
ASKED_PATHS = (
    *chain.from_iterable((path, f"{path}/z", f"{path}z", f"//{path}/z") for path in PATHS),
    *(f"{one}/..%2f..{other}" for one, other in product(PATHS, ("/x", "/w/a", "/z"))),
    "/",
    "/z",
)
ASKED_QUERIES = (None, "q=1", "q=2", "r=1", "q=1&r=1", "q=2&r=1", "q=1&q=z", "q=1&q=z&r=1&r=z")


def world_of(parts: list[tuple[UrlPattern, str]], rules: tuple[Rule, ...]) -> Source:
    services = tuple(
        Service(
            id=id_,
            name=id_,
            category=id_,
            urls=tuple(pattern for pattern, of in parts if of == id_),
            domains=(HOST,) if id_ == "whole" else (),
        )
        for id_ in ("a", "b", "whole")
    )
    source = worlds.source_of(rules)
    policy = msgspec.structs.replace(source.policy, catalogue=Catalogue(services=services))
    return msgspec.structs.replace(source, policy=policy)


def rule_of(id_: str, lifted_by: frozenset[GrantKind], *, is_open: bool) -> Rule:
    return Rule(
        id=id_,
        block=frozenset({id_}),
        applies_to=(Condition(),),
        cite=worlds.CITE,
        lifted_by=lifted_by,
        is_open_uninspected=is_open,
    )


def scopes() -> st.SearchStrategy[ServiceScope | PrefixScope | PageScope]:
    urls = st.sampled_from([parse_url(f"https://wiki.example{path}") for path in PATHS])
    return st.one_of(
        st.sampled_from([ServiceScope("a"), ServiceScope("a"), ServiceScope("b")]),
        urls.map(PrefixScope),
        urls.map(PageScope),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Source, list[Grant]]:
    chosen = draw(
        st.lists(
            st.tuples(st.sampled_from(WRITTEN).map(parse_pattern), st.sampled_from("aab")),
            min_size=2,
            max_size=9,
        )
    )
    kinds = st.sampled_from([frozenset(GrantKind), frozenset({GrantKind.ACCESS_GRANT})])
    rules = tuple(
        rule_of(id_, draw(kinds), is_open=draw(st.booleans()))
        for id_ in ("a", "b", "whole")
        if draw(st.booleans())
    )
    grants = [
        msgspec.structs.replace(cases.grant_of(scope, draw(st.sampled_from(GrantKind))), id=str(n))
        for n, scope in enumerate(draw(st.lists(scopes(), max_size=3)))
    ]
    return world_of(chosen, rules), grants


@settings(max_examples=150)
@given(situations(), st.booleans(), st.sampled_from([(), (ALIAS,)]))
def test_decide_gives_the_verdict_that_every_witness_gives(
    situation: tuple[Source, list[Grant]], inspectable: bool, chain_: tuple[Host, ...]
) -> None:
    source, grants = situation
    source = msgspec.structs.replace(source, live=Live(grants=tuple(grants)))
    who = msgspec.structs.replace(cases.TEACHER, inspectable=inspectable)
    request = Request(who, HostResource(HOST, chain_))

    expected = reference(request, source, cases.LESSON)
    assert expected == decide(request, compile_snapshot(source), cases.LESSON).verdict


@settings(max_examples=100)
@given(situations())
def test_a_verdict_on_a_host_holds_for_every_spelling_of_its_pages(
    situation: tuple[Source, list[Grant]],
) -> None:
    """Also for those that lie in one part by one reading and outside it by another."""
    source, grants = situation
    source = msgspec.structs.replace(source, live=Live(grants=tuple(grants)))
    snapshot = compile_snapshot(source)
    verdict = decide(Request(cases.TEACHER, HostResource(HOST)), snapshot, cases.LESSON).verdict
    if verdict is Verdict.DEPENDS:
        return
    for path, query in product(ASKED_PATHS, ASKED_QUERIES):
        page = UrlResource(Url("https", HOST, None, path, query))
        found = decide(Request(cases.TEACHER, page), snapshot, cases.LESSON).verdict
        assert verdict is found, (path, query)


def test_a_wiki_with_many_parts_is_decided_by_few_of_them() -> None:
    """A grant for a service that meets one for a prefix took a second of a data plane's time."""
    names = [f"N{number}_talk" for number in range(30)]
    written = [f"wiki.example/wiki/{name}:*" for name in names]
    written += [f"wiki.example/?title={name}:*" for name in names]
    parts = [(parse_pattern(text), Service(id="a", name="a", category="a")) for text in written]
    services = {"a": msgspec.structs.replace(parts[0][1], urls=tuple(each for each, _ in parts))}
    prefix = PrefixScope(parse_url("https://wiki.example/wiki"))
    grants = tuple(cases.grant_of(scope) for scope in (ServiceScope("a"), prefix))

    every = witnesses(HOST, [pattern for pattern, _ in parts], grants, services)
    assert len(every) > 20 * len(few_witnesses(HOST, parts, grants, services))


READ_BOTH_WAYS = (
    "https://wiki.example/wiki/Talk:x/..%2f..%2fadmin",
    "https://wiki.example/wiki/Talk:x%2f..%2f..%2fadmin",
    "https://wiki.example/admin?act=edit&act=view",
    "https://wiki.example/admin?q=1;act=edit",
    "https://wiki.example/admin?act=EDIT",
    "https://wiki.example/admin?act[]=edit",
)


def granted_parts() -> Source:
    texts = ("wiki.example/wiki/Talk:*", "wiki.example/?act=edit")
    rules = tuple(rule_of(id_, frozenset(GrantKind), is_open=False) for id_ in ("a", "whole"))
    source = world_of([(parse_pattern(text), "a") for text in texts], rules)
    return msgspec.structs.replace(source, live=Live(grants=(cases.grant_of(ServiceScope("a")),)))


@pytest.mark.parametrize("page", READ_BOTH_WAYS)
def test_a_grant_for_a_part_opens_no_page_that_another_server_reads_beside_it(page: str) -> None:
    source = granted_parts()
    request = cases.asked(cases.TEACHER, page)

    assert Verdict.BLOCK is reference(request, source, cases.LESSON)
    assert Verdict.BLOCK is decide(request, compile_snapshot(source), cases.LESSON).verdict


@pytest.mark.parametrize("path", ["/wiki/Talk:x", "/wiki/Talk:x/y", "/admin?act=edit&q=1"])
def test_a_grant_for_a_part_opens_what_every_server_reads_as_that_part(path: str) -> None:
    request = cases.asked(cases.TEACHER, f"https://wiki.example{path}")

    assert (
        Verdict.ALLOW is decide(request, compile_snapshot(granted_parts()), cases.LESSON).verdict
    )


@pytest.mark.parametrize("page", READ_BOTH_WAYS)
def test_what_is_said_of_the_service_alone_is_lifted_in_every_spelling(page: str) -> None:
    """Where no rule speaks of the rest, a grant for the part leaves nothing of the host closed."""
    source = granted_parts()
    policy = msgspec.structs.replace(source.policy, rules=source.policy.rules[:1])
    snapshot = compile_snapshot(msgspec.structs.replace(source, policy=policy))

    assert (
        Verdict.ALLOW is decide(cases.asked(cases.TEACHER, page), snapshot, cases.LESSON).verdict
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        # Values that lie alike to another service's: one stands for the other.
        (["/?q=1", "/?q=2"], ["/?q=3"], 1),
        (["/?q=1", "/?q=2"], ["/?q=2"], 2),
        (["/?q=10", "/?q=2"], ["/?q=1*"], 2),
        (["/?q=1*", "/?q=2*"], ["/?q=10"], 2),
        (["/?q=1*", "/?q=2*"], ["/?q=3*"], 1),
        (["/?q=a", "/?q=b"], ["/?q=A"], 2),
        (["/w/a", "/x/a"], ["/w"], 2),
        (["/w/a", "/w/b"], ["/w"], 1),
    ],
)
def test_parts_stand_for_each_other_that_lie_alike_to_another_service(
    mine: list[str], theirs: list[str], expected: int
) -> None:
    groups = tuple(
        tuple(parse_pattern(f"wiki.example{text}") for text in texts) for texts in (mine, theirs)
    )

    assert expected == len(few_parts(groups, ())[0])


def test_a_part_that_asks_twice_for_a_parameter_stands_for_no_other() -> None:
    """Nothing opens it, since no query has a parameter once and twice."""
    parts = tuple(parse_pattern(f"wiki.example/{text}") for text in ("?q=1&q=2", "?q=1", "?q=3"))

    assert parts[:2] == few_parts((parts,), ())[0]


def test_a_part_is_closed_where_it_is_asked_for_in_two_ways_at_once() -> None:
    """`?q=1&q=z` is `q=1` to one server and `q=z` to another: no grant for one opens it."""
    parts = [
        (parse_pattern("wiki.example/?q=1"), "a"),
        (parse_pattern("wiki.example/?q=1&r=1"), "b"),
    ]
    rules = (rule_of("b", frozenset(GrantKind), is_open=False),)
    live = Live(grants=(cases.grant_of(ServiceScope("a")),))
    source = msgspec.structs.replace(world_of(parts, rules), live=live)
    snapshot = compile_snapshot(source)
    host = Request(cases.TEACHER, HostResource(HOST))

    for text, expected in [
        ("https://wiki.example/?q=1&r=1", Verdict.ALLOW),
        ("https://wiki.example/?q=1&q=z&r=1", Verdict.BLOCK),
    ]:
        assert expected is decide(cases.asked(cases.TEACHER, text), snapshot, cases.LESSON).verdict
    assert Verdict.DEPENDS is decide(host, snapshot, cases.LESSON).verdict
