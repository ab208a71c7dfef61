"""
HTTPS and SVCB records without what leads around the filter.

With Encrypted Client Hello the name that a device opens is hidden from the gateway; HTTP/3 goes
over UDP, which the gateway refuses anyway. Whoever is not told of them connects without. And where
each way is opened for an answer, no address comes by a hint: whoever is given none asks for it.
"""

from collections.abc import Iterator
from enum import Flag, auto
from functools import lru_cache
from typing import Final

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Reply
from schoolgate_dns.messages.rewriting import emptied, rewritten
from schoolgate_dns.messages.service_records import Key, ServiceRecord, service_records

# Made once for a reply, not for every query. What is longer is made again, and so is rare that
# nobody could fill the memory with it.
_MAX_REMEMBERED: Final = 1024
_MAX_REMEMBERED_OCTETS: Final = 4096


class Hint(Flag):
    """What a client is not told: `ech` and HTTP/3, which lead around; addresses."""

    AROUND = auto()
    ADDRESSES = auto()


NO_HINT: Final = Hint(0)


def without_hints(reply: Reply, hints: Hint = Hint.AROUND) -> Reply:
    """
    Return *reply* without *hints* in any record, as it is if there are none.

    Records that cannot be read go altogether, and all records of what would become too long.
    """
    if not hints or not _has_service_records(reply):
        return reply
    if len(reply.octets) > _MAX_REMEMBERED_OCTETS:
        return _derived(reply, hints)
    return _remembered(reply, hints)


def _has_service_records(reply: Reply) -> bool:
    octets = reply.octets
    # The types are 64 and 65.
    return any(
        octets[each.at - 3] & 0xFE == 0x40 and not octets[each.at - 4]  # noqa: PLR2004 - read as bits
        for each in reply.ttls
    )


def _derived(reply: Reply, hints: Hint) -> Reply:
    changes: dict[int, bytes | None] = {}
    for at, record in service_records(reply):
        stripped = None if record is None else _stripped(record, hints)
        if stripped is None or stripped is not record:
            changes[at] = None if stripped is None else stripped.octets()
    if not changes:
        return reply
    try:
        return rewritten(reply, changes)
    except WireError:
        # With its names written out it is too long for a message, as no honest one is.
        return emptied(reply)


_remembered = lru_cache(maxsize=_MAX_REMEMBERED)(_derived)


def _stripped(record: ServiceRecord, hints: Hint) -> ServiceRecord | None:
    """Return *record* without *hints*, itself if it has none, None if it cannot be read."""
    parameters = dict(record.parameters)
    if Hint.ADDRESSES in hints:
        for key in (Key.IPV4_HINT, Key.IPV6_HINT):
            parameters.pop(key, None)
    if Hint.AROUND in hints:
        try:
            _leave_out_ways_around(parameters)
        except ValueError:
            return None
    if len(parameters) == len(record.parameters) and parameters == record.parameters:
        return record
    return record.with_parameters(parameters)


def _leave_out_ways_around(parameters: dict[int, bytes]) -> None:
    """Take `ech` and HTTP/3 out of *parameters*. Raises ValueError if they cannot be read."""
    parameters.pop(Key.ECH, None)
    alpn = parameters.get(Key.ALPN)
    if alpn is None:
        return
    kept = [each for each in _protocols(alpn) if not _is_http3(each)]
    if kept:
        parameters[Key.ALPN] = b"".join(bytes([len(each)]) + each for each in kept)
        return
    # No protocol at all would make the record invalid: the default one is left.
    del parameters[Key.ALPN]
    parameters.pop(Key.NO_DEFAULT_ALPN, None)


def _protocols(alpn: bytes) -> Iterator[bytes]:
    """Yield the protocols' names. Raises ValueError if they do not fill *alpn* to the octet."""
    at = 0
    while at < len(alpn):
        end = at + 1 + alpn[at]
        if end > len(alpn) or end == at + 1:
            raise ValueError("a protocol's name is empty or cut short")
        yield alpn[at + 1 : end]
        at = end


def _is_http3(protocol: bytes) -> bool:
    return protocol == b"h3" or protocol.startswith(b"h3-")
