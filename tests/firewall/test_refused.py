"""What the firewall refused is told: who, where to, why, and exactly how often."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
from dns_world import TEN_BEFORE_LESSON, source
from firewall_world import (
    OTHER_SITE,
    PUPIL,
    PUPIL_LINK,
    SITE,
    STAFF,
    STAFF_LINK,
    FakeLog,
    World,
    link_to,
    octets,
)

from schoolgate_firewall.evidence import evidence_of, is_attempt
from schoolgate_firewall.refusals import Refusals
from schoolgate_firewall.refused import Refused
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import Blocked, Event, PointKind
from schoolgate_policyd.netfilter.log import Logged
from schoolgate_policyd.netfilter.names import Reason
from schoolgate_policyd.netfilter.neighbours import Link

SIX = "2001:db8::5"


def logged(
    reason: str = Reason.UNKNOWN_ADDRESS,
    source_: str = PUPIL,
    to: str = SITE,
    *,
    link: Link = PUPIL_LINK,
    protocol: int = 6,
    port: int | None = 443,
) -> Logged:
    return Logged(
        prefix=reason,
        in_index=link.index,
        hardware=link.mac,
        source=octets(source_),
        destination=octets(to),
        protocol=protocol,
        source_port=50_000,
        destination_port=port,
    )


class Telling:
    """What is told of what the kernel logs and counts."""

    def __init__(self, world: World, *, ordinary_port: int | None = None) -> None:
        self.world = world
        self.log = FakeLog()
        self.events: list[Event] = []
        self.lines: list[str] = []
        refusals = Refusals(
            world.memory,
            world.judge,
            world.devices,
            school_now=lambda: world.moment,
            monotonic=lambda: world.second,
            is_ordinary=lambda each: each.destination_port == ordinary_port,
        )
        self.refused = Refused(
            self.log,
            world.sets,
            refusals,
            offer=self.events.append,
            machine_now=lambda: world.machine,
            monotonic=lambda: world.second,
            zone=lambda: "Europe/London",
            show=self.lines.append,
        )
        self.refused.begin()

    def refuse(self, *lines: Logged, counted: int | None = None) -> None:
        """Have the kernel log *lines*, and count as many or *counted* of the first."""
        self.log.lines += lines
        for number, each in enumerate(lines):
            reason = Reason(each.prefix.partition(" ")[0])
            key = (reason.count_set(4 if len(each.source) == 4 else 6), each.source)
            more = 1 if counted is None else (counted if number == 0 else 0)
            self.world.sets.packets[key] = self.world.sets.packets.get(key, 0) + more
        self.refused.read()

    def pass_seconds(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.second += 1
            self.world.machine += timedelta(seconds=1)
            asyncio.run(self.refused.tick())

    @property
    def blocked(self) -> list[Blocked]:
        return [each for each in self.events if isinstance(each, Blocked)]


def one(telling: Telling) -> Blocked:
    assert 1 == len(telling.blocked)
    return telling.blocked[0]


def test_a_refused_connection_is_told_at_once_with_who_where_and_why() -> None:
    telling = Telling(World())
    telling.refuse(logged())

    event = one(telling)
    assert PointKind.FIREWALL is event.point
    assert (PUPIL, Audience.PUPIL, "pupils") == (event.client, event.audience, event.network)
    assert (SITE, "unknown-address", 1) == (event.host, event.attempt, event.count)
    assert "TCP port 443 to 192.0.2.80: no name that was asked for leads there" == event.evidence
    assert () == event.rules
    assert "firewall block" in telling.lines[0]


def test_alike_ones_of_a_minute_are_one_more_event_with_their_exact_count() -> None:
    telling = Telling(World())
    telling.refuse(*[logged() for _ in range(5)])
    telling.pass_seconds(60)

    assert [1, 4] == [each.count for each in telling.blocked]


def test_what_the_kernel_counted_and_did_not_log_is_told_as_well() -> None:
    telling = Telling(World())
    telling.refuse(logged(), counted=1000)
    telling.pass_seconds(120)

    assert 1000 == sum(each.count for each in telling.blocked)
    assert {SITE} == {each.host for each in telling.blocked}
    assert {"unknown-address"} == {each.attempt for each in telling.blocked}


def test_counts_to_several_addresses_are_not_ascribed_to_one() -> None:
    telling = Telling(World())
    telling.refuse(logged(), logged(to=OTHER_SITE), counted=500)
    telling.pass_seconds(120)

    assert {SITE: 1, OTHER_SITE: 1, "(many)": 498} == {
        each.host: each.count for each in telling.blocked
    }


def test_counts_to_several_inner_addresses_are_no_attempt() -> None:
    telling = Telling(World())
    printers = (logged(Reason.INSIDE, to=each) for each in ("127.0.2.10", "127.0.2.11"))
    telling.refuse(*printers, counted=11)
    telling.pass_seconds(120)

    assert 11 == sum(each.count for each in telling.blocked)
    assert {None} == {each.attempt for each in telling.blocked}


def test_a_count_without_a_line_is_told_too() -> None:
    telling = Telling(World())
    telling.world.sets.packets["count_tunnel4", octets(PUPIL)] = 7
    telling.pass_seconds(120)

    assert 7 == sum(each.count for each in telling.blocked)
    assert {("(many)", "tunnel", PUPIL)} == {
        (each.host, each.attempt, each.client) for each in telling.blocked
    }


def test_what_was_counted_before_the_start_is_not_told_again() -> None:
    world = World()
    world.sets.packets["count_tunnel4", octets(PUPIL)] = 7
    telling = Telling(world)
    telling.pass_seconds(120)

    assert [] == telling.events


def test_what_is_left_is_told_at_the_end() -> None:
    telling = Telling(World())
    telling.refuse(logged(), counted=20)
    telling.refused.stop()

    assert 20 == sum(each.count for each in telling.blocked)


@pytest.mark.parametrize("reason", [Reason.QUIC, "somebody-else", ""])
def test_what_is_no_refusal_of_ours_to_tell_leaves_no_event(reason: str) -> None:
    telling = Telling(World())
    telling.log.lines.append(logged(reason))
    telling.refused.read()
    telling.pass_seconds(60)

    assert [] == telling.events


def test_another_of_the_schools_networks_is_refused_and_no_attempt() -> None:
    telling = Telling(World())
    telling.refuse(logged(Reason.INSIDE, to="127.0.2.10"))

    assert one(telling).attempt is None
    assert "in another of the school's networks" in (one(telling).evidence or "")


def test_a_device_that_connects_over_ipv6_is_who_it_is_over_ipv4() -> None:
    world = World()
    world.neighbours.put(STAFF_LINK, STAFF, SIX)
    telling = Telling(world)
    telling.refuse(logged(source_=SIX, to="2001:db8:1::1", link=STAFF_LINK))

    assert (STAFF, Audience.STAFF) == (one(telling).client, one(telling).audience)


def test_whoever_is_named_by_a_forged_address_is_not_blamed() -> None:
    telling = Telling(World())
    telling.refuse(logged(Reason.FOREIGN_SOURCE, source_=STAFF, link=PUPIL_LINK))

    event = one(telling)
    assert (PUPIL, Audience.PUPIL) == (event.client, event.audience)
    assert f"it called itself {STAFF}, its hardware address was 02:00:00:00:01:10" in (
        event.evidence or ""
    )


def test_a_forged_address_of_unknown_hardware_is_nobodys() -> None:
    telling = Telling(World())
    unknown = Link(3, bytes(6))
    telling.refuse(logged(Reason.FOREIGN_SOURCE, source_=STAFF, link=unknown), counted=9)
    telling.pass_seconds(120)

    assert {"unknown"} == {each.network for each in telling.blocked}
    assert 9 == sum(each.count for each in telling.blocked)


def bell(world: World, name: str) -> None:
    """Have *name*, which staff were told at break, closed at the bell."""
    world.moment = TEN_BEFORE_LESSON
    world.answer(STAFF, name, link_to(STAFF_LINK))
    world.moment += timedelta(seconds=10)
    asyncio.run(world.keeper.look())


def test_an_address_that_the_bell_closed_is_an_ordinary_block_by_its_rule() -> None:
    world = World()
    bell(world, "tiktok.example")
    telling = Telling(world)
    telling.refuse(logged(source_=STAFF, link=STAFF_LINK))

    event = one(telling)
    assert ("tiktok.example", None) == (event.host, event.attempt)
    assert ("staff-social-media",) == event.rules
    assert "the address of tiktok.example, which was told to it earlier" in (event.evidence or "")


@pytest.mark.parametrize(("seconds", "is_ordinary"), [(599, True), (600, False)])
def test_whoever_still_tries_after_ten_minutes_means_it(
    seconds: int, *, is_ordinary: bool
) -> None:
    world = World()
    bell(world, "tiktok.example")
    world.second += seconds
    telling = Telling(world)
    telling.refuse(logged(source_=STAFF, link=STAFF_LINK))

    assert is_ordinary is (one(telling).attempt is None)


def test_a_neighbour_gains_no_excuse_from_what_another_was_told() -> None:
    world = World()
    bell(world, "tiktok.example")
    telling = Telling(world)
    telling.refuse(logged())

    assert "unknown-address" == one(telling).attempt


@pytest.mark.parametrize(("client", "link"), [(PUPIL, PUPIL_LINK), (STAFF, STAFF_LINK)])
def test_nothing_is_ever_told_of_a_help_lines_address(client: str, link: Link) -> None:
    world = World()
    world.answer(PUPIL, "help.example", link_to(PUPIL_LINK))
    telling = Telling(world)
    telling.refuse(logged(source_=client, link=link), counted=50)
    telling.pass_seconds(120)
    telling.refused.stop()

    assert [] == telling.events
    assert [] == telling.lines


def test_what_devices_do_by_themselves_is_no_attempt() -> None:
    telling = Telling(World(), ordinary_port=123)
    telling.refuse(logged(Reason.OTHER_PORT, protocol=17, port=123))

    assert one(telling).attempt is None


@pytest.mark.parametrize("passes", [True, False])
def test_what_the_ruleset_let_go_is_said_to_be_let_go(passes: bool) -> None:
    """Not by the configuration, which may be another than when the ruleset was loaded."""
    telling = Telling(World())
    telling.refuse(logged(Reason.UNKNOWN_ADDRESS.log_prefix(passes=passes)))

    said = one(telling).evidence or ""
    assert passes is said.endswith("(let through: the firewall only watches)")


def test_a_log_and_counts_that_cannot_be_read_stop_nothing() -> None:
    telling = Telling(World())
    telling.log.is_failing = True
    telling.refused.read()
    telling.log.is_failing = False
    telling.world.sets.refusing = frozenset({Reason.UNKNOWN_ADDRESS.count_set(4)})
    telling.refuse(logged(), counted=5)
    telling.pass_seconds(120)
    assert 1 == len(telling.blocked)

    telling.world.sets.refusing = frozenset()
    telling.pass_seconds(120)
    assert 5 == sum(each.count for each in telling.blocked)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    said = evidence_of(logged(reason), reason)

    assert said.startswith("TCP port 443 to 192.0.2.80: ")
    assert (reason not in {Reason.QUIC, Reason.INSIDE}) is is_attempt(reason)


@pytest.mark.parametrize(
    ("protocol", "port", "said"),
    [
        (47, None, "GRE to"),
        (17, 1194, "UDP port 1194 to"),
        (200, None, "IP protocol 200 to"),
    ],
)
def test_protocols_are_named(protocol: int, port: int | None, said: str) -> None:
    line = msgspec.structs.replace(logged(Reason.TUNNEL), protocol=protocol, destination_port=port)

    assert evidence_of(line, Reason.TUNNEL).startswith(said)


def test_a_name_that_is_a_help_line_since_today_is_not_told_of() -> None:
    world = World()
    bell(world, "tiktok.example")
    school = source(2)
    catalogue = msgspec.structs.replace(
        school.policy.catalogue,
        services=(),
        help_lines=(
            msgspec.structs.replace(
                school.policy.catalogue.help_lines[0],
                domains=school.policy.catalogue.services[0].domains,
            ),
        ),
    )
    world.snapshot = compile_snapshot(
        msgspec.structs.replace(
            school, policy=msgspec.structs.replace(school.policy, catalogue=catalogue)
        )
    )
    telling = Telling(world)
    telling.refuse(logged(source_=STAFF, link=STAFF_LINK))

    assert [] == telling.events
