"""Every service that ships is well formed and alone in owning its domains."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from publicsuffixlist import PublicSuffixList

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import DomainName, parse_domain, parse_host
from schoolgate_policyd.core.url_patterns import parse_pattern

REQUIRED = {"id", "name", "category", "source"}
LISTS = {"domains", "excluding", "companions", "urls"}
OPTIONAL = LISTS | {"minimum_age"}

# What twiss-green §3, and ours beside it, counts as social media.
SOCIAL_MEDIA_CATEGORIES = [
    *("social-network", "micro-blog", "forum", "blog", "publishing", "video-sharing"),
    *("image-sharing", "audio-sharing", "messaging", "live-stream", "dating", "stranger-chat"),
    *("anonymous-questions", "social-games", "companion-bots", "membership"),
]

OTHER_CATEGORIES = [
    *("wiki", "generative-ai", "games", "remote-desktop", "page-copies", "web-proxy"),
]

# A part of a site may lie where another service has a host, if that is said here: wikis that are
# services as whole sites, of which only the editing counts elsewhere; and Wikimedia's sign-in.
DECLARED_OVERLAPS = {
    ("wiki-farms-editing", "fandom"),
    ("wiki-farms-editing", "miraheze"),
    ("wiki-farms-editing", "wikidot"),
    ("wikimedia-editing", "wikipedia-editing"),
}

# Private suffixes that are covered whole: the owner of the suffix is the service itself, and
# whoever has a name under it publishes there.
SUFFIXES_OF_THE_SERVICE_ITSELF = {
    "bearblog.dev": "bear-blog",
    "blogspot.com": "blogger",
    "claudeusercontent.com": "claude",
    "discordsays.com": "discord",
    "hateblo.jp": "hatena",
    "hatenablog.com": "hatena",
    "hatenablog.jp": "hatena",
    "hf.space": "hugging-face",
    "oaiusercontent.com": "chatgpt",
    "translate.goog": "google-translate-pages",
    "withyoutube.com": "youtube",
}

RULES = Path(__file__).parents[2] / "rules"

type Entry = Mapping[str, Any]
type Owners = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def listed(services: list[Service]) -> list[tuple[str, str]]:
    """Return every domain with the id of the service that lists it."""
    return [(domain.text, service.id) for service in services for domain in service.domains]


def test_there_are_enough_services_for_a_school_day(services: list[Service]) -> None:
    assert len(services) >= 220


def test_an_entry_has_the_keys_of_the_format(entries: list[Entry]) -> None:
    assert [] == [
        entry for entry in entries if REQUIRED - set(entry) or set(entry) - REQUIRED - OPTIONAL
    ]


def test_an_entry_says_who_it_is_and_where_it_comes_from(entries: list[Entry]) -> None:
    assert [] == [
        entry
        for entry in entries
        if not all(isinstance(entry[key], str) and entry[key].strip() for key in REQUIRED)
    ]


def test_an_entry_names_what_belongs_to_it_in_lists_of_texts(entries: list[Entry]) -> None:
    assert [] == [entry for entry in entries if not {"domains", "urls"} & set(entry)]
    assert [] == [
        (entry["id"], key)
        for entry in entries
        for key in LISTS & set(entry)
        if not isinstance(entry[key], list)
        or not entry[key]
        or not all(isinstance(text, str) for text in entry[key])
    ]


def test_a_minimum_age_is_one_of_a_child_or_an_adult(entries: list[Entry]) -> None:
    assert [] == [entry for entry in entries if entry.get("minimum_age", 13) not in range(10, 19)]


def test_ids_are_unique_over_all_files(services: list[Service]) -> None:
    counts = Counter(service.id for service in services)

    assert [] == [id_ for id_, count in counts.items() if count > 1]


def test_every_category_is_defined(
    services: list[Service], read_rules: Callable[[str], Mapping[str, list[Entry]]]
) -> None:
    defined = {each["id"] for each in read_rules("categories/categories.yaml")["categories"]}

    assert set() == {service.category for service in services} - defined


@pytest.mark.parametrize("category", [*SOCIAL_MEDIA_CATEGORIES, *OTHER_CATEGORIES])
def test_a_category_that_a_policy_blocks_has_services(
    category: str, services: list[Service]
) -> None:
    assert category in {service.category for service in services}


def test_names_are_spelled_as_they_are_compared(entries: list[Entry]) -> None:
    written = [
        text
        for entry in entries
        for key in ("domains", "excluding", "companions")
        for text in entry.get(key, [])
    ]

    assert [] == [text for text in written if text != parse_domain(text).text]


def test_parts_of_sites_are_spelled_as_they_are_compared(entries: list[Entry]) -> None:
    written = [text for entry in entries for text in entry.get("urls", [])]

    assert [] == [text for text in written if text != str(parse_pattern(text))]


def test_a_domain_is_listed_once(listed: list[tuple[str, str]]) -> None:
    counts = Counter(domain for domain, _ in listed)

    assert [] == [domain for domain, count in counts.items() if count > 1]


def test_a_domain_belongs_to_the_service_that_lists_it_alone(
    listed: list[tuple[str, str]], owners: Owners
) -> None:
    assert [] == [(domain, owners(domain)) for domain, id_ in listed if [id_] != owners(domain)]


def test_no_domain_stands_below_another_of_the_same_service(services: list[Service]) -> None:
    assert [] == [
        domain.text
        for service in services
        for domain in service.domains
        if any(domain.is_under(other) for other in service.domains if other != domain)
    ]


def test_a_part_of_a_site_lies_where_no_other_service_has_a_host(services: list[Service]) -> None:
    overlaps = {
        (service.id, other.id)
        for service in services
        for pattern in service.urls
        for other in services
        if other.has_host(pattern.host)
        or any(pattern.covers_subdomains and pattern.is_on(domain) for domain in other.domains)
    }

    assert DECLARED_OVERLAPS == {(one, other) for one, other in overlaps if one != other}
    assert not [one for one, other in overlaps if one == other]


def test_no_page_belongs_to_two_services_by_their_parts(services: list[Service]) -> None:
    """Of the same kind of host, each pattern is one service's."""
    counts = Counter(pattern for service in services for pattern in service.urls)

    assert [] == [str(pattern) for pattern, count in counts.items() if count > 1]


def test_every_name_ends_in_a_suffix_that_a_registry_hands_out(
    services: list[Service], read_rules: Callable[[str], Mapping[str, Any]]
) -> None:
    """A slip like `.con`, or a top-level domain that is gone, would block nothing for ever."""
    suffixes = PublicSuffixList(accept_unknown=False, only_icann=True)
    names = {
        domain.text
        for service in services
        for domain in (
            *(*service.domains, *service.companions, *service.excluding),
            *(pattern.host for pattern in service.urls),
        )
    }
    for path in sorted((RULES / "categories").glob("*.yaml")):
        names |= set(read_rules(f"categories/{path.name}").get("domains", ()))
    hosts = [host for host in map(parse_host, names) if isinstance(host, DomainName)]
    dead = [host.text for host in hosts if suffixes.publicsuffix(host.text) is None]

    assert ["i2p"] == sorted(dead)


def test_what_is_excluded_would_otherwise_be_covered(services: list[Service]) -> None:
    assert [] == [
        (service.id, excluded.text)
        for service in services
        for excluded in service.excluding
        if not any(excluded.is_under(domain) for domain in service.domains)
    ]


def test_companions_are_hosts_of_others(services: list[Service]) -> None:
    assert [] == [
        (service.id, companion.text)
        for service in services
        for companion in service.companions
        if service.has_host(companion)
    ]


def test_no_domain_is_a_public_suffix_of_strangers(listed: list[tuple[str, str]]) -> None:
    suffixes = PublicSuffixList(only_icann=False)

    assert SUFFIXES_OF_THE_SERVICE_ITSELF == {
        domain: id_ for domain, id_ in listed if suffixes.is_public(domain)
    }
