"""
Which protocol comes next on a connection. Only TLS and HTTP ever do.

mitmproxy's own addon of this name lets what it does not know through as raw TCP: SSH on port
443, OpenVPN, Tor. Here it is closed.
"""

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import assert_never

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ServerTLSLayer, modes
from mitmproxy.proxy.layers.http import HTTPMode, HttpStream
from mitmproxy.proxy.layers.tls import ClientTLSLayer

from schoolgate_proxy.addon.layers import BoundedHello, Closed, FailurePage, Http

_TLS_RECORD_HEADER_OCTETS = 3
_HANDSHAKE = b"\x16"
_REQUEST = re.compile(rb"[A-Z][A-Z-]{0,19} ")
_PART_OF_METHOD = re.compile(rb"(?:[A-Z][A-Z-]{0,19})?")


class Spoken(Enum):
    """What the first bytes of a client are."""

    TLS = auto()
    HTTP = auto()
    OTHER = auto()
    UNKNOWN_YET = auto()


def spoken(first: bytes) -> Spoken:
    """Return what *first*, the bytes that came so far, begin."""
    if first.startswith(_HANDSHAKE):
        if len(first) < _TLS_RECORD_HEADER_OCTETS:
            return Spoken.UNKNOWN_YET
        return Spoken.TLS if starts_like_tls_record(first) else Spoken.OTHER
    # HTTP/2 without TLS begins with a method that nobody uses otherwise.
    if _REQUEST.match(first) and not first.startswith(b"PRI "):
        return Spoken.HTTP
    return Spoken.UNKNOWN_YET if _PART_OF_METHOD.fullmatch(first) else Spoken.OTHER


class Protocols:
    """
    mitmproxy's `nextlayer` addon.

    *failure_page* makes the page for an origin that fails; *on_other* is told the id of a client
    that spoke neither TLS nor HTTP inside a CONNECT.
    """

    name = "nextlayer"

    def __init__(self, failure_page: FailurePage, on_other: Callable[[str], None]) -> None:
        self._failure_page = failure_page
        self._on_other = on_other

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Choose the next layer, or wait for more bytes."""
        context = nextlayer.context
        beneath = context.layers[-1]
        said = spoken(nextlayer.data_client())
        if said is Spoken.UNKNOWN_YET and context.client.alpn != b"h2":
            return
        if isinstance(beneath, modes.HttpProxy):
            nextlayer.layer = self._first(context, said)
        elif isinstance(beneath, HttpStream):
            nextlayer.layer = self._in_connect(context, said)
        elif isinstance(beneath, ClientTLSLayer):
            nextlayer.layer = self._in_tls(context, said)
        else:
            nextlayer.layer = Closed(context)

    def _first(self, context: Context, said: Spoken) -> layer.Layer:
        if said is Spoken.HTTP:
            return Http(context, HTTPMode.regular, self._failure_page)
        return Closed(context)

    def _in_connect(self, context: Context, said: Spoken) -> layer.Layer:
        match said:
            case Spoken.TLS:
                server_tls = ServerTLSLayer(context)
                server_tls.child_layer = BoundedHello(context)
                return server_tls
            case Spoken.HTTP:
                return Http(context, HTTPMode.transparent, self._failure_page)
            case Spoken.OTHER | Spoken.UNKNOWN_YET:
                self._on_other(context.client.id)
                return Closed(context)
            case _:
                assert_never(said)

    def _in_tls(self, context: Context, said: Spoken) -> layer.Layer:
        if context.client.alpn == b"h2" or said is Spoken.HTTP:
            return Http(context, HTTPMode.transparent, self._failure_page)
        self._on_other(context.client.id)
        return Closed(context)
