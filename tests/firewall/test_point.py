"""The firewall's point over a real kernel: what a bell ends, and what is told of refusals."""

import asyncio
import contextlib
import dataclasses
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path

import msgspec
import pytest
from dns_world import source
from filter_world import (
    CLIENT_HELLO,
    FAMILIES,
    PLAIN,
    Device,
    FilterWorld,
    filter_world,
    school_settings,
)
from ipc_world import PATIENCE_S, eventually

from schoolgate_firewall.followed import follow_kernel
from schoolgate_firewall.keeping import GRACE_S
from schoolgate_firewall.point import NAME, NoFirewallError, Point, firewall_of
from schoolgate_policyd.config import CONFIG_VARIABLE, Settings, settings_json
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Person
from schoolgate_policyd.core.subjects import Device as Registered
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.messages import Blocked, Direction, EventBatch, PointKind
from schoolgate_policyd.ipc.rollout import Revision
from schoolgate_policyd.ipc.server import PolicydServer
from schoolgate_policyd.netfilter.names import TABLE, WaySet
from schoolgate_policyd.netfilter.ways import Told, datagram_of, encode_told
from schoolgate_policyd.networks import networks_of

STALLED_S = 0.3


@pytest.fixture(scope="module")
def built() -> Iterator[FilterWorld]:
    with filter_world(school_settings()) as world:
        yield world


@pytest.fixture
def world(built: FilterWorld) -> Iterator[FilterWorld]:
    yield built
    built.hang_up()
    for way_set in WaySet:
        for name in (way_set.open_name, way_set.looked_into_name, way_set.cut_name):
            built.sets.remove(name, [each.key for each in built.sets.elements(name)])


class Gateway:
    """The point and what stands in for policyd and DNS, in the gateway's namespace."""

    def __init__(self, world: FilterWorld, settings: Settings) -> None:
        self.world = world
        self.settings = settings
        self.events: list[Blocked] = []
        self.server = PolicydServer(
            settings.socket_path,
            on_wake=self._nothing,
            on_events=self._store,
            on_ahead=self._nothing,
        )

    async def _nothing(self, *_: object) -> None:
        """Have nothing to do."""

    async def _store(self, batch: EventBatch) -> None:
        events = (each.event for each in batch.events)
        self.events += [each for each in events if isinstance(each, Blocked)]

    async def put(self, school: Source) -> None:
        """Put *school* in force, and wait until the point says so."""
        direction = Direction.TIGHTEN
        self.server.publish(Revision(school, school.number, direction, is_full=True))
        await eventually(lambda: self.acknowledged == school.number)

    @property
    def acknowledged(self) -> int:
        points = self.server.status().points
        return next((e.acknowledged for e in points if e.kind is PointKind.FIREWALL), 0)

    def answer(self, device: Device, name: str, family: int, known_as: str = "") -> None:
        """Do what DNS does when it answers."""
        way = self.world.way(device, PLAIN[family])
        self.world.sets.add(way.set.open_name, [way.key], 300)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
            told = Told(known_as or device.address(family), (name,), (way,), 300)
            teller.connect(str(self.settings.ways_path))
            teller.send(datagram_of([encode_told(told)]))

    def held(self, set_name: str) -> set[bytes]:
        return {each.key for each in self.world.sets.elements(set_name)}


@contextlib.asynccontextmanager
async def running(world: FilterWorld, folder: Path, begins_with: Source) -> AsyncIterator[Gateway]:
    settings = dataclasses.replace(school_settings(), var_dir=folder)
    # Without one the point would begin by reading all rule files.
    save_last_snapshot(settings.last_snapshot_path(NAME), begins_with)
    gateway = Gateway(world, settings)
    kernel = follow_kernel(firewall_of(settings))
    stop, ready = asyncio.Event(), asyncio.Event()
    with contextlib.closing(kernel.closing):
        point = Point(settings, kernel)
        await gateway.server.start()
        serving = asyncio.create_task(point.run(stop, lambda _: ready.set()))
        try:
            await asyncio.wait_for(ready.wait(), PATIENCE_S)
            yield gateway
        finally:
            stop.set()
            await serving
            await gateway.server.stop()


def in_gateway(
    world: FilterWorld,
    folder: Path,
    use: Callable[[Gateway], Coroutine[None, None, None]],
    begins_with: Source | None = None,
) -> None:
    async def run() -> None:
        source = school(1, blocks=False) if begins_with is None else begins_with
        async with running(world, folder, source) as gateway:
            await use(gateway)

    with world.gateway.entered():
        asyncio.run(run())


def school(number: int, *, blocks: bool = True, devices: tuple[Registered, ...] = ()) -> Source:
    """The small school on the gateway's networks."""
    plain = source(number)
    register = msgspec.structs.replace(
        plain.register,
        networks=networks_of(school_settings()),
        people=(Person("teacher", Audience.STAFF),),
        devices=devices,
    )
    rules = plain.policy.rules if blocks else ()
    policy = msgspec.structs.replace(plain.policy, rules=rules)
    return msgspec.structs.replace(plain, register=register, policy=policy)


def download(
    world: FilterWorld, device: Device, family: int
) -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection over which something goes."""
    own = world.connect(device, PLAIN[family], 443)
    assert "origin" == world.taker()
    far = world.accepted()
    own.sendall(CLIENT_HELLO)
    assert CLIENT_HELLO == far.recv(1000)
    far.sendall(b"answer")
    assert b"answer" == own.recv(100)
    return own, far


def goes_on(own: socket.socket, far: socket.socket) -> bool:
    """Whether something still goes over a connection."""
    far.settimeout(STALLED_S)
    try:
        own.sendall(b"more")
        return far.recv(100) == b"more"
    except (ConnectionError, TimeoutError):
        return False


@pytest.mark.parametrize("family", FAMILIES)
def test_a_bell_ends_what_is_no_longer_allowed_within_a_second_and_nothing_else(
    world: FilterWorld, tmp_path: Path, family: int
) -> None:
    async def use(gateway: Gateway) -> None:
        await gateway.put(school(1, blocks=False))
        gateway.answer(world.pupil, "tiktok.example", family)
        gateway.answer(world.staff, "lessons.example", family)
        await asyncio.sleep(0)
        ending = await asyncio.to_thread(download, world, world.pupil, family)
        lasting = await asyncio.to_thread(download, world, world.staff, family)
        started = time.monotonic()
        await gateway.put(school(2))
        while await asyncio.to_thread(goes_on, *ending):
            assert time.monotonic() - started < PATIENCE_S
        took_s = time.monotonic() - started

        assert took_s < 1
        assert await asyncio.to_thread(goes_on, *lasting)
        assert "refused" == await asyncio.to_thread(world.tcp, world.pupil, PLAIN[family], 443)

    in_gateway(world, tmp_path, use)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_connection_that_is_idle_at_the_bell_does_not_go_on_later(
    world: FilterWorld, tmp_path: Path, family: int
) -> None:
    async def use(gateway: Gateway) -> None:
        await gateway.put(school(1, blocks=False))
        gateway.answer(world.pupil, "tiktok.example", family)
        idle = await asyncio.to_thread(download, world, world.pupil, family)
        await gateway.put(school(2))
        # Seconds later it is cut no more.
        way = world.way(world.pupil, PLAIN[family])
        world.sets.remove(way.set.cut_name, [way.key])

        assert not await asyncio.to_thread(goes_on, *idle)

    in_gateway(world, tmp_path, use)


def test_an_idle_connection_ends_though_the_kernel_forgot_its_address(
    world: FilterWorld, tmp_path: Path
) -> None:
    """DNS tells by which IPv4 address the device is known; the kernel forgets who is quiet."""

    async def use(gateway: Gateway) -> None:
        await gateway.put(school(1, blocks=False))
        gateway.answer(world.pupil, "tiktok.example", 6, known_as=world.pupil.address(4))
        idle = await asyncio.to_thread(download, world, world.pupil, 6)
        place = (world.pupil.address(6), "dev", world.pupil.inside)
        world.gateway.must("ip", "neighbour", "delete", *place)
        await gateway.put(school(2))
        way = world.way(world.pupil, PLAIN[6])
        world.sets.remove(way.set.cut_name, [way.key])

        assert not await asyncio.to_thread(goes_on, *idle)

    in_gateway(world, tmp_path, use)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_refused_is_told_to_policyd(
    world: FilterWorld, tmp_path: Path, family: int
) -> None:
    async def use(gateway: Gateway) -> None:
        mac = world.pupil.namespace.hardware_of("lan0").hex(":")
        place = (world.pupil.address(4), "lladdr", mac, "dev", world.pupil.inside)
        world.gateway.must("ip", "neighbour", "replace", *place)
        await gateway.put(school(1))
        assert "refused" == await asyncio.to_thread(world.tcp, world.pupil, PLAIN[family], 443)
        await eventually(lambda: bool(gateway.events))

        event = gateway.events[0]
        assert (PLAIN[family], "unknown-address") == (event.host, event.attempt)
        # Over IPv6 too the device is the one that it is over IPv4.
        assert (world.pupil.address(4), Audience.PUPIL) == (event.client, event.audience)

    in_gateway(world, tmp_path, use)


def test_a_way_that_nobody_told_of_is_closed_at_the_first_bell(
    world: FilterWorld, tmp_path: Path
) -> None:
    async def use(gateway: Gateway) -> None:
        known, unknown = world.way(world.staff, PLAIN[4]), world.way(world.pupil, PLAIN[4])
        world.sets.add(unknown.set.open_name, [unknown.key], 300)
        gateway.answer(world.staff, "lessons.example", 4)
        await gateway.put(school(1))
        await eventually(lambda: unknown.key not in gateway.held("open_link4"))

        assert known.key in gateway.held("open_link4")

    in_gateway(world, tmp_path, use)


def test_a_way_from_before_is_closed_at_the_start_though_policyd_is_not_there(
    world: FilterWorld, tmp_path: Path
) -> None:
    """A bell may have rung meanwhile, and nothing but policyd would say so."""
    unknown = world.way(world.pupil, PLAIN[4])
    world.sets.add(unknown.set.open_name, [unknown.key], 300)

    async def use(gateway: Gateway) -> None:
        await eventually(lambda: unknown.key not in gateway.held("open_link4"))
        assert unknown.key in gateway.held("judged_link4")

    in_gateway(world, tmp_path, use)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_connection_goes_on_while_the_point_begins_anew_unless_a_bell_rang_meanwhile(
    world: FilterWorld, tmp_path: Path, family: int
) -> None:
    flows: list[tuple[socket.socket, socket.socket]] = []

    async def before(gateway: Gateway) -> None:
        gateway.answer(world.pupil, "tiktok.example", family)
        gateway.answer(world.staff, "lessons.example", family)
        for device in (world.pupil, world.staff):
            flows.append(await asyncio.to_thread(download, world, device, family))  # noqa: PERF401 - awaited in turn
        await eventually(lambda: b"lessons" in gateway.settings.told_path.read_bytes())

    async def after(gateway: Gateway) -> None:
        set_name = f"open_link{family}"
        known, gone = (world.way(each, PLAIN[family]) for each in (world.staff, world.pupil))
        await eventually(lambda: gone.key not in gateway.held(set_name))
        while await asyncio.to_thread(goes_on, *flows[0]):
            pass
        # It looks through what is open, and waits for what it may be told in between.
        await asyncio.sleep(3 * GRACE_S)

        assert await asyncio.to_thread(goes_on, *flows[1])
        assert known.key in gateway.held(set_name)

    in_gateway(world, tmp_path, before)
    in_gateway(world, tmp_path, after, begins_with=school(2))


def test_what_dns_opened_while_the_point_was_away_is_known_by_no_older_name(
    world: FilterWorld, tmp_path: Path
) -> None:
    """DNS opened it again, for a name that nobody heard of."""
    way = world.way(world.pupil, PLAIN[4])

    async def before(gateway: Gateway) -> None:
        gateway.answer(world.pupil, "lessons.example", 4)
        await eventually(lambda: b"lessons" in gateway.settings.told_path.read_bytes())

    async def after(gateway: Gateway) -> None:
        await eventually(lambda: way.key not in gateway.held("open_link4"))

    async def later(gateway: Gateway) -> None:
        # Nor by the process after that: it stays with the proxy.
        assert way.key in gateway.held("judged_link4")
        assert b"lessons" not in gateway.settings.told_path.read_bytes()

    in_gateway(world, tmp_path, before)
    world.sets.add(way.set.open_name, [way.key], 400)
    in_gateway(world, tmp_path, after)
    in_gateway(world, tmp_path, later)


def test_a_journal_from_before_another_ruleset_opens_nothing(
    world: FilterWorld, tmp_path: Path
) -> None:
    """What is allowed again finds its way open: one that the process knows, and no other."""

    async def before(gateway: Gateway) -> None:
        gateway.answer(world.pupil, "tiktok.example", 4)
        await eventually(lambda: b"tiktok" in gateway.settings.told_path.read_bytes())

    async def after(gateway: Gateway) -> None:
        await gateway.put(school(2))
        await gateway.put(school(3, blocks=False))
        assert set() == gateway.held("open_link4")

    in_gateway(world, tmp_path, before)
    world.gateway.must("nft", "delete", "table", "inet", TABLE)
    world.load(school_settings())
    in_gateway(world, tmp_path, after)


def test_a_ruleset_in_place_of_another_has_everybody_apart_again_and_dns_opens_anew(
    world: FilterWorld, tmp_path: Path
) -> None:
    """Its sets are empty: who was closely filtered would be trusted until the next start."""
    address = world.staff.address(4)

    async def use(gateway: Gateway) -> None:
        device = Registered(address, "thing", kind=DeviceKind.UNKNOWN)
        await gateway.put(school(2, devices=(device,)))
        await eventually(lambda: gateway.held("close4") == {socket.inet_aton(address)})
        place = gateway.settings.ways_path.stat().st_ctime_ns
        world.gateway.must("nft", "delete", "table", "inet", TABLE)
        world.load(school_settings())
        assert set() == gateway.held("close4")

        await eventually(lambda: gateway.held("close4") == {socket.inet_aton(address)})
        assert place != gateway.settings.ways_path.stat().st_ctime_ns

    in_gateway(world, tmp_path, use)


def test_a_teachers_device_among_pupils_is_trusted_over_both_families(
    world: FilterWorld, tmp_path: Path
) -> None:
    address = world.pupil.address(4)

    async def use(gateway: Gateway) -> None:
        # The gateway knows of a neighbour what it has heard from it.
        for family in FAMILIES:
            await asyncio.to_thread(world.tcp, world.pupil, PLAIN[family], 443)
        await gateway.put(school(1, devices=(Registered(address, "laptop", owner="teacher"),)))
        six = socket.inet_pton(socket.AF_INET6, world.pupil.address(6))
        await eventually(lambda: six in gateway.held("trusted6"))
        assert {socket.inet_aton(address)} == gateway.held("trusted4")

        await gateway.put(school(2))
        assert set() == gateway.held("trusted4") | gateway.held("trusted6")

    in_gateway(world, tmp_path, use)


def test_it_runs_as_a_process_and_says_where_it_is_told(
    world: FilterWorld, tmp_path: Path
) -> None:
    settings = dataclasses.replace(school_settings(), var_dir=tmp_path / "var")
    config = tmp_path / "settings.json"
    config.write_bytes(settings_json(settings))
    said, errors = tmp_path / "said", tmp_path / "errors"
    with said.open("w") as output, errors.open("w") as errors_file:
        process = world.gateway.start(
            "env",
            f"{CONFIG_VARIABLE}={config}",
            sys.executable,
            "-m",
            "schoolgate_firewall",
            output=output,
            errors=errors_file,
        )
        asyncio.run(eventually(lambda: "ready" in said.read_text() or process.poll() is not None))
        process.terminate()
        status = process.wait(PATIENCE_S)

    assert f"ready firewall {settings.ways_path}\n" == said.read_text()
    assert 0 == status, errors.read_text()
    assert not settings.ways_path.exists()


def test_a_configuration_without_a_firewall_has_no_point() -> None:
    with pytest.raises(NoFirewallError, match="add `firewall`"):
        firewall_of(Settings())
