"""
Which URLs stand for all the URLs of a host.

Paths and grants divide the URLs of a host into finitely many parts inside which nothing
distinguishes one URL from another. One witness from each part decides the host: if all are
allowed so is every URL, if all are blocked so is every URL, otherwise it depends (law 3).
"""

from collections.abc import Iterable, Mapping
from itertools import product

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.rules import Grant, HostScope, PageScope, PrefixScope, ServiceScope

_UNLIKELY_PORT = 1  # tcpmux: stands for every port that no grant names


def witnesses(
    host: Host,
    prefixes: Iterable[str],
    grants: Iterable[Grant],
    services: Mapping[str, Service],
) -> list[Url]:
    """
    Return URLs of *host*, at least one from each part that differs.

    *prefixes* are the paths of URL patterns that matter for the host; *grants* those whose
    scope may name a part of it; *services* are those of the catalogue, by id.
    """
    parts = set(prefixes)
    below: set[str] = {"/"}
    pages: set[tuple[str, str | None]] = set()
    ports: set[int | None] = {None}
    for grant in grants:
        match grant.scope:
            case PageScope(url) if url.host == host:
                pages.add((url.path, url.query))
                ports |= {url.port, _UNLIKELY_PORT}
            case PrefixScope(url) if url.host == host:
                below.add(url.path)
                ports |= {url.port, _UNLIKELY_PORT}
            case ServiceScope(service) if service in services:
                parts |= {each.path for each in services[service].urls if each.host == host}
            # Other hosts' parts and whole hosts divide nothing here. A new scope breaks the build.
            case PageScope() | PrefixScope() | HostScope() | ServiceScope():  # pragma: no branch
                pass
    below |= parts
    # A segment longer than every path in question is a prefix of none of them.
    fresh = "w" * (1 + max(len(path) for path in (*below, *(path for path, _ in pages))))
    for prefix in below:
        bare = prefix.rstrip("/")
        pages |= {(bare or "/", None), (f"{bare}/{fresh}", None)}
    # A part has other spellings, which no page or prefix covers: more slashes than any has.
    pages |= {("/" * len(fresh) + part.strip("/") + f"/{fresh}", None) for part in parts}
    ordered = sorted(pages, key=lambda page: (page[0], page[1] or ""))
    return [
        Url(scheme="https", host=host, port=port, path=path, query=query)
        for (path, query), port in product(ordered, sorted(ports, key=lambda port: port or 0))
    ]
