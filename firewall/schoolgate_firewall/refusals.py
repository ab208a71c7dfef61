"""Who it was that the firewall refused something, and what: one line of its log understood."""

from collections.abc import Callable, Iterator
from datetime import datetime

from schoolgate_firewall.devices import Devices
from schoolgate_firewall.evidence import evidence_of, is_attempt, lapsed_evidence
from schoolgate_firewall.judging import Judge
from schoolgate_firewall.way_parts import text_of
from schoolgate_firewall.ways_memory import Lead, WaysMemory
from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Subject
from schoolgate_policyd.ipc.recorder import MANY, Seen
from schoolgate_policyd.netfilter.errors import NetfilterError
from schoolgate_policyd.netfilter.log import Logged
from schoolgate_policyd.netfilter.names import Reason
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import Way, address_way, link_way

# Programs keep an address for a while after its name was closed to them; then it is no accident.
ORDINARY_FOR_S = 600


class Refusals:
    """
    Understands what was refused, by what was told in *memory*.

    *is_ordinary* says of what a device does by itself that it is no attempt of anybody's.
    """

    def __init__(
        self,
        memory: WaysMemory,
        judge: Judge,
        devices: Devices,
        *,
        school_now: Callable[[], datetime],
        monotonic: Callable[[], float],
        is_ordinary: Callable[[Logged], bool] = lambda _logged: False,
    ) -> None:
        self._memory = memory
        self._judge = judge
        self._devices = devices
        self._school_now = school_now
        self._monotonic = monotonic
        self._is_ordinary = is_ordinary

    def seen(
        self, logged: Logged, reason: Reason, at: datetime, *, passes: bool = False
    ) -> Seen | None:
        """
        Return what is to be recorded of *logged* at *at*; None where nothing may be.

        What *passes* went on all the same: the ruleset only watches, and the evidence says so.
        """
        # INVARIANT: no event records a visit to a help line, not even one that failed.
        if self._memory.leads_to_help_line(logged.destination):
            return None
        school_at = self._school_now()
        client, subject = self._sender(logged, reason, school_at)
        became = " (let through: the firewall only watches)" if passes else ""
        lead = self._lapsed(logged) if reason is Reason.UNKNOWN_ADDRESS else None
        if lead is not None:
            decision = self._judge.decision_on(lead, subject, school_at)
            if decision.is_help_line:
                return None
            host, evidence = lead.resource.host.text, lapsed_evidence(logged, lead.names[0])
            attempt = None
        else:
            decision = _refusal(school_at)
            host = text_of(logged.destination)
            evidence = evidence_of(logged, reason)
            is_way_round = is_attempt(reason) and not self._is_ordinary(logged)
            attempt = reason.value if is_way_round else None
        return Seen(
            at=at,
            school_at=school_at,
            client=client,
            subject=subject,
            host=host,
            decision=decision,
            is_blocked=True,
            attempt=attempt,
            evidence=evidence + became,
        )

    def seen_of_many(self, source: bytes, reason: Reason, at: datetime) -> Seen:
        """Return what is to be recorded where the kernel counted and logged nothing."""
        school_at = self._school_now()
        client, subject = self._at(source, reason, school_at)
        return Seen(
            at=at,
            school_at=school_at,
            client=client,
            subject=subject,
            host=MANY,
            decision=_refusal(school_at),
            is_blocked=True,
            attempt=reason.value if is_attempt(reason) else None,
        )

    def _sender(self, logged: Logged, reason: Reason, moment: datetime) -> tuple[str, Subject]:
        """Return who sent *logged*: its address as registers know it, and the subject."""
        if reason is Reason.FOREIGN_SOURCE and logged.hardware:
            # Who is named by a forged address did nothing; the hardware may say who did.
            addresses = self._devices.addresses_of(Link(logged.in_index, logged.hardware))
            for each in sorted(addresses, key=len):
                client = self._devices.known_as(text_of(each))
                return client, self._judge.subject_at(client, moment)
        return self._at(logged.source, reason, moment)

    def _at(self, source: bytes, reason: Reason, moment: datetime) -> tuple[str, Subject]:
        client = text_of(source)
        if reason is Reason.FOREIGN_SOURCE:
            return client, UNKNOWN_SUBJECT
        return self._devices.known_as(client), self._judge.subject_at(client, moment)

    def _lapsed(self, logged: Logged) -> Lead | None:
        """Return a lead to where *logged* was sent that was its sender's until lately."""
        now_s = int(self._monotonic())
        for way in _ways_of(logged):
            for lead in self._memory.leads_to(way):
                if lead.closed_at_s is None or now_s - lead.closed_at_s < ORDINARY_FOR_S:
                    return lead
        return None


def _ways_of(logged: Logged) -> Iterator[Way]:
    """Yield the ways by which *logged* could have been allowed."""
    makers: tuple[tuple[Callable[..., Way], tuple[object, ...]], ...] = (
        (link_way, (logged.in_index, logged.hardware, logged.destination)),
        (address_way, (logged.source, logged.destination)),
    )
    for make, parts in makers:
        try:
            yield make(*parts)
        except (NetfilterError, OverflowError):
            continue  # it came by no Ethernet, or says what no packet can


def _refusal(moment: datetime) -> Decision:
    """Return the decision that stands where no rule was asked."""
    return Decision(Verdict.BLOCK, Verdict.BLOCK, valid_until=moment)
