"""What two sources have in common is there once, and the second decides as it would alone."""

from datetime import UTC, datetime

import msgspec
import pytest
from ipc_world import policy

from schoolgate_policyd.core.catalogue import (
    Catalogue,
    Category,
    DomainList,
    HelpLine,
    LargeList,
    Service,
)
from schoolgate_policyd.core.common_parts import with_common_parts
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, HostResource, Request
from schoolgate_policyd.core.matching import Cell
from schoolgate_policyd.core.names import DomainName, Host
from schoolgate_policyd.core.policy import Register, Source
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.safe_search import SearchService
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import Person, Subject

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TALK = Service("talk", "Talk", "forum", (DomainName("talk.example"),))
PLAY = Service("play", "Play", "game", (DomainName("play.example"),))
HELP = HelpLine("help", "Help", (DomainName("help.example"),))
CATALOGUE = Catalogue(
    (Category("forum", "Forums"), Category("game", "Games")), (TALK,), help_lines=(HELP,)
)
NAMES = ("talk.example", "www.play.example", "help.example", "other.example")


def source(
    number: int = 1, catalogue: Catalogue = CATALOGUE, *, block: str = "forum", person: str = "p"
) -> Source:
    """One that is decoded, so that it shares nothing with any other."""
    rule = Rule("rule", frozenset({block}), (Condition(),), Citation("Policy", "§1"))
    made = msgspec.structs.replace(policy(), rules=(rule,), catalogue=catalogue)
    people = Register((Person(person, audience=Subject().audience),))
    return msgspec.msgpack.decode(
        msgspec.msgpack.encode(Source(number, made, people)), type=Source
    )


FIND = DomainName("find.example")
# Each field of a catalogue as CATALOGUE has it not.
OTHER: dict[str, object] = {
    "categories": (Category("forum", "Forums", is_circumvention=True),),
    "services": (PLAY,),
    "lists": (DomainList("list", "forum", (DomainName("other.example"),)),),
    "help_lines": (),
    "essentials": (DomainName("talk.example"),),
    "never_inspected": (DomainName("talk.example"),),
    "large_lists": (LargeList("large", "forum"),),
    "search_services": (SearchService("find", "Find", (FIND,), FIND),),
    "name_table": "0" * 64,
}


class NoNames:
    """A table of large lists that names nobody."""

    def lists_of(self, _host: Host) -> tuple[str, ...]:
        return ()


CHANGED = {
    "a number": source(2),
    "a rule": source(2, block="game"),
    "a person": source(2, person="q"),
    **{
        field: source(2, msgspec.structs.replace(CATALOGUE, **{field: other}))
        for field, other in OTHER.items()
    },
    "a further service": source(
        2, msgspec.structs.replace(CATALOGUE, services=(TALK, PLAY)), block="game"
    ),
}


@pytest.mark.parametrize("second", CHANGED.values(), ids=CHANGED)
def test_a_source_stays_what_it_is(second: Source) -> None:
    assert second == with_common_parts(second, source())


@pytest.mark.parametrize("second", CHANGED.values(), ids=CHANGED)
def test_what_follows_another_snapshot_decides_as_it_would_alone(second: Source) -> None:
    first = source()
    joined = compile_snapshot(
        with_common_parts(second, first), NoNames(), compile_snapshot(first).compiled
    )
    alone = compile_snapshot(second, NoNames())

    def decided(name: str) -> tuple[Decision, Decision]:
        request = Request(Subject(), HostResource(DomainName(name)))
        return decide(request, alone, NOON), decide(request, joined, NOON)

    for expected, found in map(decided, NAMES):
        assert expected == found
    assert said_of(alone) == said_of(joined)


def said_of(snapshot: Snapshot) -> dict[str, list[object]]:
    """What the index says of each name."""
    return {
        name: [getattr(cell, part) for part in Cell.__slots__]
        for name, cell in snapshot.compiled.cells.items()
    }


def test_every_field_of_a_catalogue_is_changed_once() -> None:
    assert set(Catalogue.__struct_fields__) == set(OTHER)
    for field, other in OTHER.items():
        assert other != getattr(CATALOGUE, field)


def test_only_what_is_equal_is_the_former_ones() -> None:
    first, second = source(), source(2, block="game", person="q")
    joined = with_common_parts(second, first)

    assert first.policy.catalogue is joined.policy.catalogue
    assert first.policy.school_time is joined.policy.school_time
    assert second.policy.rules is joined.policy.rules
    assert second.register.people is joined.register.people


def test_of_a_catalogue_that_changed_in_part_the_rest_is_shared() -> None:
    first = source()
    second = source(2, msgspec.structs.replace(CATALOGUE, services=(TALK, PLAY)))
    joined = with_common_parts(second, first).policy.catalogue

    assert first.policy.catalogue.help_lines is joined.help_lines
    assert second.policy.catalogue.services is joined.services


def test_an_index_is_shared_where_nothing_of_it_changed_and_nowhere_else() -> None:
    first = compile_snapshot(source())

    def cells_of(second: Source) -> object:
        joined = with_common_parts(second, first.source)
        return compile_snapshot(joined, former=first.compiled).compiled.cells

    assert first.compiled.cells is cells_of(CHANGED["a rule"])
    assert first.compiled.cells is cells_of(CHANGED["categories"])
    assert first.compiled.cells is not cells_of(CHANGED["a further service"])
    assert first.compiled.cells is not cells_of(CHANGED["help_lines"])
