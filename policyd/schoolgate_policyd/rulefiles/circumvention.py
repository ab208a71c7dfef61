"""Ways round the filter stay shut, whatever a rule file says: what loading asks for."""

from collections.abc import Iterable, Iterator

from schoolgate_policyd.core.catalogue import Category, DomainList, Service
from schoolgate_policyd.core.names import DomainName, Host
from schoolgate_policyd.core.rules import EVERYTHING, Condition, Rule


class WaysRound:
    """The hosts of services and lists whose category is a way round the filter."""

    def __init__(
        self,
        categories: Iterable[Category],
        services: Iterable[Service],
        lists: Iterable[DomainList],
    ) -> None:
        ids = {each.id for each in categories if each.is_circumvention}
        self._hosts: dict[str, Host] = {}
        self._above: dict[str, Host] = {}
        for host, is_whole in _hosts_of(ids, services, lists):
            if is_whole:
                self._hosts[host.text] = host
            for name in host.parents():
                self._above.setdefault(name, host)

    def opened_by(self, domain: DomainName) -> Host | None:
        """Return a way round that would open if *domain*, with all under it, were never shut."""
        below = self._above.get(domain.text)
        if below is not None:
            return below
        names = (self._hosts.get(name) for name in domain.parents())
        return next((host for host in names if host is not None), None)


def unlocked(rules: Iterable[Rule], categories: Iterable[Category]) -> tuple[str, ...]:
    """Return the ways round, by category, that no locked rule shuts for everybody at all times."""
    everybody = Condition()
    shut: set[str] = set()
    for rule in rules:
        if rule.locked and everybody in rule.applies_to and not rule.unless:
            shut |= rule.block
    ids = (each.id for each in categories if each.is_circumvention)
    return tuple(id_ for id_ in ids if id_ not in shut and EVERYTHING not in shut)


def _hosts_of(
    ids: set[str], services: Iterable[Service], lists: Iterable[DomainList]
) -> Iterator[tuple[Host, bool]]:
    """Yield the hosts in the categories *ids*, and whether everything under each is meant."""
    for service in services:
        if service.category in ids:
            yield from ((host, True) for host in service.domains)
            yield from ((url.host, url.covers_subdomains) for url in service.urls)
    for each in lists:
        if each.category in ids:
            yield from ((host, True) for host in each.domains)
