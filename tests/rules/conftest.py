"""The services that ship, as these tests read them: from the YAML, without our loader."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import parse_domain
from schoolgate_policyd.core.url_patterns import parse_pattern

RULES = Path(__file__).parents[2] / "rules"

type Entry = Mapping[str, Any]


def read(path: Path) -> Mapping[str, list[Entry]]:
    content: Mapping[str, list[Entry]] = YAML(typ="safe").load(path)
    return content


def service_of(entry: Entry) -> Service:
    return Service(
        id=entry["id"],
        name=entry["name"],
        category=entry["category"],
        domains=tuple(parse_domain(text) for text in entry.get("domains", [])),
        excluding=tuple(parse_domain(text) for text in entry.get("excluding", [])),
        companions=tuple(parse_domain(text) for text in entry.get("companions", [])),
        urls=tuple(map(parse_pattern, entry.get("urls", []))),
    )


@pytest.fixture(scope="session")
def read_rules() -> Callable[[str], Mapping[str, list[Entry]]]:
    """Return a reader of the file of that name below rules/."""
    return lambda name: read(RULES / name)


@pytest.fixture(scope="session")
def entries() -> list[Entry]:
    """Return every entry below rules/services/ as it is written."""
    paths = sorted((RULES / "services").glob("*.yaml"))
    return [entry for path in paths for entry in read(path)["services"]]


@pytest.fixture(scope="session")
def services(entries: list[Entry]) -> list[Service]:
    """Return the services that the entries describe."""
    return [service_of(entry) for entry in entries]


@pytest.fixture(scope="session")
def owners(services: list[Service]) -> Callable[[str], list[str]]:
    """Return what says to which services every URL of a host belongs."""

    def owners_of(host: str) -> list[str]:
        name = parse_domain(host)
        return [service.id for service in services if service.has_host(name)]

    return owners_of
