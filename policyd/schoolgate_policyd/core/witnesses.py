"""
Which URLs stand for all the URLs of a host.

Patterns and grants divide the URLs of a host into finitely many parts inside which nothing
distinguishes one URL from another. One witness from each part that can matter decides the host:
if all are allowed so is every URL, if all are blocked so is every URL, otherwise it depends
(law 3). Which parts can matter: a rule by a pattern blocks most surely where nothing else of the
query is covered, and what several grants open together lies where all of them reach.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from urllib.parse import quote

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.few_parts import few_parts
from schoolgate_policyd.core.names import Host, Url, as_served
from schoolgate_policyd.core.rules import (
    EverythingScope,
    Grant,
    HostScope,
    PageScope,
    PrefixScope,
    ServiceScope,
)
from schoolgate_policyd.core.url_patterns import UrlPattern

_UNLIKELY_PORT = 1  # tcpmux: stands for every port that no grant names
_PRIVATE_USE = range(0xE000, 0xF900)  # characters that mean nothing to anybody (Unicode 23.5)

Page = tuple[str, str | None]


def witnesses(
    host: Host,
    patterns: Iterable[UrlPattern],
    grants: Iterable[Grant],
    services: Mapping[str, Service],
) -> list[Url]:
    """
    Return URLs of *host*, at least one from each part that can matter.

    *patterns* are those that matter for the host; *grants* those whose scope may name a part of
    it; *services* are those of the catalogue, by id.
    """
    parts = set(patterns)
    below: set[str] = {"/"}
    pages: set[Page] = set()
    ports: set[int | None] = {None}
    granted: dict[str, tuple[UrlPattern, ...]] = {}
    for grant in grants:
        match grant.scope:
            case PageScope(url) if url.host == host:
                pages.add((url.path, url.query))
                ports |= {url.port, _UNLIKELY_PORT}
            case PrefixScope(url) if url.host == host:
                below.add(url.path)
                ports |= {url.port, _UNLIKELY_PORT}
            case ServiceScope(service) if service in services:
                granted[service] = _parts_on(host, services[service])
            # Other hosts' parts and whole hosts divide nothing here. A new scope breaks the build.
            case PageScope() | PrefixScope() | HostScope() | ServiceScope():
                pass
            case EverythingScope():  # pragma: no branch
                pass
    parts.update(*granted.values())
    made = _Pages(parts, below, (path for path, _ in pages))
    pages |= made.of_prefixes() | made.of_patterns()
    if len(granted) + len(below - {"/"}) > 1:
        pages.update(made.of_grants_together(tuple(granted.values())))
    # Those that a reader understands come first: they may be shown as examples.
    ordered = sorted(pages, key=lambda page: (made.fresh in page[0], page[0], page[1] or ""))
    return [
        Url(scheme="https", host=host, port=port, path=path, query=query)
        for (path, query), port in product(ordered, sorted(ports, key=lambda port: port or 0))
    ]


def few_witnesses(
    host: Host,
    parts: Iterable[tuple[UrlPattern, Service]],
    grants: Iterable[Grant],
    services: Mapping[str, Service],
) -> list[Url]:
    """
    Return URLs of *host* that give the same verdicts as `witnesses` does, and are fewer.

    *parts* are the patterns that matter for the host, each with its service. The same rules
    speak of all the parts of a service, so one of them stands for the others; where a grant is for
    a service it matters where they meet, and only those stand for each other that lie alike.
    """
    parts, grants = tuple(parts), tuple(grants)
    on_host = {
        grant.scope.service: _parts_on(host, services[grant.scope.service])
        for grant in grants
        if isinstance(grant.scope, ServiceScope) and grant.scope.service in services
    }
    granted = {service: patterns for service, patterns in on_host.items() if patterns}
    if not granted:
        patterns = {service.id: pattern for pattern, service in parts}
        others = (grant for grant in grants if not isinstance(grant.scope, ServiceScope))
        return witnesses(host, patterns.values(), others, services)
    # A part that is known by an alias of the host is not covered by the grant.
    groups: dict[tuple[str, bool], dict[UrlPattern, None]] = {
        (service, True): dict.fromkeys(patterns) for service, patterns in granted.items()
    }
    for pattern, service in parts:
        groups.setdefault((service.id, pattern.is_on(host)), {})[pattern] = None
    few = few_parts(tuple(map(tuple, groups.values())), _prefixes_on(host, grants))
    of_group = dict(zip(groups, few, strict=True))
    fewer = {
        service: msgspec.structs.replace(services[service], urls=of_group[service, True])
        for service in granted
    }
    return witnesses(host, (each for group in few for each in group), grants, fewer)


def _prefixes_on(host: Host, grants: Iterable[Grant]) -> tuple[str, ...]:
    scopes = (grant.scope for grant in grants)
    return tuple(
        {
            scope.url.path: None
            for scope in scopes
            if isinstance(scope, PrefixScope) and scope.url.host == host
        }
    )


def _parts_on(host: Host, service: Service) -> tuple[UrlPattern, ...]:
    return tuple(each for each in service.urls if each.is_on(host))


class _Pages:
    """Makes paths and queries inside what is covered, and outside of everything else."""

    def __init__(self, parts: set[UrlPattern], below: set[str], other: Iterable[str]) -> None:
        self._parts = parts
        self._below = below
        paths = {*below, *other, *(part.path for part in parts)}
        values = (each.value for part in parts for each in part.parameters)
        known = "".join((*map(as_served, paths), *values))
        # What holds this character equals, and lies below, nothing that is named.
        self.fresh = quote(next(chr(each) for each in _PRIVATE_USE if chr(each) not in known))
        self._slashes = "/" * (1 + max(len(path) - len(path.lstrip("/")) for path in paths))

    def of_prefixes(self) -> set[Page]:
        """Return each prefix itself, and a page below it that no other names."""
        return {(path, None) for prefix in self._below for path in self._at_and_below(prefix)}

    def of_patterns(self) -> set[Page]:
        """Return pages that each pattern covers, with as little of a query as it asks."""
        pages: set[Page] = set()
        for part in self._parts:
            asked = _query_of((part,), self.fresh)
            spelled = self._otherwise_spelled(part)
            pages |= set(product((*self._in_path_of(part), spelled), (None, asked)))
            pages.add((spelled, _asked_twice(part, asked, self.fresh)))
        return pages

    def of_grants_together(self, granted: tuple[tuple[UrlPattern, ...], ...]) -> Iterator[Page]:
        """Yield pages that grants for several services, or for a prefix too, cover at once."""
        paths = {path for prefix in self._below for path in self._at_and_below(prefix)}
        paths.update(*(self._in_path_of(part) for parts in granted for part in parts))
        for path in paths:
            # Of each service one part that the path lies in is enough to be covered, or none.
            choices = [
                (None, *(each for each in parts if each.parameters and each.covers_path(path)))
                for parts in granted
            ]
            for chosen in product(*choices):
                yield path, _query_of(filter(None, chosen), self.fresh)

    def _in_path_of(self, part: UrlPattern) -> Iterator[str]:
        if part.is_open_ended:
            yield from (part.path, part.path + self.fresh)
        else:
            yield from self._at_and_below(part.path)

    def _at_and_below(self, prefix: str) -> Iterator[str]:
        bare = prefix.rstrip("/")
        yield from (bare or "/", f"{bare}/{self.fresh}")

    def _otherwise_spelled(self, part: UrlPattern) -> str:
        """Return a path in *part* that no page or prefix covers: it has more slashes than any."""
        end = self.fresh if part.is_open_ended else f"/{self.fresh}"
        return self._slashes + part.path.strip("/") + end


def _query_of(parts: Iterable[UrlPattern], fresh: str) -> str | None:
    """Return a query that has what *parts* ask, and no more."""
    wanted = dict.fromkeys(
        f"{quote(each.name, safe='')}={quote(each.value, safe='')}" + fresh * each.is_open_ended
        for part in parts
        for each in part.parameters
    )
    return "&".join(wanted) or None


def _asked_twice(part: UrlPattern, asked: str | None, fresh: str) -> str | None:
    """Return a query that has what *part* asks and, by other readings, has not: none opens it."""
    if asked is None:
        return None
    again = (f"{quote(each.name, safe='')}={fresh}" for each in part.parameters)
    return "&".join((asked, *again))
