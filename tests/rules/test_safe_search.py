"""The shipped search services, read without our loader."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

type Entry = Mapping[str, Any]
MAKERS = {
    "google": "google.com",
    "youtube": "youtube.com",
    "bing": "bing.com",
    "duckduckgo": "duckduckgo.com",
    "ecosia": "ecosia.org",
    "brave": "search.brave.com",
    "qwant": "qwant.com",
    "pixabay": "pixabay.com",
    "yandex": "yandex.ru",
}


@pytest.fixture
def searches(read_rules: Callable[[str], Mapping[str, list[Entry]]]) -> dict[str, Entry]:
    return {each["id"]: each for each in read_rules("safe-search.yaml")["safe_search"]}


def test_every_service_that_is_asked_for_is_there(searches: dict[str, Entry]) -> None:
    assert set(MAKERS) == set(searches)


def test_what_is_looked_up_instead_is_the_makers_own(searches: dict[str, Entry]) -> None:
    for id_, each in searches.items():
        for target in (each["strict"], each.get("moderate", each["strict"])):
            assert target.endswith(f".{MAKERS[id_]}"), id_


def test_no_host_stands_twice_and_none_leads_to_itself(searches: dict[str, Entry]) -> None:
    hosts = [host for each in searches.values() for host in each["hosts"]]
    targets = {
        each[key] for each in searches.values() for key in ("strict", "moderate") if key in each
    }

    assert len(set(hosts)) == len(hosts)
    assert set() == targets & set(hosts)


def test_every_country_has_googles_search_and_nothing_else_of_google(
    searches: dict[str, Entry],
) -> None:
    hosts = searches["google"]["hosts"]

    assert 187 <= len(hosts)
    assert {"www.google.com", "www.google.co.uk", "www.google.ie", "www.google.com.tr"} <= set(
        hosts
    )
    assert [] == [
        each for each in hosts if not re.fullmatch(r"www\.google(\.[a-z]{2,3}){1,2}", each)
    ]


def test_youtube_alone_has_a_moderate_mode(searches: dict[str, Entry]) -> None:
    assert ["youtube"] == [id_ for id_, each in searches.items() if "moderate" in each]
    assert {
        "www.youtube.com",
        "m.youtube.com",
        "youtubei.googleapis.com",
        "youtube.googleapis.com",
        "www.youtube-nocookie.com",
    } == set(searches["youtube"]["hosts"])


def test_every_service_says_where_it_is_documented(searches: dict[str, Entry]) -> None:
    assert all(each["source"].strip() for each in searches.values())
