"""Who gains and who loses what, counted exactly, and only by the policies' difference."""

from datetime import timedelta

import msgspec
import pytest
from replay_school import (
    BREAK,
    CATALOGUE,
    CHAT,
    FORUM,
    HELP,
    LESSON,
    LESSONS,
    POLICY,
    VIDEO,
    WITHOUT_BREAK,
    allowed,
    blocked,
    snapshot_of,
    social,
)

from schoolgate_policyd.core.catalogue import HelpLine
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.ipc.messages import PointKind
from schoolgate_policyd.ipc.recorder import MANY
from schoolgate_policyd.replay import RecordedEvent, Replay, replay
from schoolgate_policyd.replay.outcome import (
    Certainty,
    Change,
    Effect,
    NameEffect,
    NotReplayed,
    Total,
)

NOTHING = Total()
PUPIL = {
    "audience": Audience.PUPIL,
    "device": DeviceKind.SCHOOL_COMPUTER,
    "network": "pupils",
    "person": "pupil-1",
    "client": "10.1.0.1",
}


def replayed(*events: RecordedEvent, before: Policy = POLICY, after: Policy = POLICY) -> Replay:
    return replay(events, snapshot_of(before), snapshot_of(after))


def with_rules(*audiences: Audience) -> Policy:
    return msgspec.structs.replace(POLICY, rules=tuple(map(social, audiences)))


def test_staff_who_lose_the_break_lose_what_they_had_then_and_nobody_else_anything() -> None:
    events = (
        *(allowed(CHAT, client=f"10.2.0.{n}", count=10) for n in range(6)),
        allowed("www.chat.example", client="10.2.0.1", count=3),
        allowed(VIDEO, count=2),
        allowed(LESSONS, count=7),
        allowed("elsewhere.example", count=7),
        # The DSL keeps it: the address is that of their own laptop.
        allowed(CHAT, client="10.2.0.100", count=50),
        # In lessons it is blocked as before.
        blocked(CHAT, count=4),
        blocked(VIDEO, at=BREAK, **PUPIL, count=5),
    )

    found = replayed(*events, after=WITHOUT_BREAK)

    assert Total(13, 138) == found.total
    assert Total(8, 65) == found.lost
    assert NOTHING == found.gained
    assert Total(3, 64) == found.still_open
    assert Total(2, 9) == found.still_blocked
    staff, at_break = Audience.STAFF, (Period.BREAK,)
    assert (
        Effect(Change.LOST, staff, "messaging", "Messaging", at_break, Total(7, 63), 6),
        Effect(Change.LOST, staff, "video-sharing", "Video sharing", at_break, Total(1, 2), None),
    ) == found.effects
    rule = ("staff-social",)
    assert (
        NameEffect(Change.LOST, staff, CHAT, "messaging", False, rule, Total(6, 60), 6),
        NameEffect(
            Change.LOST, staff, "www.chat.example", "messaging", False, rule, Total(1, 3), None
        ),
        NameEffect(Change.LOST, staff, VIDEO, "video-sharing", False, rule, Total(1, 2), None),
    ) == found.names


def test_what_a_rule_no_longer_blocks_is_gained_with_the_rule_that_is_gone() -> None:
    after = with_rules(Audience.PUPIL, Audience.VISITOR)

    found = replayed(blocked(CHAT, count=3), blocked(VIDEO, **PUPIL), after=after)

    assert Total(1, 3) == found.gained
    assert Total(1, 1) == found.still_blocked
    assert ("staff-social",) == found.names[0].rules
    assert (Period.LESSON,) == found.effects[0].periods
    assert [(Change.GAINED, CHAT)] == [(each.change, each.host) for each in found.names]
    assert found.effects == found.of(Change.GAINED)
    assert () == found.of(Change.LOST)
    assert () == found.names_of(Change.LOST)


def test_a_visit_to_a_help_line_is_in_no_count_even_if_it_became_one_only_now() -> None:
    lines = (*CATALOGUE.help_lines, HelpLine("new", "New", (DomainName("new.example"),)))
    after = msgspec.structs.replace(
        POLICY, catalogue=msgspec.structs.replace(CATALOGUE, help_lines=lines)
    )
    events = (
        allowed(HELP),
        allowed("www.help.example"),
        blocked("new.example"),
        blocked("new.example", has_rule=False),
        allowed("new.example"),
    )

    for pair in ({"after": after}, {"before": after}):
        found = replayed(*events, allowed(LESSONS), **pair)
        assert Total(1, 1) == found.total
        assert Total(1, 1) == found.still_open
        assert () == found.names
        assert Total(1, 1) == found.certainty[Certainty.AS_KNOWN_TODAY]
        assert b"new.example" not in msgspec.json.encode(found)


def test_what_today_decides_otherwise_without_the_change_is_told_and_is_no_gain() -> None:
    found = replayed(
        blocked(LESSONS, count=2),
        blocked(CHAT, at=BREAK, count=3),
        allowed(CHAT, at=LESSON, count=4),
        allowed(LESSONS),
    )

    assert Total(2, 5) == found.now_open
    assert Total(1, 4) == found.now_blocked
    assert NOTHING == found.gained == found.lost


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (blocked(CHAT, has_rule=False, count=2), NotReplayed.NOT_BY_A_RULE),
        (blocked(MANY, count=2), NotReplayed.NOT_TOLD_APART),
        (blocked(CHAT, client=MANY, network=MANY, count=2), NotReplayed.NOT_TOLD_APART),
        (allowed(MANY, count=2), NotReplayed.NOT_TOLD_APART),
        (allowed("…" + "a." * 126, count=2), NotReplayed.NOT_A_NAME),
        (allowed("[bold]x[/bold]", count=2), NotReplayed.NOT_A_NAME),
        (allowed("\x1b]0;x\x07.example", count=2), NotReplayed.NOT_A_NAME),
        (allowed("", count=2), NotReplayed.NOT_A_NAME),
    ],
)
def test_what_cannot_be_decided_anew_is_counted_with_its_reason(
    event: RecordedEvent, reason: NotReplayed
) -> None:
    found = replayed(event, after=WITHOUT_BREAK)

    assert Total(1, 2) == found.total == found.not_replayed[reason]
    assert NOTHING == found.lost == found.gained == found.still_open == found.still_blocked
    assert all(NOTHING == each for each in found.certainty.values())


def test_it_says_how_certain_it_is_who_asked() -> None:
    found = replayed(
        blocked(CHAT, count=1),
        blocked(CHAT, network="unknown", person=None, device=DeviceKind.UNKNOWN, count=2),
        allowed(LESSONS, count=4),
        blocked(CHAT, person="has-left", count=8),
        blocked(CHAT, network="old-building", count=16),
        blocked(CHAT, device_id="scrapped", count=32),
    )

    assert {
        Certainty.RECORDED: Total(2, 3),
        Certainty.AS_KNOWN_TODAY: Total(1, 4),
        Certainty.NO_LONGER_KNOWN: Total(3, 56),
    } == found.certainty


def test_the_duties_of_a_recorded_person_are_those_of_today() -> None:
    found = replayed(
        blocked(CHAT, person="dsl", count=2),
        blocked(CHAT, person="has-left", count=3),
        after=WITHOUT_BREAK,
    )

    assert Total(1, 2) == found.now_open == found.still_open
    assert Total(1, 3) == found.still_blocked


def test_the_audience_that_was_recorded_stands_whatever_the_network_says_today() -> None:
    found = replayed(
        blocked(CHAT, at=BREAK, audience=Audience.PUPIL, person=None),
        after=with_rules(Audience.STAFF, Audience.VISITOR),
    )

    assert [Audience.PUPIL] == [each.audience for each in found.names]
    assert Total(1, 1) == found.gained


def test_a_page_is_decided_as_a_page_and_its_name_is_said_to_open_in_part() -> None:
    page = {"point": PointKind.PROXY, "page": f"https://{FORUM}/talk/1?x=y"}
    elsewhere = {"point": PointKind.PROXY, "page": f"https://{FORUM}/recipes"}
    after = with_rules(Audience.PUPIL, Audience.VISITOR)

    found = replayed(blocked(FORUM, **page), blocked(FORUM, **elsewhere), after=after)

    assert Total(1, 1) == found.gained
    assert Total(1, 1) == found.now_open == found.still_open
    assert [(FORUM, "forum", True)] == [
        (each.host, each.category, each.in_part) for each in found.names
    ]


def test_at_dns_a_site_of_which_a_part_is_blocked_is_blocked_and_at_the_proxy_open_in_part() -> (
    None
):
    rules = (Audience.STAFF, Audience.VISITOR)
    pupil = {"client": "10.1.0.1", "at": LESSON}

    at_dns = replayed(blocked(FORUM, **PUPIL), after=with_rules(*rules))
    at_proxy = replayed(allowed(FORUM, **pupil, point=PointKind.PROXY), after=with_rules(*rules))
    unchanged = replayed(allowed(FORUM, **pupil, point=PointKind.PROXY))

    assert Total(1, 1) == at_dns.gained
    assert not at_dns.names[0].in_part
    assert Total(1, 1) == at_proxy.gained
    assert at_proxy.names[0].in_part
    assert Total(1, 1) == unchanged.still_open_in_part
    assert NOTHING == unchanged.now_blocked


def test_a_page_that_cannot_be_read_is_decided_by_its_host() -> None:
    found = replayed(
        blocked(CHAT, point=PointKind.PROXY, page="https://[::bad/"),
        after=with_rules(Audience.PUPIL),
    )

    assert Total(1, 1) == found.gained


@pytest.mark.parametrize(("people", "told"), [(1, None), (4, None), (5, 5), (8, 8)])
def test_fewer_than_five_people_are_not_counted_exactly(people: int, told: int | None) -> None:
    events = [blocked(CHAT, person=f"staff-{n}") for n in range(people)] * 3

    found = replayed(*events, after=with_rules(Audience.PUPIL))

    assert [told] == [each.people for each in found.effects]
    assert [told] == [each.people for each in found.names]
    assert Total(3 * people, 3 * people) == found.gained


def test_addresses_of_nobody_known_count_as_one_each_beside_people() -> None:
    events = [allowed(CHAT, client=f"10.2.0.{n}") for n in range(4)]
    events += [allowed(CHAT, client="10.2.0.0")]

    found = replayed(*events, after=WITHOUT_BREAK)
    assert [None] == [each.people for each in found.effects]

    # The fifth is the DSL on their own laptop, known by it.
    found = replayed(*events, allowed(CHAT, client="10.2.0.100"), after=with_rules(Audience.STAFF))
    assert [5] == [each.people for each in found.effects]


def test_the_result_names_no_person_no_device_no_page_and_no_time_of_an_event() -> None:
    page = f"https://{CHAT}/private-page"
    event = blocked(
        CHAT,
        person="staff-3",
        device_id="laptop-9",
        client="10.2.7.7",
        point=PointKind.PROXY,
        page=page,
    )

    encoded = msgspec.json.encode(replayed(event, after=with_rules(Audience.PUPIL))).decode()

    for secret in ("staff-3", "laptop-9", "10.2.7.7", "private-page", "2026-11-20"):
        assert secret not in encoded
    assert CHAT in encoded


def test_it_encodes_to_json_and_back() -> None:
    found = replayed(allowed(CHAT), allowed(MANY), blocked(CHAT), after=WITHOUT_BREAK)

    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Replay)


def test_progress_is_told_at_the_end_and_now_and_then() -> None:
    told: list[int] = []

    replay([allowed(LESSONS)] * 5_001, snapshot_of(), snapshot_of(), told.append)

    assert [2_000, 4_000, 5_001] == told


def test_no_events_give_an_empty_result() -> None:
    found = replayed(after=WITHOUT_BREAK)

    assert NOTHING == found.total
    assert () == found.effects == found.names
    assert found.before.startswith("before: ")
    assert found.after.startswith("after: ")


def test_events_outside_the_calendar_are_decided_too() -> None:
    found = replayed(
        blocked(CHAT, at=LESSON + timedelta(days=200)), after=with_rules(Audience.PUPIL)
    )

    assert (Period.CLOSED,) == found.effects[0].periods


def test_what_the_firewall_refused_by_address_is_left_out_and_by_name_is_replayed() -> None:
    address = blocked("192.0.2.80", point=PointKind.FIREWALL, has_rule=False, count=9)
    name = blocked(VIDEO, at=BREAK, **PUPIL, point=PointKind.FIREWALL, count=2)

    found = replayed(address, name)

    assert Total(1, 9) == found.not_replayed[NotReplayed.NOT_BY_A_RULE]
    assert Total(1, 2) == found.still_blocked
