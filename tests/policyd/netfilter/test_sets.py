"""The kernel's own sets, in a namespace of this file's."""

import socket
from collections.abc import Iterator

import pytest
from netns import Namespace, made

from schoolgate_policyd.netfilter.names import TABLE
from schoolgate_policyd.netfilter.sets import NetfilterError, Sets

RULES = f"""
table inet {TABLE} {{
  set open_link4 {{ type iface_index . ether_addr . ipv4_addr; flags timeout; }}
  set open_link6 {{ type iface_index . ether_addr . ipv6_addr; flags timeout; }}
  set three {{ type ipv4_addr; flags timeout; size 3; }}
  set many {{ type ipv4_addr; flags timeout; }}
  set counts {{ type ipv4_addr; flags dynamic,timeout; counter; timeout 1h; }}
  chain sent {{
    type filter hook output priority 0;
    ip daddr 127.0.0.0/8 add @counts {{ ip daddr }}
  }}
}}
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Namespace]:
    with made("sets") as (namespace,):
        yield namespace


@pytest.fixture
def sets(box: Namespace) -> Iterator[Sets]:
    box.must("nft", "-f", "-", given=f"flush ruleset\n{RULES}")
    with box.entered():
        opened = Sets()
    yield opened
    opened.close()


def link_key(last: int, length: int = 4) -> bytes:
    return b"\1\0\0\0" + b"\2\0\0\0\0\1\0\0" + last.to_bytes(length)


def address(last: int) -> bytes:
    return bytes([192, 0]) + last.to_bytes(2)


def keys_of(sets: Sets, set_name: str) -> set[bytes]:
    return {element.key for element in sets.elements(set_name)}


@pytest.mark.parametrize(("set_name", "length"), [("open_link4", 4), ("open_link6", 16)])
def test_what_is_added_is_there_until_it_is_removed(
    sets: Sets, set_name: str, length: int
) -> None:
    keys = [link_key(number, length) for number in range(4)]
    sets.add(set_name, keys, 60)

    assert set(keys) == keys_of(sets, set_name)
    sets.remove(set_name, keys[:1])
    assert set(keys[1:]) == keys_of(sets, set_name)


def test_nft_reads_the_keys_as_they_were_meant(box: Namespace, sets: Sets) -> None:
    sets.add("open_link4", [link_key(0x0A010002)], 60)

    listed = box.must("nft", "list", "set", "inet", TABLE, "open_link4")
    assert '"lo" . 02:00:00:00:00:01 . 10.1.0.2 timeout 1m' in listed


@pytest.mark.parametrize("adding_refreshes", [None, True, False])
def test_adding_again_gives_a_new_timeout(sets: Sets, *, adding_refreshes: bool | None) -> None:
    """As this kernel does it (found out), as newer ones do, and as older ones must be told to."""
    if adding_refreshes and not refreshes(sets):
        pytest.skip("this kernel does not refresh a timeout by adding again")
    sets.add("many", [address(1)], 60)
    sets._adding_refreshes = adding_refreshes
    sets.add("many", [address(1), address(2), address(1)], 600)

    assert {600} == {round(element.expires_s or 0, -1) for element in sets.elements("many")}
    assert {address(1), address(2)} == keys_of(sets, "many")


def refreshes(sets: Sets) -> bool | None:
    sets.add("many", [address(9)], 60)
    sets.remove("many", [address(9)])
    return sets._adding_refreshes


def test_a_shorter_timeout_counts_too(sets: Sets) -> None:
    sets.add("many", [address(1)], 600)
    sets.add("many", [address(1)], 5)

    assert (sets.elements("many")[0].expires_s or 600) <= 5


def test_without_a_timeout_an_element_stays(sets: Sets) -> None:
    sets.add("many", [address(1)], None)

    assert sets.elements("many")[0].expires_s is None


def test_a_full_set_takes_none_of_the_keys_and_says_so(sets: Sets) -> None:
    sets.add("three", [address(1), address(2)], 60)

    with pytest.raises(NetfilterError, match="ENFILE"):
        sets.add("three", [address(3), address(4)], 60)
    assert {address(1), address(2)} == keys_of(sets, "three")


def test_after_an_error_the_next_answer_is_that_of_the_next_question(sets: Sets) -> None:
    sets.add("three", [address(1), address(2), address(3)], 60)
    sets._adding_refreshes = False
    with pytest.raises(NetfilterError):
        sets.add("three", [address(4)], 60)

    sets.add("many", [address(5)], 60)
    with pytest.raises(NetfilterError, match="ENFILE"):
        sets.add("three", [address(6)], 60)


@pytest.mark.parametrize(
    "keys",
    [
        [link_key(1), link_key(1, 16)],
        [b"abc"],
        [b""],
        [bytes(68)],
        [address(1), link_key(1)],
        [bytes(8)],
    ],
)
def test_keys_that_are_not_of_the_set_are_an_error(sets: Sets, keys: list[bytes]) -> None:
    with pytest.raises(NetfilterError):
        sets.add("open_link4", keys, 60)
    assert set() == keys_of(sets, "open_link4")


@pytest.mark.parametrize("timeout_s", [0, -1, 1 << 40])
def test_a_timeout_that_is_none_is_an_error(sets: Sets, timeout_s: int) -> None:
    with pytest.raises(NetfilterError):
        sets.add("many", [address(1)], timeout_s)


def test_no_keys_are_no_error(sets: Sets) -> None:
    sets.add("many", [], 60)
    sets.remove("many", [])

    assert [] == sets.elements("many")


def test_absent_keys_are_removed_without_an_error_and_the_others_go(sets: Sets) -> None:
    sets.add("many", [address(number) for number in range(10)], 60)
    sets.remove("many", [address(number) for number in range(3, 14)])
    sets.remove("many", [address(99)])

    assert {address(0), address(1), address(2)} == keys_of(sets, "many")


def test_a_set_that_is_not_there_is_an_error(sets: Sets) -> None:
    with pytest.raises(NetfilterError, match=r"nowhere.*ENOENT"):
        sets.add("nowhere", [address(1)], 60)
    with pytest.raises(NetfilterError, match=r"nowhere.*ENOENT"):
        sets.remove("nowhere", [address(1)])
    with pytest.raises(NetfilterError, match=r"nowhere.*ENOENT"):
        sets.elements("nowhere")


def test_more_keys_than_a_message_holds_are_added_listed_and_removed(sets: Sets) -> None:
    keys = [address(number) for number in range(3000)]
    sets.add("many", keys, 60)

    assert set(keys) == keys_of(sets, "many")
    sets.remove("many", keys[:-1])
    assert set(keys[-1:]) == keys_of(sets, "many")


def test_counts_are_those_of_the_packets(box: Namespace, sets: Sets) -> None:
    with box.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        for _ in range(2):
            sending.sendto(bytes(56), ("127.0.0.9", 9))

    counted = {element.key: element for element in sets.elements("counts")}
    asked = counted[bytes([127, 0, 0, 9])]
    assert (2, 2 * 84) == (asked.packets, asked.octets)


def test_a_namespace_without_a_ruleset_is_an_error_for_every_change(box: Namespace) -> None:
    box.must("nft", "flush", "ruleset")
    with box.entered():
        sets = Sets()
    with pytest.raises(NetfilterError, match="ENOENT"):
        sets.add("many", [address(1)], 60)
    sets.close()


def test_a_closed_socket_is_an_error_of_ours(box: Namespace) -> None:
    with box.entered():
        sets = Sets()
    sets.close()

    with pytest.raises(NetfilterError):
        sets.add("many", [address(1)], 60)


def test_a_table_that_was_put_in_place_of_another_has_another_number(
    box: Namespace, sets: Sets
) -> None:
    before = sets.table()
    box.must("nft", "-f", "-", given=RULES)
    assert before == sets.table()

    box.must("nft", "-f", "-", given=f"delete table inet {TABLE}\n{RULES}")
    assert before != sets.table()
    box.must("nft", "flush", "ruleset")
    with pytest.raises(NetfilterError):
        sets.table()
