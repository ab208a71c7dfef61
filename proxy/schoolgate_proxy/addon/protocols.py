"""
Which protocol comes next on a connection. Only TLS and HTTP ever do.

mitmproxy's own addon of this name lets what it does not know through as raw TCP: SSH on port
443, OpenVPN, Tor. Here it is closed.
"""

from collections.abc import Callable
from typing import assert_never

from mitmproxy.proxy import layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers import ServerTLSLayer, modes
from mitmproxy.proxy.layers.http import HTTPMode, HttpStream
from mitmproxy.proxy.layers.tls import ClientTLSLayer

from schoolgate_proxy.addon.layers import BoundedHello, Closed, FailurePage, Http
from schoolgate_proxy.spoken import Spoken, spoken


class Protocols:
    """
    mitmproxy's `nextlayer` addon.

    *failure_page* makes the page for an origin that fails; *on_other* is told the id of a client
    that spoke neither TLS nor HTTP to the host it is connected to.
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
        elif isinstance(beneath, HttpStream | modes.TransparentProxy):
            nextlayer.layer = self._to_host(context, said)
        elif isinstance(beneath, ClientTLSLayer):
            nextlayer.layer = self._in_tls(context, said)
        else:
            nextlayer.layer = Closed(context)

    def _first(self, context: Context, said: Spoken) -> layer.Layer:
        if said is Spoken.HTTP:
            return Http(context, HTTPMode.regular, self._failure_page)
        return Closed(context)

    def _to_host(self, context: Context, said: Spoken) -> layer.Layer:
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
