"""
Where an answer leads: to the site, to the proxy, or nowhere.

What the proxy has to look into is answered with the gateway's own inspection address; the proxy
decides anew, with the whole URL, and shows the block page. Whose device does not trust the
school's authority could be shown nothing there, and some sites are never looked into: for them a
blocked name does not exist.
"""

import ipaddress
from collections.abc import Iterable
from typing import Final

import msgspec

from schoolgate_dns.errors import InspectionError
from schoolgate_dns.messages.record_types import RecordType
from schoolgate_dns.stages.asked import Asked
from schoolgate_policyd.core import courses
from schoolgate_policyd.core.courses import Course
from schoolgate_policyd.core.decision import Decision

__all__ = ["Course", "Inspection", "course_of", "inspection_at"]

_IPV4: Final = 4


class Inspection(msgspec.Struct, frozen=True):
    """Where the proxy is found: packed addresses, None of a family that it does not have."""

    ipv4: bytes | None = None
    ipv6: bytes | None = None

    def address_for(self, record_type: int) -> bytes | None:
        """Return what a record of *record_type* holds, None where there is no such record."""
        match record_type:
            case RecordType.A:
                return self.ipv4
            case RecordType.AAAA:
                return self.ipv6
            case _:
                return None


def inspection_at(addresses: Iterable[str]) -> Inspection | None:
    """
    Return the inspection at the configured *addresses*, None where there are none.

    Raises InspectionError for two of one family.
    """
    found: dict[int, bytes] = {}
    for text in addresses:
        address = ipaddress.ip_address(text)
        if address.version in found:
            raise InspectionError(
                f"dns.inspection_addresses: there is an IPv{address.version} address before "
                f"`{text}`, remove one of them"
            )
        found[address.version] = address.packed
    if not found:
        return None
    return Inspection(found.get(_IPV4), found.get(6))


def course_of(asked: Asked, decision: Decision, inspection: Inspection | None) -> Course:
    """
    Return what becomes of the asked name, for every type of record alike.

    Without *inspection* nothing looks into anything, and *depends* becomes what it is uninspected.
    """
    return courses.course_of(
        asked.query.name,
        asked.subject,
        decision,
        asked.snapshot,
        has_inspection=inspection is not None,
    )
