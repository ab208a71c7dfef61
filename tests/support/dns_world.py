"""A small school, upstreams that do as they are told, and messages made by dnspython."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from schoolgate_dns import wire
from schoolgate_dns.answering import Answering
from schoolgate_dns.cache import ReplyCache
from schoolgate_dns.decider import Decider
from schoolgate_dns.errors import UpstreamSilent
from schoolgate_dns.messages import Lookup, Reply
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_dns.stages.record import Recording
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


def query(
    name: str,
    type_: str = "A",
    *,
    edns: int | None = 1232,
    **more: Any,  # noqa: ANN401 - whatever dnspython takes
) -> dns.message.QueryMessage:
    """A client's query; *edns* None leaves the OPT record out."""
    if edns is None:
        return dns.message.make_query(name, type_, use_edns=False, **more)
    return dns.message.make_query(name, type_, use_edns=0, payload=edns, **more)


def reply_to(
    octets: bytes,
    *records: str,
    authority: Sequence[str] = (),
    additional: Sequence[str] = (),
    rcode: int = 0,
) -> dns.message.Message:
    """
    An upstream's reply to the query *octets* with the *records* in its answer section.

    *authority* and *additional* are records of those sections, *rcode* the response code.
    """
    message = dns.message.make_response(dns.message.from_wire(octets), recursion_available=True)
    for section, texts in (
        (message.answer, records),
        (message.authority, authority),
        (message.additional, additional),
    ):
        for text in texts:
            name, ttl, _, type_, contents = text.split(" ", 4)
            owner = dns.name.from_text(name)
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", type_, contents))
    message.set_rcode(dns.rcode.Rcode(rcode))
    return message


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


class World:
    """One `Answering` of the small school, its clocks and events in the test's hands."""

    def __init__(self, scripts: Scripts | None = None) -> None:
        self.moment = LESSON
        self.machine = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
        self.monotonic_s = 1000.0
        self.events: list[Event] = []
        self.lines: list[str] = []
        self.resolver = ScriptedResolver(scripts or {})
        self.decider = Decider(compile_snapshot(source()))
        self.recording = Recording(self.events.append, lambda: self.machine, self.lines.append)
        self.answering = Answering(
            self.decider,
            HeldReplies(ReplyCache(), self.resolver, lambda: self.monotonic_s),
            self.recording,
            lambda: self.moment,
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


def run[T](coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


Respond = Callable[[bytes], list[bytes]]


class LocalUpstream:
    """A real upstream on a free port of the loopback; *by_udp* and *by_tcp* say what it sends."""

    def __init__(self, by_udp: Respond, by_tcp: Respond | None = None) -> None:
        self.udp_sources: list[tuple[str, int]] = []
        self.udp_queries: list[bytes] = []
        self.tcp_queries: list[bytes] = []
        self.port = 0
        self.on_datagram: Callable[[bytes, tuple[str, int]], None] = self._respond
        self._by_udp = by_udp
        self._by_tcp = by_tcp

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _UpstreamDatagrams(self), local_addr=("127.0.0.1", 0)
        )
        self.port = self._udp.get_extra_info("sockname")[1]
        self._tcp = None
        if self._by_tcp is not None:
            self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            await self._tcp.wait_closed()
        await asyncio.sleep(0)

    def _respond(self, octets: bytes, peer: tuple[str, int]) -> None:
        self.udp_queries.append(octets)
        self.udp_sources.append(peer)
        for each in self._by_udp(octets):
            self.send(each, peer)

    def send(self, octets: bytes, peer: tuple[str, int]) -> None:
        self._udp.sendto(octets, peer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        octets = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        self.tcp_queries.append(octets)
        assert self._by_tcp is not None
        for each in self._by_tcp(octets):
            writer.write(len(each).to_bytes(2) + each)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


class _UpstreamDatagrams(asyncio.DatagramProtocol):
    def __init__(self, upstream: LocalUpstream) -> None:
        self._upstream = upstream

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._upstream.on_datagram(data, addr)


async def until(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait for *condition*, never longer than *within_s*."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for raises no event
            await asyncio.sleep(0.005)
