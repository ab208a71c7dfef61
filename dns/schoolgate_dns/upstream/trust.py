"""Which upstreams are believed: those whose certificate proves their configured name."""

import ssl
from pathlib import Path

from schoolgate_dns.errors import NoUpstreamError


def upstream_context(protocol: str, authorities: Path | None = None) -> ssl.SSLContext:
    """
    Return what to connect to encrypted upstreams with, speaking *protocol* (its ALPN name).

    *authorities* is a PEM file of who may sign their certificates, None is whom the system
    trusts. There is no other profile than the strict one (RFC 8310 section 5): an upstream that
    cannot prove its name is asked nothing. Raises NoUpstreamError if the file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=authorities)
    except OSError as error:
        raise NoUpstreamError(
            f"dns.upstream_ca: {authorities}: {error.strerror or error}; give a PEM file of "
            "certificates, or leave it out to trust whom the system trusts"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([protocol])
    return context
