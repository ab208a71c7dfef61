"""The firewall's rule files: those shipped, and what is said of mistaken ones."""

import ipaddress
import itertools
import re
from pathlib import Path

import pytest

from schoolgate_firewall.exceptions import (
    Exceptions,
    Tunnel,
    TunnelProtocol,
    load_exceptions,
)
from schoolgate_firewall.shared_networks import SharedNetworks, load_shared_networks
from schoolgate_policyd.config import default_rules_dir
from schoolgate_policyd.rulefiles.mistakes import RuleFileErrors

RULES = default_rules_dir()


def shared(tmp_path: Path, text: str) -> SharedNetworks:
    return load_shared_networks(written(tmp_path, "shared-networks.yaml", text))


def exceptions(tmp_path: Path, text: str) -> Exceptions:
    return load_exceptions(written(tmp_path, "exceptions.yaml", text))


def written(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / "firewall").mkdir(exist_ok=True)
    (tmp_path / "firewall" / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("provider", "addresses"),
    [
        ("cloudflare", ["104.16.132.229", "2606:4700::6810:84e5"]),
        ("fastly", ["151.101.1.57", "2a04:4e42::347"]),
        ("akamai", ["23.32.10.1", "2600:1408::1"]),
        ("cloudfront", ["13.224.0.1", "2600:9000:2000::1"]),
        ("google", ["142.250.187.206", "34.64.0.1", "2a00:1450:4009:81f::200e"]),
        ("azure-front-door", ["13.107.246.10", "2620:1ec:bdf::10"]),
    ],
)
def test_the_addresses_of_each_content_network_are_known(
    provider: str, addresses: list[str]
) -> None:
    found = {each.id: each for each in load_shared_networks(RULES).networks}[provider]

    for address in addresses:
        assert any(ipaddress.ip_address(address) in each for each in found.ranges), address
    assert found.source
    assert found.date


def test_no_private_or_narrow_address_is_called_a_content_network_s() -> None:
    networks = load_shared_networks(RULES)

    for version, length in ((4, 8), (6, 16)):
        ranges = networks.ranges(version)
        assert all(each.is_global and each.prefixlen >= length for each in ranges)
        # Joined: none lies within another, which the kernel would refuse.
        for one, other in itertools.pairwise(ranges):
            assert one.broadcast_address < other.network_address


def test_the_shipped_exceptions_are_for_time_and_push_alone() -> None:
    found = load_exceptions(RULES)

    assert ["time", "apple-push", "google-push"] == [each.id for each in found.exceptions]
    by_id = {each.id: each for each in found.exceptions}
    assert () == by_id["time"].ranges
    assert {4, 6} == {each.version for each in by_id["apple-push"].ranges}
    assert not {80, 443, 53, 853} & {port for each in found.exceptions for port in each.ports}


def test_the_shipped_tunnels_name_what_a_vpn_or_tor_goes_by() -> None:
    found = load_exceptions(RULES).tunnels

    ports = {(each.protocol.value, port) for each in found for port in each.ports}
    assert {("udp", 1194), ("tcp", 1194), ("udp", 51820), ("udp", 500), ("udp", 4500)} <= ports
    assert {("tcp", 1723), ("udp", 1701), ("tcp", 9001), ("tcp", 9030), ("tcp", 1080)} <= ports
    whole = {each.protocol.number for each in found if not each.ports}
    assert {4, 41, 47, 50, 51} == whole


NETWORK = "{id: a, name: A, source: a list, date: today, ipv4: [%s], ipv6: [%s]}"


@pytest.mark.parametrize(
    ("ipv4", "ipv6", "words"),
    [
        ("192.0.2.1/24", '"2001:db8::/32"', "`192.0.2.1/24` is no range of addresses"),
        ("here", '"2001:db8::/32"', "`here` is no range of addresses"),
        ("0.0.0.0/0", '"2001:db8::/32"', "wider than any provider's range"),
        ("192.0.2.0/24", '"::/0"', "wider than any provider's range"),
        ('"2001:db8::/32"', '"2001:db8::/32"', "is not of IPv4: move it"),
        ("192.0.2.0/24, 192.0.2.0/24", '"2001:db8::/32"', "stands in the list already"),
        ("192.0.2.0/24", "", "the list is empty"),
    ],
)
def test_a_mistaken_range_is_named_with_its_place(
    tmp_path: Path, ipv4: str, ipv6: str, words: str
) -> None:
    text = f"shared_networks:\n  - {NETWORK % (ipv4, ipv6)}\n"

    place = rf"shared-networks\.yaml:2:\d+: .*{re.escape(words)}"
    with pytest.raises(RuleFileErrors, match=place):
        shared(tmp_path, text)


def test_a_provider_has_both_families(tmp_path: Path) -> None:
    text = "shared_networks: [{id: a, name: A, source: a, date: b, ipv4: [192.0.2.0/24]}]"

    with pytest.raises(RuleFileErrors, match="needs `ipv6`"):
        shared(tmp_path, text)


@pytest.mark.parametrize("name", ["shared-networks.yaml", "exceptions.yaml"])
@pytest.mark.parametrize("text", ["", "- a\n", "a: &x [1]\n", "\x00", "a: [" * 50])
def test_garbage_is_refused_with_the_file_s_name(tmp_path: Path, name: str, text: str) -> None:
    load = {"shared-networks.yaml": load_shared_networks, "exceptions.yaml": load_exceptions}
    rules = written(tmp_path, name, text)

    with pytest.raises(RuleFileErrors, match=re.escape(name)):
        load[name](rules)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleFileErrors, match=r"shared-networks\.yaml.*cannot be read"):
        load_shared_networks(tmp_path)


EXCEPTION = "id: x, why: y, source: z"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (f"{EXCEPTION}, for: pupils, to: answered, protocol: udp, ports: [1]", "`pupils` is no"),
        (f"{EXCEPTION}, for: everyone, to: anywhere, protocol: udp, ports: [1]", "`answered`"),
        (f"{EXCEPTION}, for: everyone, to: answered, protocol: gre, ports: [1]", "`gre` is no"),
        (f"{EXCEPTION}, for: everyone, to: answered, protocol: udp, ports: [0]", "from 1 to"),
        (f"{EXCEPTION}, for: everyone, to: answered, protocol: udp", "needs `ports`"),
        (f"{EXCEPTION}, for: everyone, to: [0.0.0.0/0], protocol: udp, ports: [1]", "wider than"),
        ("id: x, why: y, for: everyone, to: answered, protocol: udp, ports: [1]", "`source`"),
    ],
)
def test_a_mistaken_exception_is_named_with_its_place(
    tmp_path: Path, entry: str, words: str
) -> None:
    text = f"exceptions:\n  - {{{entry}}}\ntunnels: []\n"

    with pytest.raises(RuleFileErrors, match=rf"exceptions\.yaml:2:\d+: .*{re.escape(words)}"):
        exceptions(tmp_path, text)


@pytest.mark.parametrize(
    "entry", ["id: x, protocol: gre, ports: [1], source: z", "id: x, protocol: tcp, source: z"]
)
def test_a_tunnel_has_ports_exactly_where_its_protocol_has_some(
    tmp_path: Path, entry: str
) -> None:
    with pytest.raises(RuleFileErrors, match="tcp and udp are known by `ports`"):
        exceptions(tmp_path, f"exceptions: []\ntunnels:\n  - {{{entry}}}\n")


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    tunnel = "{id: x, protocol: gre, source: z}"

    with pytest.raises(RuleFileErrors, match="`x`"):
        exceptions(tmp_path, f"exceptions: []\ntunnels: [{tunnel}, {tunnel}]\n")


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    text = (
        "exceptions:\n  - {id: x, why: y, source: z, for: trusted, to: [192.0.2.0/24],"
        " protocol: tcp, ports: [25]}\n"
        "tunnels: [{id: t, protocol: esp, source: z}]\n"
    )

    found = exceptions(tmp_path, text)

    (only,) = found.exceptions
    assert only.is_for_trusted
    assert (ipaddress.ip_network("192.0.2.0/24"),) == only.ranges
    assert (25,) == only.ports
    assert (Tunnel("t", TunnelProtocol.ESP),) == found.tunnels
