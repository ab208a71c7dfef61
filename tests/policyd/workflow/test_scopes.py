"""Which pages a choice means."""

import pytest
from office import TEACHER, form, policy

from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.rules import (
    HostScope,
    PageScope,
    PrefixScope,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.workflow import moves
from schoolgate_policyd.workflow.requests import ScopeChoice
from schoolgate_policyd.workflow.scopes import grant_for, is_local, scope_for

PAGE = "https://www.clips.example/watch?v=1"


@pytest.mark.parametrize(
    ("url", "choice", "scope"),
    [
        (PAGE, ScopeChoice.PAGE, PageScope(parse_url(PAGE))),
        (PAGE, ScopeChoice.PART, PrefixScope(parse_url(PAGE))),
        (PAGE, ScopeChoice.SITE, ServiceScope("clips")),
        ("https://kids.clips.example/", ScopeChoice.SITE, ServiceScope("clips-kids")),
        (
            "https://news.paper.co.uk/a",
            ScopeChoice.SITE,
            HostScope(parse_host("paper.co.uk")),
        ),
        (
            "https://one.github.io/a",
            ScopeChoice.SITE,
            HostScope(parse_host("one.github.io")),
        ),
        (
            "https://github.io/a?b",
            ScopeChoice.SITE,
            PrefixScope(parse_url("https://github.io/")),
        ),
        ("http://1.1.1.1/a", ScopeChoice.SITE, HostScope(parse_host("1.1.1.1"))),
    ],
)
def test_a_choice_means_no_more_than_it_says(url: str, choice: ScopeChoice, scope: Scope) -> None:
    assert scope == scope_for(form(url, scope=choice), policy().catalogue)


def test_a_site_next_door_on_a_shared_ending_is_another_site() -> None:
    scope = scope_for(form("https://one.github.io/a", scope=ScopeChoice.SITE), policy().catalogue)

    assert not scope.covers(parse_url("https://two.github.io/"), {})


def test_a_grant_is_for_the_requester_or_for_the_class() -> None:
    request = moves.submit(7, TEACHER, form(), at=form().starts_at)
    for_class = moves.submit(8, TEACHER, form(for_class="4B"), at=form().starts_at)

    own = grant_for(request, policy().catalogue)
    classes = grant_for(for_class, policy().catalogue)

    nobody = frozenset[str]()
    assert ("grant-7", frozenset({"heron"}), nobody) == (own.id, own.people, own.classes)
    assert ("grant-8", nobody, frozenset({"4B"})) == (
        classes.id,
        classes.people,
        classes.classes,
    )


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("x.localhost", True),
        ("intranet", True),
        ("nas.home.arpa", True),
        ("10.0.0.1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("example.org", False),
        ("1.1.1.1", False),
        ("local.example.org", False),
    ],
)
def test_local_hosts_are_told_from_public_ones(host: str, *, local: bool) -> None:
    assert local is is_local(parse_host(host))
