"""A named person as a subject: with their own hours, duties and classes, on a device of theirs."""

from collections.abc import Iterator
from datetime import datetime

from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    DeviceKind,
    Network,
    Subject,
    subject_from,
)


def subject_of_person(
    person: str,
    snapshot: Snapshot,
    moment: datetime,
    *,
    device: DeviceKind | None = None,
    inspectable: bool = True,
) -> Subject | None:
    """
    Return *person* (an id) as they ask at *moment* (aware); None where nobody has that id.

    They are on the first of their registered or claimed devices that is of the kind *device*, or
    on any where None. Without such a device they are on one in no network of the school's, of
    that kind, and *inspectable* says whether it trusts the school's authority.
    """
    known = next((each for each in snapshot.source.register.people if each.id == person), None)
    if known is None:
        return None
    for address in _addresses(person, snapshot):
        subject = snapshot.subject_at(address, moment)
        if subject.person == person and device in {None, subject.device}:
            return subject
    nowhere = Network(
        id=UNKNOWN_SUBJECT.network,
        cidr="",
        audience=known.audience,
        device=device or DeviceKind.UNKNOWN,
        inspectable=inspectable,
    )
    return subject_from(nowhere, None, known)


def _addresses(person: str, snapshot: Snapshot) -> Iterator[str]:
    source = snapshot.source
    yield from (each.address for each in source.register.devices if each.owner == person)
    yield from (each.address for each in source.live.claims if each.person == person)
