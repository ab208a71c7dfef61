"""A gateway that serves encrypted DNS on the loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dns_streams import GATEWAY, CertificateFiles

from schoolgate_dns.encrypted import EncryptedServers, start_encrypted
from schoolgate_dns.streams.service import Answers
from schoolgate_policyd.dns_settings import DnsSettings, EncryptedDnsSettings


def dns_settings(files: CertificateFiles | None, **more: Any) -> DnsSettings:  # noqa: ANN401 - other settings
    """Settings with these files, on ports that the system chooses."""
    if files is None:
        return DnsSettings()
    encrypted = EncryptedDnsSettings(
        name=GATEWAY,
        certificate=files.certificate,
        key=files.key,
        tls_port=0,
        https_port=0,
        **more,
    )
    return DnsSettings(encrypted=encrypted)


@asynccontextmanager
async def gateway(
    answers: Answers,
    files: CertificateFiles | None,
    **more: Any,  # noqa: ANN401 - whatever start_encrypted takes
) -> AsyncIterator[EncryptedServers]:
    """Servers on free ports, for as long as they are needed."""
    servers = await start_encrypted(answers, dns_settings(files), **more)
    try:
        yield servers
    finally:
        await servers.stop()
