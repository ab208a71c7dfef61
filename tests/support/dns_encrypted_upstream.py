"""Encrypted upstreams: real ones, and ones that misbehave as they are told."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import dns.message
import dns.query
from dns_streams import GATEWAY, CertificateFiles
from free_ports import free_ports

from schoolgate_dns.messages import Lookup
from schoolgate_dns.resolvers import Place, UpstreamKind, UpstreamPlace

LOOKUP = Lookup(b"\1a\7example\0", 1)
OTHER = Lookup(b"\1b\7example\0", 1)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def upstream(kind: UpstreamKind, port: int | None, name: str = GATEWAY) -> UpstreamPlace:
    path = "/dns-query" if kind is UpstreamKind.HTTPS else ""
    return UpstreamPlace(kind, Place("127.0.0.1", port or 0), name, path)


@asynccontextmanager
async def serving_tls(serve: Serve, files: CertificateFiles, protocol: str) -> AsyncIterator[int]:
    """A TLS server that does *serve* with every connection; its port."""
    tasks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    context = files.server_context(protocol)
    server = await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@contextmanager
def unbound(folder: Path, files: CertificateFiles) -> Iterator[tuple[int, int]]:
    """A real unbound that knows a.example; its ports for TLS and HTTPS."""
    plain, tls, https = free_ports(3)
    config = folder / "unbound.conf"
    config.write_text(
        f"""
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    do-daemonize: no
    interface: 127.0.0.1@{plain}
    interface: 127.0.0.1@{tls}
    interface: 127.0.0.1@{https}
    tls-port: {tls}
    https-port: {https}
    tls-service-pem: "{files.certificate}"
    tls-service-key: "{files.key}"
    local-zone: "example." static
    local-data: "a.example. 60 IN A 192.0.2.1"
remote-control:
    control-enable: no
"""
    )
    with subprocess.Popen(
        ["unbound", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _await_answer(plain)
            yield tls, https
        finally:
            process.terminate()


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + 10
    message = dns.message.make_query("a.example", "A")
    while True:
        try:
            dns.query.udp(message, "127.0.0.1", port=port, timeout=0.2)
        except (OSError, dns.exception.Timeout):
            assert time.monotonic() < deadline, "unbound does not answer"
        else:
            return
