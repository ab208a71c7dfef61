"""What blocks and what lifts: rules, their conditions, grants and restrictions."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Duty, Subject
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.url_patterns import is_part_opened

EVERYTHING = "everything"
EVERYTHING_BUT_ESSENTIALS = "everything-but-essentials"
ADDRESS_LITERALS = "address-literals"
SOCIAL_MEDIA = "social-media"


class GrantKind(StrEnum):
    """What was permitted: by whom it is signed and for whom it can be."""

    ACCESS_GRANT = "access-grant"
    CURRICULUM_GRANT = "curriculum-grant"
    SUPERVISED_SESSION = "supervised-session"


class Condition(msgspec.Struct, frozen=True):
    """
    A conjunction of atoms; an atom that is None is not asked.

    *audience*, *duty*, *device*, *network*, *period*, *person* and *device_group* hold when the
    subject's is one of theirs; *platform* narrows *duty* to these services; *own_hours* and
    *overtime* compare with the claim; *year_groups* is inclusive; *below_minimum_age* holds for
    an unknown age too; *standing* holds when every one named is in force.
    """

    audience: frozenset[Audience] | None = None
    duty: frozenset[Duty] | None = None
    platform: frozenset[str] | None = None
    device: frozenset[DeviceKind] | None = None
    network: frozenset[str] | None = None
    period: frozenset[Period] | None = None
    own_hours: bool | None = None
    overtime: bool | None = None
    year_groups: tuple[int, int] | None = None
    below_minimum_age: bool | None = None
    standing: frozenset[str] | None = None
    person: frozenset[str] | None = None
    device_group: frozenset[str] | None = None


class Citation(msgspec.Struct, frozen=True):
    """Where a rule comes from: a document's title and a section; *is_ours* when no clause asks."""

    document: str
    section: str
    is_ours: bool = False

    def __str__(self) -> str:
        return f"{self.document}, {self.section}" + (" (Schoolgate's choice)" * self.is_ours)


class Rule(msgspec.Struct, frozen=True):
    """
    One statement "block X for Y unless Z", citing a clause.

    *block* are service, category or list ids, already without presets' words like social-media,
    or the words EVERYTHING, EVERYTHING_BUT_ESSENTIALS, ADDRESS_LITERALS. *applies_to* holds when
    any of its conditions does. A *locked* rule names no kind in *lifted_by*.
    """

    id: str
    block: frozenset[str]
    applies_to: tuple[Condition, ...]
    cite: Citation
    unless: tuple[Condition, ...] = ()
    lifted_by: frozenset[GrantKind] = frozenset()
    locked: bool = False
    is_open_uninspected: bool = False
    topic: str = ""

    def __post_init__(self) -> None:
        if self.locked and self.lifted_by:
            raise ValueError(f"rule `{self.id}` is locked, so nothing can lift it")


class PageScope(msgspec.Struct, frozen=True, tag="page"):
    """Exactly one page: host, port, path and query; over http or https."""

    url: Url

    def covers(self, url: Url, _: Mapping[str, Service]) -> bool:
        """Whether *url* is that page."""
        mine = self.url
        return (url.host, url.port, url.path, url.query) == (
            mine.host,
            mine.port,
            mine.path,
            mine.query,
        )


class PrefixScope(msgspec.Struct, frozen=True, tag="prefix"):
    """A part of a site: one host and port, the URL's path and everything below it."""

    url: Url

    def covers(self, url: Url, _: Mapping[str, Service]) -> bool:
        """Whether *url* lies in that part."""
        mine = self.url
        return (url.host, url.port) == (mine.host, mine.port) and is_part_opened(
            url.path, mine.path
        )


class HostScope(msgspec.Struct, frozen=True, tag="host"):
    """A whole site: a host and everything under it."""

    host: Host

    def covers(self, url: Url, _: Mapping[str, Service]) -> bool:
        """Whether *url* is on the site."""
        return url.host.is_under(self.host)


class ServiceScope(msgspec.Struct, frozen=True, tag="service"):
    """A whole service with its companions."""

    service: str

    def covers(self, url: Url, services: Mapping[str, Service]) -> bool:
        """Whether *url* belongs to the service or is a companion of it."""
        service = services.get(self.service)
        return service is not None and (service.has_url(url) or service.needs(url.host))

    def opens(self, url: Url, by: Service | None, services: Mapping[str, Service]) -> bool:
        """Whether *url*, which is covered, is opened for a rule that speaks of it by *by*."""
        service = services[self.service]
        return (
            (by is not None and by.id == self.service)
            or service.has_host(url.host)
            or service.needs(url.host)
            or any(pattern.opens(url) for pattern in service.urls)
        )


class EverythingScope(msgspec.Struct, frozen=True, tag="everything"):
    """Everything: for a supervised session alone, which lifts what its kind is named by."""

    def covers(self, _: Url, __: Mapping[str, Service]) -> bool:
        """Whether the URL is covered: each is."""
        return True


Scope = PageScope | PrefixScope | HostScope | ServiceScope | EverythingScope


class Grant(msgspec.Struct, frozen=True):
    """
    A time-limited, scoped permission of one kind, live on [starts_at, ends_at) (aware).

    It is for whoever is one of *people*, in one of *classes* or on a device of one of *groups*.
    """

    id: str
    kind: GrantKind
    scope: Scope
    starts_at: datetime
    ends_at: datetime
    people: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    device_groups: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        # What a supervised session opens is what a restriction closed; any other kind of so wide
        # a scope would open every page that its kind can lift.
        is_supervised = self.kind is GrantKind.SUPERVISED_SESSION
        if isinstance(self.scope, EverythingScope) and not is_supervised:
            raise ValueError(f"grant `{self.id}`: only a supervised session is for everything")

    def is_live_at(self, moment: datetime) -> bool:
        """Whether *moment* (aware) is in the grant's time."""
        return self.starts_at <= moment < self.ends_at

    def is_for(self, subject: Subject) -> bool:
        """Whether the grant is for *subject*."""
        return (
            subject.person in self.people
            or not self.classes.isdisjoint(subject.classes)
            or not self.device_groups.isdisjoint(subject.device_groups)
        )


def lifts(
    grant: Grant, rule: Rule, url: Url, by: Service | None, services: Mapping[str, Service]
) -> bool:
    """
    Whether *grant* lifts *rule*, which speaks of *url* by the service *by*.

    A spelling that one server reads as a part of a granted service, and another as a page beside
    it, opens what is said of that service alone.
    """
    scope = grant.scope
    if grant.kind not in rule.lifted_by or not scope.covers(url, services):
        return False
    return not isinstance(scope, ServiceScope) or scope.opens(url, by, services)


class RestrictionKind(StrEnum):
    """What is withdrawn from a person."""

    SUPERVISED_ONLY = "supervised-only"
    WITHDRAWN_SERVICE = "withdrawn-service"


class Restriction(msgspec.Struct, frozen=True):
    """
    A rule about one person, or the devices assigned to them, on [starts_at, ends_at).

    What is withdrawn is a *service* (or a category), or a *site*: a host and everything under it.
    """

    id: str
    kind: RestrictionKind
    starts_at: datetime
    ends_at: datetime
    cite: Citation
    person: str | None = None
    device_groups: frozenset[str] = frozenset()
    service: str | None = None
    site: Host | None = None


SCHOOL_DEVICES = frozenset({DeviceKind.SCHOOL_COMPUTER, DeviceKind.SCHOOL_MOBILE})


def withdrawn_word(restriction: Restriction) -> str:
    """Return the word that a withdrawn site is blocked by; no id in a rule file has a colon."""
    return f"withdrawn:{restriction.id}"


def rule_of(restriction: Restriction) -> Rule:
    """Return the rule that a restriction is while it lasts."""
    who = []
    devices = SCHOOL_DEVICES if restriction.kind is RestrictionKind.SUPERVISED_ONLY else None
    if restriction.person is not None:
        who.append(Condition(person=frozenset({restriction.person}), device=devices))
    if restriction.device_groups:
        who.append(Condition(device_group=restriction.device_groups, device=devices))
    withdrawn = restriction.kind is RestrictionKind.WITHDRAWN_SERVICE
    what = EVERYTHING
    if withdrawn and restriction.site is not None:
        what = withdrawn_word(restriction)
    elif withdrawn:
        what = restriction.service or EVERYTHING
    return Rule(
        id=f"restriction-{restriction.id}",
        block=frozenset({what}),
        applies_to=tuple(who),
        cite=restriction.cite,
        lifted_by=frozenset() if withdrawn else frozenset({GrantKind.SUPERVISED_SESSION}),
        topic="restriction",
    )
