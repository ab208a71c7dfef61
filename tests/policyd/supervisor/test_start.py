"""What is checked before a start, and what is printed after it."""

import asyncio
import fcntl
import json
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schoolgate_policyd.clock import ClockError
from schoolgate_policyd.config import (
    DnsSettings,
    FirewallSettings,
    NetworkSettings,
    ProxySettings,
    Settings,
    WebSettings,
    load_settings,
)
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.listening import SocketPathError
from schoolgate_policyd.ipc.messages import PointKind, PointStatus, Status
from schoolgate_policyd.supervisor.greeting import Account, greeting
from schoolgate_policyd.supervisor.launch import commands, environment_of, run
from schoolgate_policyd.supervisor.ports import PortsError, WantedPort, check_ports, wanted_ports
from schoolgate_policyd.supervisor.up import StartError, relays_of
from schoolgate_policyd.supervisor.watch import MOST_UNANSWERED, Watch

PUPILS = NetworkSettings(
    id="pupil-computers",
    cidr="127.0.1.0/24",
    audience=Audience.PUPIL,
    device=DeviceKind.SCHOOL_COMPUTER,
    inspectable=True,
    relay_from="127.0.1.10",
    proxy_relay_port=28081,
    web_relay_port=28001,
)
LONDON = ZoneInfo("Europe/London")


def _listener(kind: socket.SocketKind) -> socket.socket:
    listener = socket.socket(socket.AF_INET, kind)
    listener.bind(("127.0.0.1", 0))
    if kind is socket.SOCK_STREAM:
        listener.listen(1)
    return listener


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_port_is_named_with_its_remedy(kind: socket.SocketKind) -> None:
    with _listener(kind) as listener:
        port = listener.getsockname()[1]
        wanted = WantedPort("DNS", "dns.port", "127.0.0.1", port, is_udp=kind is socket.SOCK_DGRAM)
        with pytest.raises(
            PortsError, match=rf"127\.0\.0\.1 port {port} .* is taken .*`dns\.port`"
        ):
            check_ports([wanted])
    check_ports([wanted])


def test_every_taken_port_is_named_at_once() -> None:
    with _listener(socket.SOCK_STREAM) as first, _listener(socket.SOCK_STREAM) as second:
        wanted = [
            WantedPort("x", "x.port", "127.0.0.1", each.getsockname()[1])
            for each in (first, second)
        ]
        with pytest.raises(PortsError) as caught:
            check_ports(wanted)
    assert 2 == len(str(caught.value).splitlines())


def test_a_port_wanted_twice_is_a_fault() -> None:
    with _listener(socket.SOCK_STREAM) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(PortsError, match="wanted for the proxy and for the web pages"):
        check_ports(
            [
                WantedPort("the proxy", "proxy.port", "127.0.0.1", port),
                WantedPort("the web pages", "web.port", "127.0.0.1", port),
            ]
        )


def test_an_address_of_another_machine_is_a_fault() -> None:
    with pytest.raises(PortsError, match=r"is no address of this machine: set `web\.address`"):
        check_ports([WantedPort("the web pages", "web.port", "192.0.2.1", 28000)])


def test_every_port_that_is_listened_on_is_wanted() -> None:
    settings = Settings(
        dns=DnsSettings(port=1),
        proxy=ProxySettings(port=2),
        web=WebSettings(port=3),
        networks=(PUPILS,),
    )
    expected = [(1, True), (1, False), (2, False), (3, False), (28081, False), (28001, False)]
    assert expected == [(each.port, each.is_udp) for each in wanted_ports(settings)]


def test_each_worker_of_the_proxy_wants_ports_of_its_own() -> None:
    settings = Settings(
        dns=DnsSettings(inspection_addresses=("192.0.2.1", "2001:db8::1")),
        proxy=ProxySettings(port=8080, workers=2, intercept_port=8443),
    )
    wanted = [each for each in wanted_ports(settings) if "proxy" in each.setting]

    assert [
        ("127.0.0.1", 8080),
        ("192.0.2.1", 8443),
        ("2001:db8::1", 8443),
        ("127.0.0.1", 8081),
        ("192.0.2.1", 8444),
        ("2001:db8::1", 8444),
    ] == [(each.address, each.port) for each in wanted]


def test_an_inspection_address_that_is_not_there_names_its_own_setting() -> None:
    settings = Settings(
        dns=DnsSettings(inspection_addresses=("192.0.2.1",)),
        proxy=ProxySettings(port=0, intercept_port=8443),
    )
    with pytest.raises(PortsError, match=r"set `dns\.inspection_addresses` to one that is"):
        check_ports(each for each in wanted_ports(settings) if each.port == 8443)


def test_each_worker_of_the_proxy_is_a_process_of_its_own() -> None:
    two = commands(Settings(proxy=ProxySettings(workers=2)))

    assert ("schoolgate_proxy",) == two["proxy"][3:]
    assert ("schoolgate_proxy", "2") == two["proxy-2"][3:]
    assert "proxy-2" not in commands(Settings())


def test_the_firewalls_point_is_started_only_where_there_is_a_firewall() -> None:
    firewall = FirewallSettings(inside=("lan0",), outside=("wan0",))

    assert "schoolgate_firewall" == commands(Settings(firewall=firewall))["firewall"][-1]
    assert "firewall" not in commands(Settings())


def test_relays_lead_to_proxy_and_pages_from_the_networks_address() -> None:
    settings = Settings(
        proxy=ProxySettings(address="0.0.0.0", port=8), web=WebSettings(port=9), networks=(PUPILS,)
    )
    expected = [
        (("127.0.0.1", 28081), ("127.0.0.1", 8), "127.0.1.10"),
        (("127.0.0.1", 28001), ("127.0.0.1", 9), "127.0.1.10"),
    ]
    assert expected == [(each.listen_on, each.target, each.source) for each in relays_of(settings)]


def test_the_greeting_says_where_who_and_what_to_try() -> None:
    settings = Settings(is_sample=True, networks=(PUPILS,))
    accounts = [
        Account("head", "Ngozi Thistlewood", "head", "abcd-efgh"),
        Account("teacher", "Amara Quillfeather", "", "jkmn-pqrs"),
    ]
    text = greeting(settings, accounts, datetime(2026, 7, 1, 9, 29, 5, tzinfo=UTC), LONDON)

    for expected in (
        "127.0.0.1 port 5353, UDP and TCP",
        "127.0.0.1 port 8080",
        "http://localhost:8000",
        "var/certificates/ca.pem",
        "Wednesday 1 July 2026, 10:29:05 (the sample school's own time)",
        "proxy 127.0.0.1:28081, web pages http://localhost:28001 (from 127.0.1.10)",
        "these passwords are shown this once",
        "head             Ngozi Thistlewood, head  password abcd-efgh",
        "teacher          Amara Quillfeather  password jkmn-pqrs",
        "  dig -b 127.0.1.10 @127.0.0.1 -p 5353 www.tiktok.com\n",
        (
            "  curl --interface 127.0.1.10 -x http://127.0.0.1:8080 "
            "--cacert var/certificates/ca.pem https://www.tiktok.com/\n"
        ),
    ):
        assert expected in text


def test_a_later_greeting_shows_no_password() -> None:
    accounts = [Account("head", "Ngozi Thistlewood", "head", None)]
    text = greeting(Settings(), accounts, datetime(2026, 7, 1, 9, 29, tzinfo=UTC), LONDON)

    assert "with the passwords that the first start showed" in text
    assert "  head             Ngozi Thistlewood, head\n" in text


def test_processes_read_the_settings_that_were_started_with(tmp_path: Path) -> None:
    settings = Settings(
        is_sample=True, var_dir=tmp_path, networks=(PUPILS,), dns=DnsSettings(port=1053)
    )
    environment = environment_of(settings)

    assert settings == load_settings(Path(environment["SCHOOLGATE_CONFIG"]))
    assert "1" == environment["SCHOOLGATE_LIVE"]


def test_a_second_start_in_the_same_place_is_refused(folder: Path) -> None:
    with (folder / "supervisor.lock").open("ab") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        with pytest.raises(StartError, match=r"already runs in .*: stop it with Ctrl-C"):
            run(Settings(var_dir=folder), None)


def test_a_start_on_a_taken_port_changes_nothing(folder: Path) -> None:
    with _listener(socket.SOCK_STREAM) as listener:
        settings = Settings(
            is_sample=True,
            var_dir=folder / "var",
            web=WebSettings(port=listener.getsockname()[1]),
        )
        with pytest.raises(PortsError, match="for the web pages, is taken"):
            run(settings, None)
    assert ["supervisor.lock"] == [path.name for path in (folder / "var").iterdir()]


def test_a_real_schools_clock_is_not_set(folder: Path) -> None:
    ports = []
    for _ in range(3):
        with _listener(socket.SOCK_STREAM) as listener:
            ports.append(listener.getsockname()[1])
    settings = Settings(
        var_dir=folder / "var",
        dns=DnsSettings(port=ports[0]),
        proxy=ProxySettings(port=ports[1]),
        web=WebSettings(port=ports[2]),
    )
    with pytest.raises(ClockError, match="only the sample school's clock can be set"):
        run(settings, "2026-11-20T10:35")


def test_a_var_dir_too_deep_for_a_socket_is_refused_first(folder: Path) -> None:
    with pytest.raises(SocketPathError, match="choose a shorter `var_dir`"):
        run(Settings(var_dir=folder / ("x" * 120)), None)
    assert [] == list(folder.iterdir())


class FakeChild:
    def __init__(self, started_before_s: float = 60.0, *, is_ready: bool = True) -> None:
        self.started_at_s = time.monotonic() - started_before_s
        self.is_ready = asyncio.Event()
        if is_ready:
            self.is_ready.set()
        self.reasons: list[str] = []
        self.workers: set[int] = set()

    async def restart(self, reason: str) -> None:
        self.reasons.append(reason)

    def end_worker(self, pid: int, words: str) -> bool:
        if pid not in self.workers:
            return False
        self.workers.remove(pid)
        self.reasons.append(words)
        return True


def _status(silent_s: float, name: str = "dns", pid: int = 0) -> Status:
    point = PointStatus(PointKind.DNS, name, 3, True, silent_s, pid)
    return Status(number=4, store_version=4, in_force_version=3, points=(point,))


@pytest.mark.parametrize(
    ("silent_s", "started_before_s", "is_ready", "expected"),
    [
        (4.9, 60.0, True, []),
        (6.2, 60.0, True, ["was silent for 6 s"]),
        (6.2, 3.0, True, []),
        (6.2, 60.0, False, []),
    ],
    ids=["answers", "silent", "just started", "starting"],
)
def test_a_silent_point_is_started_again(
    silent_s: float,
    started_before_s: float,
    is_ready: bool,
    expected: list[str],
) -> None:
    child = FakeChild(started_before_s, is_ready=is_ready)
    asyncio.run(Watch({"dns": child}, lambda: _status(silent_s)).look())
    assert expected == child.reasons


@pytest.mark.parametrize(
    ("name", "pid", "expected"),
    [
        ("dns-2", 71, ["dns-2 was silent for 6 s, started again"]),
        ("dns", 71, ["dns was silent for 6 s, started again"]),
        ("dns-2", 72, []),
        ("dns", 72, ["was silent for 6 s"]),
        ("proxy-2", 71, []),
    ],
    ids=["a worker", "the first worker", "gone", "the first, gone", "nobody's"],
)
def test_of_several_workers_the_silent_one_alone_is_ended(
    name: str, pid: int, expected: list[str]
) -> None:
    child = FakeChild()
    child.workers = {71}
    asyncio.run(Watch({"dns": child}, lambda: _status(6.2, name, pid)).look())
    assert expected == child.reasons


def test_a_worker_that_is_a_child_itself_is_started_again() -> None:
    first, second = FakeChild(), FakeChild()
    children = {"proxy": first, "proxy-2": second}
    asyncio.run(Watch(children, lambda: _status(6.2, "proxy-2")).look())
    assert ([], ["was silent for 6 s"]) == (first.reasons, second.reasons)


def test_a_policyd_that_answers_nothing_for_long_is_started_again() -> None:
    child = FakeChild()
    watch = Watch({"policyd": child}, lambda: None)
    for _ in range(MOST_UNANSWERED - 1):
        asyncio.run(watch.look())
    assert [] == child.reasons
    asyncio.run(watch.look())
    assert ["gave no answer"] == child.reasons


def test_the_settings_file_is_json_that_people_can_read(tmp_path: Path) -> None:
    environment_of(Settings(var_dir=tmp_path))
    assert "twiss-green" == json.loads((tmp_path / "settings.json").read_text())["school"]
