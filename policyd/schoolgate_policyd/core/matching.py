"""
Which rules speak of a host: the catalogue as an index, and what is found in it.

A host is looked up by its own name and every name above it; so is each CNAME target behind it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue, DomainList, LargeList, Service
from schoolgate_policyd.core.listed import Listed
from schoolgate_policyd.core.names import AddressLiteral, Host, Url
from schoolgate_policyd.core.rules import (
    ADDRESS_LITERALS,
    EVERYTHING,
    EVERYTHING_BUT_ESSENTIALS,
    Rule,
)
from schoolgate_policyd.core.url_patterns import UrlPattern

Cells = tuple[tuple["Cell", bool], ...]
Step = tuple[Cells, tuple[LargeList, ...]]


class Cell:
    """What the catalogue says at one name."""

    __slots__ = (
        "excluded_from",
        "is_essential",
        "is_help_line",
        "is_never_inspected",
        "lists",
        "parts",
        "services",
    )

    def __init__(self) -> None:
        self.services: tuple[Service, ...] = ()
        self.excluded_from: frozenset[str] = frozenset()
        self.parts: tuple[tuple[UrlPattern, Service], ...] = ()
        self.lists: tuple[DomainList, ...] = ()
        self.is_help_line = False
        self.is_essential = False
        self.is_never_inspected = False


def indexed_parts(catalogue: Catalogue) -> tuple[object, ...]:
    """Return the parts of *catalogue* that its index is made of, and of nothing else."""
    return (
        catalogue.services,
        catalogue.lists,
        catalogue.help_lines,
        catalogue.essentials,
        catalogue.never_inspected,
    )


def index_of(catalogue: Catalogue) -> dict[str, Cell]:
    """Return what *catalogue* says at each name."""
    cells = defaultdict[str, Cell](Cell)
    for service in catalogue.services:
        for domain in service.domains:
            cells[domain.text].services += (service,)
        for domain in service.excluding:
            cells[domain.text].excluded_from |= {service.id}
        for pattern in service.urls:
            cells[pattern.host.text].parts += ((pattern, service),)
    for listed in catalogue.lists:
        for domain in listed.domains:
            cells[domain.text].lists += (listed,)
    _index_the_spared(catalogue, cells)
    return dict(cells)


def _index_the_spared(catalogue: Catalogue, cells: dict[str, Cell]) -> None:
    for domain in (each for line in catalogue.help_lines for each in line.domains):
        cells[domain.text].is_help_line = True
    for domain in catalogue.essentials:
        cells[domain.text].is_essential = True
    for domain in catalogue.never_inspected:
        cells[domain.text].is_never_inspected = True


class Matched(msgspec.Struct, frozen=True, eq=False, gc=False):
    """
    Every rule that speaks of a host, its CNAME targets included.

    *whole* block every URL of it, *parts* those that a pattern covers. A pair's service is the
    one by which the rule matches, for atoms that ask about a platform or a minimum age.
    *services* and *categories* are those of the whole host, *part_services* those of a part of
    it; *circumvention* are the categories that are ways round the filter.
    """

    whole: tuple[tuple[Rule, Service | None], ...]
    parts: tuple[tuple[UrlPattern, Rule, Service], ...]
    services: tuple[str, ...]
    part_services: tuple[tuple[UrlPattern, Service], ...]
    categories: tuple[str, ...]
    circumvention: frozenset[str]
    is_help_line: bool

    def services_of(self, url: Url | None) -> tuple[str, ...]:
        """Return the services that *url* is of, or those that some URL of the host is of."""
        parts = [each.id for each in self._covering(url)]
        return tuple(dict.fromkeys([*self.services, *parts]))

    def categories_of(self, url: Url | None) -> tuple[str, ...]:
        """Return the categories that *url* is of, or those that every URL of the host is of."""
        parts = [] if url is None else [each.category for each in self._covering(url)]
        return tuple(dict.fromkeys([*self.categories, *parts]))

    def is_circumvention(self, url: Url | None) -> bool:
        """Whether *url*, or every URL of the host, is a way round the filter."""
        return not self.circumvention.isdisjoint(self.categories_of(url))

    def _covering(self, url: Url | None) -> Iterator[Service]:
        for pattern, service in self.part_services:
            if url is None or pattern.covers_page(url):
                yield service


class Matcher:
    """Finds the rules that speak of a host; hosts alike get the same `Matched` object."""

    def __init__(
        self,
        cells: Mapping[str, Cell],
        listed: Listed,
        rules: Iterable[Rule],
        circumvention: frozenset[str],
        withdrawn: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._cells = cells
        # By name, the words of the sites that are withdrawn from somebody.
        self._withdrawn = withdrawn
        self._naming = listed.naming
        self._circumvention = circumvention
        self._rules_by_word = _rules_by_word(rules)
        self._known: dict[tuple[bool, tuple[Step, ...], tuple[str, ...]], Matched] = {}

    def match(self, host: Host, chain: tuple[Host, ...], limit: int) -> Matched:
        """Return what is found for *host* with the CNAME *chain*, remembering *limit* answers."""
        is_literal = isinstance(host, AddressLiteral)
        steps = (self._step(host), *map(self._step, chain)) if chain else (self._step(host),)
        withdrawn = self._withdrawn_from(host, chain) if self._withdrawn else ()
        key = (is_literal, steps, withdrawn)
        matched = self._known.get(key)
        if matched is None:
            if len(self._known) >= limit:
                self._known.clear()
            matched = self._known[key] = self._match(steps, withdrawn, is_literal=is_literal)
        return matched

    def forget(self) -> None:
        """Forget what was found."""
        self._known.clear()

    def _step(self, host: Host) -> Step:
        cells = self._cells
        # Whether the cell is the host's own: most URL patterns say nothing of the names below.
        return (
            tuple([(cells[name], name == host.text) for name in host.parents() if name in cells]),
            self._naming(host),
        )

    def _withdrawn_from(self, host: Host, chain: tuple[Host, ...]) -> tuple[str, ...]:
        names = (name for step in (host, *chain) for name in step.parents())
        found = (word for name in names for word in self._withdrawn.get(name, ()))
        return tuple(dict.fromkeys(found))

    def _match(
        self, steps_found: tuple[Step, ...], withdrawn: tuple[str, ...], *, is_literal: bool
    ) -> Matched:
        steps = [cells for cells, _ in steps_found]
        asked = [cell for cell, _ in steps[0]]
        words: list[tuple[str, Service | None]] = [(EVERYTHING, None)]
        if not _is_essential(steps[0]):
            words.append((EVERYTHING_BUT_ESSENTIALS, None))
        if is_literal:
            words.append((ADDRESS_LITERALS, None))
        words += [(word, None) for word in withdrawn]
        services = {each.id: each for step in steps for each in _services_of(step)}
        lists: list[DomainList | LargeList] = [*_lists_of(steps), *_large_lists_of(steps_found)]
        parts = [
            (pattern, service)
            for step in steps
            for cell, is_own in step
            for pattern, service in cell.parts
            if is_own or pattern.covers_subdomains
        ]
        for service in services.values():
            words += _words_of(service)
        for listed in lists:
            words += [(listed.id, None), (listed.category, None)]
        categories = dict.fromkeys(
            [service.category for service in services.values()]
            + [listed.category for listed in lists]
        )
        return Matched(
            whole=tuple(dict.fromkeys(self._ruled(words))),
            parts=tuple(
                (pattern, rule, service)
                for pattern, service in parts
                for rule in _unique_rules(self._ruled(_words_of(service)))
            ),
            services=tuple(services),
            part_services=tuple(parts),
            categories=tuple(categories),
            circumvention=self._circumvention,
            is_help_line=any(cell.is_help_line for cell in asked),
        )

    def _ruled(
        self, words: Iterable[tuple[str, Service | None]]
    ) -> Iterator[tuple[Rule, Service | None]]:
        for word, service in words:
            for rule in self._rules_by_word.get(word, ()):
                yield rule, service


def _words_of(service: Service) -> list[tuple[str, Service | None]]:
    return [(service.id, service), (service.category, service)]


def _unique_rules(pairs: Iterable[tuple[Rule, Service | None]]) -> Iterable[Rule]:
    return {rule.id: rule for rule, _ in pairs}.values()


def _lists_of(steps: list[Cells]) -> Iterator[DomainList]:
    """Yield the lists that name a step, of an essential only those that do not spare it."""
    # What is asked for spares all that is behind it: a lesson site stays open as a whole.
    is_asked_essential = _is_essential(steps[0])
    for step in steps:
        for cell, _ in step:
            for each in cell.lists:
                if not each.spares_essentials or not (is_asked_essential or _is_essential(step)):
                    yield each


def _large_lists_of(steps: tuple[Step, ...]) -> Iterator[LargeList]:
    """Yield the large lists that name a step, of an essential only those that are locked."""
    # What is asked for spares all that is behind it: a lesson site stays open as a whole.
    is_asked_essential = _is_essential(steps[0][0])
    for cells, lists in steps:
        for each in lists:
            if each.locked or not (is_asked_essential or _is_essential(cells)):
                yield each


def _is_essential(step: Cells) -> bool:
    return any(cell.is_essential for cell, _ in step)


def _services_of(step: Cells) -> Iterable[Service]:
    excluded = frozenset[str]().union(*(cell.excluded_from for cell, _ in step))
    for cell, _ in step:
        for service in cell.services:
            if service.id not in excluded:
                yield service


def _rules_by_word(rules: Iterable[Rule]) -> dict[str, tuple[Rule, ...]]:
    by_word: dict[str, dict[str, Rule]] = {}
    for rule in rules:
        for word in rule.block:
            by_word.setdefault(word, {})[rule.id] = rule
    return {word: tuple(rules.values()) for word, rules in by_word.items()}
