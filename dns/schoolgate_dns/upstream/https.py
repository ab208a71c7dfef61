"""
Asking an upstream over HTTPS (RFC 8484), strictly: it proves its name or is asked nothing.

One HTTP/2 connection, a stream for each question. The id is 0 and the question padded, so that
alike questions are alike octets and their lengths say little.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Lookup, preparse, wire
from schoolgate_dns.resolvers import HTTPS_PORT, UpstreamPlace
from schoolgate_dns.streams.stream_options import QUERY_BLOCK_OCTETS, padded
from schoolgate_dns.upstream.counts import Counts
from schoolgate_dns.upstream.lasting import IDLE_LIMIT_S, Lasting
from schoolgate_dns.upstream.trust import upstream_context

if TYPE_CHECKING:
    from schoolgate_dns.upstream.http2_client import Http2Client

PROTOCOL: Final = "h2"
_SHUTDOWN_LIMIT_S: Final = 1.0


class HttpsTransport:
    """
    The way to *place*, whose certificate one of *authorities* has signed (see `trust`).

    Each call takes *timeout_s* at most, and a pause of *idle_s* ends the connection.
    """

    def __init__(
        self,
        place: UpstreamPlace,
        timeout_s: float,
        *,
        authorities: Path | None = None,
        idle_s: float = IDLE_LIMIT_S,
    ) -> None:
        # h2 takes six megabytes, which a school without such an upstream has better uses for.
        from schoolgate_dns.upstream import http2_client  # noqa: PLC0415 - see above

        self._http2_client = http2_client
        self.name = str(place)
        self.counts = Counts()
        self.is_proven = True
        self._place = place
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._context = upstream_context(PROTOCOL, authorities)
        self._lasting = Lasting(self._open)

    async def ask(self, lookup: Lookup) -> bytes:
        """Return the octets of the reply to *lookup*, as Transport has it."""
        query = padded(wire.query_for(lookup, 0), QUERY_BLOCK_OCTETS)
        async with asyncio.timeout(self._timeout_s):
            reply = await self._lasting.with_connection(lambda each: each.post(query))
        if not wire.is_reply_to(reply, lookup, 0):
            self.counts.mismatched += 1
            raise WireError("over HTTPS came something else than the answer")
        if wire.is_truncated(reply):
            raise WireError("cut short, although nothing is too long for HTTPS")
        return reply

    async def relay(self, octets: bytes) -> bytes:
        """Return the reply to the whole message *octets*, as Transport has it."""
        async with asyncio.timeout(self._timeout_s):
            # On a connection of its own: what changes something must not be sent twice, so none
            # is used that the other side may be about to close.
            connection = await self._open()
            try:
                reply = await connection.post(b"\0\0" + octets[2:])
            finally:
                connection.abort()
        header = preparse.header_of(reply)
        if not header.is_reply or header.opcode != preparse.header_of(octets).opcode:
            self.counts.mismatched += 1
            raise WireError("over HTTPS came something else than the answer")
        return octets[:2] + reply[2:]

    async def close(self) -> None:
        """Give up what is waiting and close the connection."""
        await self._lasting.close()

    async def _open(self) -> "Http2Client":
        place = self._place.place
        host = self._place.name or place.address
        reader, writer = await asyncio.open_connection(
            place.address,
            place.port,
            ssl=self._context,
            server_hostname=host,
            ssl_shutdown_timeout=_SHUTDOWN_LIMIT_S,
        )
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() != PROTOCOL:
            writer.transport.abort()
            raise ConnectionRefusedError("it does not speak HTTP/2")
        self.counts.tcp += 1
        authority = f"[{host}]" if ":" in host else host
        if place.port != HTTPS_PORT:
            authority = f"{authority}:{place.port}"
        headers = self._http2_client.post_headers(authority, self._place.path)
        return self._http2_client.Http2Client(reader, writer, headers, self._idle_s)
