"""Answers that do as they are told, and both ends of connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import dns.message
import dns.rcode
import msgspec
import trustme
from dns_world import query, reply_to

GATEWAY = "dns.school.example"
OCTETS = b"\x12\x34" + query("a.example").to_wire()[2:]


def numbered(number: int, octets: bytes = OCTETS) -> bytes:
    """The query *octets* under the id *number*."""
    return number.to_bytes(2) + octets[2:]


def framed(octets: bytes) -> bytes:
    return len(octets).to_bytes(2) + octets


async def message_from(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


class Echo:
    """
    Answers with what it was asked, as a reply; *make* may make something else of it.

    It waits while its gate is shut, `hold` shuts that of one id; it is silent for silent names.
    """

    def __init__(self, make: Callable[[bytes], bytes] | None = None) -> None:
        self.asked: list[tuple[bytes, str, bool]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.held: dict[bytes, asyncio.Event] = {}
        self._make = make

    def hold(self, number: int) -> asyncio.Event:
        """The event that releases the answer with the id *number*."""
        return self.held.setdefault(number.to_bytes(2), asyncio.Event())

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        self.asked.append((octets, client, over_udp))
        await self.gate.wait()
        if octets[:2] in self.held:
            await self.held[octets[:2]].wait()
        if b"silent" in octets:
            return None
        if self._make is not None:
            return self._make(octets)
        return octets[:2] + bytes([octets[2] | 0x80]) + octets[3:]


class Names:
    """
    Answers for the names it is given, from name to addresses; no others exist.

    *clients* are those who asked. Negative answers say 30 s in their SOA.
    """

    def __init__(self, addresses: Mapping[str, Sequence[str]] = MappingProxyType({})) -> None:
        self.clients: set[str] = set()
        self.asked: list[dns.message.Message] = []
        self._addresses = addresses

    async def answer(self, octets: bytes, client: str, *, over_udp: bool) -> bytes | None:
        assert not over_udp
        self.clients.add(client)
        asked = dns.message.from_wire(octets)
        self.asked.append(asked)
        name = asked.question[0].name.to_text(omit_final_dot=True)
        found = self._addresses.get(name, [])
        records = [f"{name} {300 - 60 * at} IN A {each}" for at, each in enumerate(found)]
        soa = f"{name} 900 IN SOA ns.example. h.example. 1 2 3 4 30"
        reply = reply_to(octets, *records, authority=[] if found else [soa])
        if not found:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        if asked.edns >= 0:
            reply.use_edns(0, payload=1232)
        return reply.to_wire()


async def output_of(*command: str) -> str:
    """What a real client prints; it must end well, and soon."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(20):
        output, _ = await process.communicate()
    text = output.decode(errors="replace")
    assert 0 == process.returncode, text
    return text


class CertificateFiles(msgspec.Struct, frozen=True):
    """A gateway's certificate and key, and the authority's own certificate, as files."""

    certificate: Path
    key: Path
    authority: Path

    def client_context(self, *protocols: str) -> ssl.SSLContext:
        """What a client that trusts this authority connects with."""
        context = ssl.create_default_context(cafile=self.authority)
        context.set_alpn_protocols(list(protocols))
        return context

    def server_context(self, *protocols: str) -> ssl.SSLContext:
        """What a server presents this certificate with."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        context.set_alpn_protocols(list(protocols))
        return context


def certificate_files(
    folder: Path, *names: str, authority: trustme.CA | None = None
) -> CertificateFiles:
    """Files of a new certificate for *names*, which may be addresses."""
    authority = trustme.CA() if authority is None else authority
    leaf = authority.issue_cert(*(names or (GATEWAY,)))
    files = CertificateFiles(folder / "gateway.pem", folder / "gateway.key", folder / "ca.pem")
    files.certificate.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
    files.key.write_bytes(leaf.private_key_pem.bytes())
    files.authority.write_bytes(authority.cert_pem.bytes())
    return files


@asynccontextmanager
async def connected(
    port: int | None, context: ssl.SSLContext | None = None, *, source: str = "127.0.0.1"
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client's connection from *source*, over TLS to the gateway if there is a *context*."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1",
        port,
        ssl=context,
        server_hostname=None if context is None else GATEWAY,
        local_addr=(source, 0),
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)
