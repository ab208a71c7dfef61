"""Ways are opened once for a client, a name and its addresses, before the answer leaves."""

import pytest
from dns_firewall import FakeFirewall
from structlog.testing import capture_logs

from schoolgate_dns.finished.egress import (
    LIFETIME_S,
    MAX_ANSWERS,
    MAX_ANSWERS_OF_CLIENT,
    Answered,
)
from schoolgate_dns.finished.shares import MOST_WAYS_OF_ASKER
from schoolgate_dns.stages.reach import LONGEST_TTL_OF_HELD_S
from schoolgate_dns.stages.source import Source
from schoolgate_policyd.netfilter.neighbours import Link
from schoolgate_policyd.netfilter.ways import MOST_NAMES, MOST_WAYS

ONE, OTHER = b"\x0a\0\1\x0a", b"\x0a\0\2\x0a"
SITE, CDN = b"\xc0\0\x02\x01", b"\xc0\0\x02\x02"
HOUR_S = 3600


def answered(
    client: bytes = ONE,
    names: tuple[str, ...] = ("books.example",),
    addresses: tuple[bytes, ...] = (SITE,),
    *,
    ttl_s: int = 300,
    holds_s: int = HOUR_S,
    link: Link | None = None,
) -> Answered:
    return Answered(Source(client, "10.0.1.10", link), "pupils", names, addresses, ttl_s, holds_s)


def test_all_addresses_of_an_answer_are_opened_together() -> None:
    firewall = FakeFirewall()

    assert firewall.egress.note(answered(addresses=(SITE, CDN)), 1000)
    assert [ONE + SITE, ONE + CDN] == firewall.ways
    assert [LIFETIME_S] == [lifetime_s for _, lifetime_s in firewall.opened]
    assert 2 == firewall.egress.opened


def test_the_point_learns_who_was_told_which_names_and_ways() -> None:
    firewall = FakeFirewall()
    firewall.egress.note(answered(names=("books.example", "cdn.example")), 1000)

    (told,) = firewall.teller.told
    assert ("10.0.1.10", ("books.example", "cdn.example")) == (told.client, told.names)
    assert firewall.ways == [way.key for way in told.ways]
    assert LIFETIME_S == told.lifetime_s


def test_what_still_lasts_is_not_opened_again() -> None:
    firewall = FakeFirewall()
    for second in (1000, 1100, 1000 + LIFETIME_S - 300):
        assert firewall.egress.note(answered(), second)

    assert 1 == len(firewall.opened) == len(firewall.teller.told)


def test_it_is_opened_again_before_it_ends() -> None:
    firewall = FakeFirewall()
    firewall.egress.note(answered(), 1000)
    firewall.egress.note(answered(), 1000 + LIFETIME_S - 299)

    assert 2 == len(firewall.opened)


def test_no_answer_may_be_kept_for_longer_than_its_way_is_open() -> None:
    assert LIFETIME_S > LONGEST_TTL_OF_HELD_S + 60


def test_a_second_name_for_an_address_is_told_as_well() -> None:
    """The point closes a way whose only name is blocked, so it must know of the other."""
    firewall = FakeFirewall()
    for name in ("books.example", "games.example"):
        firewall.egress.note(answered(names=(name,)), 1000)

    assert [("books.example",), ("games.example",)] == firewall.names


def test_other_addresses_of_a_name_are_opened_as_well() -> None:
    firewall = FakeFirewall()
    for address in (SITE, CDN):
        firewall.egress.note(answered(addresses=(address,)), 1000)

    assert [ONE + SITE, ONE + CDN] == firewall.ways


def test_what_one_client_was_told_opens_nothing_for_another() -> None:
    firewall = FakeFirewall()
    for client in (ONE, OTHER):
        firewall.egress.note(answered(client), 1000)

    assert [ONE + SITE, OTHER + SITE] == firewall.ways


def test_nothing_is_remembered_beyond_the_bell() -> None:
    """The point may close a way then; opened again afterwards, the name leads there again."""
    firewall = FakeFirewall()
    for second, holds_s in ((1000, 100), (1035, 65), (1100, HOUR_S), (1160, HOUR_S - 60)):
        firewall.egress.note(answered(ttl_s=60, holds_s=holds_s), second)

    assert 2 == len(firewall.opened)


def test_an_address_that_is_another_devices_now_has_nothing_open() -> None:
    firewall = FakeFirewall()
    before, after = Link(3, b"\2\0\0\0\0\1"), Link(3, b"\2\0\0\0\0\2")
    for link in (before, after, after):
        firewall.egress.note(answered(link=link), 1000)

    assert [b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"] == [key[4:10] for key in firewall.ways]
    assert 1 == len(firewall.egress)


@pytest.mark.parametrize("error", [None, OSError("no room"), PermissionError()])
def test_a_way_that_cannot_be_opened_is_said_and_tried_again(error: Exception | None) -> None:
    firewall = FakeFirewall()
    firewall.fail()
    firewall.error = error or firewall.error
    with capture_logs() as logs:
        assert [False, False] == [firewall.egress.note(answered(), 1000) for _ in range(2)]
    assert 1 == len(logs)
    assert (0, []) == (firewall.egress.opened, firewall.teller.told)

    firewall.error = None
    assert firewall.egress.note(answered(), 1000)
    assert [ONE + SITE] == firewall.ways


def test_where_nothing_can_be_reached_there_is_no_answer() -> None:
    firewall = FakeFirewall()

    assert not firewall.egress.note(answered(addresses=(bytes(16),)), 1000)
    assert 0 == firewall.egress.opened


@pytest.mark.parametrize(
    "too_much",
    [
        answered(addresses=tuple(bytes([192, 0, 2, n]) for n in range(MOST_WAYS + 1))),
        answered(names=tuple(f"a{n}.example" for n in range(MOST_NAMES + 1))),
    ],
    ids=["addresses", "names"],
)
def test_more_than_any_honest_answer_has_opens_nothing(too_much: Answered) -> None:
    firewall = FakeFirewall()

    assert not firewall.egress.note(too_much, 1000)
    assert [] == firewall.opened


def test_what_the_point_did_not_hear_is_told_again() -> None:
    firewall = FakeFirewall()
    firewall.teller.is_there = False
    assert firewall.egress.note(answered(), 1000)
    assert 0 == len(firewall.egress)

    firewall.teller.is_there = True
    assert firewall.egress.note(answered(), 1060)
    assert [("books.example",)] == firewall.names


def test_a_point_that_has_begun_anew_is_told_everything_again() -> None:
    firewall = FakeFirewall()
    firewall.teller.meetings = 1
    firewall.egress.note(answered(), 1000)
    firewall.egress.note(answered(names=("ferns.example",)), 1000)
    firewall.teller.meetings = 2
    firewall.egress.note(answered(names=("mosses.example",)), 1001)
    firewall.egress.note(answered(), 1002)

    assert [("books.example",), ("ferns.example",), ("mosses.example",), ("books.example",)] == (
        firewall.names
    )


def test_forgotten_it_is_opened_anew() -> None:
    firewall = FakeFirewall()
    firewall.egress.note(answered(), 1000)
    firewall.egress.forget()
    firewall.egress.note(answered(), 1000)

    assert 2 == len(firewall.opened)


def test_one_clients_memory_has_an_end() -> None:
    egress = FakeFirewall().egress
    for number in range(MAX_ANSWERS_OF_CLIENT + 10):
        egress.note(answered(names=(f"{number}.example",)), 1000)

    assert 10 == len(egress)


def test_all_clients_together_are_remembered_within_a_bound_and_for_an_hour() -> None:
    """A flood from many addresses, or a week of ordinary use, must not fill the memory."""
    egress = FakeFirewall().egress
    of_each = 2_000
    for client in range(MAX_ANSWERS // of_each):
        for number in range(of_each):
            egress.note(answered(client.to_bytes(4), (f"{number}.example",)), 1000)
    assert MAX_ANSWERS == len(egress)
    egress.note(answered(OTHER), 1000)
    assert 1 == len(egress)
    egress.note(answered(ONE), 1000 + HOUR_S)
    assert 1 == len(egress)


def many_addresses(first: int, count: int = MOST_WAYS) -> tuple[bytes, ...]:
    return tuple((0x0B00_0000 + first + each).to_bytes(4) for each in range(count))


def fill_share(firewall: FakeFirewall, link: Link | None = None, client: bytes = ONE) -> int:
    """Have *client* told of ever other addresses until it gets no more; return how many it has."""
    for first in range(0, 3 * MOST_WAYS_OF_ASKER, MOST_WAYS):
        names = (f"{first}.example",)
        if not firewall.egress.note(
            answered(client, names, many_addresses(first), link=link), 1000
        ):
            break
    return firewall.egress.opened


def test_one_device_does_not_get_the_ways_of_all_others() -> None:
    """The kernel's sets are everybody's: one that fills them would leave nobody an answer."""
    firewall = FakeFirewall()
    own, others = Link(3, b"\2\0\0\0\0\1"), Link(3, b"\2\0\0\0\0\2")

    assert MOST_WAYS_OF_ASKER == fill_share(firewall, own)
    # From another address of its own it has no more.
    assert not firewall.egress.note(answered(OTHER, link=own), 1000)
    assert firewall.egress.note(answered(OTHER, link=others), 1000)


def test_who_has_its_share_keeps_what_it_has_and_has_room_again_when_that_is_over() -> None:
    firewall = FakeFirewall()
    fill_share(firewall)
    firewall.egress.forget()

    assert firewall.egress.note(answered(addresses=many_addresses(0)), 1010)
    assert not firewall.egress.note(answered(addresses=(SITE,)), 1010)
    assert firewall.egress.note(answered(addresses=(SITE,)), 1010 + 2 * LIFETIME_S)


def test_addresses_that_are_no_neighbours_have_one_share_together() -> None:
    """On a link anybody can make up senders, as many as an IPv6 network has."""
    firewall = FakeFirewall()
    firewall.links.are_strangers = True
    for number in range(MOST_WAYS_OF_ASKER):
        assert firewall.egress.note(answered(number.to_bytes(4)), 1000)

    assert not firewall.egress.note(answered(b"\x0a\0\0\1"), 1000)
    assert firewall.egress.note(answered(OTHER, link=Link(3, b"\2\0\0\0\0\1")), 1000)


def test_a_device_that_is_known_by_another_address_is_told_of_anew() -> None:
    """The point judges by whom it was told of, who may be somebody else by now."""
    firewall = FakeFirewall()
    link = Link(3, b"\2\0\0\0\0\1")
    six = bytes(15) + b"\1"
    for known_as in ("10.0.1.10", "10.0.1.11"):
        source = Source(six, known_as, link)
        firewall.egress.note(
            Answered(source, "pupils", ("books.example",), (SITE,), 300, HOUR_S), 1000
        )

    assert ["10.0.1.10", "10.0.1.11"] == [told.client for told in firewall.teller.told]
