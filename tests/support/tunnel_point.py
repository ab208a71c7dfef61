"""
A point in front of one upstream, for a real tunnel's client: run as a program by its test.

Arguments: the address to listen on, the upstream, and `watched` or `open`, which leaves the
stage that looks for tunnels out. It writes one line for each event, and with its first line says
that it listens. What is carried through a tunnel is fetched from port 8000.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from dns_tunnels import LESSON
from dns_world import NoZones, source

from schoolgate_dns.answering import Answering
from schoolgate_dns.cache import ReplyCache
from schoolgate_dns.decider import Decider
from schoolgate_dns.egress import AnsweredAddresses
from schoolgate_dns.service import resolver_of
from schoolgate_dns.stages.crowd import Crowds
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.tunnel import Stopped, Tunnels
from schoolgate_dns.stages.who import Asked
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.ipc.messages import Blocked, Event
from schoolgate_policyd.settings import DnsSettings

CARRIED = b"carried through names\n" * 500


class Open(Tunnels):
    """The stage switched off."""

    def ask(self, asked: Asked, now_s: float) -> Stopped | None:
        del asked, now_s
        return None


class Carried:
    """How much went either way, and for how long, until the first event."""

    def __init__(self) -> None:
        self.since_s: float | None = None
        self.octets = 0

    def tell(self, event: Event) -> None:
        if isinstance(event, Blocked):
            told = {
                "host": event.host,
                "attempt": event.attempt,
                "evidence": event.evidence,
                "count": event.count,
                "octets": self.octets,
                "seconds": time.monotonic() - (self.since_s or 0),
            }
            print(json.dumps(told), flush=True)  # noqa: T201 - its test reads this


class Datagrams(asyncio.DatagramProtocol):
    """Messages to *answering* and back."""

    def __init__(self, answering: Answering, carried: Carried) -> None:
        self._answering = answering
        self._carried = carried
        self._working = set[asyncio.Task[None]]()
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ANN401 - of either family
        if self._carried.since_s is None:
            self._carried.since_s = time.monotonic()
        self._carried.octets += len(data)
        task = asyncio.ensure_future(self._answer(data, addr))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _answer(self, data: bytes, addr: Any) -> None:  # noqa: ANN401 - of either family
        answer = await self._answering.answer(data, addr[0], over_udp=True)
        if answer is not None:
            self._carried.octets += len(answer)
            self._transport.sendto(answer, addr)


async def _serve_carried(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(CARRIED)
    await writer.drain()
    writer.close()


async def main(address: str, upstream: str, mode: str) -> None:
    carried = Carried()
    resolver = resolver_of(DnsSettings(upstreams=(upstream,), upstream_timeout_s=5.0), 53)
    replies = HeldReplies(ReplyCache(), resolver, time.monotonic)
    recording = Recording(carried.tell, lambda: datetime.now(UTC))
    answering = Answering(
        Decider(compile_snapshot(source())),
        replies,
        recording,
        lambda: LESSON,
        monotonic=time.monotonic,
        zones=NoZones(),
        tunnels=Open() if mode == "open" else Tunnels(),
        crowds=Crowds(),
        egress=AnsweredAddresses(),
    )
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Datagrams(answering, carried), local_addr=(address, 53)
    )
    server = await asyncio.start_server(_serve_carried, "0.0.0.0", 8000)
    print("listening", flush=True)  # noqa: T201 - its test waits for this
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        transport.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
