"""Tunnels through names are stopped early, and little is remembered of anybody's names."""

from collections.abc import Iterator
from itertools import islice

import pytest
from dns_tunnels import (
    AAAA,
    CNAME,
    KEY,
    MX,
    NULL,
    PRIVATE,
    SRV,
    TXT,
    A,
    Programs,
    Sent,
    asked,
    stop_of,
)
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_dns.messages import ExtendedErrorCode
from schoolgate_dns.stages.tunnel import Tunnels, labels_below
from schoolgate_dns.tunnels.counting import BOUND_POINTS, CLOSED_S, LEAK_POINTS_PER_S
from schoolgate_dns.tunnels.passage import ATTEMPT, Passage, Stopped
from schoolgate_policyd.core.names import DomainName

WITHIN_S, WITHIN_OCTETS = 30.0, 50_000
IODINE_TYPES = (NULL, PRIVATE, TXT, SRV, MX, CNAME, A)
PROGRAMS = Programs(7)
STREAMS = {
    **{
        f"iodine {number} {way} {per_s}/s": (
            lambda number=number, way=way, per_s=per_s: PROGRAMS.iodine(
                number, per_s, upload=way == "up"
            )
        )
        for number in IODINE_TYPES
        for way in ("up", "down")
        for per_s in (60, 1)
    },
    **{
        f"dns2tcp {number} {way} {per_s}/s": (
            lambda number=number, way=way, per_s=per_s: PROGRAMS.dns2tcp(
                number, per_s, upload=way == "up"
            )
        )
        for number in (TXT, KEY)
        for way in ("up", "down")
        for per_s in (40, 1)
    },
    **{
        f"dnscat2 {types} {octets} octets {per_s}/s": (
            lambda types=types, octets=octets, per_s=per_s: PROGRAMS.dnscat2(types, per_s, octets)
        )
        for types in ((TXT, CNAME, MX), (TXT,), (A,), (AAAA,), (A, AAAA))
        for octets, per_s in ((9, 1), (17, 1), (110, 20), (110, 1))
    },
    "octets in hosts 50/s": lambda: PROGRAMS.octets_in_hosts(50),
    "octets in hosts 1/s": lambda: PROGRAMS.octets_in_hosts(1),
}


def tell(tunnels: Tunnels, sent: Sent, now_s: float, *, is_there: bool = True) -> Stopped | None:
    """Send one query and, if it goes on, have it answered."""
    told = asked(sent.name, sent.type)
    passage = tunnels.ask(told, now_s)
    if isinstance(passage, Stopped):
        return passage
    tunnels.answered(passage, sent.answer_octets, now_s, is_there=is_there)
    return None


def until_stopped(tunnels: Tunnels, stream: Iterator[Sent]) -> tuple[Stopped, float, int, int]:
    """Send *stream* until it is stopped; return that, the seconds, octets and queries."""
    octets = 0
    for number, sent in enumerate(stream, 1):
        octets += len(sent.name) + 18
        stopped = tell(tunnels, sent, 1_000 + sent.at_s)
        if stopped is not None:
            return stopped, sent.at_s, octets, number
        octets += sent.answer_octets
        assert sent.at_s <= WITHIN_S
        assert octets <= WITHIN_OCTETS
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("name", STREAMS)
def test_a_tunnel_is_stopped_within_30_s_and_50_kb(name: str) -> None:
    stopped, seconds, octets, _ = until_stopped(Tunnels(), STREAMS[name]())

    assert "evil.example" == stopped.parent.text
    assert seconds <= WITHIN_S
    assert octets <= WITHIN_OCTETS


@pytest.mark.parametrize("type_number", [NULL, PRIVATE, KEY])
def test_types_that_nobody_else_asks_for_are_stopped_after_a_few_names(type_number: int) -> None:
    _, _, octets, queries = until_stopped(Tunnels(), PROGRAMS.iodine(type_number, 60, upload=True))

    assert queries <= 8
    assert octets <= 2_000


def test_the_evidence_tells_what_was_seen_but_no_label() -> None:
    stream = list(islice(PROGRAMS.dnscat2((TXT,), 1, 30), 40))
    names = [sent.name for sent in stream]
    stopped, *_ = until_stopped(Tunnels(), iter(stream))

    assert "types TXT" in stopped.evidence
    assert "new names in" in stopped.evidence
    assert "octets in names" in stopped.evidence
    for name in names:
        for label in name.removesuffix(".t.evil.example").split("."):
            assert label[:8] not in stopped.evidence
    assert ExtendedErrorCode.BLOCKED is stopped.why.code
    assert "evil.example" in stopped.why.text
    assert ATTEMPT in stopped.why.text


def test_a_closed_parent_is_closed_whole_to_that_client_alone() -> None:
    tunnels = Tunnels()
    until_stopped(tunnels, PROGRAMS.iodine(NULL, 60, upload=True))

    for name in ("www.evil.example", "evil.example", "a.b.evil.example"):
        assert stop_of(tunnels, asked(name), 1_010.0) is not None
    assert stop_of(tunnels, asked("www.good.example"), 1_010.0) is None
    assert stop_of(tunnels, asked("www.evil.example", client="127.0.1.11"), 1_010.0) is None


def parts(stopped: Stopped) -> tuple[DomainName, str, float]:
    return stopped.parent, stopped.evidence, stopped.until_s


def test_it_stays_closed_for_an_hour_and_its_evidence_stays_the_same() -> None:
    tunnels = Tunnels()
    first, *_ = until_stopped(tunnels, PROGRAMS.iodine(NULL, 60, upload=True))
    tunnels.tick(first.until_s - 1)

    again = stop_of(tunnels, asked("www.evil.example"), first.until_s - 1)

    assert again is not None
    assert parts(first) == parts(again)
    assert stop_of(tunnels, asked("www.evil.example"), first.until_s) is None
    assert CLOSED_S == pytest.approx(first.until_s - 1_000, abs=WITHIN_S)


def test_only_what_would_close_it_again_prolongs_it() -> None:
    tunnels = Tunnels()
    first, *_ = until_stopped(tunnels, PROGRAMS.iodine(TXT, 60, upload=True))
    for minute in range(50):
        again = stop_of(tunnels, asked("www.evil.example"), 1_100.0 + 60 * minute)
        assert again is not None
        assert parts(first) == parts(again)
    later = [
        tell(tunnels, sent, 4_200.0 + sent.at_s)
        for sent in islice(PROGRAMS.iodine(TXT, 60, upload=True), 60)
    ]

    assert later[-1] is not None
    assert later[-1].until_s > 4_200 + CLOSED_S - 1
    assert first.evidence == later[-1].evidence


def test_the_same_names_again_are_no_tunnel_however_often() -> None:
    tunnels = Tunnels()
    stream = [sent._replace(answer_octets=0) for sent in islice(PROGRAMS.dnscat2((A,), 1, 9), 15)]

    assert {None} == {
        tell(tunnels, stream[number % 15], 1 + number / 100) for number in range(5_000)
    }


def test_what_the_school_serves_itself_is_not_looked_at() -> None:
    tunnels = Tunnels(lambda name: name.endswith(b"\x04evil\x07example\x00"))
    for sent in islice(PROGRAMS.iodine(NULL, 60, upload=True), 200):
        assert tell(tunnels, sent, sent.at_s) is None
    assert 0 == len(tunnels)


def test_a_page_that_makes_names_up_below_somebody_elses_domain_does_not_close_it() -> None:
    """Twenty names at once, and once more: none of them exists."""
    tunnels = Tunnels()
    stream = list(islice(Programs(4, "news.example").octets_in_hosts(50), 200))
    for burst in range(2):
        names = stream[100 * burst :][:20]
        passages = [tunnels.ask(asked(sent.name), float(burst)) for sent in names]
        for passage in passages:
            assert not isinstance(passage, Stopped)
            tunnels.answered(passage, 90, float(burst), is_there=False)

    assert stop_of(tunnels, asked("www.news.example"), 2.0) is None


def test_what_is_carried_one_way_alone_is_stopped_too() -> None:
    tunnels = Tunnels()
    octets = 0
    for sent in Programs(4).octets_in_hosts(50):
        octets += len(sent.name) + 18 + sent.answer_octets
        if tell(tunnels, sent, sent.at_s, is_there=False) is not None:
            break

    assert octets <= WITHIN_OCTETS


def test_a_server_that_fails_each_name_once_gets_none_of_them_cheaper() -> None:
    at_once, on_retry = Tunnels(), Tunnels()
    for sent in islice(PROGRAMS.dnscat2((A,), 1, 17), 5):
        told = asked(sent.name, sent.type)
        passage = on_retry.ask(told, sent.at_s)
        assert not isinstance(passage, Stopped)
        on_retry.failed(told, passage)
        tell(on_retry, sent, sent.at_s)
        tell(at_once, sent, sent.at_s)

    assert points_of(at_once) == pytest.approx(points_of(on_retry))
    assert {} == on_retry._owed


def points_of(tunnels: Tunnels) -> float:
    return sum(each.points for known in tunnels._clients.values() for each in known.values())


def test_of_an_answer_only_what_is_owed_for_its_own_name_is_counted() -> None:
    tunnels = Tunnels()
    first, again = (tunnels.ask(asked("abcd.news.example"), 1.0) for _ in range(2))
    assert isinstance(first, Passage)
    assert isinstance(again, Passage)
    tunnels.answered(first, 0, 1.0)
    tunnels.answered(again, 0, 1.0)

    assert 6 + len(".abcd") == pytest.approx(points_of(tunnels))


@pytest.mark.parametrize(
    ("name", "parent", "labels"),
    [
        ("www.school.example", "school.example", [b"www"]),
        ("school.example", "school.example", []),
        ("a.bb.x.co.uk", "x.co.uk", [b"a", b"bb"]),
        ("\xff\xfe.a.x\xff.example", "x\\255.example", [b"\xff\xfe", b"a"]),
    ],
)
def test_labels_are_those_in_front_of_the_parent(
    name: str, parent: str, labels: list[bytes]
) -> None:
    assert labels == labels_below(asked(name).query.lookup.name, parent)


def test_a_customer_of_a_content_network_is_a_parent_of_their_own() -> None:
    tunnels = Tunnels()
    stream = Programs(3, "d1x.cloudfront.net").dnscat2((TXT,), 5, 60)
    stopped, *_ = until_stopped(tunnels, stream)

    assert "d1x.cloudfront.net" == stopped.parent.text
    assert stop_of(tunnels, asked("d2y.cloudfront.net"), 1_030.0) is None


def test_known_look_ups_may_carry_more_but_not_without_bound() -> None:
    tunnels = Tunnels()
    stream = Programs(3, "sophosxl.net").dnscat2((TXT,), 40, 100)
    queries = 0
    for sent in stream:
        queries += 1
        if tell(tunnels, sent, sent.at_s) is not None:
            break

    assert 150 < queries < 1_000


def test_all_is_forgotten_when_the_points_have_leaked_away() -> None:
    tunnels = Tunnels()
    for sent in islice(PROGRAMS.dnscat2((A,), 1, 9), 15):
        tell(tunnels, sent, sent.at_s)
    tunnels.tick(20.0)
    assert 1 == len(tunnels)

    tunnels.tick(20.0 + BOUND_POINTS / LEAK_POINTS_PER_S)

    assert 0 == len(tunnels)
    assert {} == tunnels._clients


def test_a_flood_of_parents_does_not_hide_the_tunnel_among_them() -> None:
    tunnels = Tunnels(max_parents=64)
    stopped = None
    for number, sent in enumerate(PROGRAMS.iodine(TXT, 4, upload=True)):
        stopped = tell(tunnels, sent, sent.at_s)
        if stopped is not None or sent.at_s > WITHIN_S:
            break
        for junk in range(60):
            junk_name = f"www.junk-{number}-{junk}.example"
            tell(tunnels, Sent(0, junk_name, A, 100), sent.at_s)

    assert stopped is not None
    assert 64 == len(tunnels)


def test_what_one_client_forgets_is_what_tells_least() -> None:
    """Of those that were asked below longest ago: never what is closed, or had much carried."""
    tunnels = Tunnels(max_parents=4)
    for sent in islice(PROGRAMS.iodine(NULL, 60, upload=True), 40):
        tell(tunnels, sent, 0.0)
    for sent in islice(Programs(2, "slow.example").dnscat2((A,), 1, 9), 10):
        tell(tunnels, sent, 0.0)
    for number in range(50):
        tell(tunnels, Sent(0, f"www.junk-{number}.example", A, 100), 0.0)

    held = list(tunnels._clients["127.0.1.10"])
    assert ["evil.example", "slow.example", "junk-48.example", "junk-49.example"] == held


QUERIES = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(0, 30),
        st.binary(min_size=1, max_size=63),
        st.sampled_from([A, TXT, NULL, 4711]),
    ),
    max_size=150,
)


@given(QUERIES, st.integers(1, 12), st.integers(1, 5))
def test_memory_is_bounded_whatever_is_asked(
    queries: list[tuple[int, int, bytes, int]], max_pairs: int, max_parents: int
) -> None:
    tunnels = Tunnels(max_pairs=max_pairs, max_parents=max_parents)
    for at, (client, parent, label, type_number) in enumerate(queries):
        domain = f"p{parent}".encode()
        name = bytes([len(label)]) + label + bytes([len(domain)]) + domain + b"\7example\0"
        told = asked(name, type_number, client=f"127.0.1.{client}")
        passage = tunnels.ask(told, float(at))
        if not isinstance(passage, Stopped):
            if at % 4:
                tunnels.answered(passage, 100, float(at), is_there=at % 3 > 0)
            else:
                tunnels.failed(told, passage)

        held = [below for parents in tunnels._clients.values() for below in parents.values()]
        assert len(held) == len(tunnels) <= max_pairs
        assert all(0 < len(parents) <= max_parents for parents in tunnels._clients.values())
        assert all(below.seen.bit_length() <= 2_048 for below in held)
        assert all(len(below.types) <= 8 for below in held)
    assert len(tunnels._owed) <= len(queries)
