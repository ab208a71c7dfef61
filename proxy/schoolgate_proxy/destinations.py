"""
Which addresses the proxy may connect to.

Only those of the public internet that are not the gateway's own: a name that points inside the
school would let a page reach what the firewall keeps apart. The configuration may permit ranges.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

from schoolgate_policyd.core.addresses import is_public_address


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
    """The rule; *permitted* are ranges that are open all the same, by configuration."""

    def __init__(
        self,
        permitted: Iterable[str] = (),
        is_own: Callable[[str], bool] = is_own_address,
    ) -> None:
        self._permitted = tuple(ipaddress.ip_network(each) for each in permitted)
        self._is_own = is_own

    def is_permitted(self, text: str) -> bool:
        """Whether the proxy may connect to the address *text*; False for what is no address."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return False
        if any(address in network for network in self._permitted):
            return True
        return is_public_address(text) and not self._is_own(text)
