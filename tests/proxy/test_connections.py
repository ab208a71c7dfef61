"""Which open connections have to go, at the bell and after a revision."""

from datetime import datetime, timedelta

import pytest
from proxy_school import BREAK, LESSON, PUPIL, STAFF, school_source, teachers_grant

from schoolgate_policyd.core.decision import HostResource, UrlResource
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.rules import PageScope
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_proxy.bell import Bell
from schoolgate_proxy.connections import MOST_PINNED, Connections, OpenConnection

SCHOOL = compile_snapshot(school_source())
PAGE = parse_url("https://www.tiktok.com/a")
GRANTED = compile_snapshot(school_source(live=Live(grants=(teachers_grant(PageScope(PAGE)),))))
BREAK_ENDS = BREAK.replace(minute=45)


def passed(connections: Connections, who: str, *names: str) -> OpenConnection:
    connection = connections.opened(f"{who} {names[0]}", who)
    host, *chain = map(parse_host, names)
    connection.passed = HostResource(host, tuple(chain))
    return connection


@pytest.mark.parametrize(
    ("who", "names", "moment", "goes"),
    [
        (PUPIL, ("lessons.example",), LESSON, False),
        (STAFF, ("www.tiktok.com",), BREAK, False),
        (STAFF, ("www.tiktok.com",), BREAK_ENDS - timedelta(microseconds=1), False),
        (STAFF, ("www.tiktok.com",), BREAK_ENDS, True),
        (STAFF, ("cdn.example", "www.tiktok.com"), BREAK_ENDS, True),
        (STAFF, ("www.parents.example",), BREAK_ENDS, True),  # has to be looked into from now on
        (STAFF, ("childline.example",), BREAK_ENDS, False),
        (STAFF, ("my.bank.example",), BREAK_ENDS, False),
    ],
)
def test_what_passes_untouched_goes_when_it_may_not_any_more(
    who: str, names: tuple[str, ...], moment: datetime, *, goes: bool
) -> None:
    connections = Connections()
    connection = passed(connections, who, *names)

    assert ([connection.id] if goes else []) == connections.no_longer_allowed(SCHOOL, moment)


def test_a_request_in_flight_goes_with_its_grant() -> None:
    connections = Connections()
    connection = connections.opened("one", STAFF)
    connection.requests["flow"] = (UrlResource(PAGE),)

    assert [] == connections.no_longer_allowed(GRANTED, LESSON)
    assert ["one"] == connections.no_longer_allowed(SCHOOL, LESSON)

    connection.requests.clear()
    assert [] == connections.no_longer_allowed(SCHOOL, LESSON)


def test_the_next_change_is_the_first_of_all() -> None:
    connections = Connections()
    passed(connections, PUPIL, "lessons.example")
    passed(connections, STAFF, "www.tiktok.com")

    connections.no_longer_allowed(SCHOOL, BREAK)

    assert BREAK_ENDS == connections.next_change


def test_a_forgotten_connection_is_not_judged_and_not_counted() -> None:
    connections = Connections()
    connection = passed(connections, STAFF, "www.tiktok.com")
    assert 1 == connections.count_from(STAFF)

    assert connection is connections.closed(connection.id)
    assert connections.closed(connection.id) is None

    assert [] == connections.no_longer_allowed(SCHOOL, LESSON)
    assert (0, 0) == (connections.count_from(STAFF), len(connections))


def test_a_device_is_counted_once_for_all_its_addresses() -> None:
    known = {"2001:db8::1": PUPIL, "2001:db8::2": PUPIL}
    connections = Connections(lambda address: known.get(address, address))
    for number, address in enumerate((PUPIL, "2001:db8::1", "2001:db8::2")):
        connections.opened(str(number), address)
    assert (3, 3) == (connections.count_from(PUPIL), connections.count_from("2001:db8::2"))

    known.clear()  # whoever had these addresses has gone from the link
    for number in range(3):
        connections.closed(str(number))

    assert 0 == connections.count_from(PUPIL)


def test_pinned_addresses_are_bounded() -> None:
    connection = OpenConnection("one", PUPIL)
    for number in range(3 * MOST_PINNED):
        connection.pin("192.0.2.1", number)

    assert len(connection.pinned) <= MOST_PINNED
    assert ("192.0.2.1", 3 * MOST_PINNED - 1) in connection.pinned


def test_the_bell_closes_what_has_to_go_and_nothing_else() -> None:
    connections = Connections()
    passed(connections, PUPIL, "lessons.example")
    going = passed(connections, STAFF, "www.tiktok.com")
    closed: list[str] = []
    bell = Bell(connections, lambda: SCHOOL, lambda: BREAK_ENDS, closed.append)

    assert 1 == bell.ring()
    assert [going.id] == closed
