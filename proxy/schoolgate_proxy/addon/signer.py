"""
Certificates for the names that may be looked into, and for no other.

The rule stands twice: `Signer` makes a certificate only for the name that a ClientHello was
answered LookInside for, and the store beneath it refuses every name that is never inspected,
whoever asks.
"""

import ipaddress
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509
from mitmproxy import tls
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.certs import DEFAULT_DHPARAM, CertStore, CertStoreEntry
from mitmproxy.proxy.context import Context

from schoolgate_policyd.clock import MachineClock
from schoolgate_policyd.core.errors import NameSyntaxError, SchoolgateError
from schoolgate_policyd.core.names import AddressLiteral, Host, parse_host
from schoolgate_policyd.whole_files import write_whole

# So long before its end a certificate is made anew; a page may be open for some of it.
RENEWED_BEFORE = timedelta(days=1)

log = structlog.get_logger(__name__)


class SigningRefusedError(SchoolgateError):
    """No certificate is made for this name. The message does not say which name it is."""


class GuardedStore(CertStore):
    """
    mitmproxy's store of certificates; *is_never_inspected* is the newest snapshot's word.

    *now* is machine time (aware). mitmproxy's own store gives what it made for as long as it runs:
    beyond its end, and also what was dated by a clock that has been set right since.
    """

    is_never_inspected: Callable[[Host], bool]
    now: Callable[[], datetime] = staticmethod(MachineClock().now)

    def get_cert(
        self,
        commonname: str | None,
        sans: Iterable[x509.GeneralName],
        organization: str | None = None,
        crl_url: str | None = None,
    ) -> CertStoreEntry:
        """Return a certificate for *sans*. Raises SigningRefusedError."""
        names = list(sans)
        if not names:
            raise SigningRefusedError("a certificate is made for a name")
        for name in names:
            self._check(str(getattr(name, "value", name)))
        entry = super().get_cert(commonname, names, organization, crl_url)
        if self._is_good(entry):
            return entry
        self.certs = {key: each for key, each in self.certs.items() if each is not entry}
        self.expire_queue = [each for each in self.expire_queue if each is not entry]
        return super().get_cert(commonname, names, organization, crl_url)

    def _is_good(self, entry: CertStoreEntry) -> bool:
        certificate = entry.cert.to_cryptography()
        ends = certificate.not_valid_after_utc - RENEWED_BEFORE
        return certificate.not_valid_before_utc <= self.now() < ends

    def _check(self, name: str) -> None:
        try:
            host = parse_host(name)
        except NameSyntaxError as error:
            # A wildcard is refused here too: it would cover names that nobody looked at.
            raise SigningRefusedError("no certificate is made for what is no host") from error
        if self.is_never_inspected(host):
            raise SigningRefusedError("the name is one that is never inspected")


class Signer(TlsConfig):
    """
    mitmproxy's `tlsconfig` addon.

    *ca_file* holds the authority's key and certificate. *certified* returns the name that a
    client's connection (by id) may have a certificate for, or None.
    """

    name = "tlsconfig"

    def __init__(
        self,
        ca_file: Path,
        certified: Callable[[str], Host | None],
        is_never_inspected: Callable[[Host], bool],
    ) -> None:
        self._certified = certified
        dhparams = ca_file.with_name("dhparam.pem")
        if not dhparams.exists():
            # mitmproxy would write it in place, while another worker reads a part of it.
            write_whole(dhparams, DEFAULT_DHPARAM)
        store = GuardedStore.from_files(ca_file, dhparams)
        if not isinstance(store, GuardedStore):
            raise TypeError("mitmproxy made another store than the one asked for")
        store.is_never_inspected = is_never_inspected
        self.certstore = store

    def configure(self, updated: Any) -> None:  # noqa: ANN401 - mitmproxy calls it with sets and text
        """Leave the store as it is: mitmproxy would make one of its own."""

    def request(self, flow: Any) -> None:  # noqa: ANN401 - nothing is done with it
        """Answer no path in the origin's place, as mitmproxy would for revocation lists."""

    def tls_start_client(self, tls_start: tls.TlsData) -> None:
        """Set TLS up with the client; without it mitmproxy closes the connection."""
        try:
            super().tls_start_client(tls_start)
        except (SigningRefusedError, ValueError) as error:
            log.info("no certificate made", cause=type(error).__name__)

    def get_cert(self, conn_context: Context) -> CertStoreEntry:
        """Return the certificate for the name that was decided on. Raises SigningRefusedError."""
        host = self._certified(conn_context.client.id)
        if host is None:
            raise SigningRefusedError("this connection is not one to look into")
        return self.certstore.get_cert(host.text, [_general_name(host)])


def _general_name(host: Host) -> x509.GeneralName:
    if isinstance(host, AddressLiteral):
        return x509.IPAddress(ipaddress.ip_address(host.text))
    return x509.DNSName(host.text)
