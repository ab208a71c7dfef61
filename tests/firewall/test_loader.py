"""The ruleset put into force: what stays, what a failure leaves, what is open meanwhile."""

import dataclasses
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from filter_world import INSPECTION, rules_without, school_settings
from netns import Namespace, made

from schoolgate_firewall import loader
from schoolgate_firewall.errors import RulesetError
from schoolgate_firewall.packet_filter import PacketFilter
from schoolgate_firewall.sysctls import Sysctl, forwarding, protections, write
from schoolgate_policyd.config import FirewallMode, Settings
from schoolgate_policyd.netfilter.names import TABLE, Reason, WaySet
from schoolgate_policyd.netfilter.sets import Sets

SETTINGS = school_settings()
KEY = b"\1\0\0\0" + bytes(8) + b"\xc0\0\2\1"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Namespace]:
    with made("gate") as (namespace,):
        # One interface of those that the settings name; the others come when they come.
        namespace.must("ip", "link", "add", "lan1", "type", "veth", "peer", "name", "far")
        yield namespace


@pytest.fixture(autouse=True)
def entered(gateway: Namespace) -> Iterator[None]:
    with gateway.entered():
        PacketFilter().load("flush ruleset\n")
        yield


@pytest.fixture
def sets() -> Iterator[Sets]:
    opened = Sets()
    yield opened
    opened.close()


def standing(gateway: Namespace) -> str:
    return gateway.must("nft", "list", "ruleset")


class Broken(PacketFilter):
    """Finds everything right, and loads what the kernel will not take."""

    def check(self, ruleset: str) -> None:
        pass

    def load(self, ruleset: str) -> None:
        end = ruleset.rindex("}")
        super().load(f"{ruleset[:end]}\n chain late {{\n jump nowhere\n }}\n}}\n")


def test_a_reload_keeps_ways_clients_and_counts(gateway: Namespace, sets: Sets) -> None:
    loader.load(SETTINGS)
    names = (WaySet.LINK4.open_name, WaySet.LINK4.looked_into_name, WaySet.LINK4.cut_name)
    for name in names:
        sets.add(name, [KEY], 600)
    sets.add("trusted4", [b"\x0a\x09\1\5"], 600)
    sets.add(Reason.TUNNEL.count_set(4), [b"\x0a\x09\1\5"], 600)

    loader.load(school_settings(FirewallMode.WATCH))

    for name in names:
        assert [KEY] == [each.key for each in sets.elements(name)]
    assert 1 == len(sets.elements("trusted4"))
    assert 1 == len(sets.elements(Reason.TUNNEL.count_set(4)))
    assert "accept" in gateway.must("nft", "list", "chain", "inet", TABLE, "refuse_inside4")


def test_a_reload_fills_ranges_anew(gateway: Namespace, tmp_path: Path) -> None:
    loader.load(SETTINGS)
    narrower = dataclasses.replace(
        SETTINGS, networks=SETTINGS.networks[:2], rules_dir=rules_without(tmp_path / "rules")
    )

    loader.load(narrower)

    own = gateway.must("nft", "list", "set", "inet", TABLE, "own4")
    assert "10.9.1.0/24" in own
    assert "10.9.2.0/24" not in own
    shared = gateway.must("nft", "list", "set", "inet", TABLE, "shared6")
    assert "elements" not in shared
    # And over ranges that lie within those that stood there.
    loader.load(SETTINGS)


def test_a_table_of_another_kind_is_replaced_whole(gateway: Namespace, sets: Sets) -> None:
    PacketFilter().load(
        f"table inet {TABLE} {{\n set open_link4 {{ type ipv4_addr; }}\n"
        " chain old { type filter hook forward priority 0; policy accept; }\n}\n"
    )

    loader.load(SETTINGS)

    sets.add("open_link4", [KEY], 600)
    assert "chain old" not in standing(gateway)


def test_loading_a_second_time_changes_nothing(gateway: Namespace) -> None:
    loader.load(SETTINGS)
    before = standing(gateway)

    loader.load(SETTINGS)

    assert before == standing(gateway)


@pytest.mark.parametrize("is_closed_first", [True, False])
def test_a_ruleset_that_does_not_load_leaves_what_was_loaded(
    gateway: Namespace, is_closed_first: bool
) -> None:
    if is_closed_first:
        loader.close()
    else:
        loader.load(SETTINGS)
    before = standing(gateway)

    with pytest.raises(RulesetError, match="nft refuses the ruleset, and nothing was loaded"):
        loader.load(school_settings(FirewallMode.WATCH), Broken())

    assert before == standing(gateway)


def test_a_check_says_nft_s_own_words_and_changes_nothing(gateway: Namespace) -> None:
    loader.check(SETTINGS)
    assert "" == standing(gateway)

    with pytest.raises(RulesetError, match=r":1:\d+.*: .*syntax error.*\n.*table inet x"):
        PacketFilter().check("table inet x { chain y { foo } }\n")


def test_closing_lets_nothing_pass_and_a_load_opens_again(gateway: Namespace) -> None:
    loader.load(SETTINGS)

    loader.close()

    forward = gateway.must("nft", "list", "chain", "inet", TABLE, "forward")
    assert "policy drop" in forward
    assert "accept" not in forward
    loader.load(SETTINGS)
    assert "goto new6" in standing(gateway)


def test_the_inspection_addresses_are_on_the_loopback_once(gateway: Namespace) -> None:
    loader.load(SETTINGS)
    loader.load(SETTINGS)

    links = json.loads(gateway.must("ip", "-j", "address", "show", "dev", "lo"))
    found = [(each["local"], each["prefixlen"]) for each in links[0]["addr_info"]]
    assert 1 == found.count((INSPECTION[4], 32))
    assert 1 == found.count((INSPECTION[6], 128))
    # Whoever starts next can bind it: nobody looks first whether another has it.
    assert [INSPECTION[6]] == [each["local"] for each in links[0]["addr_info"] if "nodad" in each]


@pytest.mark.parametrize("name", ["all", "default", "lan1"])
def test_nothing_that_comes_by_a_wire_is_of_the_loopback(gateway: Namespace, name: str) -> None:
    of_loopback = Path(f"/proc/sys/net/ipv4/conf/{name}/route_localnet")
    of_loopback.write_text("1")

    loader.load(SETTINGS)

    assert "0" == of_loopback.read_text().strip()
    expected = [
        'iifname "lo" accept',
        "ip saddr 127.0.0.0/8 drop",
        "ct state established accept",
    ]
    assert expected == _input_rules(gateway)[:3]
    loader.close()
    assert expected == _input_rules(gateway)[:3]


def test_what_comes_by_a_wire_is_no_reply_of_the_loopback_even_if_the_kernel_lets_it_in(
    gateway: Namespace,
) -> None:
    loader.load(SETTINGS)
    for link in ("lo", "lan1", "far"):
        gateway.must("ip", "link", "set", link, "up")
    lets_in = {"route_localnet": "1", "accept_local": "1", "rp_filter": "0"}
    write(
        tuple(
            Sysctl(f"net/ipv4/conf/{name}/{each}", value)
            for name in ("all", "lan1")
            for each, value in lets_in.items()
        )
    )
    (lan,) = json.loads(gateway.must("ip", "-j", "link", "show", "dev", "lan1"))
    hardware = bytes.fromhex(lan["address"].replace(":", ""))
    with _loopback_socket() as server, _loopback_socket() as own:
        own.connect(server.getsockname())
        own.send(b"question")
        _, peer = server.recvfrom(64)
        server.sendto(b"reply", peer)
        assert b"reply" == own.recv(64)
        # It is of that connection by all that it says.
        _send_by_wire("far", hardware, server.getsockname(), peer, b"forged")
        server.sendto(b"another", peer)

        assert b"another" == own.recv(64)


def _loopback_socket() -> socket.socket:
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 0))
    own.settimeout(5.0)
    return own


def _send_by_wire(
    link: str, hardware: bytes, source: tuple[str, int], target: tuple[str, int], contents: bytes
) -> None:
    ports = struct.pack("!HHHH", source[1], target[1], 8 + len(contents), 0)
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    header = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(contents), 0, 0, 64, 17, 0) + addresses
    total = sum(struct.unpack("!10H", header))
    checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    header = header[:10] + checksum.to_bytes(2) + header[12:]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((link, 0x0800))
        wire.send(hardware + bytes(6) + b"\x08\0" + header + ports + contents)


def test_the_kernel_is_told_what_a_gateway_needs() -> None:
    loader.load(SETTINGS)

    kernel = Path("/proc/sys/net")
    assert "1" == (kernel / "ipv4/ip_forward").read_text().strip()
    assert "1" == (kernel / "ipv6/conf/all/forwarding").read_text().strip()
    assert "1" == (kernel / "ipv4/conf/lan1/rp_filter").read_text().strip()
    assert "0" == (kernel / "ipv6/conf/lan1/accept_ra").read_text().strip()
    assert "0" == (kernel / "ipv4/conf/all/send_redirects").read_text().strip()


def test_nothing_is_forwarded_before_the_rules_are_there(tmp_path: Path) -> None:
    _write_all(tmp_path, protections_of(SETTINGS) + forwarding(), "0")
    seen: list[str] = []

    class Watched(PacketFilter):
        def load(self, ruleset: str) -> None:
            seen.extend((tmp_path / each.path).read_text() for each in forwarding())
            super().load(ruleset)

    loader.load(SETTINGS, Watched(), tmp_path)

    assert ["0", "0"] == seen
    assert ["1", "1"] == [(tmp_path / each.path).read_text() for each in forwarding()]


def test_a_setting_that_cannot_be_written_is_named_and_nothing_is_loaded(
    gateway: Namespace, tmp_path: Path
) -> None:
    first = protections_of(SETTINGS)[0]
    (tmp_path / first.path).mkdir(parents=True)

    with pytest.raises(RulesetError, match=r"accept_redirects: cannot be set to 0: is a dir"):
        loader.load(SETTINGS, sysctls=tmp_path)

    assert "" == standing(gateway)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(RulesetError, match="no-such-nft: not found: install nftables"):
        PacketFilter("no-such-nft").check("")


def test_settings_that_stand_right_are_not_written(tmp_path: Path) -> None:
    _write_all(tmp_path, forwarding(), "1\n")

    write(forwarding(), tmp_path)

    assert ["1\n", "1\n"] == [(tmp_path / each.path).read_text() for each in forwarding()]


def test_routes_from_outside_are_kept_when_forwarding_begins() -> None:
    order = [*protections_of(SETTINGS), *forwarding()]

    accepting = order.index(Sysctl("net/ipv6/conf/wan0/accept_ra", "2"))
    assert accepting < order.index(Sysctl("net/ipv6/conf/all/forwarding", "1"))


def _input_rules(gateway: Namespace) -> list[str]:
    listed = gateway.must("nft", "list", "chain", "inet", TABLE, "input").split("\n")
    begin = next(at for at, line in enumerate(listed) if "policy drop" in line)
    return [each.strip() for each in listed[begin + 1 :]]


def protections_of(settings: Settings) -> tuple[Sysctl, ...]:
    assert settings.firewall is not None
    return protections(settings.firewall)


def _write_all(root: Path, sysctls: tuple[Sysctl, ...], value: str) -> None:
    for each in sysctls:
        path = root / each.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value)
