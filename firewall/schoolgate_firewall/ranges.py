"""Ranges of addresses: read, joined, and told apart by who asks from them."""

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

from schoolgate_policyd.core.subjects import is_range_closely_filtered
from schoolgate_policyd.networks import networks_of
from schoolgate_policyd.settings import Settings

type IpRange = IPv4Network | IPv6Network


def joined(ranges: Iterable[IpRange], version: int) -> tuple[IpRange, ...]:
    """Return those of *ranges* of IP *version*, sorted, neighbours joined, none within another."""
    if version == 4:  # noqa: PLR2004 - IPv4
        return tuple(
            ipaddress.collapse_addresses(each for each in ranges if isinstance(each, IPv4Network))
        )
    return tuple(
        ipaddress.collapse_addresses(each for each in ranges if isinstance(each, IPv6Network))
    )


def trusted_ranges(settings: Settings) -> tuple[IpRange, ...]:
    """
    Return the ranges of both families in which nobody is closely filtered.

    Of networks that lie within each other the narrowest says whose an address is, and the first
    of two with one range, as when a decision asks. Raises ValueError for what is no range.
    """
    networks = [
        (ipaddress.ip_network(each.cidr), is_range_closely_filtered(each))
        for each in networks_of(settings)
    ]
    # From the widest to the narrowest, each over those before it; of two alike the first is last.
    networks.reverse()
    networks.sort(key=lambda pair: pair[0].prefixlen)
    trusted: list[IpRange] = []
    for network, is_closely_filtered in networks:
        trusted = _without(trusted, network)
        if not is_closely_filtered:
            trusted.append(network)
    return (*joined(trusted, 4), *joined(trusted, 6))


def _without(ranges: Iterable[IpRange], network: IpRange) -> list[IpRange]:
    """Return what is left of *ranges* when *network* is taken out of them."""
    left: list[IpRange] = []
    for each in ranges:
        if each.version != network.version or not each.overlaps(network):
            left.append(each)
        elif each.prefixlen < network.prefixlen:
            # Of two ranges that overlap one lies within the other.
            left.extend(_rest(each, network))
    return left


def _rest(whole: IpRange, part: IpRange) -> Iterable[IpRange]:
    if isinstance(whole, IPv4Network) and isinstance(part, IPv4Network):
        return whole.address_exclude(part)
    assert isinstance(whole, IPv6Network)  # noqa: S101 - both are of one family
    assert isinstance(part, IPv6Network)  # noqa: S101 - the same
    return whole.address_exclude(part)
