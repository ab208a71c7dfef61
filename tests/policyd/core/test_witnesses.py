"""One URL from each part of a host that can matter, and no more than that."""

import pytest
import strategies as worlds
import test_decide as cases
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import Url, parse_domain, parse_host, parse_url
from schoolgate_policyd.core.rules import Grant, PageScope, PrefixScope, Scope, ServiceScope
from schoolgate_policyd.core.url_patterns import UrlPattern, parse_pattern
from schoolgate_policyd.core.witnesses import few_witnesses, witnesses

SHARED = parse_domain("shared.example")
SERVICES = worlds.CATALOGUE.services_by_id
PARTS = tuple(
    (pattern, service)
    for service in worlds.CATALOGUE.services
    for pattern in service.urls
    if pattern.is_on(SHARED)
)


def covered(urls: list[Url], pattern: str) -> list[str]:
    return [str(url) for url in urls if parse_pattern(pattern).covers(url)]


def urls_of(*patterns: str, grants: tuple[Grant, ...] = ()) -> list[Url]:
    return witnesses(SHARED, map(parse_pattern, patterns), grants, {})


@pytest.mark.parametrize(
    "pattern",
    [
        "shared.example/talk",
        "shared.example/wiki/T*",
        "shared.example/?a=1",
        "*.shared.example/?a=*",
    ],
)
def test_each_pattern_covers_one_of_them_and_leaves_one_out(pattern: str) -> None:
    urls = urls_of(pattern)

    assert covered(urls, pattern)
    assert len(covered(urls, pattern)) < len(urls)


def test_of_two_patterns_each_is_met_without_the_other() -> None:
    """`Tw…` begins as `T…` does, and what a query asks is asked alone."""
    outer, inner, by_query = "shared.example/T*", "shared.example/Tw*", "shared.example/?a=1"
    urls = urls_of(outer, inner, by_query)

    assert set(covered(urls, inner)) < set(covered(urls, outer))
    assert set(covered(urls, by_query)) - set(covered(urls, outer))


def test_a_page_that_a_grant_names_is_met_and_so_is_the_rest_of_its_part() -> None:
    page = parse_url("https://shared.example/talk?a=1")
    urls = urls_of("shared.example/?a=1", grants=(cases.grant_of(PageScope(page)),))

    assert page in urls
    assert [each for each in covered(urls, "shared.example/?a=1") if each != str(page)]


@pytest.mark.parametrize(
    ("scopes", "is_fewer"),
    [
        ((), True),
        ((PageScope(parse_url("https://shared.example/talk")),), True),
        ((PrefixScope(parse_url("https://shared.example/talk")),), True),
        ((ServiceScope("chat"),), True),
        ((ServiceScope("gone"),), True),
        # Where a grant for a service meets another service it matters which part is asked for.
        ((ServiceScope("parts"),), False),
    ],
)
def test_one_part_stands_for_its_service_unless_a_grant_for_a_service_meets_another(
    scopes: tuple[Scope, ...], *, is_fewer: bool
) -> None:
    grants = tuple(cases.grant_of(scope) for scope in scopes)
    everything = witnesses(SHARED, [pattern for pattern, _ in PARTS], grants, SERVICES)
    found = few_witnesses(SHARED, PARTS, grants, SERVICES)

    assert set(found) <= set(everything)
    assert is_fewer is (len(found) < len(everything))


@pytest.mark.parametrize(
    ("parts", "scopes", "is_fewer"),
    [
        ([part for part in PARTS if part[1].id == "parts"], (ServiceScope("parts"),), True),
        (
            [part for part in PARTS if part[1].id == "parts"],
            (ServiceScope("parts"), PrefixScope(parse_url("https://shared.example/talk"))),
            False,
        ),
        # By its alias the host has a part that the grant, which is for the host, does not cover.
        (
            [(UrlPattern(parse_host("alias.example"), "/talk"), SERVICES["parts"])],
            (ServiceScope("parts"),),
            False,
        ),
    ],
)
def test_a_grant_for_the_only_service_of_a_host_needs_one_of_its_parts(
    parts: list[tuple[UrlPattern, Service]], scopes: tuple[Scope, ...], *, is_fewer: bool
) -> None:
    grants = tuple(cases.grant_of(scope) for scope in scopes)
    everything = witnesses(SHARED, [pattern for pattern, _ in parts], grants, SERVICES)
    found = few_witnesses(SHARED, parts, grants, SERVICES)

    assert is_fewer is (len(found) < len(everything))


@given(st.lists(worlds.grants(SHARED), max_size=3))
def test_every_page_and_prefix_of_a_grant_is_met(grants: list[Grant]) -> None:
    urls = witnesses(SHARED, [pattern for pattern, _ in PARTS], grants, SERVICES)

    for grant in grants:
        if isinstance(grant.scope, PageScope | PrefixScope) and grant.scope.url.host == SHARED:
            assert any(grant.scope.covers(url, SERVICES) for url in urls)
