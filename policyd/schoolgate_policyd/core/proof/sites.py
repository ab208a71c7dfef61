"""
Everything on the internet as a policy sees it: sites of which the same rules speak are one class.

Of each class one site is looked at, a service's own domain where there is one, so that what is
found can be told in words. A site has parts where rules speak of some of its pages alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.matching import Matched
from schoolgate_policyd.core.names import AddressLiteral, DomainName, Host, Url
from schoolgate_policyd.core.proof.asked import Asked, asked_by, asked_by_all, asks_of_the_service
from schoolgate_policyd.core.rules import Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.witnesses import witnesses

UNLISTED = DomainName("a-site-that-no-list-names.example")
UNLISTED_ADDRESS = AddressLiteral("192.0.2.1")  # RFC 5737: nobody's
ON_A_LIST = DomainName("a-name-of-a-large-list.example")

StandIn = tuple[str, int | None]
"""A name and a minimum age: all that rules can tell of a service."""

Pair = tuple[str, StandIn | None]
"""A rule's id and the stand-in of the service by which it matches, where that matters."""

Found = tuple[Rule, Service | None]
OnUrl = tuple[Url, list[list[Found]]]


class OneNameEach:
    """
    Stands in for the table of large lists, with one name on each.

    Which names are on them is not known to a proof, and changes every day. A name on several
    lists, or on a list and of a service, is spoken of by more rules: that never opens it.
    """

    def lists_of(self, host: Host) -> tuple[str, ...]:
        """Return the list of which *host* is the name."""
        if not host.is_under(ON_A_LIST):
            return ()
        return (host.text.removesuffix(f".{ON_A_LIST}"),)


class Part(msgspec.Struct, frozen=True):
    """Some pages of a site, with the pairs that speak of them by each policy."""

    url: Url
    pairs: tuple[frozenset[Pair], ...]
    services: tuple[Service, ...]

    @property
    def name(self) -> str:
        """How a reader knows it."""
        if self.url.host == UNLISTED:
            return "a site that no list names"
        if self.url.host == UNLISTED_ADDRESS:
            return f"a site by its number ({self.url.host})"
        if self.url.host.is_under(ON_A_LIST):
            return f"a name on the list {self.url.host.text.removesuffix(f'.{ON_A_LIST}')}"
        bare = f"{self.url.host}{self.url.path.rstrip('/')}"
        return f"{self.services[0].name} ({bare})" if self.services else bare


class Site(msgspec.Struct, frozen=True):
    """
    A class of sites, with one of them as witness; *count* names are alike.

    *actual* are the ids of the services that stand-ins in *parts* stand for here.
    *is_help_line* says so for each policy. *is_listed*: a service or a list names it.
    """

    host: Host
    parts: tuple[Part, ...]
    asked: Asked
    actual: Mapping[str, str]
    is_essential: bool
    is_help_line: tuple[bool, ...]
    is_listed: bool
    count: int = 1


class Sites:
    """The classes of sites that the policies of *snapshots*, one or two, tell apart."""

    def __init__(self, snapshots: tuple[Snapshot, ...]) -> None:
        self._snapshots = snapshots
        self.rules = tuple(
            {rule.id: rule for rule in snapshot.source.policy.rules} for snapshot in snapshots
        )
        self._is_service_asked = tuple(
            {id_: asks_of_the_service(asked_by(rule)) for id_, rule in rules.items()}
            for rules in self.rules
        )
        self._asked_together: dict[frozenset[tuple[int, str]], Asked] = {}
        everything = asked_by_all(rule for rules in self.rules for rule in rules.values())
        self._asks_age = "below_minimum_age" in everything.atoms
        self._platforms = everything.platforms
        self.year_groups = everything.year_groups
        self._stand_ins: dict[StandIn, Service] = {}
        self.names = 0

    def classes(self) -> tuple[Site, ...]:
        """Return one site of each class."""
        found: dict[object, Site] = {}
        catalogues = [each.source.policy.catalogue for each in self._snapshots]
        essentials = {name for each in catalogues for name in each.essentials}
        for host in dict.fromkeys(name for each in catalogues for name in _names(each)):
            self.names += 1
            site = self._site(host, is_essential=host in essentials)
            key = (
                frozenset(part.pairs for part in site.parts),
                site.is_essential,
                site.is_help_line,
                site.is_listed,
            )
            known = found.setdefault(key, site)
            if known is not site:
                found[key] = msgspec.structs.replace(known, count=known.count + 1)
        return tuple(found.values())

    def pairs_of(self, part: Part, side: int) -> Iterator[Found]:
        """Yield the rules of policy *side* that speak of *part*, with their stand-ins."""
        for rule, service in part.pairs[side]:
            yield self.rules[side][rule], None if service is None else self._stand_ins[service]

    def _site(self, host: Host, *, is_essential: bool) -> Site:
        matches = [snapshot.match(host) for snapshot in self._snapshots]
        found = [
            (url, [list(pairs_on(url, each)) for each in matches]) for url in _urls(host, matches)
        ]
        asking = frozenset(
            (side, rule.id)
            for _, sides in found
            for side, on in enumerate(sides)
            for rule, _ in on
        )
        names = self._names_for(
            service
            for _, sides in found
            for side, on in enumerate(sides)
            for rule, service in on
            if service is not None and self._is_service_asked[side][rule.id]
        )
        stand_ins = sorted((e for e in self._stand_ins if e[0] in names.values()), key=repr)
        return Site(
            host=host,
            parts=tuple(self._parts(found, names)),
            asked=msgspec.structs.replace(
                self._asked_by(asking), services=tuple(self._stand_ins[key] for key in stand_ins)
            ),
            actual={name: service for service, name in names.items()},
            is_essential=is_essential,
            is_help_line=tuple(each.is_help_line for each in matches),
            is_listed=any(each.services or each.categories for each in matches),
        )

    def _asked_by(self, asking: frozenset[tuple[int, str]]) -> Asked:
        if asking not in self._asked_together:
            asked = asked_by_all(self.rules[side][rule] for side, rule in asking)
            self._asked_together[asking] = asked
        return self._asked_together[asking]

    def _parts(self, found: Iterable[OnUrl], names: Mapping[str, str]) -> Iterable[Part]:
        """Return a part for each different set of pairs."""
        parts: dict[object, Part] = {}
        for url, sides in found:
            pairs = tuple(
                frozenset((rule.id, self._stand_in(rule, by, side, names)) for rule, by in on)
                for side, on in enumerate(sides)
            )
            services = {by.id: by for on in sides for _, by in on if by is not None}
            parts.setdefault(pairs, Part(url, pairs, tuple(services.values())))
        return parts.values()

    def _stand_in(
        self, rule: Rule, service: Service | None, side: int, names: Mapping[str, str]
    ) -> StandIn | None:
        if service is None or not self._is_service_asked[side][rule.id]:
            return None
        return names[service.id], self._age(service)

    def _age(self, service: Service) -> int | None:
        return service.minimum_age if self._asks_age else None

    def _names_for(self, services: Iterable[Service]) -> dict[str, str]:
        """
        Return the name of a stand-in for each of *services*, and make those there are not yet.

        Services that rules cannot tell apart have the same stand-in on different sites.
        """
        ages: dict[str, set[int | None]] = {}
        for service in services:
            ages.setdefault(service.id, set()).add(self._age(service))
        names: dict[str, str] = {}
        for id_ in sorted(ages):
            known = ", ".join(sorted(map(str, ages[id_])))
            # No service's id has a space in it, so a stand-in has nobody's.
            alike = (f"service {number} from {known}" for number in count())
            taken = {*names.values()}
            name = id_ if id_ in self._platforms else next(e for e in alike if e not in taken)
            names[id_] = name
            for age in ages[id_]:
                stand_in = Service(id=name, name=name, category="", minimum_age=age)
                self._stand_ins.setdefault((name, age), stand_in)
        return names


def _urls(host: Host, matches: Sequence[Matched]) -> list[Url]:
    patterns = {pattern for matched in matches for pattern, _, _ in matched.parts}
    root = Url(scheme="https", host=host, port=None, path="/")
    return witnesses(host, patterns, (), {}) if patterns else [root]


def pairs_on(url: Url, matched: Matched) -> Iterator[Found]:
    """Yield the rules that speak of *url*, each with the service by which it does."""
    yield from matched.whole
    for pattern, rule, service in matched.parts:
        if pattern.covers_page(url):
            yield rule, service


def _names(catalogue: Catalogue) -> Iterator[Host]:
    """
    Yield every name of *catalogue*, and one below each that may differ from it.

    What readers know comes first: the main domains of services, those with the most domains
    before the others, because they are the best known.
    """
    services = sorted(catalogue.services, key=lambda each: -len(each.domains))
    yield from (each.domains[0] for each in services if each.domains)
    for service in services:
        yield from (*service.domains, *service.excluding, *service.companions)
        for pattern in service.urls:
            yield pattern.host
            # A pattern speaks of its host alone, or of those below it alone.
            if isinstance(pattern.host, DomainName):
                yield DomainName(f"{UNLISTED.labels[0]}.{pattern.host}")
    yield from (name for each in catalogue.lists for name in each.domains)
    yield from (name for each in catalogue.help_lines for name in each.domains)
    yield from (DomainName(f"{each.id}.{ON_A_LIST}") for each in catalogue.large_lists)
    yield from (*catalogue.essentials, *catalogue.never_inspected, UNLISTED, UNLISTED_ADDRESS)
