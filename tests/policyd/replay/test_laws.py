"""The laws of a replay, over random policies, lives and events."""

from datetime import datetime

import msgspec
import strategies as small
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Request
from schoolgate_policyd.core.names import parse_url
from schoolgate_policyd.core.policy import Register, Source
from schoolgate_policyd.core.snapshot import compile_snapshot
from schoolgate_policyd.core.subjects import Audience, Device, DeviceKind, Network, Person
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.recorder import MANY
from schoolgate_policyd.replay import RecordedAllowed, RecordedBlock, RecordedEvent, Replay, replay
from schoolgate_policyd.replay.alike import Likeness
from schoolgate_policyd.replay.outcome import Change, NameEffect, Total

CLIENTS = ("10.1.0.1", "10.2.0.1", "192.0.2.1", "not an address")
REGISTER = Register(
    people=(Person("p1", Audience.STAFF, classes=frozenset({"4B"})),),
    networks=(
        Network("n1", "10.1.0.0/16", Audience.PUPIL, DeviceKind.SCHOOL_COMPUTER, inspectable=True),
        Network("n2", "10.2.0.0/16", Audience.STAFF, DeviceKind.OWN_DEVICE, inspectable=False),
    ),
    devices=(Device("10.2.0.1", "d1", "p1"),),
)
HOSTS = st.sampled_from([*(each.text for each in small.HOSTS), MANY, "not a host"])


def recorded() -> st.SearchStrategy[RecordedEvent]:
    shared = {
        "at": small.moments(),
        "point": st.sampled_from(PointKind),
        "client": st.sampled_from(CLIENTS),
        "host": HOSTS,
        "count": st.integers(1, 9),
    }
    blocks = st.builds(
        RecordedBlock,
        **shared,
        audience=st.sampled_from(Audience),
        device=st.sampled_from(DeviceKind),
        network=st.sampled_from(["n1", "n2", "unknown", "gone"]),
        person=st.sampled_from([None, "p1", "gone"]),
        device_id=st.sampled_from([None, "d1", "gone"]),
        page=st.none() | small.urls().map(str),
        has_rule=st.sampled_from([True, True, True, False]),
    )
    return blocks.map(_of_one_host) | st.builds(RecordedAllowed, **shared)


def _of_one_host(event: RecordedBlock) -> RecordedBlock:
    """Return *event* with the host that its page is on, as it is recorded."""
    if event.page is None:
        return event
    return msgspec.structs.replace(event, host=parse_url(event.page).host.text)


def events() -> st.SearchStrategy[list[RecordedEvent]]:
    return st.lists(recorded(), max_size=12)


def of_school(source: Source) -> Source:
    return msgspec.structs.replace(source, register=REGISTER)


def replayed(happened: list[RecordedEvent], before: Source, after: Source) -> Replay:
    return replay(
        happened, compile_snapshot(of_school(before)), compile_snapshot(of_school(after))
    )


def with_policy_of(source: Source, other: Source) -> Source:
    return msgspec.structs.replace(source, policy=other.policy)


@given(happened=events(), source=small.sources())
def test_a_policy_replayed_against_itself_gives_and_takes_nothing(
    happened: list[RecordedEvent], source: Source
) -> None:
    found = replayed(happened, source, source)

    assert Total() == found.gained == found.lost
    assert () == found.effects == found.names


@given(happened=events(), before=small.sources(), after=small.sources())
def test_every_event_but_a_help_line_is_counted_exactly_once(
    happened: list[RecordedEvent], before: Source, after: Source
) -> None:
    found = replayed(happened, before, after)

    parts = [
        found.gained,
        found.lost,
        found.still_open,
        found.still_blocked,
        found.still_open_in_part,
        *found.not_replayed.values(),
    ]
    counted = [each for each in happened if not each.host.endswith("help.example")]
    assert Total(len(counted), sum(each.count for each in counted)) == _sum(found.total)
    assert _sum(*parts) == found.total
    assert _sum(*found.certainty.values(), *found.not_replayed.values()) == found.total
    for change, total in ((Change.GAINED, found.gained), (Change.LOST, found.lost)):
        assert total == _sum(*(each.total for each in found.of(change)))
        assert total == _sum(*(each.total for each in found.names_of(change)))


def _sum(*totals: Total) -> Total:
    return Total(sum(each.events for each in totals), sum(each.requests for each in totals))


@given(happened=events(), before=small.sources(), after=small.sources())
def test_gains_and_losses_swap_when_the_policies_do(
    happened: list[RecordedEvent], before: Source, after: Source
) -> None:
    other = {Change.GAINED: Change.LOST, Change.LOST: Change.GAINED}
    found = replayed(happened, before, with_policy_of(before, after))
    swapped = replayed(happened, with_policy_of(before, after), before)

    assert found.gained == swapped.lost
    assert found.lost == swapped.gained
    assert found.still_open == swapped.still_open
    assert found.still_blocked == swapped.still_blocked
    turned = [msgspec.structs.replace(each, change=other[each.change]) for each in swapped.effects]
    assert sorted(map(repr, found.effects)) == sorted(map(repr, turned))
    names = [msgspec.structs.replace(each, change=other[each.change]) for each in swapped.names]
    assert sorted(map(repr, found.names)) == sorted(map(repr, names))


@given(happened=events(), before=small.sources(), after=small.sources(), data=st.data())
def test_the_order_of_events_makes_no_difference(
    happened: list[RecordedEvent], before: Source, after: Source, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(happened))
    one, other = replayed(happened, before, after), replayed(shuffled, before, after)

    assert one.effects == other.effects
    assert [_without_rules(each) for each in one.names] == [
        _without_rules(each) for each in other.names
    ]
    assert (one.total, one.now_open, one.now_blocked) == (
        other.total,
        other.now_open,
        other.now_blocked,
    )


def _without_rules(name: NameEffect) -> NameEffect:
    return msgspec.structs.replace(name, rules=(), category=None)


def alike() -> st.SearchStrategy[list[RecordedEvent]]:
    """The same request at several moments, so that what is remembered of one meets the others."""

    def at_moments(event: RecordedEvent) -> st.SearchStrategy[list[RecordedEvent]]:
        several = st.lists(small.moments(), min_size=2, max_size=8)
        return several.map(
            lambda found: [msgspec.structs.replace(event, at=moment) for moment in found]
        )

    return recorded().flatmap(at_moments)


@given(happened=alike(), before=small.sources(), after=small.sources())
def test_events_together_are_judged_as_each_of_them_alone(
    happened: list[RecordedEvent], before: Source, after: Source
) -> None:
    together = replayed(happened, before, after)
    alone = [replayed([each], before, after) for each in happened]

    for name in ("total", "gained", "lost", "still_open", "still_blocked", "still_open_in_part"):
        assert getattr(together, name) == _sum(*(getattr(each, name) for each in alone))
    assert together.now_open == _sum(*(each.now_open for each in alone))
    assert together.now_blocked == _sum(*(each.now_blocked for each in alone))


@given(request=small.requests(), source=small.sources(), moment=small.moments())
def test_whoever_stands_for_a_subject_is_decided_alike(
    request: Request, source: Source, moment: datetime
) -> None:
    snapshot = compile_snapshot(source)
    live, subject, resource = source.live, request.subject, request.resource
    likeness = Likeness([source.policy], live.grants, live.restrictions)
    alike = likeness.of(subject, likeness.span_of(moment))

    mine = decide(request, snapshot, moment)
    theirs = decide(Request(alike, resource), snapshot, moment)

    assert (mine.verdict, mine.uninspected, mine.rules) == (
        theirs.verdict,
        theirs.uninspected,
        theirs.rules,
    )
    assert snapshot.periods_of(subject, moment) == snapshot.periods_of(alike, moment)
