"""
What the DNS benchmarks are measured with measures what it says.

A short run each, so that a benchmark does not fail, or flatter, on the day it is wanted.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import dns.message
import pytest
from flood import Flood
from load_generator import Load
from origin import answer_to
from packets import (
    BLOCKED,
    MIXED,
    NOERROR,
    NXDOMAIN,
    A,
    Ask,
    Fresh,
    Warm,
    WrongAnswerError,
    allowed_name,
    fresh_name,
    is_answer_to,
    listed_name,
    silent_name,
)
from peers import PEERS, MissingError, Peer, Site
from probing import Heard, Probe, percentile
from processes import Server, origin, unused_port
from watching import Change, NotSeenError, change_seen

CLIENT = "127.0.1.10"
LISTED_HERE = 20
MAKERS = (listed_name, allowed_name, fresh_name, silent_name)


def names_of(count: int) -> list[str]:
    return [listed_name(number) for number in range(count)]


@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_a_peer_blocks_what_is_listed_and_answers_the_rest(peer: Peer, tmp_path: Path) -> None:
    """Started on its generated configuration: what it does not accept ends it at once."""
    own = tmp_path / "peer"
    own.mkdir()
    with origin(tmp_path / "origin") as upstream:
        site = Site(own, unused_port(), upstream.port)
        try:
            command = peer.command(site, names_of(LISTED_HERE))
        except MissingError as missing:
            pytest.skip(str(missing))
        with Server(peer.name, command, site.port, own) as server:
            server.wait_until_it_answers(Ask(allowed_name(1)), CLIENT, within_s=20)
            server.wait_until_it_answers(Ask(listed_name(1), A, NXDOMAIN), CLIENT, within_s=20)

            assert server.cpu_s() > 0
            assert server.memory().proportional > 1


def test_a_peer_that_is_missing_names_its_package(tmp_path: Path) -> None:
    peer = Peer("nobody", "no-such-program", "its-package", lambda *_: [])

    with pytest.raises(MissingError, match=r"apt-get install .* its-package"):
        peer.command(Site(tmp_path, 1, 2), [])


def test_load_counts_answers_by_response_code_and_probes_wait(tmp_path: Path) -> None:
    with origin(tmp_path / "origin") as upstream:
        probe = Probe("127.0.1.99", upstream.port, [Ask(allowed_name(7))], 0.001)
        load = Load(upstream.port, Warm(64, 2), ("127.0.1.10", "127.0.9.9"), probes=(probe,))
        tally = load.run(0.2)
        load.close()
        probe.close()

    assert tally.answered > 100
    assert {NOERROR: tally.answered} == dict(tally.rcodes)
    assert tally.checked > 0
    assert probe.heard
    assert 0 < percentile(probe.waits_s, 0.5) < 0.2
    assert upstream.asked >= tally.answered


def test_an_answer_with_another_response_code_ends_the_load(tmp_path: Path) -> None:
    with origin(tmp_path / "origin") as upstream:
        load = Load(upstream.port, BLOCKED, (CLIENT,))
        with pytest.raises(WrongAnswerError, match="host"):
            load.run(5)
        load.close()


def test_the_load_is_paced_where_a_rate_is_given(tmp_path: Path) -> None:
    with origin(tmp_path / "origin") as upstream:
        load = Load(upstream.port, Warm(64, 1), (CLIENT,))
        tally = load.run(0.3, per_s=1000)
        load.close()

    assert 100 < tally.answered < 400


def test_a_flood_is_cut_into_queries_that_are_answered(tmp_path: Path) -> None:
    with origin(tmp_path / "origin") as upstream:
        flood = Flood(upstream.port, Fresh(0, 256), (CLIENT,))
        tally, sent_per_s = flood.run(0.3, 2000)
        flood.close()

    assert 1000 < sent_per_s < 4000
    assert tally.answered == tally.rcodes[NOERROR] > 100


def test_the_origin_counts_what_it_is_asked_and_answers_late(tmp_path: Path) -> None:
    with origin(tmp_path / "origin", delay_ms=40) as upstream:
        before = upstream.asked
        probe = Probe(CLIENT, upstream.port, [Ask(allowed_name(3))], every_s=60)
        while not probe.heard and not probe.lost:
            probe.turn(time.perf_counter())
        probe.close()

        assert before + 1 == upstream.asked
    assert 0 == probe.lost
    assert probe.waits_s[0] >= 0.04


@pytest.mark.parametrize("has_edns", [False, True])
@pytest.mark.parametrize(
    ("ask", "records"),
    [(Ask("a.example"), 1), (Ask("a.example", 28), 1), (Ask("a.example", 65), 0)],
)
def test_the_origin_has_addresses_of_every_name_and_nothing_else(
    ask: Ask, records: int, *, has_edns: bool
) -> None:
    packet = replace(ask, has_edns=has_edns).packet(7)
    answer = answer_to(packet)

    assert answer is not None
    message = dns.message.from_wire(answer)
    assert dns.message.from_wire(packet).is_response(message)
    assert records == len(message.answer)
    assert (0 if has_edns else -1) == message.edns


def test_the_origin_is_silent_of_silent_names_and_of_replies() -> None:
    query = Ask(silent_name(1)).packet(7)
    reply = answer_to(Ask(allowed_name(1)).packet(7))

    assert answer_to(query) is None
    assert reply is not None
    assert answer_to(reply) is None
    assert answer_to(b"short") is None


@pytest.mark.parametrize(
    ("answer", "rcode", "is_one"),
    [
        (lambda octets: octets, NOERROR, True),
        (lambda octets: b"\0\1" + octets[2:], NOERROR, False),
        (lambda octets: octets, NXDOMAIN, False),
        (lambda octets: octets.replace(b"lessons", b"lessens"), NOERROR, False),
        (lambda octets: octets[:6] + b"\0\0" + octets[8:], NOERROR, False),
        (lambda octets: octets[:2] + b"\1" + octets[3:], NOERROR, False),
    ],
    ids=["as it is", "other id", "other rcode", "other question", "empty", "no reply"],
)
def test_an_answer_is_told_from_what_is_none(
    answer: Callable[[bytes], bytes], rcode: int, *, is_one: bool
) -> None:
    packet = Ask(allowed_name(5)).packet(0x1234)
    given = answer_to(packet)
    assert given is not None

    assert is_one == is_answer_to(answer(given), packet, rcode)


def test_a_mix_is_the_same_every_time_and_blocks_its_share() -> None:
    asks = MIXED.asks_of(3)

    assert asks == MIXED.asks_of(3)
    assert asks != MIXED.asks_of(2)
    assert 0.1 == pytest.approx(sum(each.rcode == NXDOMAIN for each in asks) / len(asks), abs=0.02)
    assert all(each.has_edns for each in asks)
    assert {NXDOMAIN} == {each.rcode for each in BLOCKED.asks_of(0)}


def test_all_names_have_one_length_so_that_a_flood_can_be_cut() -> None:
    names = [make(number) for make in MAKERS for number in (0, 9, 999_999)]

    assert {len(names[0])} == {len(name) for name in names}
    assert len(names) == len(set(names))


def test_warm_names_are_shared_out_and_fresh_ones_are_each_asked_once() -> None:
    warm = [ask.name for client in range(4) for ask in Warm(100, 4).asks_of(client)]
    fresh = [ask.name for client in range(4) for ask in Fresh(50, 25).asks_of(client)]

    assert sorted(2 * [allowed_name(number) for number in range(100)]) == sorted(warm)
    assert [fresh_name(number) for number in range(50, 150)] == fresh


def heard(*rcodes: int) -> list[Heard]:
    """Answers asked for at 0, 1, 2 … that came half a second later."""
    return [Heard(at, at + 0.5, rcode) for at, rcode in enumerate(rcodes)]


def seen(*watchers: Sequence[Heard], in_force_s: float = 2.2) -> Change:
    """What is seen until 9 of a change to NOERROR made at 2."""
    return change_seen(watchers, NOERROR, made_s=2, in_force_s=in_force_s, until_s=9)


def test_a_change_is_seen_by_the_first_and_by_all() -> None:
    assert Change(0.5, 1.5, 0, 0.5) == seen(heard(3, 3, 0, 0), heard(3, 3, 3, 0), in_force_s=2.9)


def test_an_old_answer_to_a_question_after_the_change_is_late() -> None:
    assert Change(2.5, 2.5, 1, 0.5) == seen(heard(3, 3, 3, 3, 0, 0))


def test_an_answer_that_came_after_the_next_change_is_that_one_s() -> None:
    assert Change(0.5, 0.5, 0, 0.5) == seen([*heard(3, 3, 0, 0), Heard(8.9, 9.1, 3)])


@pytest.mark.parametrize(
    ("rcodes", "reason"),
    [
        ((3, 3, 3, 3), "never"),
        ((3, 0, 0, 0), "before it was made"),
        ((3, 3, 0, 3), "and then"),
        ((), "never"),
    ],
)
def test_a_change_that_was_not_as_it_should_be_is_told(
    rcodes: tuple[int, ...], reason: str
) -> None:
    with pytest.raises(NotSeenError, match=reason):
        seen(heard(*rcodes))
