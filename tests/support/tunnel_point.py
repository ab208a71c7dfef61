"""
A point in front of one upstream, for a real tunnel's client: run as a program by its test.

Arguments: the address to listen on, the upstream, and `watched` or `open`. Where it is open, the
tunnel's domain is a zone of the school's own, in which nobody looks for tunnels. It writes one
line for each event; the first line says that it listens. What is carried through a tunnel is
fetched from port 8000.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from dns_tunnels import LESSON
from dns_world import source

from schoolgate_dns.decider import Decider
from schoolgate_dns.process.sockets import open_sockets
from schoolgate_dns.service import Service
from schoolgate_dns.stages.record import Recording
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.dns_settings import DnsSettings, ZoneSettings
from schoolgate_policyd.ipc.messages import Blocked, Event
from schoolgate_policyd.settings import Settings

CARRIED = b"carried through names\n" * 500
TUNNEL_DOMAIN = "evil.example"


def octets_on_the_wire() -> int:
    """Return what came and went between the device and us, headers included."""
    octets = 0
    for line in Path("/proc/net/dev").read_text().splitlines()[2:]:
        name, _, counts = line.partition(":")
        if name.strip().startswith("sg"):
            fields = counts.split()
            octets += int(fields[0]) + int(fields[8])
    return octets


def tell(event: Event) -> None:
    if isinstance(event, Blocked):
        told = {
            "host": event.host,
            "attempt": event.attempt,
            "evidence": event.evidence,
            "count": event.count,
            "octets": octets_on_the_wire(),
            "at_s": time.monotonic(),
        }
        print(json.dumps(told), flush=True)  # noqa: T201 - its test reads this


async def serve_carried(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(CARRIED)
    await writer.drain()
    writer.close()


async def main(address: str, upstream: str, mode: str) -> None:
    own = (ZoneSettings(zone=TUNNEL_DOMAIN, upstreams=(upstream,)),) if mode == "open" else ()
    dns = DnsSettings(
        address=address, port=53, upstreams=(upstream,), upstream_timeout_s=5.0, zones=own
    )
    (sockets,) = open_sockets(dns)
    service = Service(
        Settings(dns=dns, address_ranges=("10.91.0.0/24",)),
        sockets,
        Decider(compile_snapshot(source())),
        Recording(tell, lambda: datetime.now(UTC)),
        school_now=lambda: LESSON,
        machine_now=lambda: datetime.now(UTC),
    )
    await service.start()
    server = await asyncio.start_server(serve_carried, "0.0.0.0", 8000)
    print("listening", flush=True)  # noqa: T201 - its test waits for this
    try:
        await asyncio.Event().wait()
    finally:
        server.close()
        await service.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
