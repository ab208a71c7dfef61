"""What exists on the internet, as a policy sees it: services, lists, help lines, essentials."""

import msgspec

from schoolgate_policyd.core.names import (
    Host,
    Url,
    as_served,
    as_served_without_parameters,
)

_LENIENT_READINGS = (as_served, as_served_without_parameters)


class UrlPattern(msgspec.Struct, frozen=True):
    """
    A part of a host: every URL of *host* (that host alone) whose path is *path* or lies below it.

    `mumsnet.com/talk` covers `/talk` and `/talk/x`, not `/talkative`; ports make no difference.
    """

    host: Host
    path: str

    def covers(self, url: Url) -> bool:
        """Whether *url* lies in this part of the host."""
        return url.host == self.host and is_part_blocked(url.path, self.path)


def is_path_within(path: str, prefix: str) -> bool:
    """Whether *path* is *prefix* or lies below it, segment by segment."""
    bare = prefix.rstrip("/")
    return path == bare or path.startswith(bare + "/")


def is_part_blocked(path: str, prefix: str) -> bool:
    """Whether *path* lies in a blocked part, as written or as a lenient server reads it."""
    return is_path_within(path, prefix) or any(
        is_path_within(read(path), prefix.lower()) for read in _LENIENT_READINGS
    )


def is_part_opened(path: str, prefix: str) -> bool:
    """Whether *path* lies in an opened part, as written and as a lenient server reads it."""
    return is_path_within(path, prefix) and all(
        is_path_within(read(path), read(prefix)) for read in _LENIENT_READINGS
    )


class Service(msgspec.Struct, frozen=True):
    """
    A product on the internet (TikTok).

    *domains* are its own, each with everything under it except what *excluding* names;
    *companions* are hosts of others that it needs: a rule about the service does not block them,
    a grant for the service opens them. *minimum_age* is in years, by the service's own terms.
    """

    id: str
    name: str
    category: str
    domains: tuple[Host, ...] = ()
    excluding: tuple[Host, ...] = ()
    companions: tuple[Host, ...] = ()
    urls: tuple[UrlPattern, ...] = ()
    minimum_age: int | None = None

    def has_host(self, host: Host) -> bool:
        """Whether every URL of *host* belongs to this service."""
        return any(host.is_under(domain) for domain in self.domains) and not any(
            host.is_under(excluded) for excluded in self.excluding
        )

    def has_url(self, url: Url) -> bool:
        """Whether *url* belongs to this service."""
        return self.has_host(url.host) or any(pattern.covers(url) for pattern in self.urls)

    def needs(self, host: Host) -> bool:
        """Whether *host* is one of its companions."""
        return any(host.is_under(companion) for companion in self.companions)


class DomainList(msgspec.Struct, frozen=True):
    """A named list of hosts, each with everything under it, of one category (adult, vpn)."""

    id: str
    category: str
    domains: tuple[Host, ...]

    def has_host(self, host: Host) -> bool:
        """Whether *host* is on the list."""
        return any(host.is_under(domain) for domain in self.domains)


class Category(msgspec.Struct, frozen=True):
    """A kind of service or list; *is_circumvention* marks tools to get round the filter."""

    id: str
    name: str
    is_circumvention: bool = False


class HelpLine(msgspec.Struct, frozen=True):
    """Somebody to turn to; its hosts are never blocked and visits to them never recorded."""

    id: str
    name: str
    domains: tuple[Host, ...]
    phone: str | None = None
    about: str | None = None


class Catalogue(msgspec.Struct, frozen=True):
    """Everything that rules can name."""

    categories: tuple[Category, ...] = ()
    services: tuple[Service, ...] = ()
    lists: tuple[DomainList, ...] = ()
    help_lines: tuple[HelpLine, ...] = ()
    essentials: tuple[Host, ...] = ()
    never_inspected: tuple[Host, ...] = ()

    @property
    def services_by_id(self) -> dict[str, Service]:
        """The services, by id."""
        return {service.id: service for service in self.services}
