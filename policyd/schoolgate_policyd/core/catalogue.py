"""What exists on the internet, as a policy sees it: services, lists, help lines, essentials."""

import msgspec

from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.safe_search import SearchService
from schoolgate_policyd.core.url_patterns import UrlPattern


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
    """
    A named list of hosts, each with everything under it, of one category (adult, vpn).

    One that *spares_essentials* leaves them open, and what is under them.
    """

    id: str
    category: str
    domains: tuple[Host, ...]
    spares_essentials: bool = False

    def has_host(self, host: Host) -> bool:
        """Whether *host* is on the list."""
        return any(host.is_under(domain) for domain in self.domains)


class LargeList(msgspec.Struct, frozen=True, gc=False):
    """
    A list of names by the million, of one category; the names are in the catalogue's table.

    A list that is not *locked* leaves the essentials open, and what is under them: it is somebody
    else's, and no slip in it closes a lesson site. A locked one spares help lines alone.
    """

    id: str
    category: str
    locked: bool = False


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
    """
    Everything that rules can name.

    *name_table* is the digest of the compiled file with the names of *large_lists*; None while
    none of them was ever loaded.
    """

    categories: tuple[Category, ...] = ()
    services: tuple[Service, ...] = ()
    lists: tuple[DomainList, ...] = ()
    help_lines: tuple[HelpLine, ...] = ()
    essentials: tuple[Host, ...] = ()
    never_inspected: tuple[Host, ...] = ()
    large_lists: tuple[LargeList, ...] = ()
    search_services: tuple[SearchService, ...] = ()
    name_table: str | None = None

    @property
    def services_by_id(self) -> dict[str, Service]:
        """The services, by id."""
        return {service.id: service for service in self.services}
