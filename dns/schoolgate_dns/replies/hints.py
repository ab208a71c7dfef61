"""
HTTPS and SVCB records without what leads around the filter.

With Encrypted Client Hello the name that a device opens is hidden from the gateway; HTTP/3 goes
over UDP, which the gateway refuses anyway. Whoever is not told of them connects without.
"""

from collections.abc import Iterator
from functools import lru_cache

from schoolgate_dns.errors import WireError
from schoolgate_dns.messages import Reply
from schoolgate_dns.messages.rewriting import rewritten
from schoolgate_dns.messages.service_records import Key, ServiceRecord, service_records

# Made once for a reply, not for every query. What is longer is made again, and so is rare that
# nobody could fill the memory with it.
_MAX_REMEMBERED = 1024
_MAX_REMEMBERED_OCTETS = 4096


def without_hints(reply: Reply) -> Reply:
    """
    Return *reply* without `ech` and HTTP/3 in any record, as it is if there are none.

    Records that cannot be read go altogether, and all records of what would become too long.
    """
    if not _has_service_records(reply):
        return reply
    if len(reply.octets) > _MAX_REMEMBERED_OCTETS:
        return _derived(reply)
    return _remembered(reply)


def _has_service_records(reply: Reply) -> bool:
    octets = reply.octets
    # The types are 64 and 65.
    return any(octets[at - 3] & 0xFE == 0x40 and not octets[at - 4] for at, _ in reply.ttls)  # noqa: PLR2004 - read as bits


def _derived(reply: Reply) -> Reply:
    changes: dict[int, bytes | None] = {}
    for at, record in service_records(reply):
        stripped = None if record is None else _stripped(record)
        if stripped is None or stripped is not record:
            changes[at] = None if stripped is None else stripped.octets()
    if not changes:
        return reply
    try:
        return rewritten(reply, changes)
    except WireError:
        # With its names written out it is too long for a message, as no honest one is.
        return rewritten(reply, {at: None for at, _ in reply.ttls})


_remembered = lru_cache(maxsize=_MAX_REMEMBERED)(_derived)


def _stripped(record: ServiceRecord) -> ServiceRecord | None:
    """Return *record* without the hints, itself if it has none, None if it cannot be read."""
    parameters = dict(record.parameters)
    is_changed = parameters.pop(Key.ECH, None) is not None
    alpn = parameters.get(Key.ALPN)
    if alpn is not None:
        try:
            protocols = list(_protocols(alpn))
        except ValueError:
            return None
        kept = [each for each in protocols if not _is_http3(each)]
        is_changed |= len(kept) < len(protocols)
        if kept:
            parameters[Key.ALPN] = b"".join(bytes([len(each)]) + each for each in kept)
        else:
            # No protocol at all would make the record invalid: the default one is left.
            del parameters[Key.ALPN]
            parameters.pop(Key.NO_DEFAULT_ALPN, None)
    return record.with_parameters(parameters) if is_changed else record


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
