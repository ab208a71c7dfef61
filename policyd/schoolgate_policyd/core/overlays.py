"""
What is laid over a subject's class: the grants for them, and the restrictions about them.

Both are for few people and few sites. Wherever none of them could make a difference, a subject is
answered like everybody of their class.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.matching import Matched
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import (
    EverythingScope,
    Grant,
    GrantKind,
    HostScope,
    PageScope,
    PrefixScope,
    Rule,
    Scope,
    ServiceScope,
    rule_of,
)
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.url_patterns import UrlPattern

type Holder = tuple[str, str]

# Each memory is emptied when it is full: a flood of different subjects costs time, never memory.
MOST_REMEMBERED = 65_536


class Overlay(msgspec.Struct, frozen=True):
    """
    The *grants* for one subject and the ids of the *restrictions* about them.

    Live, past or to come: an overlay is the same at every moment.
    """

    grants: tuple[Grant, ...] = ()
    restrictions: frozenset[str] = frozenset()


class Rules(msgspec.Struct, frozen=True):
    """The rules on a host that can speak of a subject, as in `Matched`."""

    whole: tuple[tuple[Rule, Service | None], ...]
    parts: tuple[tuple[UrlPattern, Rule, Service], ...]

    @property
    def pairs(self) -> tuple[tuple[Rule, Service | None], ...]:
        """Every rule with the service by which it matches, those of parts last."""
        return (*self.whole, *((rule, service) for _, rule, service in self.parts))


NO_OVERLAY = Overlay()


class Overlays:
    """Whom the grants and restrictions of a live state are for, and of what they speak."""

    def __init__(
        self,
        live: Live,
        services: Mapping[str, Service],
        *,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        self._most_remembered = most_remembered
        self._services = services
        self._grants = _grants_by_holder(live.grants)
        self._restrictions = _restrictions_by_holder(map(rule_of, live.restrictions))
        self.restrictions = frozenset(rule_of(each).id for each in live.restrictions)
        self._is_empty = not self._grants and not self._restrictions
        self._known: dict[Subject, Overlay] = {}
        self._touching: dict[tuple[Subject, Matched, Host], Overlay] = {}

    def of(self, subject: Subject) -> Overlay:
        """Return what is laid over *subject*."""
        found = self._known.get(subject)
        if found is None:
            if len(self._known) >= self._most_remembered:
                self._known.clear()
            found = self._known[subject] = self._overlay(subject)
        return found

    def touching(self, subject: Subject, host: Host, matched: Matched) -> Overlay:
        """Return what of *subject*'s overlay could make a difference on *host*."""
        if self._is_empty:
            return NO_OVERLAY
        overlay = self.of(subject)
        if overlay is NO_OVERLAY or matched.is_help_line:
            return NO_OVERLAY
        key = (subject, matched, host)
        found = self._touching.get(key)
        if found is None:
            if len(self._touching) >= self._most_remembered:
                self._touching.clear()
            found = self._touching[key] = self._part_on(overlay, host, matched)
        return found

    def forget(self) -> None:
        """Forget what was found."""
        self._known.clear()
        self._touching.clear()

    def _part_on(self, overlay: Overlay, host: Host, matched: Matched) -> Overlay:
        on_host = [each for each in overlay.grants if self._reaches(each.scope, host)]
        if not on_host and not overlay.restrictions:
            return NO_OVERLAY
        rules = [rule for rule, _ in self.rules_on(matched, overlay.restrictions).pairs]
        lifted_by = frozenset[GrantKind]().union(*(rule.lifted_by for rule in rules))
        grants = tuple(each for each in on_host if each.kind in lifted_by)
        restrictions = overlay.restrictions & {rule.id for rule in rules}
        return Overlay(grants, restrictions) if grants or restrictions else NO_OVERLAY

    def rules_on(self, matched: Matched, own: frozenset[str]) -> Rules:
        """Return the rules in *matched* but the restrictions of others than *own*."""
        if not self.restrictions:
            return Rules(matched.whole, matched.parts)
        others = self.restrictions - own
        return Rules(
            tuple(pair for pair in matched.whole if pair[0].id not in others),
            tuple(part for part in matched.parts if part[1].id not in others),
        )

    def _overlay(self, subject: Subject) -> Overlay:
        holders = list(_holders_of(subject))
        grants = {grant.id: grant for holder in holders for grant in self._grants.get(holder, ())}
        restrictions = frozenset(
            rule.id
            for holder in holders
            for rule in self._restrictions.get(holder, ())
            if _speaks_of(rule, subject)
        )
        return (
            Overlay(tuple(grants.values()), restrictions) if grants or restrictions else NO_OVERLAY
        )

    def _reaches(self, scope: Scope, host: Host) -> bool:
        """Whether *scope* covers some URL of *host*."""
        match scope:
            case PageScope(url) | PrefixScope(url):
                return url.host == host
            case HostScope(above):
                return host.is_under(above)
            case ServiceScope(service):
                return service in self._services and _is_on(self._services[service], host)
            # A new scope breaks the build.
            case EverythingScope():  # pragma: no branch
                return True


def _is_on(service: Service, host: Host) -> bool:
    """Whether some URL of *host* belongs to *service*, or is a companion of it."""
    return (
        service.has_host(host)
        or service.needs(host)
        or any(pattern.is_on(host) for pattern in service.urls)
    )


def _speaks_of(rule: Rule, subject: Subject) -> bool:
    """Whether a restriction's *rule*, which asks nothing of the time, is about *subject*."""
    facts = Facts(
        subject=subject,
        period=Period.CLOSED,
        is_in_own_hours=False,
        is_on_overtime=False,
        standing=frozenset(),
    )
    return conditions.applies(rule, facts, None)


def _holders_of(subject: Subject) -> Iterator[Holder]:
    """Yield as what *subject* holds grants, and is spoken of."""
    yield from (("class", each) for each in subject.classes)
    yield from (("group", each) for each in subject.device_groups)
    if subject.person is not None:
        yield ("person", subject.person)


def _grants_by_holder(grants: Iterable[Grant]) -> dict[Holder, list[Grant]]:
    by_holder: dict[Holder, list[Grant]] = {}
    for grant in grants:
        holders: list[Holder] = [("person", each) for each in grant.people]
        holders += [("class", each) for each in grant.classes]
        holders += [("group", each) for each in grant.device_groups]
        for holder in holders:
            by_holder.setdefault(holder, []).append(grant)
    return by_holder


def _restrictions_by_holder(rules: Iterable[Rule]) -> dict[Holder, list[Rule]]:
    by_holder: dict[Holder, list[Rule]] = {}
    for rule in rules:
        for condition in rule.applies_to:
            holders: list[Holder] = [("person", each) for each in condition.person or ()]
            holders += [("group", each) for each in condition.device_group or ()]
            for holder in holders:
                by_holder.setdefault(holder, []).append(rule)
    return by_holder
