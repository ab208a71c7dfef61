"""DNS over TLS and over HTTPS at the configured address and ports, and an end to both."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

import structlog

from schoolgate_dns.encrypted.certificates import Certificate
from schoolgate_dns.encrypted.listening import HANDSHAKE_LIMIT_S, Listener, Serve, bound_socket
from schoolgate_dns.streams.connections import Accepted, Connections, StreamLimits
from schoolgate_dns.streams.service import Answers, StreamService
from schoolgate_policyd.dns_settings import DnsSettings, EncryptedDnsSettings

# A handshake costs more than a query, so a connection may be idle for longer than a plain one.
ENCRYPTED_LIMITS: Final = StreamLimits(idle_s=30.0)
# Every device may keep one all day, unlike the few that need TCP for a long answer.
MAX_ENCRYPTED: Final = 1024
RELOAD_EVERY_S: Final = 60.0

log = structlog.get_logger(__name__)


class EncryptedServers:
    """
    What listens, for TLS and for HTTPS at each address in turn.

    *tls_port* and *https_port* are where, None where nothing was configured.
    """

    def __init__(
        self, certificate: Certificate | None = None, listeners: tuple[Listener, ...] = ()
    ) -> None:
        ports = [each.port for each in listeners]
        self.tls_port: int | None = ports[0] if ports else None
        self.https_port: int | None = ports[1] if ports else None
        self._listeners = listeners
        self._reloading = (
            None if certificate is None else asyncio.create_task(_reload_for_ever(certificate))
        )

    async def stop(self) -> None:
        """Accept no more, and end every connection."""
        if self._reloading is not None:
            self._reloading.cancel()
            await asyncio.gather(self._reloading, return_exceptions=True)
        await asyncio.gather(*(each.stop() for each in self._listeners))


async def start_encrypted(
    answers: Answers,
    dns: DnsSettings,
    *,
    connections: Connections | None = None,
    limits: StreamLimits = ENCRYPTED_LIMITS,
    handshake_limit_s: float = HANDSHAKE_LIMIT_S,
    sockets: Sequence[tuple[socket.socket, socket.socket]] | None = None,
) -> EncryptedServers:
    """
    Serve *answers* as `dns.encrypted` says; without it nothing listens.

    Both ways share *connections*, the limits of each client. *sockets*, for TLS and for HTTPS at
    each address, are bound already where somebody else holds the ports; they are closed with the
    rest. Raises
    CertificateFileError, and OSError if an address or port cannot be had.
    """
    if dns.encrypted is None:
        return EncryptedServers()
    with ExitStack() as on_failure:
        for pair in sockets or ():
            for each in pair:
                on_failure.callback(each.close)
        certificate = Certificate(dns.encrypted)
        addresses = (dns.address, *dns.further_addresses)
        if sockets is None:
            sockets = [_bound(each, dns.encrypted, on_failure) for each in addresses]
        on_failure.pop_all()
    _warn_of_doubts(certificate, dns.encrypted, addresses)
    connections = Connections(most=MAX_ENCRYPTED) if connections is None else connections
    dot = StreamService(answers, limits=limits, connections=connections, is_encrypted=True)
    listen = partial(Listener, connections=connections, handshake_limit_s=handshake_limit_s)
    listeners: list[Listener] = []
    for tls, https in sockets:
        listeners.append(listen(tls, certificate.context("dot"), serve=dot.serve))
        listeners.append(
            listen(https, certificate.context("h2", "http/1.1"), serve=_doh(answers, limits))
        )
    return EncryptedServers(certificate, tuple(listeners))


def _bound(
    address: str, files: EncryptedDnsSettings, on_failure: ExitStack
) -> tuple[socket.socket, socket.socket]:
    tls = bound_socket(address, files.tls_port)
    on_failure.callback(tls.close)
    https = bound_socket(address, files.https_port)
    on_failure.callback(https.close)
    return tls, https


def _doh(answers: Answers, limits: StreamLimits) -> Serve:
    # h2 takes six megabytes, which a school without encrypted DNS has better uses for.
    from schoolgate_dns.encrypted.http1 import Http1Connection  # noqa: PLC0415 - see above
    from schoolgate_dns.encrypted.http2 import Http2Connection  # noqa: PLC0415 - see above

    async def serve(accepted: Accepted) -> None:
        writer = accepted.writer
        # As in streams: nothing lingers after the end of a connection that nobody reads from.
        writer.transport.set_write_buffer_limits(high=1, low=0)
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        kind = Http2Connection if chosen == "h2" else Http1Connection
        try:
            await kind(answers, limits, accepted).run()
        except* OSError:
            # The client went away or took too long: nothing is owed to it.
            writer.transport.abort()
        finally:
            writer.close()

    return serve


def _warn_of_doubts(
    certificate: Certificate, files: EncryptedDnsSettings, addresses: tuple[str, ...]
) -> None:
    told = files.addresses or addresses
    known = [each for each in told if not ipaddress.ip_address(each).is_unspecified]
    doubts = certificate.doubts((files.name, *known))
    if files.name in doubts:
        log.warning(
            "devices will refuse the certificate of dns.encrypted",
            file=str(files.certificate),
            name=files.name,
            cause=doubts[files.name],
        )
        return
    for each in known:
        if each in doubts:
            log.info(
                "devices will not discover encrypted DNS by themselves",
                address=each,
                cause=doubts[each],
            )


async def _reload_for_ever(certificate: Certificate) -> None:
    while True:
        await asyncio.sleep(RELOAD_EVERY_S)
        certificate.reload()
