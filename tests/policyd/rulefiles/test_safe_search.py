"""Safe search in rule files: what is read, and what is refused with its place and remedy."""

from pathlib import Path

import pytest

from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.safe_search import SafeSearch, SafeSearchMode, SearchService
from schoolgate_policyd.rulefiles import check_rules, load_policy

SCHOOL = "schools/hill.yaml"
SERVICES = "safe-search.yaml"
CHOSEN = 'safe_search: {pupil: moderate, visitor: strict, staff: "off"}'


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert 1 == text.count(old), old
    path.write_text(text.replace(old, new), "utf-8")


def mistakes_in(rules_dir: Path) -> list[str]:
    return [
        str(each).removeprefix(f"{rules_dir}/").replace(f"{rules_dir}/", "")
        for each in check_rules(rules_dir, "hill")
    ]


def test_what_stands_in_the_files_is_what_comes_out(rules_dir: Path) -> None:
    policy = load_policy(rules_dir, "hill")

    assert SafeSearch(pupil=SafeSearchMode.MODERATE) == policy.safe_search
    assert (
        SearchService(
            id="finder",
            name="Finder",
            hosts=(DomainName("www.finder.example.org"), DomainName("finder.example.org")),
            strict=DomainName("safe.finder.example.org"),
            moderate=DomainName("mild.finder.example.org"),
        )
        == policy.catalogue.search_services[0]
    )


@pytest.mark.parametrize("written", ["", "safe_search: {}", "safe_search: {staff: off}"])
def test_pupils_and_visitors_are_filtered_where_nothing_is_said(
    rules_dir: Path, written: str
) -> None:
    edit(rules_dir / SCHOOL, CHOSEN, written)

    assert SafeSearch() == load_policy(rules_dir, "hill").safe_search


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "{pupil: off}",
            "8:22: safe search is never off for pupils: write `strict` or `moderate`",
        ),
        (
            '{visitor: "off"}',
            "8:24: safe search is never off for visitors: write `strict` or `moderate`",
        ),
        (
            "{staff: none}",
            "8:22: `none` is no mode of safe search: write `strict`, `moderate` or `off`",
        ),
        ("{pupils: strict}", "8:15: `pupils` is no key of safe search: did you mean `pupil`?"),
        ("off", "8:14: safe search is written as keys with values: begin with `pupil:`"),
    ],
)
def test_a_school_that_switches_it_off_is_told_where_and_what_to_write(
    rules_dir: Path, written: str, message: str
) -> None:
    edit(rules_dir / SCHOOL, CHOSEN, f"safe_search: {written}")

    assert [f"{SCHOOL}:{message}"] == mistakes_in(rules_dir)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "hosts: [seeker.example.org]",
            "hosts: [finder.example.org]",
            (
                "8:39: `finder.example.org` stands in safe-search.yaml:4:12 already: "
                "remove one of them"
            ),
        ),
        (
            "hosts: [seeker.example.org]",
            "hosts: [safe.seeker.example.org]",
            (
                "8:5: `safe.seeker.example.org` is looked up instead of itself: "
                "remove it from `hosts`"
            ),
        ),
        (
            "strict: safe.seeker.example.org",
            "strict: www.finder.example.org",
            "8:5: `www.finder.example.org` is looked up instead of itself: remove it from `hosts`",
        ),
        (
            "id: seeker",
            "id: finder",
            (
                "8:10: there is a search service `finder` already, in "
                "safe-search.yaml:2:9: choose another id"
            ),
        ),
        ("strict: safe.seeker.example.org,", "", "8:5: a search service needs `strict`: add it"),
        (
            "strict: safe.seeker.example.org",
            "strict: 192.0.2.1",
            "8:69: `192.0.2.1` is an address: a name must stand here",
        ),
    ],
)
def test_a_mistake_in_a_search_service_has_place_and_remedy(
    rules_dir: Path, old: str, new: str, message: str
) -> None:
    edit(rules_dir / SERVICES, old, new)

    assert [f"{SERVICES}:{message}"] == mistakes_in(rules_dir)


def test_without_the_file_nothing_is_loaded_and_nobody_searches_unfiltered(
    rules_dir: Path,
) -> None:
    (rules_dir / SERVICES).unlink()

    assert [f"{SERVICES}:1:1: cannot be read: no such file or directory"] == mistakes_in(rules_dir)
