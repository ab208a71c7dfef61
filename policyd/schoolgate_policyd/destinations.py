"""
Which addresses the gateway itself may connect to: the proxy for a page, policyd for a list.

Only those of the public internet that are neither the gateway's own nor the school's: a name that
points inside would let a page, or a list's publisher, reach what the firewall keeps apart. The
configuration may permit ranges.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

from schoolgate_policyd.core.addresses import carried_ipv4, is_public_address


def is_own_address(text: str) -> bool:
    """Whether this machine holds the address: only then can a socket be bound to it."""
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((text, 0))
        except OSError:
            return False
    return True


class Destinations:
    """
    The rule; *permitted* are ranges that are open all the same, by configuration.

    *inside* are the school's own networks: some schools have public addresses. *never* are
    addresses that no permission opens: those at which the gateway itself would answer.
    """

    def __init__(
        self,
        permitted: Iterable[str] = (),
        is_own: Callable[[str], bool] = is_own_address,
        inside: Iterable[str] = (),
        never: Iterable[str] = (),
    ) -> None:
        self._permitted = tuple(ipaddress.ip_network(each) for each in permitted)
        self._inside = tuple(ipaddress.ip_network(each) for each in inside)
        self._never = frozenset(ipaddress.ip_address(each) for each in never)
        self._is_own = is_own

    def is_permitted(self, text: str) -> bool:
        """
        Whether to connect to the address *text*; False for what is no address.

        An IPv6 address that carries an IPv4 one (mapped, NAT64) has to be permitted as both.
        """
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address):
            carried = carried_ipv4(address)
            if carried is not None and not self.is_permitted(str(carried)):
                return False
        if address in self._never:
            return False
        if any(address in network for network in self._permitted):
            return True
        if any(address in network for network in self._inside):
            return False
        return is_public_address(text) and not self._is_own(text)
