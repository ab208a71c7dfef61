"""
The errors of the DNS point.

    SchoolgateError
    └── DnsError
        ├── WireError             bytes that are not a message we accept
        ├── UpstreamError         no upstream gave a usable reply
        │   ├── UpstreamSilent        none answered in time
        │   ├── UpstreamUnreachable   none could be reached, or none answered usably
        │   └── UpstreamBusy          too many questions are waiting already
        └── NoUpstreamError       the configuration names nobody to ask
"""

from schoolgate_policyd.core.errors import SchoolgateError


class DnsError(SchoolgateError):
    """The root of what goes wrong in the DNS point."""


class WireError(DnsError):
    """Bytes are not a message that this point accepts; the message says why."""


class UpstreamError(DnsError):
    """No upstream gave a usable reply."""


class UpstreamSilent(UpstreamError):  # noqa: N818 - reads as what happened
    """No upstream answered in time."""


class UpstreamUnreachable(UpstreamError):  # noqa: N818 - reads as what happened
    """No upstream could be reached, or what it answered could not be used."""


class UpstreamBusy(UpstreamError):  # noqa: N818 - reads as what happened
    """Too many questions are waiting for an upstream already."""


class NoUpstreamError(DnsError):
    """The configuration names nobody to ask; the message says what to add."""
