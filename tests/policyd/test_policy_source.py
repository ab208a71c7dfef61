"""Which policy policyd takes up: the version that was directed, else the rule files."""

import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from copied_store import database, put_copy
from office import QuickHasher, fill
from policy_paper import AT, MOMENT
from policy_store import direct_draft, employ
from rule_tree import SCHOOL, plant
from to_sign import sign_day

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.drafting.changes import ReplaceText, SetStaffHours
from schoolgate_policyd.policy_source import PolicySource
from schoolgate_policyd.rulewatch import RuleWatch
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.errors import StoreError
from schoolgate_policyd.workflow.different_days import DayEntry, DayKind
from schoolgate_policyd.workflow.policy_versions import Origin, PolicyVersion
from schoolgate_policyd.workshop import Workshop

OWN = "schools/hill.yaml"
EIGHT_TO_THREE = "08:00-15:00"


class TurningClock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@functools.cache
def _employed() -> bytes:
    """Return a database with the office's people, made once: each house has a copy of its own."""

    def move_in(made: DecisionStore) -> None:
        fill(made)
        employ(made)

    return database(move_in)


class House:
    """A school on disk with its store, and policyd's watch over both."""

    def __init__(self, folder: Path) -> None:
        self.rules_dir = plant(folder / "rules")
        path = folder / "decisions.db"
        put_copy(_employed(), path)
        self.store = DecisionStore(path, hasher=QuickHasher())
        self.clock = TurningClock(MOMENT)
        self.source = PolicySource(
            self.rules_dir,
            SCHOOL,
            self.store.policies,
            school_clock=self.clock,
            machine_clock=TurningClock(AT),
        )
        self.watch = self.new_watch()

    def new_watch(self) -> RuleWatch:
        return RuleWatch(
            self.rules_dir,
            lambda: self.source.load().policy,
            key=self.source.key,
            on_taken_up=self.source.taken_up,
        )

    def write(self, old: str, new: str, name: str = OWN) -> None:
        path = self.rules_dir / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def versions(self) -> tuple[PolicyVersion, ...]:
        return self.store.policies.every(SCHOOL)

    def direct(self, start: str, *, days: int = 0) -> PolicyVersion:
        """Have other working hours directed, which open nothing, to hold in so many days."""
        hour = int(start)
        change = SetStaffHours(
            datetime(2026, 1, 1, hour).time(),  # noqa: DTZ001 - a time of day
            datetime(2026, 1, 1, 15).time(),  # noqa: DTZ001 - a time of day
        )
        workshop = Workshop(self.rules_dir, SCHOOL, self.store.policies)
        in_force_from = self.clock.moment + timedelta(days=days)
        return direct_draft(
            self.store, workshop, change, moment=self.clock.moment, in_force_from=in_force_from
        )


def hours(policy: Policy | None) -> str:
    assert policy is not None
    start, end = policy.school_time.staff_hours.start, policy.school_time.staff_hours.end
    return f"{start:%H:%M}-{end:%H:%M}"


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    made = House(folder)
    with closing(made.store):
        yield made
    shutil.rmtree(folder)


def test_what_is_taken_up_from_the_rule_files_is_recorded_once(house: House) -> None:
    assert house.watch.poll() is not None
    assert house.watch.poll() is None

    (version,) = house.versions()
    assert Origin.RULE_FILES == version.origin
    assert (house.rules_dir / OWN).read_text() == house.store.policies.texts(1)[OWN]


def test_an_edit_of_the_rule_files_is_a_version_of_its_own(house: House) -> None:
    house.watch.poll()
    house.write("08:30-16:00", EIGHT_TO_THREE)

    assert EIGHT_TO_THREE == hours(house.watch.poll())
    assert [(1, None), (2, 1)] == [(each.number, each.base) for each in house.versions()]


def test_a_faulty_edit_is_no_version(house: House) -> None:
    house.watch.poll()
    house.write("audience: pupil", "audience: pupils")

    assert house.watch.poll() is None
    assert 1 == len(house.versions())
    assert "did you mean `pupil`?" in house.watch.faults[0]


def test_a_change_of_what_every_school_shares_is_no_version(house: House) -> None:
    house.watch.poll()
    house.write("name: Clips", "name: Little clips", "services/video.yaml")

    assert house.watch.poll() is not None
    assert 1 == len(house.versions())


def test_a_directed_version_is_taken_up_at_the_next_look(house: House) -> None:
    house.watch.poll()

    house.direct("8")

    assert EIGHT_TO_THREE == hours(house.watch.poll())
    assert () == house.watch.faults
    assert house.watch.poll() is None


def test_a_version_comes_into_force_at_its_moment_by_itself(house: House) -> None:
    house.watch.poll()
    house.direct("8", days=40)
    assert house.watch.poll() is None

    house.clock.moment += timedelta(days=40) - timedelta(microseconds=1)
    assert house.watch.poll() is None

    house.clock.moment += timedelta(microseconds=1)
    assert EIGHT_TO_THREE == hours(house.watch.poll())


def test_rule_files_no_longer_decide_once_a_version_was_directed(house: House) -> None:
    house.watch.poll()
    house.direct("8")
    house.watch.poll()

    house.write("08:30-16:00", "06:00-07:00")

    assert EIGHT_TO_THREE == hours(house.watch.poll())
    (fault,) = house.watch.faults
    assert "rules/schools/hill.yaml was edited, but version 2" in fault
    assert "schoolgate policy propose" in fault
    house.write("06:00-07:00", "08:30-16:00")
    house.watch.poll()
    assert () == house.watch.faults


def test_a_mistake_in_files_that_do_not_decide_is_told_and_changes_nothing(house: House) -> None:
    house.watch.poll()
    house.direct("8")
    (house.rules_dir / OWN).unlink()

    assert EIGHT_TO_THREE == hours(house.watch.poll())
    assert "do not decide" in house.watch.faults[0]


def test_a_version_that_cannot_be_read_any_more_leaves_what_is_in_force(house: House) -> None:
    house.watch.poll()
    version = house.direct("8")
    house.write("messaging, name", "chats, name", "categories/categories.yaml")
    house.write("category: messaging", "category: chats", "services/video.yaml")

    assert house.watch.poll() is None
    assert f"version {version.number} of the policy should be in force" in house.watch.faults[0]
    assert any("`messaging` is no category" in each for each in house.watch.faults)


def test_the_version_in_force_outlives_a_restart(house: House) -> None:
    house.watch.poll()
    house.direct("8")

    assert EIGHT_TO_THREE == hours(house.new_watch().poll())
    assert 2 == len(house.versions())


class FailingVersions:
    """A store that cannot be read, or only not be written."""

    def __init__(self, house: House) -> None:
        self._policies = house.store.policies
        self.cannot_read = False
        self.cannot_write = False

    def in_force(self, school: str, moment: datetime) -> PolicyVersion | None:
        if self.cannot_read:
            raise StoreError("decisions.db: cannot be read")
        return self._policies.in_force(school, moment)

    def texts(self, number: int) -> dict[str, str]:
        return self._policies.texts(number)

    def newest_taken_up(self, school: str) -> PolicyVersion | None:
        return self._policies.newest_taken_up(school)

    def take_up(self, *args: object, **kwargs: object) -> PolicyVersion | None:
        if self.cannot_write:
            raise StoreError("decisions.db: was not changed")
        return self._policies.take_up(*args, **kwargs)  # type: ignore[arg-type] # passed on


def test_a_store_that_cannot_be_read_opens_nothing_and_is_asked_again(house: House) -> None:
    house.watch.poll()
    house.direct("8")
    versions = FailingVersions(house)
    versions.cannot_read = True
    house.source = PolicySource(
        house.rules_dir,
        SCHOOL,
        versions,
        school_clock=house.clock,
        machine_clock=TurningClock(AT),
    )
    watch = house.new_watch()

    # The rule files alone would be taken for the policy: what was directed would be undone.
    assert watch.poll() is None
    assert ("decisions.db: cannot be read",) == watch.faults
    versions.cannot_read = False
    assert EIGHT_TO_THREE == hours(watch.poll())


def test_a_policy_is_in_force_though_its_record_has_to_wait(house: House) -> None:
    versions = FailingVersions(house)
    versions.cannot_write = True
    house.source = PolicySource(
        house.rules_dir,
        SCHOOL,
        versions,
        school_clock=house.clock,
        machine_clock=TurningClock(AT),
    )
    watch = house.new_watch()

    assert watch.poll() is not None
    assert "is not recorded as a version" in watch.faults[0]
    assert () == house.versions()
    versions.cannot_write = False
    assert watch.poll() is not None
    assert () == watch.faults
    assert 1 == len(house.versions())


def test_a_school_without_a_file_is_a_fault(house: House) -> None:
    (house.rules_dir / OWN).unlink()

    with pytest.raises(SchoolgateError):
        house.source.load()


def test_an_upload_that_loosens_is_in_force_only_after_its_notice(house: House) -> None:
    house.watch.poll()
    workshop = Workshop(house.rules_dir, SCHOOL, house.store.policies)
    text = house.store.policies.texts(1)[OWN].replace("[break, lunch]", "[break, lunch, lesson]")
    later = house.clock.moment + timedelta(days=40)

    direct_draft(
        house.store,
        workshop,
        ReplaceText(OWN, text),
        moment=house.clock.moment,
        in_force_from=later,
    )

    assert house.watch.poll() is None
    house.clock.moment = later
    policy = house.watch.poll()
    assert policy is not None
    staff = next(rule for rule in policy.rules if rule.id == "staff")
    assert "lesson" in {str(each) for each in staff.unless[0].period or ()}


def test_a_day_that_the_head_says_is_different_is_taken_up_and_let_go(house: House) -> None:
    """It stands beside the version's own one-off days, and in no version's texts."""
    house.source = PolicySource(
        house.rules_dir,
        SCHOOL,
        house.store.policies,
        school_clock=house.clock,
        machine_clock=TurningClock(AT),
        days=house.store.different_days,
    )
    house.watch = house.new_watch()
    before = house.watch.poll()
    assert before is not None
    today = MOMENT.date()

    entry = DayEntry(DayKind.CLOSED, today, today, "Snow")
    number = sign_day(house.store, entry, today=today, at=AT)

    policy = house.watch.poll()
    assert policy is not None
    assert "Snow" == policy.school_time.one_off[-1].name
    assert house.watch.poll() is None
    house.store.different_days.withdraw(number, by="swift", at=AT)
    assert before == house.watch.poll()


def test_the_preset_of_the_first_run_is_taken_up_in_place_of_the_configurations(
    house: House,
) -> None:
    chosen = ["no-such-school"]
    house.source = PolicySource(
        house.rules_dir,
        "no-such-school",
        house.store.policies,
        school_clock=house.clock,
        machine_clock=TurningClock(AT),
        school_now=lambda: chosen[0],
    )
    house.watch = house.new_watch()
    assert house.watch.poll() is None

    chosen[0] = SCHOOL

    policy = house.watch.poll()
    assert policy is not None
    assert SCHOOL == policy.id
