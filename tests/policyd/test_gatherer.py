"""Incidents are gathered from events: once each, per person, severe ones told, probes left out."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from incident_events import RULES, attempt, batch, harmful
from office import DSL, MACHINE, QuickHasher, fill

from schoolgate_policyd.core.subjects import Audience, Network
from schoolgate_policyd.gatherer import Gatherer
from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.rulefiles.gathering_file import load_gathering
from schoolgate_policyd.settings import default_rules_dir
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.event_tail import EventTail
from schoolgate_policyd.store.events import EventStore
from schoolgate_policyd.store.incident_gathering import IncidentGathering
from schoolgate_policyd.store.models.audit import AuditAction
from schoolgate_policyd.workflow.incidents import Incident, IncidentKind, Severity


class FixedClock:
    """A clock that stands at the tests' first moment."""

    def now(self) -> datetime:
        return MACHINE


class School:
    """A store of decisions, one of events, and the gatherer between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.decisions = DecisionStore(folder / "decisions.db", hasher=QuickHasher())
        self.events = EventStore(folder / "events")
        self.clock = FixedClock()

    def gatherer(self, on_gathered: Callable[[int], None] = lambda _: None) -> Gatherer:
        return Gatherer(
            EventTail(self.folder / "events"),
            IncidentGathering(self.decisions.database, RULES),
            self.clock,
            settle_s=0,
            on_gathered=on_gathered,
        )

    def happened(self, *events: Blocked, first: int = 1, boot: str = "boot") -> int:
        """Store *events* and gather; return how many became part of an incident."""
        self.events.append(batch(events, first=first, boot=boot), at=MACHINE)
        return self.gatherer().gather_all()

    def incidents(self) -> tuple[Incident, ...]:
        return self.decisions.incidents.seen_by(DSL.id)

    def close(self) -> None:
        self.decisions.close()
        self.events.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the office's people, made once: each test has a copy of its own."""
    path = tmp_path_factory.mktemp("filled") / "decisions.db"
    with closing(DecisionStore(path, hasher=QuickHasher())) as made:
        fill(made)
    return path


@pytest.fixture
def school(tmp_path: Path, filled: Path) -> Iterator[School]:
    shutil.copy(filled, tmp_path / "decisions.db")
    with closing(School(tmp_path)) as opened:
        yield opened


def test_attempts_of_one_person_are_one_incident_with_its_evidence(school: School) -> None:
    later = timedelta(minutes=5)

    assert 3 == school.happened(
        attempt(),
        attempt("proxy.example", after=later, count=2),
        attempt(person="reed", after=later),
    )

    mine, other = sorted(school.incidents(), key=lambda each: each.id)
    assert ("acorn", 3, MACHINE, MACHINE + later) == (
        mine.subject.person,
        mine.tries,
        mine.first_at,
        mine.last_at,
    )
    assert "reed" == other.subject.person
    evidence = school.decisions.incidents.evidence(mine.id, by=DSL.id)
    assert ["vpn.example", "proxy.example"] == [each.host for each in evidence]


def test_what_was_gathered_is_not_gathered_again(school: School) -> None:
    assert 1 == school.happened(attempt())

    assert 0 == school.happened(attempt())
    assert 1 == school.happened(attempt(), attempt(after=timedelta(seconds=1)))
    assert [2] == [each.tries for each in school.incidents()]


def test_a_run_that_was_taken_in_already_is_passed_over(school: School) -> None:
    """As when a stop came between writing and knowing of it."""
    school.happened(attempt())
    gathering = IncidentGathering(school.decisions.database, RULES)
    tail = EventTail(school.folder / "events").after(("dns", "boot"), 0, {MACHINE.date()})

    assert 0 == gathering.gather(tail.events, {("dns", "boot"): 1}, at=MACHINE)
    assert [1] == [each.tries for each in school.incidents()]


def test_events_that_come_late_for_an_older_day_are_gathered(school: School) -> None:
    school.happened(attempt(), first=2)

    assert 1 == school.happened(attempt(after=-timedelta(days=2)), boot="other")
    assert [2] == [each.tries for each in school.incidents()]
    assert MACHINE - timedelta(days=2) == school.incidents()[0].first_at


@pytest.mark.parametrize(
    "probe",
    [
        attempt("canary.example"),
        attempt("www.canary.example"),
        attempt(kind="unknown-address", categories=(), evidence="UDP port 123 to 192.0.2.1: x"),
        attempt("8.8.8.8", kind="other-resolver", categories=(), count=3),
        attempt("www.clips.example", kind=None, categories=("video-sharing",)),
        attempt(client="(many)", device_id=None, person=None),
    ],
)
def test_what_a_program_does_by_itself_is_no_incident(school: School, probe: Blocked) -> None:
    assert 0 == school.happened(probe)
    assert () == school.incidents()


def test_too_many_of_a_probe_on_one_day_are_attempts_after_all(school: School) -> None:
    resolver = attempt("8.8.8.8", kind="other-resolver", categories=(), count=3)

    assert 0 == school.happened(resolver)
    assert 1 == school.happened(attempt("8.8.8.8", kind="other-resolver", categories=()), first=2)


def test_the_same_few_probes_of_others_or_of_another_day_stay_background(school: School) -> None:
    resolver = {"kind": "other-resolver", "categories": (), "count": 3}

    assert 0 == school.happened(
        attempt("8.8.8.8", **resolver),
        attempt("8.8.8.8", person="reed", **resolver),
        attempt("8.8.8.8", after=-timedelta(days=1), **resolver),
    )


@pytest.mark.parametrize(
    ("events", "severity"),
    [
        ([attempt(count=4)], Severity.LOW),
        ([attempt(count=5)], Severity.MEDIUM),
        ([attempt(after=-timedelta(days=1)), attempt()], Severity.MEDIUM),
        ([attempt(count=20)], Severity.HIGH),
        ([attempt(after=-timedelta(days=n)) for n in (2, 1, 0)], Severity.HIGH),
        ([harmful("gambling")], Severity.LOW),
        ([harmful("adult")], Severity.HIGH),
        ([harmful("gambling"), harmful("extremism")], Severity.HIGH),
    ],
)
def test_severity_is_by_what_and_how_often(
    school: School, events: list[Blocked], severity: Severity
) -> None:
    # At the very first start no older days are looked at.
    school.happened(attempt(person="reed"), boot="an earlier one")

    school.happened(*sorted(events, key=lambda each: each.at))

    assert [severity] == [
        each.severity for each in school.incidents() if each.subject.person == "acorn"
    ]


def test_the_audit_says_once_that_an_incident_became_more_severe(school: School) -> None:
    school.happened(attempt())
    school.happened(attempt(count=19, after=timedelta(hours=1)), first=2)
    school.happened(attempt(count=19, after=timedelta(hours=2)), first=3)

    actions = [each.action for each in school.decisions.audit.recent(object_kind="incident")]
    assert [AuditAction.INCIDENT_MORE_SEVERE, AuditAction.INCIDENT_OPENED] == actions


def test_repeated_incidents_are_high_and_a_closed_one_stays_closed(school: School) -> None:
    for number in (1, 2, 3):
        school.happened(attempt(after=timedelta(hours=number)), first=number)
        last = max(school.incidents(), key=lambda each: each.id)
        if number < 3:
            school.decisions.incidents.close(
                last.id, by=DSL.id, action="Talked", outcome="Sorry", at=MACHINE
            )

    found = sorted(school.incidents(), key=lambda each: each.id)
    assert [False, False, True] == [each.is_open for each in found]
    assert [Severity.LOW, Severity.MEDIUM, Severity.HIGH] == [each.severity for each in found]


def test_an_unknown_person_is_known_by_the_device_and_without_one_by_the_address(
    school: School,
) -> None:
    school.happened(attempt(person=None, device_id="tablet"), attempt(person=None, device_id=None))

    keys = {each.subject.key for each in school.incidents()}
    assert {"device:tablet", "address:127.0.1.10"} == keys


def test_a_device_that_was_assigned_to_a_pupil_tells_who_it_was(school: School) -> None:
    event = attempt(person=None, device_id="tablet", after=timedelta(minutes=1))
    networks = (
        Network("tablets", "127.0.5.0/24", Audience.PUPIL, event.device, inspectable=True),
    )
    school.decisions.supervision.assign(
        "tablet",
        "acorn",
        by="heron",
        networks=networks,
        ends_at=event.school_at + timedelta(minutes=1),
        at=MACHINE,
        moment=event.school_at - timedelta(minutes=1),
    )

    school.happened(event, attempt(person=None, device_id="tablet", after=timedelta(hours=1)))

    assert {"acorn", None} == {each.subject.person for each in school.incidents()}


def test_evidence_is_bounded_and_the_count_goes_on(school: School) -> None:
    events = [attempt(after=timedelta(seconds=n)) for n in range(700)]
    for first in range(0, 700, 350):
        school.events.append(batch(events[first : first + 350], first=first + 1), at=MACHINE)

    assert 700 == school.gatherer().gather_all()

    (found,) = school.incidents()
    assert 700 == found.tries
    assert 200 == len(school.decisions.incidents.evidence(found.id, by=DSL.id))


def test_evidence_outlives_the_events(school: School) -> None:
    school.happened(attempt("proxy.example"))
    school.events.delete_expired(at=MACHINE + timedelta(days=400))

    (found,) = school.incidents()
    (kept,) = school.decisions.incidents.evidence(found.id, by=DSL.id)
    assert ("proxy.example", "vpn") == (kept.host, kept.categories[0])


def test_what_is_stored_is_gathered_soon_without_being_asked(school: School) -> None:
    async def wait_for_it() -> list[int]:
        taken: list[int] = []
        came = asyncio.Event()

        def gathered(count: int) -> None:
            taken.append(count)
            loop.call_soon_threadsafe(came.set)

        loop = asyncio.get_running_loop()
        gatherer = school.gatherer(gathered)
        running = asyncio.create_task(gatherer.run())
        await came.wait()
        came.clear()
        stored = batch([harmful("extremism")])
        await asyncio.to_thread(school.events.append, stored, at=MACHINE)
        gatherer.stored(stored)
        await came.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return taken

    assert [0, 1] == asyncio.run(wait_for_it())
    assert [IncidentKind.HARMFUL_CONTENT] == [each.kind for each in school.incidents()]


def test_the_rule_file_of_every_school_is_without_mistakes() -> None:
    rules = load_gathering(default_rules_dir())

    probe = rules.probe_of(attempt("mask.icloud.com"))
    assert ("private-relay", None) == (probe and probe.id, probe and probe.up_to)
    assert rules.probe_of(attempt("protonvpn.com")) is None
    assert {"extremism", "self-harm", "adult"} <= {
        each.category for each in rules.harmful if each.pupil is Severity.HIGH
    }
