"""A message is told what becomes of it as it would be by waiting: once, and whatever happens."""

from collections.abc import Callable

import dns.message
import dns.rcode
import pytest
from dns_world import (
    BREAK,
    PUPIL,
    STAFF,
    TEN_BEFORE_BREAK,
    Scripts,
    World,
    query,
    reply_to,
    run,
    source,
    until,
)

from schoolgate_dns.errors import UpstreamError, UpstreamSilent
from schoolgate_dns.messages import Lookup, Reply, wire
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.replies.cache import ReplyCache
from schoolgate_dns.stages.held import HeldReplies
from schoolgate_policyd.core.snapshot import compile_snapshot

SCRIPTS: Scripts = {
    ("a.example", "A"): ("a.example 60 IN A 192.0.2.1",),
    ("www.tiktok.example", "A"): ("www.tiktok.example 60 IN A 192.0.2.2",),
}


class Hand:
    """A resolver that tells when the test says so; to be awaited is a *mistake*."""

    def __init__(self) -> None:
        self.told: list[tuple[Lookup, Callable[[Reply | UpstreamError | None], None]]] = []
        self.mistake: BaseException = AssertionError("was to be told by a call")

    async def resolve(self, _lookup: Lookup) -> Reply:
        raise self.mistake

    def begin(self, lookup: Lookup, told: Callable[[Reply | UpstreamError | None], None]) -> None:
        self.told.append((lookup, told))

    def answer(self) -> None:
        """Tell whoever waits longest what the script says."""
        lookup, told = self.told.pop(0)
        told(said_of(lookup))


def said_of(lookup: Lookup) -> Reply:
    script = SCRIPTS[query_name(lookup), "A"]
    return wire.read_reply(reply_to(wire.query_for(lookup, 7), *script).to_wire())


def query_name(lookup: Lookup) -> str:
    question = dns.message.from_wire(wire.query_for(lookup, 7)).question[0]
    return question.name.to_text(omit_final_dot=True)


class Scene(World):
    """A school whose upstream is a hand; *found* is what was told so far."""

    def __init__(self) -> None:
        super().__init__()
        self.hand = Hand()
        self.answering._replies = HeldReplies(ReplyCache(), self.hand, lambda: self.monotonic_s)
        self.found: list[Outcome | None] = []

    def start(self, name: str, client: str = PUPIL) -> None:
        work = self.answering.start(query(name).to_wire(), client, self.found.append)
        assert work is None

    @property
    def addresses(self) -> list[str]:
        return [
            str(item)
            for each in self.found
            if each is not None
            for answer in dns.message.from_wire(each.octets).answer
            for item in answer
        ]


def test_it_is_told_once_when_the_upstream_has_answered_and_at_once_when_a_reply_is_held() -> None:
    scene = Scene()
    scene.start("a.example")
    assert [] == scene.found
    scene.hand.answer()
    assert ["192.0.2.1"] == scene.addresses
    scene.start("a.example")
    assert ["192.0.2.1"] * 2 == scene.addresses
    assert {"answered": 2} == scene.answering.outcomes


def test_what_is_told_is_what_would_be_awaited() -> None:
    scene, awaited = Scene(), World(SCRIPTS)
    for name in ("a.example", "www.tiktok.example", "use-application-dns.net"):
        scene.start(name)
    scene.hand.answer()
    octets = [each.octets for each in scene.found if each is not None]
    expected = [
        run(awaited.answering.outcome(query(name).to_wire(), PUPIL, over_udp=True))
        for name in ("www.tiktok.example", "use-application-dns.net", "a.example")
    ]

    assert [each.octets for each in expected if each is not None] == octets


def test_a_bell_while_it_waits_has_it_judged_anew() -> None:
    scene = Scene()
    scene.moment = BREAK
    scene.start("www.tiktok.example", STAFF)
    scene.moment = TEN_BEFORE_BREAK
    assert 1 == len(scene.hand.told)
    scene.hand.answer()

    assert [True] == [each is not None and each.is_blocked for each in scene.found]


@pytest.mark.parametrize("over", [True, False])
def test_a_failure_is_told_and_remembered_and_an_end_is_told_to_nobody(over: bool) -> None:
    scene = Scene()
    scene.start("a.example")
    _, told = scene.hand.told.pop()
    told(None if over else UpstreamSilent("silent"))
    if over:
        assert [] == scene.found
        return
    scene.start("a.example")
    assert [2, 2] == [each.octets[3] & 0xF for each in scene.found if each is not None]
    assert [] == scene.hand.told


def test_a_mistake_of_ours_is_a_failure_for_whoever_met_it() -> None:
    scene = Scene()
    scene.start("a.example")
    del scene.moment  # so that nothing can be judged
    scene.hand.answer()

    assert [2] == [each.octets[3] & 0xF for each in scene.found if each is not None]


def test_a_mistake_of_ours_while_it_is_awaited_is_a_failure_as_well() -> None:
    scene = Scene()
    scene.hand.mistake = ZeroDivisionError()
    message = query("a.example").to_wire()
    outcome = run(scene.answering.outcome(message, PUPIL, over_udp=True))
    answer = run(scene.answering.answer(message, PUPIL, over_udp=False))

    assert outcome is not None
    assert answer is not None
    assert [2, 2] == [outcome.octets[3] & 0xF, answer[3] & 0xF]
    assert {"failed": 2} == scene.answering.outcomes


class Sudden(BaseException):
    """What no `except Exception` catches."""


class Hurried(Scene):
    """Whenever somebody looks, two minutes have gone by: what is held is old at once."""

    def __init__(self) -> None:
        super().__init__()
        self.answering._replies = HeldReplies(ReplyCache(), self.hand, self._later)

    def _later(self) -> float:
        self.monotonic_s += 120.0
        return self.monotonic_s


@pytest.mark.parametrize(
    ("error", "rcodes"), [(ZeroDivisionError(), [2]), (Sudden(), [None])], ids=repr
)
def test_what_has_to_wait_twice_is_told_once_whatever_the_second_comes_to(
    error: BaseException, rcodes: list[int | None]
) -> None:
    async def play() -> list[Outcome | None]:
        scene = Hurried()
        scene.start("a.example")
        # Judged anew by another snapshot, it waits once more, for what is asked anew.
        scene.decider.snapshot = compile_snapshot(source(2))
        scene.hand.mistake = error
        scene.hand.answer()
        assert 1 == len(scene.answering._late)
        await until(lambda: bool(scene.found))
        assert not scene.answering._late
        return scene.found

    found = run(play())
    assert rcodes == [None if each is None else each.octets[3] & 0xF for each in found]


def test_a_message_for_a_zone_has_to_be_awaited() -> None:
    update = bytearray(query("a.example").to_wire())
    update[2] = 5 << 3
    scene = Scene()
    work = scene.answering.start(bytes(update), PUPIL, scene.found.append)
    assert work is not None
    outcome = run(work)

    assert outcome is not None
    assert 5 == outcome.octets[3] & 0xF
    assert [] == scene.found


class Refusing(Hand):
    """A resolver with a mistake of ours in it."""

    def begin(self, lookup: Lookup, told: Callable[[Reply | UpstreamError | None], None]) -> None:
        raise RuntimeError(f"{lookup} finds a mistake before {told} is told")


def test_who_asks_what_cannot_be_asked_is_told_so_at_once() -> None:
    scene = Scene()
    scene.answering._replies = HeldReplies(ReplyCache(), Refusing(), lambda: scene.monotonic_s)
    scene.start("a.example")
    (outcome,) = scene.found
    assert outcome is not None
    assert dns.rcode.SERVFAIL == dns.message.from_wire(outcome.octets).rcode()
    assert 1 == scene.answering.outcomes.total()
