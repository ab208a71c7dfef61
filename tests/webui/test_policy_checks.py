"""The proof and the replay of a draft: run apart, one of each at once, looked at meanwhile."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import apart_work
import pytest
from policy_school import PolicySchool, begin, change, lose_break, take
from web_browser import Browser, Page
from web_events import blocked, put
from whole_school import wait_for

from schoolgate_policyd.config import Settings
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.drafting.bundle import digest_of
from schoolgate_policyd.drafting.proofs import ProofSays
from schoolgate_policyd.replay.outcome import Replay
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_webui.apart import CheckFailed, Progress, ReplayJob, apart, replay_apart
from schoolgate_webui.checks import Asker, Check, Checks

RUNS_WITHIN_S = 60.0


@dataclass
class HeldProofs:
    """Proofs that end when a test lets them; *outcome* gives what they say."""

    has_begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)
    outcome: Callable[[], ProofSays] = ProofSays
    checks: Checks | None = None

    def __call__(self, before: Preset | None, after: Preset) -> ProofSays:
        del before, after
        self.has_begun.set()
        assert self.may_end.wait(RUNS_WITHIN_S)
        return self.outcome()

    def made(self, settings: Settings, store: DecisionStore) -> Checks:
        """Return checks with these proofs and replays that end at once."""
        self.checks = Checks(settings, store.policies, self, replay_apart)
        return self.checks

    def end(self) -> None:
        """Let them end, and wait until they have."""
        assert self.checks is not None
        self.may_end.set()
        self.checks.join(RUNS_WITHIN_S)


@pytest.fixture
def proofs() -> HeldProofs:
    return HeldProofs()


@pytest.fixture
def held(tmp_path: Path, proofs: HeldProofs) -> Iterator[PolicySchool]:
    """A school whose proofs wait for the test."""
    opened = PolicySchool(tmp_path, checks=proofs.made)
    yield opened
    proofs.end()
    opened.close()


@pytest.fixture
def school(tmp_path: Path) -> Iterator[PolicySchool]:
    """A school whose proofs and replays run as they do at a school."""
    opened = PolicySchool(tmp_path)
    yield opened
    opened.close()


def start(browser: Browser, number: int, check: str) -> Page:
    path = f"/policy/drafts/{number}/{check}"
    return browser.send(path, path)


def test_a_proof_runs_in_a_process_of_its_own_and_its_page_shows_what_it_found(
    school: PolicySchool,
) -> None:
    technician = Browser(school).sign_in("technician")
    number = begin(technician)
    lose_break(technician, number)

    page = start(technician, number, "proof")
    assert "Running" in page.text
    assert f"/policy/drafts/{number}/proof" in page.links
    assert f'hx-get="/policy/drafts/{number}/progress/proof"' in technician.last_text

    path = f"/policy/drafts/{number}/proof"
    wait_for(lambda: "Last run on" in technician.get(path).text, RUNS_WITHIN_S, "the proof")
    page = technician.get(path)
    assert "It keeps every promise What it opens Nothing that is blocked now." in page.text
    assert "can no longer reach Clips (clips.example.org)" in page.text
    assert "Holds" in technician.get(f"/policy/drafts/{number}").text
    assert [] == multiprocessing.active_children()


def test_a_replay_shows_who_would_have_gained_what_and_names_nobody(school: PolicySchool) -> None:
    technician = Browser(school).sign_in("technician")
    number = begin(technician)
    change(technician, number, "open-again", "?rule=staff-forums", what="*")
    asked = blocked(
        "talk.example.org",
        audience=Audience.STAFF,
        client="127.0.2.10",
        person="teacher",
        rule="staff-forums",
        ago=timedelta(days=1),
        count=7,
    )
    older = blocked("chat.example.org", audience=Audience.STAFF, ago=timedelta(days=8))
    put(school, older, asked)

    start(technician, number, "replay")
    path = f"/policy/drafts/{number}/replay"
    wait_for(lambda: "Last run on" in technician.get(path).text, RUNS_WITHIN_S, "the replay")

    page = technician.get(path)
    assert "7 requests" in page.text
    assert "talk.example.org" not in technician.last_text
    assert "1 name is newly opened." in page.text
    for username in ("lead", "dsl"):
        seen = Browser(school).sign_in(username).get(path)
        assert "talk.example.org" in seen.text
        assert "chat.example.org" not in seen.text
    assert "From Friday 13 November 2026, 10:00 to Friday 20 November 2026, 10:00" in page.text
    assert "Tess" not in page.text
    assert "teacher" not in technician.last_text


def test_while_a_proof_runs_another_waits_and_every_other_page_answers(
    held: PolicySchool, proofs: HeldProofs
) -> None:
    technician, head = Browser(held).sign_in("technician"), Browser(held).sign_in("head")
    first, second = begin(technician), begin(head)

    start(technician, first, "proof")
    page = start(head, second, "proof")

    assert 409 == head.status
    assert "Another one runs at the moment" in page.text
    assert "Not run yet" in head.get(f"/policy/drafts/{second}").text
    assert "Running" in head.get(f"/policy/drafts/{first}").text
    again = technician.post(
        f"/policy/drafts/{first}/proof", technician.get("/").form("/sign-out").fields
    )
    assert "Running" in again.text
    proofs.end()
    assert "Holds" in technician.get(f"/policy/drafts/{first}").text
    assert "Run the proof" in head.get(f"/policy/drafts/{second}/proof").text


def test_the_progress_asks_for_the_whole_page_once_it_is_done(
    held: PolicySchool, proofs: HeldProofs
) -> None:
    technician = Browser(held).sign_in("technician")
    number = begin(technician)
    path = f"/policy/drafts/{number}/progress/proof"
    start(technician, number, "proof")

    running = technician.ask("GET", path)
    proofs.end()
    done = technician.ask("GET", path)

    assert "It has been running for" in running.text
    assert "<html" not in running.text
    assert None is running.headers.get("hx-refresh")
    assert "true" == done.headers["hx-refresh"]


def test_a_proof_that_gives_nothing_says_why_and_can_be_run_again(
    held: PolicySchool, proofs: HeldProofs
) -> None:
    def fail() -> ProofSays:
        raise CheckFailed("It took too long and was stopped.")

    technician = Browser(held).sign_in("technician")
    number = begin(technician)
    proofs.outcome = fail
    start(technician, number, "proof")
    proofs.end()

    page = technician.get(f"/policy/drafts/{number}/proof")
    assert "It took too long and was stopped." in page.text
    assert "Gave no result" in page.text

    proofs.outcome = ProofSays
    start(technician, number, "proof")
    proofs.end()
    assert "too long" not in technician.get(f"/policy/drafts/{number}/proof").text


def test_a_proof_of_what_the_draft_said_before_does_not_count(
    held: PolicySchool, proofs: HeldProofs
) -> None:
    technician = Browser(held).sign_in("technician")
    number = begin(technician)
    lose_break(technician, number)
    start(technician, number, "proof")
    assert proofs.has_begun.wait(RUNS_WITHIN_S)
    change(technician, number, "document", version="June 2026")

    meanwhile = technician.get(f"/policy/drafts/{number}").text
    busy = start(technician, number, "proof")
    refused = technician.status
    proofs.end()
    page = technician.get(f"/policy/drafts/{number}/proof")

    assert "Running" not in meanwhile
    assert 409 == refused
    assert "of this one before it was changed" in busy.text
    assert "Run it again" in page.text
    assert "The draft has changed since" in page.text
    assert not held.decisions.policies.find(number).is_proved


def test_a_replay_of_what_the_draft_said_before_does_not_count(tmp_path: Path) -> None:
    may_end = threading.Event()

    def held_replay(job: ReplayJob, on_progress: Progress) -> Replay:
        assert may_end.wait(RUNS_WITHIN_S)
        return replay_apart(job, on_progress)

    made: list[Checks] = []

    def checks(settings: Settings, store: DecisionStore) -> Checks:
        made.append(Checks(settings, store.policies, replayer=held_replay))
        return made[0]

    school = PolicySchool(tmp_path, checks=checks)
    try:
        technician = Browser(school).sign_in("technician")
        number = begin(technician)
        start(technician, number, "replay")
        change(technician, number, "document", version="June 2026")
        may_end.set()
        made[0].join(RUNS_WITHIN_S)

        page = technician.get(f"/policy/drafts/{number}/replay")

        assert "The draft has changed since" in page.text
        assert "Run it again" in page.text
    finally:
        may_end.set()
        school.close()


def test_a_replay_is_of_the_texts_that_were_replayed(tmp_path: Path) -> None:
    """Somebody edits the draft between the start of the replay and its reading of the texts."""
    school = PolicySchool(tmp_path)
    try:
        assert school.settings is not None
        technician = Browser(school).sign_in("technician")
        number = begin(technician)
        policies = school.decisions.policies
        as_started = policies.find(number)
        replayed: list[ReplayJob] = []

        def keep_job(job: ReplayJob, on_progress: Progress) -> Replay:
            replayed.append(job)
            return replay_apart(job, on_progress)

        checks = Checks(school.settings, policies, replayer=keep_job)
        lose_break(technician, number)
        machine = school.machine_clock.now()
        checks.start(Check.REPLAY, as_started, Asker("technician", machine, machine.date()))
        checks.join(RUNS_WITHIN_S)

        kept = policies.find(number).replay
        assert kept is not None
        assert digest_of(replayed[0].after) == kept.digest
        assert as_started.digest != kept.digest
    finally:
        school.close()


def test_what_every_school_shares_is_as_it_was_when_a_draft_was_proved(
    school: PolicySchool,
) -> None:
    technician, head = (Browser(school).sign_in(each) for each in ("technician", "head"))
    number = begin(technician)
    lose_break(technician, number)
    assert school.settings is not None
    shared = school.settings.rules_dir / "services" / "video.yaml"
    text = shared.read_text(encoding="utf-8")
    school.prove(number)
    without = text.replace(", films.example.org", "").replace("films.example.org", "f.example")
    shared.write_text(without, encoding="utf-8")

    page = take(technician, number, "propose", reasons="As agreed")
    assert 422 == technician.status
    assert "What every school shares has changed since: run the proof again." in page.text

    school.prove(number)
    take(technician, number, "propose", reasons="As agreed")
    shared.write_text(text, encoding="utf-8")
    page = take(head, number, "direct", when="safety", reasons="At once")
    assert 422 == head.status
    assert "What every school shares has changed since: run the proof again." in page.text


def test_work_is_done_in_another_process_that_goes_last_and_tells_how_far_it_is() -> None:
    steps: list[tuple[int, int]] = []

    job, process, niceness = apart(
        apart_work.tell_process, 7, lambda done, total: steps.append((done, total))
    )

    assert 7 == job
    assert os.getpid() != process
    assert os.nice(0) < niceness
    assert [(1, 2), (2, 2)] == steps


def test_what_the_work_refuses_is_told_with_its_sentence() -> None:
    with pytest.raises(CheckFailed, match="the list is gone"):
        apart(apart_work.refuse, "the list is gone")


def test_a_process_that_dies_is_told() -> None:
    with pytest.raises(CheckFailed, match="ended without a result"):
        apart(apart_work.die, 3)


def test_work_that_never_ends_is_stopped() -> None:
    told: list[int] = []

    with pytest.raises(CheckFailed, match="took too long and was stopped"):
        apart(apart_work.never_end, None, lambda done, _: told.append(done), within_s=8.0)

    assert [] == multiprocessing.active_children()
    assert told, "the process had not begun"
    with pytest.raises(ProcessLookupError):
        os.kill(told[0], 0)
