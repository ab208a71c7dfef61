"""A reception in the test's hands: a clock, a scripted answerer, and slots without a socket."""

import mmap
from collections.abc import Sequence
from datetime import datetime, timedelta

import dns.message
import msgspec
from dns_firewall import FakeFirewall
from dns_world import LESSON, query, source

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.datagrams.slots import SLOTS, Sender, memory_of_slots
from schoolgate_dns.decider import Decider
from schoolgate_dns.finished.reception import Reception
from schoolgate_dns.messages import Ttl, wire
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.served import Served
from schoolgate_dns.stages.asked import Asked
from schoolgate_dns.stages.crowd import Crowds
from schoolgate_dns.stages.reach import HELD
from schoolgate_dns.stages.record import Recording
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.rules import (
    Citation,
    Grant,
    GrantKind,
    Restriction,
    RestrictionKind,
    ServiceScope,
)
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import Audience, Device, Person
from schoolgate_policyd.ipc.messages import Event

PETRA, PAUL = "127.0.1.20", "127.0.1.21"  # two pupils' computers, each of one person
MACHINE = datetime.fromisoformat("2026-11-20T10:00:00+00:00")
TTL_S = 300
SITE = b"\xc0\0\x02\x01"


def school(live: Live = Live()) -> Source:  # noqa: B008 - Live is frozen
    """The small school of `dns_world`, with two known pupils, where a grant opens videos."""
    small = source(live=live)
    rules = tuple(
        msgspec.structs.replace(each, lifted_by=frozenset({GrantKind.CURRICULUM_GRANT}))
        if each.id == "pupils-social-media"
        else each
        for each in small.policy.rules
    )
    register = msgspec.structs.replace(
        small.register,
        people=(Person("petra", Audience.PUPIL), Person("paul", Audience.PUPIL)),
        devices=(Device(PETRA, "d1", owner="petra"), Device(PAUL, "d2", owner="paul")),
    )
    policy = msgspec.structs.replace(small.policy, rules=rules)
    return msgspec.structs.replace(small, policy=policy, register=register)


def grant_for(person: str, service: str = "tiktok", minutes: int = 30) -> Grant:
    """A curriculum grant from now on."""
    return Grant(
        f"{person}-{service}",
        GrantKind.CURRICULUM_GRANT,
        ServiceScope(service),
        LESSON,
        LESSON + timedelta(minutes=minutes),
        people=frozenset({person}),
    )


def supervised_only(person: str) -> Restriction:
    """Nothing but help lines for one person, from now on."""
    return Restriction(
        f"{person}-supervised",
        RestrictionKind.SUPERVISED_ONLY,
        LESSON,
        LESSON + timedelta(days=1),
        Citation("Behaviour Policy", "§2"),
        person=person,
    )


class ScriptedOutcomes:
    """
    Decides as ever, and allows every allowed name the address SITE.

    *chains* gives names their aliases. `asked` has what was worked on; `lasts_s` is for how long
    an allowed answer may be given again.
    """

    def __init__(self, world: "ReceptionWorld") -> None:
        self.asked: list[tuple[str, str]] = []
        self.lasts_s = TTL_S
        self.chains: dict[str, tuple[DomainName, ...]] = {}
        self._world = world

    async def outcome(self, octets: bytes, client: str, *, over_udp: bool) -> Outcome:
        assert over_udp
        snapshot, moment = self._world.decider.snapshot, self._world.school
        question = wire.read_query(octets)
        self.asked.append((client, question.name.text))
        source, reach = self._world.firewall.links.source_at(client), self._world.firewall.reach
        subject = snapshot.subject_at(source.known_as, moment)
        asked = Asked(
            question, source.known_as, subject, snapshot, moment, source=source, reach=reach
        )
        chain = self.chains.get(question.name.text, ())
        request = Request(asked.subject, HostResource(question.name, chain))
        decision = decide(request, snapshot, moment)
        is_blocked = decision.verdict is not Verdict.ALLOW
        flags_and_counts = (
            "81 83 0001 0000 0000 0000" if is_blocked else "81 80 0001 0001 0000 0000"
        )
        header = b"\0\0" + bytes.fromhex(flags_and_counts)
        record = b"\xc0\x0c\0\1\0\1" + TTL_S.to_bytes(4) + b"\0\4" + SITE
        left_s = int((decision.valid_until - moment).total_seconds())
        return Outcome(
            header + question.question + (b"" if is_blocked else record),
            ttls=() if is_blocked else (Ttl(12 + len(question.question) + 6, min(TTL_S, left_s)),),
            lasts_s=min(self.lasts_s, left_s),
            addresses=() if is_blocked else (SITE,),
            asked=asked,
            decision=decision,
            chain=chain,
            is_blocked=is_blocked,
        )


class MemorySlots:
    """Slots that hold what a test puts there."""

    def __init__(self) -> None:
        self.datagrams = memory_of_slots()
        self.peers = mmap.mmap(-1, SLOTS * 16)
        self.peer_places = tuple(slice(slot * 16, slot * 16 + 4) for slot in range(SLOTS))
        self.answer_octets = [0] * SLOTS
        self._lengths: list[int] = []

    def put(self, octets: bytes, client: str) -> None:
        slot = len(self._lengths)
        self.datagrams[slot][: len(octets)] = octets
        self.peers[self.peer_places[slot]] = packed_address(client)
        self._lengths.append(len(octets))

    def receive(self) -> Sequence[int]:
        lengths, self._lengths = self._lengths, []
        return lengths

    def answer_in(self, slot: int) -> bytes:
        return self.datagrams[slot][: self.answer_octets[slot]]

    def send(self, first: int, end: int) -> None:
        raise NotImplementedError

    def sender_of(self, slot: int) -> Sender:
        raise NotImplementedError


class ReceptionWorld:
    """One `Reception` of the small school; three clocks that stand until they are set."""

    def __init__(self, live: Live = Live()) -> None:  # noqa: B008 - Live is frozen
        self.school = LESSON
        self.machine = MACHINE
        self.monotonic_s = 1000.25
        self.events: list[Event] = []
        self.firewall = FakeFirewall(reach=HELD)
        self.decider = Decider(compile_snapshot(school(live)))
        self.outcomes = ScriptedOutcomes(self)
        self.recording = Recording(self.events.append, lambda: self.machine)
        self.reception = Reception(
            self.outcomes,
            self.decider,
            self.recording,
            self.firewall.egress,
            crowds=Crowds(),
            served=Served(("127.0.0.0/8",)),
            monotonic=lambda: self.monotonic_s,
            school_now=lambda: self.school,
            machine_now=lambda: self.machine,
            links=self.firewall.links,
        )
        self.reception.tick()

    def pass_time(self, seconds: float) -> None:
        """Let every clock go on."""
        self.monotonic_s += seconds
        self.school += timedelta(seconds=seconds)
        self.machine += timedelta(seconds=seconds)

    def put_live(self, live: Live) -> None:
        """Put another live state in force, as policyd's next revision does."""
        self.decider.put_live(self.decider.snapshot.number + 1, live)
        self.reception.put_in_force(self.decider.snapshot)

    async def ask(
        self, client: str, name: str, type_: str = "A"
    ) -> tuple[dns.message.Message, bool]:
        """Return the answer, and whether it was finished already."""
        octets = query(name, type_, id=4711).to_wire()
        slots = MemorySlots()
        slots.put(octets, client)
        missed = self.reception.serve(slots, slots.receive(), self.monotonic_s)
        if not missed:
            return dns.message.from_wire(slots.answer_in(0)), True
        answer = await self.reception.work_on(octets, packed_address(client))
        assert answer is not None
        return dns.message.from_wire(answer), False

    async def warm(self, client: str, *names: str) -> None:
        """Ask, so that the answers are finished."""
        for name in names:
            await self.ask(client, name)
