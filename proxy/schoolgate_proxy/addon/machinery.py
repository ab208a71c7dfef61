"""
mitmproxy put together, without its own addons: nothing keeps flows, serves pages or reads scripts.

PINNED to mitmproxy 12: `Proxyserver.connections`; the handler's `transports`, `client`, `layer`
and `close_connection`; and that a `ProxyConnectionHandler` is made of two streams and served by
`handle_client`. mitmproxy offers no way to end a connection that is passed through, since those
have no flow to kill, and none to be given a connection that somebody else has accepted.
"""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import certifi
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.proxy.layers import modes
from mitmproxy.proxy.mode_servers import ProxyConnectionHandler
from mitmproxy.proxy.mode_specs import ProxyMode

from schoolgate_policyd.core.names import Host
from schoolgate_policyd.settings import Settings
from schoolgate_proxy.addon.hooks import Hooks
from schoolgate_proxy.addon.protocols import Protocols
from schoolgate_proxy.addon.signer import Signer
from schoolgate_proxy.authority import trusted_authorities
from schoolgate_proxy.enforcement import Enforcement

STOPPING_S = 2.0
_LOOK_EVERY_S = 0.02
_MOST_READ_AHEAD = 64 * 1024


class Machinery:
    """
    mitmproxy with our addons, listening at the address and *port*.

    *ca_file* holds the authority's key and certificate. To be made in the running loop.
    """

    def __init__(
        self,
        settings: Settings,
        port: int,
        enforcement: Enforcement,
        ca_file: Path,
        is_never_inspected: Callable[[Host], bool],
    ) -> None:
        self.started = asyncio.Event()
        self._enforcement = enforcement
        self._proxyserver = Proxyserver()
        self._serving: set[asyncio.Task[None]] = set()
        hooks = Hooks(enforcement)
        signer = Signer(
            ca_file,
            lambda client_id: enforcement.connections.of(client_id).certified,
            is_never_inspected,
        )
        self._master = Master(Options())
        self._master.addons.add(
            self._proxyserver,
            Protocols(hooks.failure_page, hooks.not_http),
            signer,
            hooks,
            _Lifecycle(self.started, self.close),
        )
        self._set_options(settings, port)

    async def run(self) -> None:
        """Serve until `shut_down`."""
        await self._master.run()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens; nothing before it started, or when it cannot."""
        return [(address[0], address[1]) for address in self._proxyserver.listen_addrs()]

    def take_over(
        self, accepted: socket.socket, connection_id: str, place: tuple[str, int]
    ) -> None:
        """
        Serve a connection that the front door accepted, of which nothing was read yet.

        It is known under *connection_id* already. *place* is where it leads, as text and port;
        whether anything is connected to is decided for each request.
        """
        task = asyncio.create_task(self._serve(accepted, connection_id, place))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    def close(self, connection_id: str) -> None:
        """
        End a client's connection at once, with everything that was opened for it.

        The transport is aborted as well, since a closed one would first deliver what is still in
        its buffer.
        """
        handler = self._proxyserver.connections.get(connection_id)
        if handler is not None and handler.client in handler.transports:
            transport = handler.transports[handler.client]
            if transport.handler is not None:
                handler.close_connection(handler.client)
            if isinstance(transport.writer, asyncio.StreamWriter):
                transport.writer.transport.abort()

    async def stop_serving(self) -> None:
        """Accept nothing more and end every connection."""
        await self._proxyserver.servers.update([])
        for connection_id in tuple(self._proxyserver.connections):
            self.close(str(connection_id))
        for _ in range(round(STOPPING_S / _LOOK_EVERY_S)):
            if not self._proxyserver.connections:
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def shut_down(self) -> None:
        """Have `run` return."""
        self._master.shutdown()

    async def _serve(
        self, accepted: socket.socket, connection_id: str, place: tuple[str, int]
    ) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(_MOST_READ_AHEAD, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
        except OSError:
            # It went while it was handed over; the hook that forgets it will not be called.
            accepted.close()
            self._enforcement.closed(connection_id)
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        mode = ProxyMode.parse("transparent")
        handler = ProxyConnectionHandler(self._master, reader, writer, self._master.options, mode)
        # A client is known by its id: what is kept by client is put where the new one finds it.
        streams = handler.transports.pop(handler.client)
        handler.client.id = connection_id
        handler.transports[handler.client] = streams
        handler.layer.context.server.address = place
        handler.layer = modes.TransparentProxy(handler.layer.context)
        with self._proxyserver.register_connection(connection_id, handler):
            await handler.handle_client()

    def _set_options(self, settings: Settings, port: int) -> None:
        trusted = trusted_authorities(
            Path(certifi.where()),
            settings.proxy.upstream_ca,
            settings.certificates_dir / "upstream-authorities.pem",
        )
        self._master.options.update(
            mode=["regular"],
            listen_host=settings.proxy.address,
            listen_port=port,
            confdir=str(settings.ca_dir),
            connection_strategy="lazy",
            # A certificate is made before the origin is asked, so its certificate is no use.
            upstream_cert=False,
            ssl_verify_upstream_trusted_ca=str(trusted),
            http2=True,
            http3=False,
            # What follows a WebSocket's handshake is bytes to us: parsing it would keep whole
            # messages. `hooks` lets no other protocol switch, `protocols` lets no raw TCP begin.
            websocket=False,
            rawtcp=True,
            validate_inbound_headers=True,
        )


class _Lifecycle:
    """
    An addon that tells when mitmproxy has started, and that a client's connection is over.

    mitmproxy 12 leaves the socket open when a connection is ended while its next bytes wait for
    their turn; *drop* closes what is left of it.
    """

    name = "lifecycle"

    def __init__(self, started: asyncio.Event, drop: Callable[[str], None]) -> None:
        self._started = started
        self._drop = drop

    def running(self) -> None:
        self._started.set()

    def client_disconnected(self, client: Client) -> None:
        self._drop(client.id)
