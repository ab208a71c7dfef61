"""
The errors of the DNS point.

    SchoolgateError
    └── DnsError
        ├── WireError             bytes that are not a message we accept
        │   └── UnusableReply         a message whose response code says that it is no answer
        ├── UpstreamError         no upstream gave a usable reply
        │   ├── UpstreamSilent        none answered in time
        │   ├── UpstreamUnreachable   none could be reached, or none answered usably
        │   ├── UpstreamFailed        one answered that it cannot answer, and perhaps why
        │   └── UpstreamBusy          too many questions are waiting already
        ├── NoUpstreamError       the configuration names nobody to ask
        └── InspectionError       the configuration names two places of the proxy
"""

from schoolgate_dns.messages import ExtendedError
from schoolgate_policyd.core.errors import SchoolgateError


class DnsError(SchoolgateError):
    """The root of what goes wrong in the DNS point."""


class WireError(DnsError):
    """Bytes are not a message that this point accepts; the message says why."""


class UnusableReply(WireError):  # noqa: N818 - reads as what came
    """A well-formed reply says *rcode* instead of an answer, and perhaps *why* (RFC 8914)."""

    def __init__(self, rcode: int, why: ExtendedError | None = None) -> None:
        super().__init__(f"response code {rcode}")
        self.rcode = rcode
        self.why = why


class UpstreamError(DnsError):
    """No upstream gave a usable reply."""


class UpstreamSilent(UpstreamError):  # noqa: N818 - reads as what happened
    """No upstream answered in time."""


class UpstreamUnreachable(UpstreamError):  # noqa: N818 - reads as what happened
    """No upstream could be reached, or what it answered could not be used."""


class UpstreamFailed(UpstreamError):  # noqa: N818 - reads as what happened
    """An upstream answered *rcode*, mostly SERVFAIL, and perhaps *why*; no other knew better."""

    def __init__(self, message: str, rcode: int, why: ExtendedError | None) -> None:
        super().__init__(message)
        self.rcode = rcode
        self.why = why


class UpstreamBusy(UpstreamError):  # noqa: N818 - reads as what happened
    """Too many questions are waiting for an upstream already."""


class NoUpstreamError(DnsError):
    """The configuration names nobody to ask; the message says what to add."""


class InspectionError(DnsError):
    """The configured inspection addresses cannot be used; the message says what to change."""
