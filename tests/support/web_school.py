"""A small school with its people, its rules and the pages over a real store."""

import dataclasses
import functools
import threading
from asyncio import Runner
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from copied_store import database, put_copy
from office import QuickHasher
from starlette.types import ASGIApp

from schoolgate_policyd.config import NetworkSettings, SecondFactorRule, Settings, WebSettings
from schoolgate_policyd.core.catalogue import Catalogue, Category, DomainList, HelpLine, Service
from schoolgate_policyd.core.names import DomainName
from schoolgate_policyd.core.policy import Document, Policy, Source, StandingDefinition
from schoolgate_policyd.core.rules import Citation, Condition, GrantKind, Rule
from schoolgate_policyd.core.school_time import SchoolTime, TimetableUse
from schoolgate_policyd.core.subjects import (
    Audience,
    Device,
    DeviceKind,
    Duty,
    HeldDuty,
)
from schoolgate_policyd.core.times import (
    Calendar,
    DateRange,
    Period,
    PeriodStart,
    Timetable,
    WorkingHours,
)
from schoolgate_policyd.ipc.last_snapshot import save_last_snapshot
from schoolgate_policyd.ipc.messages import PointKind, PointStatus, Status
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.records import NewPerson
from schoolgate_policyd.workflow.people import SchoolClass
from schoolgate_webui.app import create_app
from schoolgate_webui.checks import Check, Checks
from schoolgate_webui.rates import Rate, Rates

# A Friday, in a lesson; the machine's clock is elsewhere, as in the sample school.
LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MACHINE = datetime(2027, 3, 2, 18, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"
SCHOOL = "Willow Lane Primary School"
HOST = "school.example"
# As long as a check may take.
CHECKED_WITHIN_S = 300.0

TEACHER_DEVICE = "127.0.2.10"
FREE_OWN_DEVICE = "127.0.2.40"
SHARED_DEVICE = "127.0.2.50"
PUPILS_COMPUTER = "127.0.1.10"

PAGE = "https://www.tiktok.com/@museum/video/7"
ENTRY = {
    "url": PAGE,
    "site_content": "A museum's video about fossils",
    "reasons": "Year 4 looks at fossils",
    "measures": "Comments are off; shown on the board",
    "for_whom": "oneself",
    "scope": "page",
}

NETWORKS = (
    NetworkSettings(
        id="pupil-computers",
        cidr="127.0.1.0/24",
        audience=Audience.PUPIL,
        device=DeviceKind.SCHOOL_COMPUTER,
        inspectable=True,
    ),
    NetworkSettings(
        id="staff-own-devices",
        cidr="127.0.2.0/24",
        audience=Audience.STAFF,
        device=DeviceKind.OWN_DEVICE,
        inspectable=True,
        relay_from=TEACHER_DEVICE,
        web_relay_port=8002,
    ),
)

PEOPLE = (
    ("teacher", "Tess Teacher", Audience.STAFF, ()),
    ("head", "Hana Head", Audience.STAFF, (Duty.HEAD,)),
    ("chair", "Charlie Chair", Audience.VISITOR, (Duty.CHAIR_OF_GOVERNORS,)),
    ("governor", "Gus Governor", Audience.VISITOR, (Duty.GOVERNOR,)),
    ("lead", "Leo Lead", Audience.STAFF, (Duty.ONLINE_SAFETY_LEAD,)),
    ("dsl", "Dana Dsl", Audience.STAFF, (Duty.DSL,)),
    ("technician", "Tim Technician", Audience.STAFF, (Duty.TECHNICIAN,)),
    ("operator", "Olu Operator", Audience.STAFF, (Duty.ACCOUNT_OPERATOR,)),
    ("visitor", "Vic Visitor", Audience.VISITOR, ()),
)


# Tests ask faster than anybody reads, at a moment that does not pass.
_AS_OFTEN_AS_WANTED = Rate(10**9, 1.0)


class SteppedClock:
    """A clock that a test moves."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.moment

    def go_on(self, length: timedelta) -> None:
        """Go on by *length*."""
        self.moment += length


@dataclass
class FakePolicyd:
    """Answers as policyd's socket would; a test sets what it knows."""

    answer: Status | None = None
    wakes: int = 0

    def wake(self, timeout_s: float = 2.0) -> Status | None:
        """Count that the store changed."""
        del timeout_s
        self.wakes += 1
        return self.answer

    def status(self, timeout_s: float = 2.0) -> Status | None:
        """Return what is in force."""
        del timeout_s
        return self.answer

    def acknowledges(self, version: int, *, is_connected: bool = True) -> None:
        """Have every point say that it has *version* in force."""
        self.answer = Status(
            number=version,
            store_version=version,
            in_force_version=version,
            points=(
                PointStatus(PointKind.DNS, "dns", version, is_connected=True),
                PointStatus(PointKind.PROXY, "proxy", version, is_connected=is_connected),
            ),
        )


def policy() -> Policy:
    """Return a policy like twiss-green's, small."""
    lesson_days = (
        PeriodStart(time(8, 0), Period.BEFORE_SCHOOL),
        PeriodStart(time(8, 50), Period.LESSON),
        PeriodStart(time(10, 30), Period.BREAK),
        PeriodStart(time(10, 45), Period.LESSON),
        PeriodStart(time(12, 15), Period.LUNCH),
        PeriodStart(time(13, 15), Period.LESSON),
        PeriodStart(time(15, 20), Period.AFTER_SCHOOL),
        PeriodStart(time(17, 30), Period.CLOSED),
    )
    title = "Social Media Policy"
    return Policy(
        id="small",
        document=Document(title, "September 2022", "2024-09"),
        rules=(
            Rule(
                id="pupils-social-media",
                block=frozenset({"video-sharing", "social-network"}),
                applies_to=(Condition(audience=frozenset({Audience.PUPIL})),),
                cite=Citation(title, "§7"),
                lifted_by=frozenset({GrantKind.CURRICULUM_GRANT}),
                topic="social-media",
            ),
            Rule(
                id="staff-social-media",
                block=frozenset({"video-sharing", "social-network"}),
                applies_to=(Condition(audience=frozenset({Audience.STAFF, Audience.VISITOR})),),
                cite=Citation(title, "§5 Personal accounts"),
                unless=(
                    Condition(
                        audience=frozenset({Audience.STAFF}),
                        period=frozenset({Period.BREAK, Period.LUNCH}),
                        standing=frozenset({"staff-break-access"}),
                    ),
                ),
                lifted_by=frozenset({GrantKind.ACCESS_GRANT}),
                topic="social-media",
            ),
            Rule(
                id="circumvention",
                block=frozenset({"circumvention"}),
                applies_to=(Condition(),),
                cite=Citation("Filtering standards", "F9"),
                locked=True,
            ),
        ),
        catalogue=Catalogue(
            categories=(
                Category("video-sharing", "Video sharing"),
                Category("social-network", "Social networks"),
                Category("circumvention", "Ways round the filter", is_circumvention=True),
            ),
            services=(
                Service(
                    "tiktok",
                    "TikTok",
                    "video-sharing",
                    (DomainName("tiktok.com"),),
                    minimum_age=13,
                ),
                Service("facebook", "Facebook", "social-network", (DomainName("facebook.com"),)),
            ),
            lists=(DomainList("vpn", "circumvention", (DomainName("vpn.example"),)),),
            help_lines=(
                HelpLine(
                    "childline",
                    "Childline",
                    (DomainName("childline.org.uk"),),
                    "0800 1111",
                    "Talk about anything, day or night. It is free.",
                ),
                HelpLine("samaritans", "Samaritans", (DomainName("samaritans.org"),), "116 123"),
            ),
        ),
        school_time=SchoolTime(
            zone="Europe/London",
            calendar=Calendar("2026-27", (DateRange(date(2026, 9, 1), date(2026, 12, 18)),)),
            timetables=(TimetableUse(Timetable("primary-day", (lesson_days,) * 5 + ((), ()))),),
            staff_hours=WorkingHours(time(8, 30), time(16, 0)),
        ),
        social_media=frozenset({"video-sharing", "social-network"}),
        standing=(StandingDefinition("staff-break-access", "staff may at break"),),
    )


def settings_in(
    folder: Path,
    web: WebSettings = WebSettings(  # noqa: B008 - it is frozen
        address="127.0.0.1", port=8000, public_url=f"http://{HOST}:8000"
    ),
    networks: tuple[NetworkSettings, ...] = NETWORKS,
) -> Settings:
    """Return settings with everything in *folder*."""
    return Settings(
        school="twiss-green", school_name=SCHOOL, var_dir=folder, web=web, networks=networks
    )


@dataclass
class WebSchool:
    """The school of a test: its stores, clocks, policyd, and the pages over them."""

    folder: Path
    school_clock: SteppedClock = field(default_factory=lambda: SteppedClock(LESSON))
    machine_clock: SteppedClock = field(default_factory=lambda: SteppedClock(MACHINE))
    policyd: FakePolicyd = field(default_factory=FakePolicyd)
    settings: Settings | None = None
    checks: Callable[[Settings, DecisionStore], Checks] | None = None
    is_empty: bool = False
    # Whether *folder* is a copy of another school's: all that is stored is there.
    is_copy: bool = False
    # Most tests are about other things than signing in: there a password is enough.
    second_factor: SecondFactorRule = SecondFactorRule.OFFERED
    rates: Rates = field(
        default_factory=lambda: Rates(
            per_caller=_AS_OFTEN_AS_WANTED, per_address=_AS_OFTEN_AS_WANTED
        )
    )

    def __post_init__(self) -> None:
        self._threads_before = set(threading.enumerate())
        chosen = self.settings or settings_in(self.folder)
        web = dataclasses.replace(chosen.web, second_factor=self.second_factor)
        self.settings = dataclasses.replace(chosen, web=web)
        if not self.is_copy:
            self._fill()
        self.decisions = DecisionStore(
            self.settings.decisions_path,
            hasher=QuickHasher(),
            codes_key=self.settings.codes_key_path,
        )
        self.events = EventStore(self.settings.events_dir)
        self.app: ASGIApp = create_app(
            self.settings,
            decisions=self.decisions,
            events=self.events,
            admin=self.policyd,
            school_clock=self.school_clock,
            machine_clock=self.machine_clock,
            checks=None if self.checks is None else self.checks(self.settings, self.decisions),
            rates=self.rates,
        )
        self.runner = Runner()

    def _fill(self) -> None:
        assert self.settings is not None
        save_last_snapshot(
            self.settings.last_snapshot_path("policyd"), Source(number=1, policy=policy())
        )
        if not self.is_empty:
            put_copy(_filled_database(), self.settings.decisions_path)

    def close(self) -> None:
        """Close the stores and the loop, once no check of a draft is going on."""
        self.runner.close()
        self.join_checks()
        self.decisions.close()
        self.events.close()

    def join_checks(self) -> None:
        """Wait for the proofs and replays that were begun here: they keep what they find."""
        for each in set(threading.enumerate()) - self._threads_before:
            if each.name in set(Check):
                each.join(CHECKED_WITHIN_S)
                assert not each.is_alive(), f"a {each.name} goes on"

    def go_on(self, length: timedelta) -> None:
        """Let time pass on both clocks."""
        self.school_clock.go_on(length)
        self.machine_clock.go_on(length)


@functools.cache
def _filled_database() -> bytes:
    """Return a database with the school's people, made once: each school has a copy of its own."""
    return database(_add_people)


def _add_people(decisions: DecisionStore) -> None:
    at, people = MACHINE, decisions.people
    people.add_class(SchoolClass("4b", "4B"), at=at, by=None)
    for person, name, audience, duties in PEOPLE:
        classes = frozenset({"4b"}) if person == "teacher" else frozenset[str]()
        held = tuple(HeldDuty(duty) for duty in duties)
        people.add(
            NewPerson(person, name, audience, person, held, classes=classes), at=at, by=None
        )
        decisions.credentials.set_password(person, PASSWORD, at=at, by=None)
    people.add(
        NewPerson("p-7", "Pia Pupil", Audience.PUPIL, None, (), frozenset({"4b"}), 4, 8),
        at=at,
        by=None,
    )
    people.register_device(
        Device(TEACHER_DEVICE, "teachers-phone", owner="teacher"), at=at, by=None
    )
    people.register_device(
        Device(PUPILS_COMPUTER, "pc-1", classes=frozenset({"4b"})), at=at, by=None
    )
    people.register_device(
        Device(SHARED_DEVICE, "staffroom-tablet", is_shared=True), at=at, by=None
    )
