"""Where the firewall brings connections: at the inspection addresses and at no other."""

import errno
import socket
from collections.abc import Iterable

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_proxy.door.passage import KEEPALIVE

_BACKLOG = 1024
# A connection comes to us with its first bytes; one that stays silent as long comes without.
_DEFER_ACCEPT_S = 5


class ListenError(SchoolgateError):
    """The proxy cannot listen; the message names the setting."""


def listen(addresses: Iterable[str], port: int) -> list[socket.socket]:
    """Return a listener at *port* of each of *addresses*. Raises ListenError."""
    listeners: list[socket.socket] = []
    for address in addresses:
        try:
            listeners.append(_listener(address, port))
        except OSError as error:
            for each in listeners:
                each.close()
            raise ListenError(
                f"cannot listen at {address} port {port}: {error.strerror}: {_remedy(error)}"
            ) from error
    return listeners


def _remedy(error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return "load the firewall first, which gives the gateway `dns.inspection_addresses`"
    return "change proxy.intercept_port, or stop what listens there"


def _listener(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Whatever is accepted has these from its listener.
        for option in KEEPALIVE:
            listener.setsockopt(*option)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _DEFER_ACCEPT_S)
        listener.bind((address, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
