"""Whom a grant reaches, on what, and which pages stand for its scope."""

import ipaddress

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.policy import Register
from schoolgate_policyd.core.rules import (
    EverythingScope,
    Grant,
    HostScope,
    PageScope,
    PrefixScope,
    Scope,
    ServiceScope,
)
from schoolgate_policyd.core.subjects import (
    Device,
    DeviceKind,
    Network,
    Person,
    Subject,
    subject_from,
)

MAX_PROBES = 24


class Reach(msgspec.Struct, frozen=True):
    """The subjects that a grant can be about, and the people it can never be about."""

    subjects: tuple[Subject, ...]
    unreached: tuple[str, ...]


def reachable_subjects(grant: Grant, register: Register) -> Reach:
    """
    Return every subject that the gateway could know as one the grant is for.

    A person is known on a device that is registered as theirs, and on networks of own devices of
    their audience, where they can press "This is my device". A class is known on its members'
    devices and on those that the register says it shares.
    """
    subjects: list[Subject] = []
    unreached: list[str] = []
    for person in register.people:
        if person.id in grant.people or not grant.classes.isdisjoint(person.classes):
            known = _subjects_of(person, register)
            subjects.extend(known)
            if not known:
                unreached.append(person.id)
    for device in register.devices:
        shares_class = not grant.classes.isdisjoint(device.classes)
        if device.owner is None and (
            shares_class or not grant.device_groups.isdisjoint(device.groups)
        ):
            subjects.extend(_on(device, None, register.networks))
    return Reach(tuple(subjects), tuple(unreached))


def network_of(address: str, networks: tuple[Network, ...]) -> Network | None:
    """Return the narrowest network that *address* lies in. Raises ValueError on other text."""
    parsed = ipaddress.ip_address(address)
    having = [
        (ipaddress.ip_network(each.cidr).prefixlen, each)
        for each in networks
        if parsed in ipaddress.ip_network(each.cidr)
    ]
    return max(having, key=lambda pair: pair[0])[1] if having else None


def probes_in(scope: Scope, asked_for: Url, catalogue: Catalogue) -> tuple[Url, ...]:
    """
    Return pages that stand for *scope*, the one asked for first, at most MAX_PROBES.

    A page stands for itself; a part of a site for itself and a page below; a site or service for
    the front pages of its hosts too.
    """
    match scope:
        case PageScope():
            return (asked_for,)
        case PrefixScope(url=url):
            below = msgspec.structs.replace(url, path=url.path.rstrip("/") + "/-", query=None)
            return (asked_for, below)
        case HostScope(host=host):
            return (asked_for, _front_page(host))
        case ServiceScope(service=service_id):
            services = [each for each in catalogue.services if each.id == service_id]
            hosts = [host for each in services for host in (*each.domains, *each.companions)]
            return (asked_for, *map(_front_page, hosts))[:MAX_PROBES]
        case EverythingScope():
            return (asked_for,)


def needs_of(asked_for: Url, catalogue: Catalogue) -> tuple[Url, ...]:
    """Return the front pages of the other hosts that the service of *asked_for* needs."""
    hosts = {
        host: None
        for service in catalogue.services
        if service.has_url(asked_for)
        for host in (*service.domains, *service.companions)
        if not asked_for.host.is_under(host)
    }
    return tuple(map(_front_page, hosts))[:MAX_PROBES]


def _front_page(host: Host) -> Url:
    return Url("https", host, None, "/")


def _subjects_of(person: Person, register: Register) -> list[Subject]:
    subjects: list[Subject] = []
    for device in register.devices:
        if device.owner == person.id:
            subjects.extend(_on(device, person, register.networks))
    subjects.extend(
        subject_from(network, None, person)
        for network in register.networks
        if network.device is DeviceKind.OWN_DEVICE and network.audience is person.audience
    )
    return subjects


def _on(device: Device, person: Person | None, networks: tuple[Network, ...]) -> list[Subject]:
    network = network_of(device.address, networks)
    return [] if network is None else [subject_from(network, device, person)]
