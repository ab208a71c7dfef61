"""Who asked for what in an event, as well as it can be known today."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from schoolgate_policyd.core.decision import HostResource, Resource, UrlResource
from schoolgate_policyd.core.errors import NameSyntaxError
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.register import SubjectFinder
from schoolgate_policyd.core.subjects import (
    UNKNOWN_SUBJECT,
    DeviceClaim,
    Network,
    Subject,
    subject_from,
)
from schoolgate_policyd.ipc.recorder import MANY
from schoolgate_policyd.replay.alike import Likeness
from schoolgate_policyd.replay.outcome import Certainty, NotReplayed
from schoolgate_policyd.replay.past import Claimants, Past
from schoolgate_policyd.replay.recorded import RecordedAllowed, RecordedBlock, RecordedEvent

# Each memory is emptied when it is full: a flood of different names costs time, never memory.
MEMORY_LIMIT = 65_536
_NEVER = datetime.max.replace(tzinfo=UTC)


class Known(NamedTuple):
    """
    What is known of who asked.

    *subject* stands for everybody whom decisions treat alike; *person* is the one who asked.
    """

    subject: Subject
    certainty: Certainty
    person: str | None


class Recalled(NamedTuple):
    """An event as a question; *asker* tells people apart, or addresses of nobody known."""

    subject: Subject
    resource: Resource
    certainty: Certainty
    asker: str


class Recall:
    """
    Puts the question of each event again, with the register of *source* as it is today.

    What the event itself records of who asked stands; duties, classes, age and working hours
    are those that the person has today, and whether one can look into the device is what is
    known today. Of counts of what was allowed only the address is recorded.
    """

    def __init__(self, source: Source, past: Past, likeness: Likeness) -> None:
        self._source = source
        self._likeness = likeness
        self._claimants = Claimants(past)
        self._networks = {each.id: each for each in source.register.networks}
        self._devices = {each.id: each for each in source.register.devices}
        self._people = {each.id: each for each in source.register.people}
        self._recorded: dict[tuple[object, ...], Known] = {}
        self._at_addresses: dict[tuple[str, str | None, int], Known] = {}
        self._hosts: dict[str, HostResource | None] = {}
        self._unclaimed = SubjectFinder(msgspec.structs.replace(source, live=Live()))

    def recall(self, event: RecordedEvent) -> Recalled | NotReplayed:
        """Return the question that *event* was, or why it cannot be put again."""
        if MANY in (event.host, event.client):
            return NotReplayed.NOT_TOLD_APART
        resource = self._resource_of(event)
        if resource is None:
            return NotReplayed.NOT_A_NAME
        match event:
            case RecordedBlock():
                known = self._who_was_recorded(event)
            case RecordedAllowed():
                known = self._who_was_at(event)
        asker = f"at {event.client}" if known.person is None else known.person
        return Recalled(known.subject, resource, known.certainty, asker)

    def _resource_of(self, event: RecordedEvent) -> Resource | None:
        if isinstance(event, RecordedBlock) and event.page is not None:
            try:
                return UrlResource(parse_url(event.page))
            except NameSyntaxError:
                pass  # the host was recorded as well
        return _remembered(self._hosts, event.host, lambda: _host_of(event.host))

    def _who_was_recorded(self, event: RecordedBlock) -> Known:
        span = self._likeness.span_of(event.at)
        key = (event.audience, event.device, event.network, event.person, event.device_id, span)
        return _remembered(self._recorded, key, lambda: self._known(event, span))

    def _known(self, event: RecordedBlock, span: int) -> Known:
        network = self._networks.get(event.network)
        device = None if event.device_id is None else self._devices.get(event.device_id)
        person = None if event.person is None else self._people.get(event.person)
        is_complete = (
            (network is not None or event.network == UNKNOWN_SUBJECT.network)
            and (device is not None or event.device_id is None)
            and (person is not None or event.person is None)
        )
        if network is None:
            network = Network(event.network, "", event.audience, event.device, inspectable=False)
        subject = msgspec.structs.replace(
            subject_from(network, device, person), audience=event.audience, device=event.device
        )
        certainty = Certainty.RECORDED if is_complete else Certainty.NO_LONGER_KNOWN
        return Known(self._likeness.of(subject, span), certainty, event.person)

    def _who_was_at(self, event: RecordedAllowed) -> Known:
        claimant = self._claimants.at(event.client, event.at)
        span = self._likeness.span_of(event.at)
        key = (event.client, claimant, span)
        return _remembered(self._at_addresses, key, lambda: self._known_at(event, claimant, span))

    def _known_at(self, event: RecordedAllowed, claimant: str | None, span: int) -> Known:
        finder = self._unclaimed
        if claimant is not None:
            claim = DeviceClaim("past", event.client, claimant, ends_at=_NEVER)
            finder = SubjectFinder(
                msgspec.structs.replace(self._source, live=Live(claims=(claim,)))
            )
        subject = finder.subject_at(event.client, event.at)
        alike = self._likeness.of(subject, span)
        return Known(alike, Certainty.AS_KNOWN_TODAY, subject.person)


def _remembered[K, V](memory: dict[K, V], key: K, work_out: Callable[[], V]) -> V:
    try:
        return memory[key]
    except KeyError:
        return remember(memory, key, work_out())


def remember[K, V](memory: dict[K, V], key: K, value: V) -> V:
    """Put *value* into *memory*, emptied first where it is full, and return it."""
    if len(memory) >= MEMORY_LIMIT:
        memory.clear()
    memory[key] = value
    return value


def _host_of(text: str) -> HostResource | None:
    try:
        return HostResource(parse_host(text))
    except NameSyntaxError:
        return None
