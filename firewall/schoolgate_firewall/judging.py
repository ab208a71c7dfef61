"""Whether what a client was told of a name would be told now: by the rule that DNS goes by."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from schoolgate_firewall.way_parts import packed
from schoolgate_firewall.ways_memory import Lead
from schoolgate_policyd.core.courses import Course, course_of
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.netfilter.neighbours import Link


class KnownDevices(Protocol):
    """By which addresses devices are known: `devices.Devices`."""

    @property
    def changes(self) -> int:
        """A number that is another one whenever another device may have an address."""
        ...

    def known_as(self, address: str) -> str:
        """Return the address by which registers know the device that uses *address*."""
        ...

    def link_of(self, address: bytes) -> Link | None:
        """Return on which of the gateway's own links *address* is, None where on none."""
        ...


class Judge:
    """
    Judges leads with the newest snapshot.

    *snapshot* returns that, *devices* know who uses an address; with *has_inspection* DNS leads
    what must be looked into to the proxy. `generation` grows by one with each snapshot
    (`snapshot_changed`) and marks what it judged.
    """

    def __init__(
        self, snapshot: Callable[[], Snapshot], devices: KnownDevices, *, has_inspection: bool
    ) -> None:
        self.generation = 0
        self._snapshot = snapshot
        self._devices = devices
        self._has_inspection = has_inspection

    def snapshot_changed(self) -> None:
        """Have every lead judged anew."""
        self.generation += 1

    def is_judged(self, lead: Lead, moment: datetime) -> bool:
        """Whether the newest verdict on *lead* holds at *moment* (the school's clock)."""
        if lead.generation != self.generation or moment >= lead.valid_until:
            return False
        # Who asks over IPv6 for the first time is known only once the kernel has found them.
        return ":" not in lead.client or self._devices.known_as(lead.client) == lead.known_as

    @property
    def identities(self) -> int:
        """A number that is another one whenever somebody may be known by another address."""
        return self._devices.changes

    def judge(self, lead: Lead, moment: datetime) -> bool:
        """Judge *lead* at *moment* (the school's clock); return whether the verdict changed."""
        lead.known_as = self._devices.known_as(lead.client)
        subject = self._snapshot().subject_at(lead.known_as, moment)
        decision = self.decision_on(lead, subject, moment)
        course = course_of(
            lead.resource.host,
            subject,
            decision,
            self._snapshot(),
            has_inspection=self._has_inspection,
        )
        was_allowed = lead.is_allowed
        lead.is_allowed = course is Course.ALLOW
        lead.is_help_line = decision.is_help_line
        lead.valid_until = decision.valid_until
        lead.generation = self.generation
        return lead.is_allowed is not was_allowed

    def link_of(self, client: str) -> Link | None:
        """Return which device on one of the gateway's own links has the address *client*."""
        address = packed(client)
        return None if address is None else self._devices.link_of(address)

    def subject_at(self, address: str, moment: datetime) -> Subject:
        """Return who uses *address* at *moment*, whichever family it is of."""
        return self._snapshot().subject_at(self._devices.known_as(address), moment)

    def decision_on(self, lead: Lead, subject: Subject, moment: datetime) -> Decision:
        """Return the decision on the name of *lead*, its aliases with it."""
        return decide(Request(subject, lead.resource), self._snapshot(), moment)
