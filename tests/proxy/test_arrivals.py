"""What becomes of a connection that was brought: decided by its name, whoever it was meant for."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest
from proxy_school import LESSON, PUPIL, STAFF, UNKNOWN, VISITOR, school_source

from schoolgate_policyd.core.names import Host, parse_host
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_proxy.arrivals import Arrival, Arrivals, HandOver, Pass, Shut
from schoolgate_proxy.connections import Connections, OpenConnection
from schoolgate_proxy.door.hello import Hello
from schoolgate_proxy.door.original import Original
from schoolgate_proxy.judging import Judging
from schoolgate_proxy.reporter import Reporter
from schoolgate_proxy.requests import Attempt
from schoolgate_proxy.resolve import Destination, ResolveError, Resolver, Unreachable

SCHOOL = compile_snapshot(school_source())
MEANT = Original("198.51.100.7", 443, was_brought=True)
ADDRESSES = ("192.0.2.1", "192.0.2.2")
HIDDEN = "cloudflare-ech.com"


@dataclass
class World:
    """One connection from *who*, and what was looked up and recorded for it."""

    who: str
    looked_up: list[str] = field(default_factory=list)
    told: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    known_as: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        connections = Connections(lambda address: self.known_as.get(address, address))
        self.connection = connections.opened("one", self.who)
        self.arrivals = Arrivals(
            Judging(
                connections,
                snapshot=lambda: SCHOOL,
                now=lambda: LESSON,
                resolver=cast("Resolver", self),
                reporter=cast("Reporter", self),
            )
        )

    async def resolve(self, host: Host) -> Destination:
        self.looked_up.append(host.text)
        if host.text == "hidden.example":
            return Destination(ADDRESSES, (parse_host("www.tiktok.com"),))
        if host.text == "nowhere.example":
            raise ResolveError(Unreachable.NO_SUCH_NAME)
        return Destination(ADDRESSES)

    def allowed(self, client: str, _subject: object, _judged: object, **_: object) -> None:
        self.told.append((client, "allowed", None, None))

    def blocked(
        self,
        client: str,
        _subject: object,
        _judged: object,
        *,
        attempt: Attempt | None,
        evidence: str | None,
        **_: object,
    ) -> None:
        self.told.append((client, "blocked", attempt, evidence))

    def hello(self, name: str | None, *, has_encrypted: bool = False) -> Arrival:
        hello = Hello(name, has_encrypted)
        return asyncio.run(self.arrivals.hello(self.connection, MEANT, hello))


PASS = Pass(ADDRESSES)
INSIDE = HandOver(ADDRESSES[0])
NOWHERE = HandOver("www.tiktok.com")


@pytest.mark.parametrize(
    ("who", "name", "answer"),
    [
        (PUPIL, "lessons.example", PASS),
        (PUPIL, "LESSONS.Example.", PASS),
        (PUPIL, "www.tiktok.com", NOWHERE),
        (PUPIL, "www.parents.example", INSIDE),
        (PUPIL, "hidden.example", INSIDE),
        (PUPIL, "my.bank.example", PASS),
        (PUPIL, "forum.bank.example", Shut()),
        (PUPIL, "help.childline.example", PASS),
        (PUPIL, "nowhere.example", HandOver("nowhere.example")),
        (STAFF, "lessons.example", PASS),
        (STAFF, "www.tiktok.com", NOWHERE),
        (VISITOR, "lessons.example", PASS),
        (VISITOR, "www.tiktok.com", Shut()),
        (VISITOR, "hidden.example", Shut()),
        (VISITOR, "nowhere.example", Shut()),
        (UNKNOWN, "www.tiktok.com", Shut()),
    ],
)
def test_the_name_alone_decides(who: str, name: str, answer: Arrival) -> None:
    world = World(who)

    assert answer == world.hello(name)
    assert MEANT.address not in world.looked_up
    is_passing = isinstance(answer, Pass)
    assert is_passing == (world.connection.passed is not None)
    assert ("allowed" in [each[1] for each in world.told]) == is_passing


def test_what_leads_on_is_pinned_to_what_was_looked_up() -> None:
    world = World(PUPIL)
    world.hello("www.parents.example")

    assert {(ADDRESSES[0], MEANT.port)} == world.connection.pinned
    assert (ADDRESSES[0], MEANT.port) == (
        world.connection.leads_to,
        world.connection.meant_port,
    )


@pytest.mark.parametrize("name", [None, "", "192.0.2.9", "[::1]", "a_b c", "x" * 300, "..", "*.a"])
@pytest.mark.parametrize("who", [PUPIL, STAFF])
def test_no_name_no_service(who: str, name: str | None) -> None:
    world = World(who)

    assert Shut() == world.hello(name)
    evidence = "meant for 198.51.100.7 port 443"
    assert [(who, "blocked", Attempt.NO_NAME, evidence)] == world.told
    assert [] == world.looked_up


@pytest.mark.parametrize(
    ("who", "name", "answer", "attempt"),
    [
        (PUPIL, HIDDEN, Shut(), Attempt.ENCRYPTED_NAME),
        (VISITOR, HIDDEN, Shut(), Attempt.ENCRYPTED_NAME),
        (UNKNOWN, HIDDEN, Shut(), Attempt.ENCRYPTED_NAME),
        (STAFF, HIDDEN, PASS, None),
        (PUPIL, "lessons.example", PASS, None),
    ],
)
def test_a_hidden_name_is_an_attempt_and_a_browsers_noise_is_none(
    who: str, name: str, answer: Arrival, attempt: Attempt | None
) -> None:
    world = World(who)

    assert answer == world.hello(name, has_encrypted=True)
    assert [attempt] == [each[2] for each in world.told]


def test_without_an_encrypted_part_a_cover_name_is_a_name_like_any_other() -> None:
    assert PASS == World(PUPIL).hello(HIDDEN)


def test_what_is_neither_tls_nor_http_is_an_attempt_with_its_destination() -> None:
    world = World(PUPIL)
    world.arrivals.neither(world.connection, MEANT)

    evidence = "meant for 198.51.100.7 port 443"
    assert [(PUPIL, "blocked", Attempt.TUNNEL, evidence)] == world.told


def test_http_is_handed_over_for_each_request_to_be_decided() -> None:
    world = World(PUPIL)

    assert HandOver(MEANT.address) == world.arrivals.http(world.connection, MEANT)
    assert (443, set()) == (world.connection.meant_port, world.connection.pinned)


def test_a_device_is_one_and_the_same_over_both_families() -> None:
    """What asks over IPv6 has the claims, grants and restrictions of its IPv4 address."""
    over_ipv6 = "2001:db8::10"
    stranger, known = World(over_ipv6), World(over_ipv6, known_as={over_ipv6: STAFF})

    assert Shut() == stranger.hello("www.tiktok.com")
    assert NOWHERE == known.hello("www.tiktok.com")
    known.hello("lessons.example")
    assert [(STAFF, "allowed", None, None)] == known.told


def test_the_connection_of_a_device_is_judged_anew_as_that_device() -> None:
    over_ipv6 = "2001:db8::10"
    world = World(over_ipv6, known_as={over_ipv6: STAFF})
    world.hello("lessons.example")
    connections: Connections = world.arrivals.connections

    assert [] == connections.no_longer_allowed(SCHOOL, LESSON)
    assert isinstance(world.connection, OpenConnection)
