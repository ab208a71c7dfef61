"""Floods become a first, a last and an exact count; help lines become nothing."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schoolgate_policyd.core.decision import Decision, Verdict
from schoolgate_policyd.core.rules import Citation, Condition, Rule
from schoolgate_policyd.core.subjects import Audience, Subject
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, Event, PointKind
from schoolgate_policyd.ipc.recorder import MANY, Recorder, Seen

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def rule(id_: str) -> Rule:
    return Rule(id_, frozenset({"x"}), (Condition(),), Citation("Policy", "§7"))


def seen(
    host: str = "a.example",
    *,
    at_s: float = 0,
    client: str = "127.0.1.10",
    rules: tuple[str, ...] = ("no-x",),
    person: str | None = None,
    is_blocked: bool = True,
    page: str | None = None,
    attempt: str | None = None,
    is_help_line: bool = False,
    is_circumvention: bool = False,
) -> Seen:
    verdict = Verdict.BLOCK if is_blocked else Verdict.ALLOW
    decision = Decision(
        verdict,
        verdict,
        LATER,
        tuple(map(rule, rules)),
        is_help_line=is_help_line,
        is_circumvention=is_circumvention,
    )
    at = NOON + timedelta(seconds=at_s)
    subject = Subject(person=person, network="pupils", device_id="d1")
    return Seen(
        at, at - timedelta(hours=2), client, subject, host, decision, is_blocked, page, attempt
    )


def blocked(events: list[Event]) -> list[Blocked]:
    assert all(isinstance(event, Blocked) for event in events)
    return [event for event in events if isinstance(event, Blocked)]


def test_a_block_is_an_event_at_once() -> None:
    (event,) = blocked(
        Recorder(PointKind.DNS).record(seen(person="p1", page="https://a.example/x"))
    )

    assert (
        Blocked(
            at=NOON,
            school_at=NOON - timedelta(hours=2),
            last_at=NOON,
            point=PointKind.DNS,
            client="127.0.1.10",
            audience=event.audience,
            device=event.device,
            network="pupils",
            host="a.example",
            rules=("no-x",),
            citations=("Policy, §7",),
            person="p1",
            device_id="d1",
            page="https://a.example/x",
        )
        == event
    )


def test_alike_blocks_of_a_minute_are_one_more_event_with_their_exact_count() -> None:
    recorder = Recorder(PointKind.DNS)
    first = recorder.record(seen(at_s=1))
    assert [] == [each for n in range(2, 60) for each in recorder.record(seen(at_s=n))]
    rest = recorder.tick(NOON + timedelta(seconds=60))

    assert [(1, NOON + timedelta(seconds=1))] == [(e.count, e.at) for e in blocked(first)]
    assert [(58, NOON + timedelta(seconds=2), NOON + timedelta(seconds=59))] == [
        (e.count, e.at, e.last_at) for e in blocked(rest)
    ]


def test_a_single_block_has_no_closing_event() -> None:
    recorder = Recorder(PointKind.DNS)
    recorder.record(seen())

    assert [] == recorder.stop()


def test_the_next_minute_starts_with_an_event_at_once_again() -> None:
    recorder = Recorder(PointKind.DNS)
    recorder.record(seen(at_s=58))
    recorder.record(seen(at_s=59))

    assert [(1, 59), (1, 61)] == [
        (e.count, (e.last_at - NOON).seconds) for e in blocked(recorder.record(seen(at_s=61)))
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"host": "b.example"},
        {"client": "127.0.1.11"},
        {"rules": ("no-y",)},
        {"rules": ("no-x", "no-y")},
        {"person": "p2"},
        {"attempt": "name-mismatch"},
        {"is_circumvention": True},
    ],
)
def test_what_is_not_alike_is_told_apart(other: dict[str, Any]) -> None:
    recorder = Recorder(PointKind.DNS)
    recorder.record(seen())

    assert 1 == len(recorder.record(seen(**other)))


def test_an_attempt_is_named_by_the_point_or_by_the_decision() -> None:
    recorder = Recorder(PointKind.PROXY)
    events = [
        recorder.record(seen("a.example", attempt="name-mismatch", is_circumvention=True)),
        recorder.record(seen("b.example", is_circumvention=True)),
        recorder.record(seen("c.example")),
    ]

    assert ["name-mismatch", "circumvention", None] == [
        event.attempt for each in events for event in blocked(each)
    ]


def test_the_closing_event_names_a_page_only_if_all_were_of_it() -> None:
    recorder = Recorder(PointKind.PROXY)
    for host in ("a.example", "b.example"):
        for page in ("/1", "/2", "/2"):
            recorder.record(seen(host, page=page if host == "a.example" else f"{page}{page}"))
    recorder.record(seen("b.example", page="/3"))

    assert ["/2", None] == [event.page for event in blocked(recorder.stop())]


def test_allowed_names_are_counted_by_client_host_and_minute() -> None:
    recorder = Recorder(PointKind.DNS)
    hosts = ["a.example"] * 3 + ["b.example"]
    assert [] == [e for host in hosts for e in recorder.record(seen(host, is_blocked=False))]

    assert [
        AllowedCount(NOON, PointKind.DNS, "127.0.1.10", "a.example", 3, Audience.PUPIL),
        AllowedCount(NOON, PointKind.DNS, "127.0.1.10", "b.example", 1, Audience.PUPIL),
    ] == recorder.tick(NOON + timedelta(seconds=60))
    assert [] == recorder.stop()


def test_who_was_allowed_and_what_it_belonged_to_is_told_and_people_are_told_apart() -> None:
    recorder = Recorder(PointKind.DNS)
    decision = Decision(
        Verdict.ALLOW, Verdict.ALLOW, LATER, services=("clips",), categories=("video-sharing",)
    )
    for person in ("p1", "p2", "p1"):
        one = seen(is_blocked=False, person=person, at_s=9)
        recorder.record(msgspec.structs.replace(one, decision=decision))

    assert [("p1", 2), ("p2", 1)] == [
        (each.person, each.count) for each in recorder.stop() if isinstance(each, AllowedCount)
    ]
    recorder.record(msgspec.structs.replace(seen(is_blocked=False), decision=decision))
    (event,) = recorder.stop()
    assert isinstance(event, AllowedCount)
    assert (NOON, ("clips",), ("video-sharing",)) == (
        event.minute,
        event.services,
        event.categories,
    )


@pytest.mark.parametrize("is_blocked", [True, False])
def test_a_help_line_leaves_nothing(*, is_blocked: bool) -> None:
    recorder = Recorder(PointKind.DNS)

    assert [] == recorder.record(seen(is_help_line=True, is_blocked=is_blocked))
    assert [] == recorder.stop()


def test_a_host_longer_than_a_name_keeps_its_telling_end() -> None:
    (event,) = blocked(Recorder(PointKind.DNS).record(seen("x" * 900 + ".tiktok.example")))

    assert 253 == len(event.host)
    assert event.host.endswith("x.tiktok.example")


def test_one_clients_flood_of_names_hides_nobody_elses() -> None:
    recorder = Recorder(PointKind.DNS, max_keys=100, max_keys_of_client=10)
    events = [
        event
        for number in range(1000)
        for event in recorder.record(seen(f"{number}.example", client="127.0.1.66"))
    ]
    events += recorder.record(seen("a.example", client="127.0.1.10"))
    events += recorder.stop()
    counts = Counter[tuple[str, str]]()
    for event in blocked(events):
        counts[event.client, event.host] += event.count

    assert 12 == len(counts)
    assert 990 == counts["127.0.1.66", MANY]
    assert 1 == counts["127.0.1.10", "a.example"]


SIGHTINGS = st.lists(
    st.builds(
        seen,
        host=st.sampled_from([f"{n}.example" for n in range(30)]),
        client=st.sampled_from([f"127.0.1.{n}" for n in range(20)]),
        at_s=st.integers(0, 300),
        is_blocked=st.booleans(),
        rules=st.sampled_from([("a",), ("b",), ("a", "b")]),
    ),
    max_size=200,
)


@given(SIGHTINGS, st.integers(1, 20), st.integers(1, 10))
def test_counts_are_exact_and_memory_bounded_whatever_comes(
    sightings: list[Seen], max_keys: int, max_keys_of_client: int
) -> None:
    recorder = Recorder(PointKind.DNS, max_keys=max_keys, max_keys_of_client=max_keys_of_client)
    ordered = sorted(sightings, key=lambda each: each.at)
    events: list[Event] = []
    for each in ordered:
        events += recorder.record(each)
        told_apart = len(recorder._blocked) + len(recorder._allowed)
        # Beside the keys: one overflow for each of three sets of rules and for what is allowed.
        assert told_apart <= max_keys + 4
    events += recorder.stop()

    for is_blocked, kind in ((True, Blocked), (False, AllowedCount)):
        assert sum(each.is_blocked is is_blocked for each in ordered) == sum(
            event.count for event in events if isinstance(event, kind)
        )
