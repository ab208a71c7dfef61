"""Whole messages that are passed on as they are: dynamic updates, and the keys for them."""

from collections.abc import Iterable
from typing import Final

from schoolgate_dns.errors import (
    UpstreamError,
    UpstreamSilent,
    UpstreamUnreachable,
    WireError,
)
from schoolgate_dns.upstream.health import Health
from schoolgate_dns.upstream.lasting import ConnectionLostError

# A connection that was there, on which the message may have arrived before it ended.
_LOST: Final = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ConnectionLostError)


async def relay_to_first(upstreams: Iterable[Health], octets: bytes) -> bytes:
    """
    Return the reply of the first of *upstreams* that is reached.

    The next one is tried only while none has been reached, since the message may change something
    there. Raises UpstreamError.
    """
    failure: UpstreamError = UpstreamUnreachable("no upstream could be reached")
    for upstream in upstreams:
        name = upstream.transport.name
        upstream.counts.asked += 1
        try:
            reply = await upstream.transport.relay(octets)
        except TimeoutError as error:
            upstream.counts.timeouts += 1
            raise UpstreamSilent(f"{name} did not answer in time") from error
        except (*_LOST, WireError) as error:
            raise UpstreamUnreachable(f"{name}: {error}") from error
        except OSError as error:
            upstream.counts.failovers += 1
            failure = UpstreamUnreachable(f"{name}: {error}")
            failure.__cause__ = error
        else:
            upstream.counts.answered += 1
            return reply
    raise failure
