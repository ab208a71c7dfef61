"""The point put together: found by its address, asked encrypted, and no less strict for that."""

import asyncio
import contextlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import dns.message
import pytest
from dns_streams import GATEWAY, CertificateFiles, output_of
from dns_world import PUPIL, STAFF, LocalUpstream, reply_to, until
from free_ports import free_ports

from schoolgate_dns.encrypted.certificates import CertificateFileError
from schoolgate_dns.point import Point
from schoolgate_dns.resolvers import Place
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.dns_settings import DnsSettings, EncryptedDnsSettings
from schoolgate_policyd.settings import NetworkSettings, Settings

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def var_dir() -> Iterator[Path]:
    """A folder with a path short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def settings(var_dir: Path, upstream_port: int, files: CertificateFiles) -> Settings:
    def network(id_: str, cidr: str, audience: Audience) -> NetworkSettings:
        kind = DeviceKind.SCHOOL_COMPUTER
        return NetworkSettings(
            id=id_, cidr=cidr, audience=audience, device=kind, inspectable=False
        )

    tls, https = free_ports(2)
    encrypted = EncryptedDnsSettings(
        name=GATEWAY,
        certificate=files.certificate,
        key=files.key,
        tls_port=tls,
        https_port=https,
    )
    return Settings(
        var_dir=var_dir,
        dns=DnsSettings(port=0, upstreams=(f"127.0.0.1:{upstream_port}",), encrypted=encrypted),
        networks=(
            network("pupils", "127.0.1.0/24", Audience.PUPIL),
            network("staff", "127.0.2.0/24", Audience.STAFF),
        ),
    )


@contextlib.asynccontextmanager
async def running(var_dir: Path, files: CertificateFiles) -> AsyncIterator[int]:
    """A point whose upstream knows every name; its port of plain DNS."""

    def answer(octets: bytes) -> list[bytes]:
        name = dns.message.from_wire(octets).question[0].name
        return [reply_to(octets, f"{name} 60 IN A 192.0.2.1").to_wire()]

    async with LocalUpstream(answer) as upstream:
        stop, places = asyncio.Event(), list[Place]()
        point = Point(settings(var_dir, upstream.port, files))
        task = asyncio.create_task(point.run(stop, places.append))
        await until(lambda: bool(places) or task.done())
        try:
            if task.done():
                await task
            yield places[0].port
        finally:
            stop.set()
            await asyncio.gather(task, return_exceptions=True)


def test_a_device_finds_encrypted_dns_and_gets_the_same_verdicts_there(
    run: Run, files: CertificateFiles, var_dir: Path
) -> None:
    async def ask() -> list[str]:
        async with running(var_dir, files) as port:
            plain = ("kdig", "@127.0.0.1", "+retry=0", "+timeout=5")
            told = await output_of(
                *plain, "-p", str(port), "-b", PUPIL, "_dns.resolver.arpa", "TYPE64"
            )
            # As RFC 3597 has it, or as newer versions write it.
            services = await output_of(
                *("dig", "@127.0.0.1", "-p", str(port), "-b", PUPIL, "+short", "+tries=1"),
                *("_dns.resolver.arpa", "SVCB"),
            )
            assert GATEWAY in told
            tls, https = (
                re.search(f'alpn="{alpn}" port=([0-9]+)', services)[1]  # type: ignore[index]
                for alpn in ("dot", "h2")
            )
            trust = (f"+tls-ca={files.authority}", f"+tls-hostname={GATEWAY}", "+short")
            found = []
            for client in (PUPIL, STAFF):
                for way, way_port in (("+tls", tls), ("+https", https)):
                    command = (*plain, way, *trust, "-b", client, "-p", way_port)
                    found.append(await output_of(*command, "www.anything.example"))
            return found

    # Without any policy the strict one applies: pupils get lesson sites alone.
    assert ["", "", "192.0.2.1\n", "192.0.2.1\n"] == run(ask())


def test_a_point_whose_certificate_cannot_be_used_does_not_start(
    run: Run, files: CertificateFiles, var_dir: Path
) -> None:
    missing = CertificateFiles(var_dir / "none.pem", files.key, files.authority)

    async def start() -> None:
        async with running(var_dir, missing):
            pass

    with pytest.raises(CertificateFileError, match=r"none\.pem: cannot be read"):
        run(start())
