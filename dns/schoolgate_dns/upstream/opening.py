"""From a place in the configuration to a transport."""

import ipaddress
from pathlib import Path
from typing import assert_never

from schoolgate_dns.resolvers import UpstreamKind, UpstreamPlace
from schoolgate_dns.upstream.https import HttpsTransport
from schoolgate_dns.upstream.plain import PlainTransport
from schoolgate_dns.upstream.tls import TlsTransport
from schoolgate_dns.upstream.transport import Transport


def open_transport(
    place: UpstreamPlace, timeout_s: float, authorities: Path | None = None
) -> Transport:
    """
    Return the way to *place*; nothing is connected before the first question.

    *authorities* (`dns.upstream_ca`) signed the certificates of encrypted upstreams. Raises
    NoUpstreamError if that file cannot be used.
    """
    match place.kind:
        case UpstreamKind.PLAIN:
            # What comes from this machine itself nobody on the way can forge.
            is_here = ipaddress.ip_address(place.place.address).is_loopback
            return PlainTransport(place, timeout_s, together=is_here)
        case UpstreamKind.TLS:
            return TlsTransport(place, timeout_s, authorities=authorities)
        case UpstreamKind.HTTPS:
            return HttpsTransport(place, timeout_s, authorities=authorities)
        case _:
            assert_never(place.kind)
