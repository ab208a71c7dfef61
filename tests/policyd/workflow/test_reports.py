"""What a report is, who handles it, and what may become of it."""

from datetime import timedelta

import msgspec
import pytest
from office import CHAIR, DSL, HEAD, LEAD, MACHINE, PEOPLE, PUPIL, TEACHER

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.errors import InvalidForm, NotAllowed, WrongState
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.report_forms import (
    MOST_REPORTS,
    REPORTS_COUNT_FOR,
    parse_answer,
    wait_before,
)
from schoolgate_policyd.workflow.report_handlers import (
    about,
    answered,
    handlers_of,
    may_handle,
    named_in,
    not_about,
    waits_for,
)
from schoolgate_policyd.workflow.reports import (
    Report,
    ReportState,
    ReportStep,
    code_of,
    form_of,
    hash_of_code,
)

ONCE = "a secret of one form, long enough to be one"
WAITING = Report(1, MACHINE, form_of("A bad video", ""))


def step(state: ReportState, by: Member = LEAD) -> ReportStep:
    return ReportStep(state, by.id, MACHINE, "because")


def after(*states: ReportState) -> Report:
    report = WAITING
    for state in states:
        report = answered(report, step(state), by=LEAD, people=PEOPLE)
    return report


@pytest.mark.parametrize(
    ("saw", "expected"),
    [
        ("https://game.example.com/level?x=1", "https://game.example.com/level?x=1"),
        ("I saw (www.game-site.co.uk/bad).", "https://www.game-site.co.uk/bad"),
        ("it was on youtube.com yesterday", "https://youtube.com/"),
        ("Something bad.It scared me", None),
        ("no address at all", None),
        ("http://127.0.0.1/ and router.local", None),
        ("javascript:alert(1).com", None),
        ("mail me at a@b", None),
    ],
)
def test_an_address_is_found_in_what_was_written(saw: str, expected: str | None) -> None:
    url = form_of(saw, "").url

    assert expected == (None if url is None else str(url))


def test_what_hides_or_is_too_long_is_left_out_and_nobody_is_sent_back() -> None:
    form = form_of(f"bad\u202e\x00 page\u200b{'x' * 9000}", "  Pia\r\nPupil  ")

    assert 4000 == len(form.saw)
    assert form.saw.startswith("bad pagexxx")
    assert "Pia Pupil" == form.name


def test_the_same_form_has_the_same_code_and_another_one_another() -> None:
    codes = {
        code_of(ONCE, form_of("a", "")),
        code_of(ONCE, form_of("a", "")),
        code_of(ONCE, form_of("b", "")),
        code_of(f"{ONCE}2", form_of("a", "")),
    }

    assert 3 == len(codes)


def test_a_code_is_known_however_it_is_typed() -> None:
    code = code_of(ONCE, form_of("a", ""))
    typed = f"  {code.lower().replace('-', ' ')} "

    assert hash_of_code(code) is not None
    assert hash_of_code(code) == hash_of_code(typed)
    assert 11 == len(code)


@pytest.mark.parametrize("typed", ["", "short", "AEIOU-AEIOU", "x" * 5000, "\ud800" * 10])
def test_what_can_be_no_code_is_none(typed: str) -> None:
    assert None is hash_of_code(typed)


def test_the_online_safety_lead_the_dsl_and_the_head_handle_a_report() -> None:
    assert {LEAD, DSL, HEAD} == set(handlers_of(WAITING, PEOPLE))


@pytest.mark.parametrize("person", [LEAD, DSL, HEAD])
def test_nobody_handles_a_report_about_themselves(person: Member) -> None:
    report = about(WAITING, person, by=CHAIR if person is CHAIR else LEAD, people=PEOPLE)

    assert not may_handle(person, report, PEOPLE)
    with pytest.raises(NotAllowed):
        answered(report, step(ReportState.STAYS_OPEN, person), by=person, people=PEOPLE)
    with pytest.raises(NotAllowed):
        not_about(report, person.id, by=person, people=PEOPLE)


def test_one_about_the_head_goes_to_the_chair_of_governors_as_well() -> None:
    report = about(WAITING, HEAD, by=LEAD, people=PEOPLE)

    assert {LEAD, DSL, CHAIR} == set(handlers_of(report, PEOPLE))
    assert not may_handle(CHAIR, WAITING, PEOPLE)


def test_without_anybody_else_the_chair_of_governors_handles_it() -> None:
    people = (CHAIR, LEAD, TEACHER)

    assert (CHAIR,) == handlers_of(about(WAITING, LEAD, by=LEAD, people=people), people)


def test_a_pupil_never_handles_one_whatever_the_register_says() -> None:
    pupil = msgspec.structs.replace(
        PUPIL, username="pupil", duties=frozenset({Duty.ONLINE_SAFETY_LEAD})
    )

    assert () == handlers_of(WAITING, (pupil,))


@pytest.mark.parametrize(
    ("saw", "expected"),
    [
        ("PRIYA  larkspurr showed us this", {LEAD.id}),
        ("Ngozi Thistlewood, Priya Larkspurr.", {LEAD.id, HEAD.id}),
        ("Priya told us", set()),
        ("Amara Quillfeather showed us", set()),
        ("Priya Larkspurrs", set()),
    ],
)
def test_who_is_named_in_a_report_does_not_handle_it(saw: str, expected: set[str]) -> None:
    assert expected == named_in(form_of(saw, ""), PEOPLE)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (WAITING, {LEAD}),
        (after(ReportState.WITH_HEAD), {HEAD}),
        (about(WAITING, LEAD, by=DSL, people=PEOPLE), {DSL}),
        (about(WAITING, HEAD, by=DSL, people=PEOPLE), {LEAD, CHAIR}),
        (after(ReportState.STAYS_OPEN), set()),
    ],
)
def test_a_report_waits_for_whom_it_is(report: Report, expected: set[Member]) -> None:
    assert expected == {each for each in PEOPLE if waits_for(each, report, PEOPLE)}


@pytest.mark.parametrize(
    ("before", "state", "is_allowed"),
    [
        ((), ReportState.WITH_HEAD, True),
        ((), ReportState.BLOCKED, True),
        ((), ReportState.WAITING, False),
        ((ReportState.WITH_HEAD,), ReportState.WITH_HEAD, False),
        ((ReportState.WITH_HEAD,), ReportState.STAYS_OPEN, True),
        ((ReportState.STAYS_OPEN,), ReportState.BLOCKED, True),
        ((ReportState.STAYS_OPEN,), ReportState.PASSED_ON, False),
        ((ReportState.BLOCKED,), ReportState.STAYS_OPEN, False),
        ((ReportState.BLOCKED_ALREADY,), ReportState.BLOCKED, False),
    ],
)
def test_an_answer_is_an_answer_but_blocking_is_always_possible(
    before: tuple[ReportState, ...], state: ReportState, is_allowed: bool
) -> None:
    report = after(*before)

    if is_allowed:
        assert state is answered(report, step(state), by=LEAD, people=PEOPLE).state
    else:
        with pytest.raises(WrongState):
            answered(report, step(state), by=LEAD, people=PEOPLE)


def test_a_head_whom_it_is_about_is_not_asked_for_attention() -> None:
    report = about(WAITING, HEAD, by=LEAD, people=PEOPLE)

    with pytest.raises(NotAllowed, match="chair of governors"):
        answered(report, step(ReportState.WITH_HEAD), by=LEAD, people=PEOPLE)


@pytest.mark.parametrize(
    ("entered", "fields"),
    [
        ({}, {"state", "reasons"}),
        ({"state": "blocked", "reasons": "x"}, {"state"}),
        ({"state": "stays-open", "reasons": "a\u202eb"}, {"reasons"}),
        ({"state": "stays-open", "reasons": "x", "answer": "y" * 1001}, {"answer"}),
    ],
)
def test_every_mistake_of_an_answer_is_said(entered: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(InvalidForm) as found:
        parse_answer(entered)

    assert fields == {each.field for each in found.value.mistakes}


def test_so_many_reports_wait_and_waiting_always_ends() -> None:
    minute = timedelta(minutes=1)
    few = tuple(minute * number for number in range(MOST_REPORTS - 1))

    assert timedelta() == wait_before(few, MOST_REPORTS)
    full = (*few, minute * 6)
    assert REPORTS_COUNT_FOR - minute * 6 == wait_before(full, MOST_REPORTS)
    later = tuple(each + REPORTS_COUNT_FOR - minute * 6 for each in full)
    assert timedelta() == wait_before(later, MOST_REPORTS)
