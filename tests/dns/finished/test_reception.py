"""What is finished is given again: to whom it fits, for as long as it holds, and counted."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import dns.edns
import dns.rcode
import pytest
from dns_reception import (
    MACHINE,
    PAUL,
    PETRA,
    SITE,
    TTL_S,
    ReceptionWorld,
    grant_for,
    supervised_only,
)
from dns_world import BREAK, PUPIL, STAFF, TEN_BEFORE_BREAK, TEN_BEFORE_LESSON, query

from schoolgate_dns.addresses import packed_address
from schoolgate_dns.finished.reception import MOST_LOOKED_AT
from schoolgate_dns.outcome import Outcome
from schoolgate_dns.stages.reach import EVERYWHERE, HELD_TO_IPV4
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.subjects import Audience, DeviceClaim
from schoolgate_policyd.ipc.messages import AllowedCount, Blocked, PointKind
from schoolgate_policyd.netfilter.neighbours import Link

VIDEOS, SITE_NAME = "www.tiktok.example", "books.example"
NXDOMAIN, NOERROR = dns.rcode.NXDOMAIN, dns.rcode.NOERROR


def run(story: Callable[[ReceptionWorld], Awaitable[None]], world: ReceptionWorld) -> None:
    asyncio.run(story(world))  # type: ignore[arg-type]  # a coroutine function it is


def test_what_was_worked_out_once_is_finished() -> None:
    async def story(world: ReceptionWorld) -> None:
        finished = [(await world.ask(PUPIL, SITE_NAME))[1] for _ in range(3)]
        assert [False, True, True] == finished
        assert 1 == len(world.outcomes.asked)

    run(story, ReceptionWorld())


def test_a_finished_answer_is_the_one_that_was_worked_out_under_the_querys_id() -> None:
    async def story(world: ReceptionWorld) -> None:
        worked_out, _ = await world.ask(PUPIL, SITE_NAME)
        await world.ask(PUPIL, SITE_NAME)
        finished, is_finished = await world.ask(PUPIL, SITE_NAME)
        assert is_finished
        assert 4711 == finished.id
        assert worked_out.answer == finished.answer

    run(story, ReceptionWorld())


def test_subjects_whom_every_rule_treats_alike_share_it() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        assert (await world.ask("127.0.1.77", SITE_NAME))[1] is False  # not yet known
        assert [(PUPIL, SITE_NAME), ("127.0.1.77", SITE_NAME)] == world.outcomes.asked
        assert (await world.ask("127.0.1.77", SITE_NAME))[1]
        assert (await world.ask(STAFF, SITE_NAME))[1] is False

    run(story, ReceptionWorld())


def test_a_pupil_never_gets_a_teachers_answer() -> None:
    async def story(world: ReceptionWorld) -> None:
        world.school = BREAK
        world.reception.tick()
        await world.warm(STAFF, VIDEOS)
        await world.warm(PUPIL, VIDEOS)
        staff, is_finished = await world.ask(STAFF, VIDEOS)
        assert (NOERROR, True) == (staff.rcode(), is_finished)
        pupil, is_finished = await world.ask(PUPIL, VIDEOS)
        assert (NXDOMAIN, True) == (pupil.rcode(), is_finished)

    run(story, ReceptionWorld())


@pytest.mark.parametrize(
    ("before", "verdict_before", "verdict_after"),
    [(TEN_BEFORE_BREAK, NXDOMAIN, NOERROR), (TEN_BEFORE_LESSON, NOERROR, NXDOMAIN)],
    ids=["opens", "closes"],
)
def test_the_first_query_after_the_bell_gets_the_new_answer(
    before: object, verdict_before: int, verdict_after: int
) -> None:
    async def story(world: ReceptionWorld) -> None:
        world.school = before  # type: ignore[assignment]  # a datetime
        world.reception.tick()
        await world.warm(STAFF, VIDEOS)
        world.pass_time(8.5)
        assert (verdict_before, True) == await verdict_of(world, STAFF)
        world.pass_time(1.499)
        assert verdict_before == (await verdict_of(world, STAFF))[0]
        world.pass_time(0.001)
        assert verdict_after == (await verdict_of(world, STAFF))[0]

    run(story, ReceptionWorld())


async def verdict_of(world: ReceptionWorld, client: str) -> tuple[int, bool]:
    answer, is_finished = await world.ask(client, VIDEOS)
    return answer.rcode(), is_finished


def test_ttls_count_down_and_never_reach_past_the_bell() -> None:
    async def story(world: ReceptionWorld) -> None:
        world.school = TEN_BEFORE_LESSON
        world.reception.tick()
        await world.warm(STAFF, VIDEOS)
        ttls = []
        for tenth in range(98):
            answer, _ = await world.ask(STAFF, VIDEOS)
            assert world.school + timedelta(seconds=answer.answer[0].ttl) <= TEN_BEFORE_LESSON + (
                timedelta(seconds=10)
            )
            ttls.append(answer.answer[0].ttl)
            world.pass_time(0.1)
            assert tenth < 97 or ttls[0] - ttls[-1] >= 8
        assert sorted(ttls, reverse=True) == ttls

    run(story, ReceptionWorld())


def test_an_answer_is_worked_out_anew_when_its_time_is_over() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        world.pass_time(TTL_S - 2)
        assert (await world.ask(PUPIL, SITE_NAME))[1]
        world.pass_time(2)
        assert (await world.ask(PUPIL, SITE_NAME))[1] is False

    run(story, ReceptionWorld())


def test_a_grant_opens_its_names_to_its_person_and_leaves_the_class_alone() -> None:
    async def story(world: ReceptionWorld) -> None:
        for client in (PETRA, PAUL):
            await world.warm(client, VIDEOS, SITE_NAME)
        world.put_live(Live(grants=(grant_for("petra"),)))
        assert NOERROR == (await world.ask(PETRA, VIDEOS))[0].rcode()
        assert NXDOMAIN == (await world.ask(PAUL, VIDEOS))[0].rcode()
        assert (NXDOMAIN, True) == await verdict_of(world, PAUL)
        await world.ask(PETRA, VIDEOS)
        assert (NOERROR, True) == await verdict_of(world, PETRA)
        # What the grant does not touch is the class's answer, and was never worked out again.
        worked_out = len(world.outcomes.asked)
        assert (await world.ask(PETRA, SITE_NAME))[1]
        assert worked_out == len(world.outcomes.asked)

    run(story, ReceptionWorld())


def test_a_withdrawn_grant_is_gone_with_the_next_query() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PETRA, VIDEOS)
        assert (NOERROR, True) == await verdict_of(world, PETRA)
        world.put_live(Live())
        assert NXDOMAIN == (await world.ask(PETRA, VIDEOS))[0].rcode()

    run(story, ReceptionWorld(Live(grants=(grant_for("petra"),))))


def test_a_grant_ends_on_time() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PETRA, VIDEOS)
        world.pass_time(30 * 60 - 0.01)
        assert NOERROR == (await world.ask(PETRA, VIDEOS))[0].rcode()
        world.pass_time(0.01)
        assert NXDOMAIN == (await world.ask(PETRA, VIDEOS))[0].rcode()

    run(story, ReceptionWorld(Live(grants=(grant_for("petra"),))))


def test_a_restriction_takes_its_names_from_its_person_and_nobody_else() -> None:
    async def story(world: ReceptionWorld) -> None:
        for client in (PETRA, PAUL):
            await world.warm(client, SITE_NAME)
        world.put_live(Live(restrictions=(supervised_only("petra"),)))
        assert NXDOMAIN == (await world.ask(PETRA, SITE_NAME))[0].rcode()
        await world.ask(PAUL, SITE_NAME)
        answer, is_finished = await world.ask(PAUL, SITE_NAME)
        assert (NOERROR, True) == (answer.rcode(), is_finished)

    run(story, ReceptionWorld())


def test_a_device_claim_counts_from_the_next_query_and_ends_on_time() -> None:
    own_device = "127.0.2.55"

    async def story(world: ReceptionWorld) -> None:
        world.school = BREAK
        world.reception.tick()
        await world.warm(own_device, VIDEOS)
        assert (NOERROR, True) == await verdict_of(world, own_device)
        ends_at = world.school + timedelta(minutes=5)
        world.put_live(Live(claims=(DeviceClaim("c1", own_device, "petra", ends_at),)))
        await world.warm(own_device, VIDEOS)
        assert (NXDOMAIN, True) == await verdict_of(world, own_device)
        world.pass_time(5 * 60 - 0.01)
        assert NXDOMAIN == (await verdict_of(world, own_device))[0]
        world.pass_time(0.01)
        assert NOERROR == (await verdict_of(world, own_device))[0]

    run(story, ReceptionWorld())


def test_changing_what_is_live_leaves_classes_their_answers() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        kept = len(world.reception.finished)
        world.put_live(Live(grants=(grant_for("paul"),)))
        assert 1 == kept == len(world.reception.finished)
        await world.ask(PUPIL, SITE_NAME)
        assert (await world.ask(PUPIL, SITE_NAME))[1]

    run(story, ReceptionWorld())


def test_a_change_of_standing_permissions_leaves_nothing() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        world.put_live(Live(standing=frozenset({"staff-break-access"})))
        assert 0 == len(world.reception.finished)

    run(story, ReceptionWorld())


def test_a_school_clock_that_is_set_leaves_nothing() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(STAFF, VIDEOS)
        world.school = BREAK
        world.monotonic_s += 1
        world.machine += timedelta(seconds=1)
        assert (NOERROR, False) == await verdict_of(world, STAFF)

    run(story, ReceptionWorld())


def test_the_firewall_knows_an_address_before_its_answer_leaves() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        world.firewall.opened.clear()
        other = "127.0.1.78"
        await world.ask(other, "ferns.example")
        assert (await world.ask(other, SITE_NAME))[1]
        assert [bytes([127, 0, 1, 78]) + SITE] == world.firewall.ways
        assert (SITE_NAME,) == world.firewall.names[-1]

    run(story, ReceptionWorld())


def test_an_answer_that_would_lead_nowhere_is_not_given() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        other = "127.0.1.78"
        await world.ask(other, "ferns.example")
        world.firewall.fail()
        assert (await world.ask(other, SITE_NAME))[1] is False

    run(story, ReceptionWorld())


def test_what_is_allowed_is_counted_by_client_name_and_minute() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        for _ in range(7):
            await world.ask(PUPIL, SITE_NAME)
        world.pass_time(60)
        world.reception.tick()
        while world.reception.tell():
            pass
        assert [
            AllowedCount(MACHINE, PointKind.DNS, PUPIL, SITE_NAME, 7, Audience.PUPIL)
        ] == world.events

    run(story, ReceptionWorld())


def test_a_flood_of_one_blocked_name_is_its_first_its_last_and_its_count() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, VIDEOS)
        world.events.clear()
        await world.ask(PUPIL, VIDEOS)
        first = [each for each in world.events if isinstance(each, Blocked)]
        assert [1] == [each.count for each in first]
        for _ in range(40):
            world.pass_time(1)
            for _ in range(5):
                assert (await world.ask(PUPIL, VIDEOS))[1]
        last_at = world.machine
        world.pass_time(30)
        world.reception.tell_all()
        world.recording.stop()
        blocks = [each for each in world.events if isinstance(each, Blocked)]
        assert 201 == sum(each.count for each in blocks)
        assert last_at == max(each.last_at for each in blocks)
        assert MACHINE == min(each.at for each in blocks)

    run(story, ReceptionWorld())


def test_nothing_is_left_of_a_help_line() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, "help.example")
        for _ in range(3):
            await world.ask(PUPIL, "help.example")
        world.reception.tell_all()
        world.recording.stop()
        assert [] == world.events

    run(story, ReceptionWorld())


def test_a_client_with_cookies_is_answered_and_nothing_is_kept() -> None:
    async def story(world: ReceptionWorld) -> None:
        for number in range(3):
            message = query(SITE_NAME)
            cookie = dns.edns.CookieOption(bytes([number]) * 8, b"")
            message.use_edns(0, options=[cookie])
            await world.reception.work_on(message.to_wire(), packed_address(PUPIL))
        assert 0 == len(world.reception.finished)

    run(story, ReceptionWorld())


def test_a_query_stuffed_with_records_is_answered_and_not_kept() -> None:
    """Else a hundred thousand of them, each of 1.4 kB, would be what memory is full of."""

    async def story(world: ReceptionWorld) -> None:
        octets = query(SITE_NAME).to_wire()
        filling = b"\0\0\x10\0\1\0\0\0\0" + (1350).to_bytes(2) + bytes(1350)
        stuffed = octets[:10] + b"\0\2" + octets[12:] + filling
        assert await world.reception.work_on(stuffed, packed_address(PUPIL)) is not None
        assert 0 == len(world.reception.finished)

    run(story, ReceptionWorld())


def test_what_was_judged_for_somebody_else_is_not_kept_for_whom_the_address_is_now() -> None:
    """A claim may end while an upstream is asked."""

    async def story(world: ReceptionWorld) -> None:
        judged = world.outcomes.outcome

        async def as_staff(octets: bytes, _client: str, *, over_udp: bool) -> Outcome:
            return await judged(octets, STAFF, over_udp=over_udp)

        world.outcomes.outcome = as_staff  # type: ignore[method-assign]  # the time that passes
        await world.ask(PUPIL, SITE_NAME)
        assert 0 == len(world.reception.finished)

    run(story, ReceptionWorld())


@pytest.mark.parametrize("later_s", [0, 200, 299])
def test_the_way_stays_open_for_as_long_as_the_address_may_be_kept(later_s: int) -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        world.pass_time(later_s)
        other = "127.0.1.78"
        await world.ask(other, "ferns.example")
        answer, _ = await world.ask(other, SITE_NAME)
        ttl_s = max(each.ttl for each in answer.answer)
        (ways, lifetime_s) = world.firewall.opened[-1]
        assert [packed_address(other) + SITE] == [each.key for each in ways]
        assert lifetime_s > ttl_s

    run(story, ReceptionWorld())


def test_an_answer_that_was_set_aside_goes_on_being_counted() -> None:
    """Who was given it in this minute still is; by others it is taken back into use."""

    async def story(world: ReceptionWorld) -> None:
        other = "127.0.1.78"
        await world.warm(PUPIL, VIDEOS)
        await world.warm(other, SITE_NAME)
        for _ in range(3):
            await world.ask(PUPIL, VIDEOS)
        world.reception.finished.set_aside()
        found = [(await world.ask(client, VIDEOS))[1] for client in (PUPIL, other, other)]
        assert [True, False, True] == found
        assert 2 == len(world.outcomes.asked)
        world.reception.tell_all()
        world.recording.stop()
        blocked = [each for each in world.events if isinstance(each, Blocked)]
        of_pupil = sum(each.count for each in blocked if each.client == PUPIL)
        assert (4, 2) == (of_pupil, sum(each.count for each in blocked) - of_pupil)

    run(story, ReceptionWorld())


def test_one_answer_in_anothers_place_within_a_minute_loses_no_use() -> None:
    async def story(world: ReceptionWorld) -> None:
        world.outcomes.lasts_s = 20
        await world.warm(PUPIL, VIDEOS)
        for _ in range(3):
            await world.ask(PUPIL, VIDEOS)
        world.pass_time(20)
        for _ in range(4):
            await world.ask(PUPIL, VIDEOS)
        assert 2 == len(world.outcomes.asked)
        world.reception.tell_all()
        world.recording.stop()
        # Beside the two that were worked on, which the stages of answering record.
        assert 6 == sum(each.count for each in world.events if isinstance(each, Blocked))

    run(story, ReceptionWorld())


TABLET, PHONE = Link(3, b"\2\0\0\0\0\1"), Link(3, b"\2\0\0\0\0\2")


def test_the_same_device_is_one_client_over_both_families() -> None:
    """Register and events know it by one address, and each of its addresses has its own ways."""

    async def story(world: ReceptionWorld) -> None:
        other = "127.0.9.9"
        world.firewall.links.known[other] = STAFF
        world.school = BREAK
        world.reception.tick()
        for client in (STAFF, other):
            await world.warm(client, VIDEOS)
            assert (NOERROR, True) == await verdict_of(world, client)
        world.reception.tell_all()
        assert {STAFF} == {each.client for each in world.events}
        assert [packed_address(each) + SITE for each in (STAFF, other)] == world.firewall.ways

    run(story, ReceptionWorld())


def test_whose_address_is_another_devices_now_is_asked_anew_who_they_are() -> None:
    async def story(world: ReceptionWorld) -> None:
        links = world.firewall.links
        links.devices[PUPIL] = TABLET
        for _ in range(2):
            await world.warm(PUPIL, SITE_NAME)
        assert (await world.ask(PUPIL, SITE_NAME))[1]
        links.devices[PUPIL] = PHONE
        links.changes += 1
        world.pass_time(1)
        world.reception.tick()
        assert (await world.ask(PUPIL, SITE_NAME))[1] is False
        assert (await world.ask(PUPIL, SITE_NAME))[1]
        macs = [key[4:10] for key in world.firewall.ways]
        assert [TABLET.mac, PHONE.mac] == macs

    run(story, ReceptionWorld())


def test_of_many_clients_some_are_looked_at_in_each_second() -> None:
    async def story(world: ReceptionWorld) -> None:
        clients = [f"127.0.{3 + n // 250}.{n % 250 + 1}" for n in range(MOST_LOOKED_AT + 10)]
        for each in clients:
            await world.ask(each, SITE_NAME)
            world.firewall.links.devices[each] = TABLET
        world.firewall.links.changes += 1
        left = []
        for _ in range(2):
            world.pass_time(1)
            world.reception.tick()
            left.append(len(world.reception.clients.by_address))
        assert [10, 0] == left

    run(story, ReceptionWorld())


def test_whose_address_is_still_theirs_stays_known_when_others_come() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        world.firewall.links.devices[STAFF] = PHONE
        world.firewall.links.changes += 1
        world.pass_time(1)
        world.reception.tick()
        assert (await world.ask(PUPIL, SITE_NAME))[1]

    run(story, ReceptionWorld())


def test_what_was_counted_of_whom_the_address_left_stays_counted() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        for _ in range(4):
            await world.ask(PUPIL, SITE_NAME)
        world.firewall.links.devices[PUPIL] = PHONE
        world.firewall.links.changes += 1
        world.reception.tick()
        world.reception.tell_all()
        counts = [each.count for each in world.events if isinstance(each, AllowedCount)]
        assert [4] == counts

    run(story, ReceptionWorld())


def test_who_reaches_something_else_shares_no_answers() -> None:
    async def story(world: ReceptionWorld) -> None:
        await world.warm(PUPIL, SITE_NAME)
        world.firewall.links.reach = HELD_TO_IPV4
        other = "127.0.1.78"
        await world.ask(other, "ferns.example")
        assert (await world.ask(other, SITE_NAME))[1] is False
        assert (await world.ask(other, SITE_NAME))[1]

    run(story, ReceptionWorld())


def test_after_a_change_every_way_is_opened_anew() -> None:
    """The firewall's point closed the ways of a grant that was withdrawn; there is a new one."""

    async def story(world: ReceptionWorld) -> None:
        await world.warm(PETRA, VIDEOS)
        assert (await verdict_of(world, PETRA))[0] == NOERROR
        opened = len(world.firewall.opened)
        world.put_live(Live())
        assert (await verdict_of(world, PETRA))[0] == NXDOMAIN
        world.put_live(Live(grants=(grant_for("petra"),)))
        await world.warm(PETRA, VIDEOS)
        assert (await verdict_of(world, PETRA))[0] == NOERROR
        assert opened < len(world.firewall.opened)

    run(story, ReceptionWorld(Live(grants=(grant_for("petra"),))))


def test_whoever_is_not_held_needs_no_way() -> None:
    async def story(world: ReceptionWorld) -> None:
        world.firewall.links.reach = EVERYWHERE
        world.firewall.fail()
        await world.warm(PUPIL, SITE_NAME)
        assert (await world.ask(PUPIL, SITE_NAME))[1]

    run(story, ReceptionWorld())
