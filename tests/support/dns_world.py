"""A small school, upstreams that do as they are told, and messages made by dnspython."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time

import dns.message
import dns.rdatatype
from dns_firewall import FakeFirewall
from dns_local import LocalUpstream, query, reply_to, run, until  # noqa: F401 - found here too

from schoolgate_dns.answering import Answering, Zones
from schoolgate_dns.decider import Decider
from schoolgate_dns.errors import UpstreamSilent
from schoolgate_dns.messages import Lookup, Rcode, Reply, wire
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.served import Outsiders, Served
from schoolgate_dns.stages.crowd import Crowds
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.record import Recording
from schoolgate_dns.stages.steer import inspection_at
from schoolgate_dns.stages.tunnel import Tunnels
from schoolgate_policyd.core.catalogue import (
    Catalogue,
    Category,
    DomainList,
    HelpLine,
    Service,
)
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Document, Live, Policy, Register, Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Network
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)
from schoolgate_policyd.core.url_patterns import UrlPattern
from schoolgate_policyd.ipc.messages import Event

TITLE = "Social Media Policy"
PUPIL, STAFF, STRANGER = "127.0.1.10", "127.0.2.10", "127.0.9.9"
LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TEN_BEFORE_BREAK = datetime(2026, 11, 20, 10, 29, 50, tzinfo=UTC)
BREAK = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
TEN_BEFORE_LESSON = datetime(2026, 11, 20, 10, 44, 50, tzinfo=UTC)


def network(id_: str, cidr: str, audience: Audience, device: DeviceKind) -> Network:
    return Network(id_, cidr, audience, device, inspectable=True)


def school_time() -> SchoolTime:
    bells = (
        PeriodStart(time(8, 50), Period.LESSON),
        PeriodStart(time(10, 30), Period.BREAK),
        PeriodStart(time(10, 45), Period.LESSON),
        PeriodStart(time(15, 20), Period.CLOSED),
    )
    return SchoolTime(
        zone="Europe/London",
        calendar=Calendar("one-term", (DateRange(date(2026, 9, 1), date(2026, 12, 18)),)),
        timetables=(TimetableUse(Timetable("primary-day", (bells,) * 5 + ((), ()))),),
        staff_hours=WorkingHours(time(8, 30), time(16)),
    )


def rule(
    id_: str,
    block: str,
    *,
    section: str = "§7",
    document: str = TITLE,
    who: tuple[Condition, ...] = (Condition(),),
    unless: tuple[Condition, ...] = (),
    locked: bool = False,
    is_open_uninspected: bool = False,
) -> Rule:
    return Rule(
        id=id_,
        block=frozenset({block}),
        applies_to=who,
        cite=Citation(document, section),
        unless=unless,
        locked=locked,
        is_open_uninspected=is_open_uninspected,
    )


def source(number: int = 1, live: Live = Live()) -> Source:  # noqa: B008 - Live is frozen
    """
    A school where TikTok is blocked: for pupils always, for staff but at break.

    A part of `forum.example` is blocked for pupils, one of `wiki.example` only where it can be
    seen; `vpn.example` is a way round the filter; `help.example` is a help line.
    """
    pupils = Condition(audience=frozenset({Audience.PUPIL}))
    staff = Condition(audience=frozenset({Audience.STAFF}))
    at_break = Condition(period=frozenset({Period.BREAK}))
    catalogue = Catalogue(
        categories=(
            Category("video-sharing", "Videos"),
            Category("forum", "Forums"),
            Category("wiki", "Wikis"),
            Category("vpn", "VPN services", is_circumvention=True),
        ),
        services=(
            Service("tiktok", "TikTok", "video-sharing", (DomainName("tiktok.example"),)),
            Service(
                "talk",
                "Talk",
                "forum",
                urls=(UrlPattern(DomainName("forum.example"), "/talk"),),
            ),
            Service(
                "edit",
                "Editing",
                "wiki",
                urls=(UrlPattern(DomainName("wiki.example"), "/edit"),),
            ),
        ),
        lists=(DomainList("vpns", "vpn", (DomainName("vpn.example"),)),),
        help_lines=(HelpLine("help", "Help", (DomainName("help.example"),)),),
    )
    policy = Policy(
        id="small",
        document=Document(TITLE, "September 2022"),
        rules=(
            rule("pupils-social-media", "video-sharing", who=(pupils,)),
            rule(
                "staff-social-media",
                "video-sharing",
                section="§5",
                who=(staff,),
                unless=(at_break,),
            ),
            rule("pupils-forums", "forum", who=(pupils,)),
            rule("pupils-editing", "wiki", who=(pupils,), is_open_uninspected=True),
            rule("no-vpn", "vpn", document="Another Document", section="§1", locked=True),
        ),
        catalogue=catalogue,
        school_time=school_time(),
    )
    register = Register(
        networks=(
            network("pupils", "127.0.1.0/24", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER),
            network("staff", "127.0.2.0/24", Audience.STAFF, DeviceKind.OWN_DEVICE),
        )
    )
    return Source(number, policy, register, live)


Scripts = Mapping[tuple[str, str], Sequence[str]]


class ScriptedResolver:
    """Answers lookups with the records scripted for (name, type); silent where there are none."""

    def __init__(self, scripts: Scripts) -> None:
        self.asked: list[Lookup] = []
        self.before_answering: Callable[[], None] = lambda: None
        self._scripts = scripts

    async def resolve(self, lookup: Lookup) -> Reply:
        self.asked.append(lookup)
        octets = wire.query_for(lookup, 7)
        question = dns.message.from_wire(octets).question[0]
        key = (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        await asyncio.sleep(0)
        self.before_answering()
        records = self._scripts.get(key)
        if records is None:
            raise UpstreamSilent("not scripted")
        return wire.read_reply(reply_to(octets, *records).to_wire())


class NoZones:
    """A school without zones of its own."""

    def is_own_zone(self, _name: bytes) -> bool:
        return False

    def local_rcode(self, _name: bytes) -> Rcode | None:
        return None

    async def relay(self, octets: bytes, name: bytes) -> bytes:
        raise NotImplementedError


class World:
    """
    One `Answering` of the small school, its clocks and events in the test's hands.

    *inspection* are the addresses at which the proxy is found. `firewall` holds nobody, until its
    `reach` is another.
    """

    def __init__(
        self,
        scripts: Scripts | None = None,
        *,
        inspection: Sequence[str] = (),
        zones: Zones | None = None,
    ) -> None:
        self.moment = LESSON
        self.machine = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
        self.monotonic_s = 1000.0
        self.events: list[Event] = []
        self.lines: list[str] = []
        self.resolver = ScriptedResolver(scripts or {})
        self.decider = Decider(compile_snapshot(source()))
        self.recording = Recording(self.events.append, lambda: self.machine, self.lines.append)
        self.firewall = FakeFirewall()
        self.replies = HeldReplies(ReplyCache(), self.resolver, lambda: self.monotonic_s)
        self.answering = Answering(
            self.decider,
            self.replies,
            self.recording,
            lambda: self.moment,
            monotonic=lambda: self.monotonic_s,
            zones=NoZones() if zones is None else zones,
            tunnels=Tunnels(),
            crowds=Crowds(),
            egress=self.firewall.egress,
            links=self.firewall.links,
            served=Served(("127.0.0.0/8",)),
            outsiders=Outsiders(lambda: self.monotonic_s),
            inspection=inspection_at(inspection),
        )

    def octets(
        self, message: bytes, client: str = STRANGER, *, over_udp: bool = True
    ) -> bytes | None:
        return run(self.answering.answer(message, client, over_udp=over_udp))

    def ask(
        self,
        client: str,
        name: str,
        type_: str = "A",
        *,
        over_udp: bool = True,
        edns: int | None = 1232,
    ) -> dns.message.Message:
        """The answer, read by dnspython."""
        answer = self.octets(query(name, type_, edns=edns).to_wire(), client, over_udp=over_udp)
        assert answer is not None
        return dns.message.from_wire(answer)
