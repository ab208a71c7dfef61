"""
Queries that are answered before the first worker is born, so that workers share what it takes.

Python writes into the code that it runs: what is run often becomes code for just that case. Each
worker that did so for itself would have three megabytes more of its own. So the whole service is
put together once on ports of the loopback, asked by us about names of nobody, and taken down.
"""

import asyncio
import dataclasses
import socket
import struct
from datetime import UTC, datetime
from typing import Final

import structlog

from schoolgate_dns.decider import Decider
from schoolgate_dns.messages.layout import HEADER_OCTETS
from schoolgate_dns.process.sockets import open_sockets
from schoolgate_dns.service import Service
from schoolgate_dns.stages.record import Recording
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.dns_settings import DnsSettings
from schoolgate_policyd.settings import Settings

NAMES: Final = 300
WITHIN_S: Final = 3.0
_HERE: Final = "127.0.0.1"
_IS_ANSWER: Final = 0x8180
_TYPE_A, _TYPE_OPT, _CLASS_IN = 1, 41, 1
_TTL_S: Final = 300
_ADDRESS: Final = bytes((203, 0, 113, 1))  # documentation's (RFC 5737)

log = structlog.get_logger(__name__)


def rehearse(settings: Settings, snapshot: Snapshot) -> None:
    """Answer a few hundred queries by *snapshot*; where that fails, it is logged and no matter."""
    try:
        asyncio.run(asyncio.wait_for(_rehearse(settings, snapshot), WITHIN_S))
    except Exception as error:  # noqa: BLE001 - workers will do without
        log.warning("no rehearsal, workers take more memory", cause=repr(error))


async def _rehearse(settings: Settings, snapshot: Snapshot) -> None:
    loop = asyncio.get_running_loop()
    upstream, _ = await loop.create_datagram_endpoint(_Upstream, local_addr=(_HERE, 0))
    port = upstream.get_extra_info("sockname")[1]
    dns = DnsSettings(address=_HERE, port=0, upstreams=(f"{_HERE}:{port}",))
    # No kernel is told anything of names that nobody asked for.
    here = dataclasses.replace(settings, dns=dns, firewall=None, address_ranges=(f"{_HERE}/32",))
    (sockets,) = open_sockets(dns)
    service = Service(
        here,
        sockets,
        # What a snapshot remembers is of use for the names of a day, and these are of none.
        Decider(snapshot.with_live(snapshot.number, snapshot.source.live)),
        Recording(lambda _event: None, _now),
        school_now=_now,
        machine_now=_now,
    )
    await service.start()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.setblocking(False)  # noqa: FBT003 - the call has no keywords
            own.connect((_HERE, sockets.port))
            for name in _names(snapshot):
                # The first time it is worked on, then it is finished.
                for packet in (_query(name), _query(name), _query(name, has_edns=True)):
                    await loop.sock_sendall(own, packet)
                    await loop.sock_recv(own, 4096)
    finally:
        await service.stop()
        sockets.close()
        upstream.close()


def _names(snapshot: Snapshot) -> list[str]:
    """Return names of which some are blocked by most policies, and the others by none."""
    services = snapshot.services.values()
    blocked = [str(domain) for each in services for domain in each.domains][: NAMES // 2]
    allowed = [f"www.rehearsal{number}.example" for number in range(NAMES - len(blocked))]
    return [*blocked, *allowed]


def _query(name: str, *, has_edns: bool = False) -> bytes:
    labels = b"".join(bytes((len(each),)) + each for each in name.encode().split(b"."))
    head = struct.pack(">6H", 7, 0x0100, 1, 0, 0, has_edns)
    opt = struct.pack(">BHHIH", 0, _TYPE_OPT, 1232, 0, 0) * has_edns
    return head + labels + b"\0" + struct.pack(">HH", _TYPE_A, _CLASS_IN) + opt


class _Upstream(asyncio.DatagramProtocol):
    """Has one address for every name."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end = data.index(b"\0", HEADER_OCTETS) + 5
        head = data[:2] + struct.pack(">5H", _IS_ANSWER, 1, 1, 0, 0)
        record = struct.pack(">HHHIH", 0xC00C, _TYPE_A, _CLASS_IN, _TTL_S, len(_ADDRESS))
        answer = head + data[HEADER_OCTETS:end] + record + _ADDRESS
        if isinstance(self._transport, asyncio.DatagramTransport):
            self._transport.sendto(answer, addr)


def _now() -> datetime:
    return datetime.now(UTC)
