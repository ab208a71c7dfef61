"""
Addresses of the inside are removed from what the outside says.

A page whose name suddenly has an address of the school's own network (DNS rebinding) reaches
printers, routers and the gateway with the browser's full trust. No public name has a good reason
to lead there; the school's own zones do, and are exempt (`stages.held`).
"""

from typing import Final

import msgspec

from schoolgate_dns.messages import ExtendedError, ExtendedErrorCode, Reply
from schoolgate_dns.messages.rewriting import rewritten
from schoolgate_dns.messages.service_records import Key, ServiceRecord, service_records
from schoolgate_dns.replies.inside import IsInside, is_inside

# An internal policy of whoever runs the resolver, which RFC 8914 section 4.16 calls Blocked:
# nobody outside demanded it (16), and the client did not ask for it (17).
REBINDING: Final = ExtendedError(
    ExtendedErrorCode.BLOCKED, "rebinding: addresses of the inside were removed"
)

_ADDRESS_OCTETS: Final = {1: 4, 28: 16}  # of A and AAAA, which `preparse` holds to it
_SERVICE_TYPES: Final = frozenset({64, 65})
_TO_RDATA: Final = 6  # from a record's TTL to its data
_HINTS: Final = ((Key.IPV4_HINT, 4), (Key.IPV6_HINT, 16))


def scrubbed(reply: Reply, is_inside: IsInside = is_inside) -> Reply:
    """
    Return *reply* without addresses of the inside in A and AAAA records and in hints.

    It is the same object if there are none; otherwise its `removed_addresses` says how many there
    were, and it is not authentic. Raises WireError if it becomes too long for a message.
    """
    octets = reply.octets
    changes: dict[int, bytes | None] = {}
    removed = 0
    has_service_records = False
    for ttl in reply.ttls:
        at = ttl.at
        number = octets[at - 4] << 8 | octets[at - 3]
        length = _ADDRESS_OCTETS.get(number)
        if length is None:
            has_service_records |= number in _SERVICE_TYPES
        elif is_inside(octets[at + _TO_RDATA : at + _TO_RDATA + length]):
            changes[at] = None
            removed += 1
    if has_service_records:
        removed += _scrub_hints(reply, changes, is_inside)
    if not changes:
        return reply
    clean = rewritten(reply, changes)
    return msgspec.structs.replace(clean, removed_addresses=removed)


def _scrub_hints(reply: Reply, changes: dict[int, bytes | None], is_inside: IsInside) -> int:
    """Add to *changes* what becomes of records with hints; return how many addresses go."""
    removed = 0
    for at, record in service_records(reply):
        if record is None:
            # Whoever reads it nevertheless may find addresses in it.
            changes[at] = None
            continue
        clean, count = _without_inside_hints(record, is_inside)
        if clean is not record:
            changes[at] = clean.octets()
            removed += count
    return removed


def _without_inside_hints(record: ServiceRecord, is_inside: IsInside) -> tuple[ServiceRecord, int]:
    parameters = dict(record.parameters)
    removed = 0
    is_changed = False
    for key, octets in _HINTS:
        value = parameters.get(key)
        if value is None:
            continue
        # What is left over at the end is no address, and goes as well.
        addresses = [value[at : at + octets] for at in range(0, len(value) - octets + 1, octets)]
        kept = [each for each in addresses if not is_inside(each)]
        removed += len(addresses) - len(kept)
        is_changed |= len(kept) * octets != len(value) or not value
        if kept:
            parameters[key] = b"".join(kept)
        else:
            del parameters[key]
    return (record.with_parameters(parameters), removed) if is_changed else (record, 0)
