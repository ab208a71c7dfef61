"""What is read ahead, so that the first page of the day is as quick as the second."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from policy_school import PolicySchool
from structlog.testing import capture_logs

from schoolgate_policyd.clock import Clock
from schoolgate_policyd.rulefiles import RuleFileErrors
from schoolgate_webui.api.app import written
from schoolgate_webui.readiness import read_ahead
from schoolgate_webui.site import Site


@pytest.fixture
def school(tmp_path: Path) -> Iterator[PolicySchool]:
    opened = PolicySchool(tmp_path)
    yield opened
    opened.close()


def site_of(school: PolicySchool, clock: Clock | None = None) -> Site:
    """Return what a process of the pages begins with."""
    assert school.settings is not None
    return Site(
        school.settings,
        decisions=school.decisions,
        events=school.events,
        admin=school.policyd,
        school_clock=clock or school.school_clock,
        machine_clock=school.machine_clock,
    )


def without_rules(school: PolicySchool) -> None:
    """Take away what pages would have to read."""
    assert school.settings is not None
    shutil.rmtree(school.settings.rules_dir)


def test_the_policy_in_force_is_read_before_anybody_asks(school: PolicySchool) -> None:
    site = site_of(school)
    policy, (version,) = site.policy_in_force.policy(), site.workshop.every()
    written.cache_clear()

    read_ahead(site)

    assert 1 == written.cache_info().currsize
    without_rules(school)
    assert "Hill Policy" == site.presets_read.of(version, policy).policy.document.title
    with pytest.raises(RuleFileErrors):
        site_of(school).presets_read.of(version, policy)


def test_pages_are_served_when_nothing_can_be_read_ahead(school: PolicySchool) -> None:
    site = site_of(school)
    without_rules(school)

    read_ahead(site)

    assert "hill" == site.policy_in_force.policy().id


class BrokenClock:
    """Fails as nothing is meant to fail."""

    def now(self) -> datetime:
        raise RuntimeError("the clock came to pieces")


def test_a_mistake_of_ours_in_reading_ahead_is_in_the_journal(school: PolicySchool) -> None:
    """Nobody waits for the thread that reads, so it alone can say it."""
    site = site_of(school, BrokenClock())
    written.cache_clear()

    with capture_logs() as logged:
        read_ahead(site)

    ((event, level, is_traced),) = (
        (each["event"], each["log_level"], each["exc_info"]) for each in logged
    )
    assert ("nothing was read ahead for the pages", "error", True) == (event, level, is_traced)
    assert 1 == written.cache_info().currsize
