"""The moment is asked for again as soon as it is old, and not before."""

from datetime import UTC, datetime, timedelta

from schoolgate_dns.brief_moments import LASTS_S, BriefMoments

START = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


class World:
    def __init__(self) -> None:
        self.second_s = 100.0
        self.asked = 0
        self.moments = BriefMoments(self._now, lambda: self.second_s)

    def _now(self) -> datetime:
        self.asked += 1
        return START + timedelta(seconds=self.second_s - 100.0)


def test_while_a_moment_lasts_the_clock_is_asked_once() -> None:
    world = World()
    for _ in range(4):
        assert START == world.moments.now()
        world.second_s += LASTS_S / 8

    assert 1 == world.asked


def test_afterwards_it_is_asked_again_each_time() -> None:
    world = World()
    for number in range(1, 4):
        passed_s = number * 0.003
        world.second_s = 100.0 + passed_s
        assert START + timedelta(seconds=passed_s) == world.moments.now()

    assert 4 == world.asked
