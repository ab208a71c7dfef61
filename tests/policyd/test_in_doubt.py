"""A point decides with the doubtful twin for as long as its clock is doubted, and no longer."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from ipc_world import eventually, grant, policy

from schoolgate_policyd.clock import Doubt
from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import HostResource, Request, Verdict
from schoolgate_policyd.core.names import DomainName, Host, parse_host
from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, Rule
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.in_doubt import Deciding

SINCE = datetime(2026, 11, 20, 10, 29, tzinfo=UTC)
DOUBT = Doubt("the gateway's clock stepped forward by 2 hours", SINCE)
VIDEOS = Request(Subject(person="teacher"), HostResource(parse_host("videos.example")))
GAMES = Request(Subject(), HostResource(parse_host("games.example")))


class FakeClock:
    def __init__(self, doubt: Doubt | None = None) -> None:
        self.doubt = doubt


def source(number: int = 1, live: Live = Live()) -> Source:  # noqa: B008 - Live is frozen
    """Videos are closed but for a grant, games but for whenever the school is closed."""
    rules = (
        Rule(
            "videos",
            frozenset({"videos"}),
            (Condition(),),
            Citation("P", "§1"),
            lifted_by=frozenset(GrantKind),
        ),
        Rule(
            "games",
            frozenset({"games"}),
            (Condition(),),
            Citation("P", "§2"),
            unless=(Condition(period=frozenset({Period.CLOSED})),),
        ),
    )
    services = tuple(
        Service(each, each, each, (DomainName(f"{each}.example"),)) for each in ("videos", "games")
    )
    catalogue = Catalogue(services=services)
    with_rules = msgspec.structs.replace(policy(), rules=rules, catalogue=catalogue)
    return Source(number, with_rules, live=live)


GRANTED = Live(grants=(grant("g"),))


def opens(deciding: Deciding) -> tuple[bool, bool]:
    """Whether videos are open, and games."""
    return tuple(  # type: ignore[return-value]  # there are two
        Verdict.ALLOW is decide(each, deciding.snapshot, SINCE).verdict for each in (VIDEOS, GAMES)
    )


class NoNames:
    """A table of large lists that names nobody."""

    def lists_of(self, _host: Host) -> tuple[str, ...]:
        return ()


def memories_of(snapshot: Snapshot) -> dict[str, int]:
    """How much is in each memory of *snapshot*, once it has decided."""
    return {
        "decided": len(snapshot.decided),
        "clients": len(snapshot._finder._known),
        "overlays": len(snapshot._overlays._known),
        "touching": len(snapshot._overlays._touching),
        "decided by class": len(snapshot.decided_by_class),
        "matched": len(snapshot._shared.matcher._known),
        "classes": len(snapshot._shared.classes._representatives),
        "lists": len(snapshot.compiled.listed._remembered),
        "timelines": len(snapshot.compiled.timelines._by_subject),
        "classes' timelines": len(snapshot.compiled.timelines._by_class),
    }


def use(snapshot: Snapshot) -> None:
    snapshot.subject_at("192.0.2.1", SINCE)
    for each in (VIDEOS, GAMES):
        decide(each, snapshot, SINCE)


@pytest.mark.parametrize("doubt", [None, DOUBT], ids=["sure", "doubted"])
def test_the_outgoing_one_forgets_what_the_following_does_not_remember(
    doubt: Doubt | None,
) -> None:
    async def scenario() -> list[dict[str, int]]:
        first = compile_snapshot(source(live=GRANTED), NoNames())
        deciding = Deciding(first, compile_snapshot, clock=FakeClock(doubt))
        use(first)
        found = [memories_of(first)]
        deciding.put_live(2, GRANTED)
        found.append(memories_of(first))
        second = deciding.newest
        use(second)
        await deciding.put_source(source(3))
        return [*found, memories_of(second)]

    before, after_live, after_source = asyncio.run(scenario())
    own = {"decided", "clients", "overlays", "touching"}
    assert all(before.values())
    assert {each: 0 if each in own else count for each, count in before.items()} == after_live
    assert dict.fromkeys(before, 0) == after_source


def test_without_a_doubt_the_newest_decides() -> None:
    deciding = Deciding(compile_snapshot(source(live=GRANTED)), clock=FakeClock())

    assert (True, True) == opens(deciding)
    assert deciding.newest is deciding.snapshot
    assert not deciding.look()


def test_a_point_that_starts_in_doubt_opens_nothing() -> None:
    deciding = Deciding(compile_snapshot(source(live=GRANTED)), clock=FakeClock(DOUBT))

    assert (False, False) == opens(deciding)


def test_a_doubt_closes_and_its_end_opens_what_it_closed() -> None:
    clock = FakeClock()
    deciding = Deciding(compile_snapshot(source(7, GRANTED)), clock=clock)
    newest = deciding.newest
    clock.doubt = DOUBT

    assert deciding.look()
    assert not deciding.look()
    assert (False, False) == opens(deciding)
    assert 7 == deciding.snapshot.number
    clock.doubt = None
    assert deciding.look()
    assert newest is deciding.snapshot
    assert (True, True) == opens(deciding)


def test_what_policyd_sends_in_doubt_is_taken_and_opens_nothing_before_its_end() -> None:
    async def scenario() -> None:
        clock = FakeClock(DOUBT)
        deciding = Deciding(compile_snapshot(source()), clock=clock)
        for number in (2, 3):
            before = deciding.snapshot
            deciding.put_live(number, GRANTED)
            assert (number, False, False) == (deciding.snapshot.number, *opens(deciding))
            # What is kept for classes need not be forgotten.
            assert deciding.snapshot.decides_classes_like(before)
        await deciding.put_source(source(4, GRANTED))
        assert (4, False, False) == (deciding.snapshot.number, *opens(deciding))
        clock.doubt = None
        deciding.look()
        assert (4, True, True) == (deciding.snapshot.number, *opens(deciding))

    asyncio.run(scenario())


def test_a_restriction_that_comes_in_doubt_is_in_force_at_once() -> None:
    from schoolgate_policyd.core.rules import Restriction, RestrictionKind  # noqa: PLC0415

    restriction = Restriction(
        "r",
        RestrictionKind.WITHDRAWN_SERVICE,
        SINCE,
        SINCE + timedelta(hours=1),
        Citation("P", "§3"),
        person="teacher",
        service="other",
    )
    deciding = Deciding(compile_snapshot(source()), clock=FakeClock(DOUBT))
    deciding.put_live(2, Live(restrictions=(restriction,)))

    assert ["r"] == [each.id for each in deciding.snapshot.source.live.restrictions]


def test_a_source_that_cannot_be_compiled_changes_nothing_in_doubt_either() -> None:
    def refuse(_source: Source) -> Snapshot:
        raise ValueError("no such table")

    async def scenario() -> None:
        deciding = Deciding(compile_snapshot(source()), refuse, clock=FakeClock(DOUBT))
        with pytest.raises(ValueError, match="no such table"):
            await deciding.put_source(source(2))
        assert (1, False, False) == (deciding.snapshot.number, *opens(deciding))

    asyncio.run(scenario())


def test_whoever_watches_is_told_of_each_change_once() -> None:
    async def scenario() -> None:
        clock = FakeClock()
        deciding = Deciding(compile_snapshot(source()), clock=clock)
        told: list[bool] = []
        watching = asyncio.create_task(
            deciding.watch(lambda: told.append(deciding.snapshot is deciding.newest), 0.001)
        )
        clock.doubt = DOUBT
        await eventually(lambda: told == [False])
        # The same doubt, in other words: nothing is another way.
        clock.doubt = DOUBT._replace(why="the clock is behind")
        await asyncio.sleep(0.01)
        clock.doubt = None
        await eventually(lambda: told == [False, True])
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(scenario())
