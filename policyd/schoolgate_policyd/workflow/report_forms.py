"""What those who handle reports enter, read and checked."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.entries import Entry
from schoolgate_policyd.workflow.incidents import Severity
from schoolgate_policyd.workflow.reports import ReportState

MAX_REASONS = 2000
MAX_ANSWER = 1000
# So many reports in so long a time from one device; then it waits, and is never locked out.
REPORTS_COUNT_FOR = timedelta(minutes=10)
MOST_REPORTS = 6
MOST_LOOKS = 12

# Blocking has a form of its own.
ANSWERS = {
    each.value: each.value
    for each in (
        ReportState.BLOCKED_ALREADY,
        ReportState.STAYS_OPEN,
        ReportState.PASSED_ON,
        ReportState.WITH_HEAD,
    )
}
ANSWER_FIELDS = ("state", "reasons", "answer")
INCIDENT_FIELDS = ("severity", "audience")


class AnswerForm(msgspec.Struct, frozen=True):
    """An answer: *reasons* for those who handle reports, *answer* for whoever made this one."""

    state: ReportState
    reasons: str
    answer: str


class IncidentForm(msgspec.Struct, frozen=True):
    """How severe the incident is that is made of a report, and whose matter it is."""

    severity: Severity
    audience: Audience


def parse_incident(entered: Mapping[str, str]) -> IncidentForm:
    """Return the incident that was entered. Raises InvalidForm."""
    entry = Entry(entered, INCIDENT_FIELDS)
    severity = entry.choice("severity", {each: each for each in Severity}, "Say how severe it is.")
    audience = entry.choice(
        "audience", {each: each for each in Audience}, "Say whose matter it is."
    )
    entry.raise_mistakes()
    if severity is None or audience is None:
        raise AssertionError("a missing choice is a mistake")
    return IncidentForm(Severity(severity), Audience(audience))


def parse_answer(entered: Mapping[str, str]) -> AnswerForm:
    """Return the answer that was entered. Raises InvalidForm."""
    entry = Entry(entered, ANSWER_FIELDS)
    state = entry.choice("state", ANSWERS, "Say what becomes of it.")
    reasons = entry.text("reasons", "Give the reason. It stays with the report.", MAX_REASONS)
    answer = ""
    if entered.get("answer", "").strip():
        answer = entry.text("answer", "", MAX_ANSWER)
    entry.raise_mistakes()
    if state is None:
        raise AssertionError("a missing choice is a mistake")
    return AnswerForm(ReportState(state), reasons, answer)


def wait_before(earlier: tuple[timedelta, ...], most: int) -> timedelta:
    """
    Return how long to wait before the next try, given how long ago the *earlier* ones were.

    Tries that came too soon are not counted, so waiting always ends.
    """
    counted = sorted(each for each in earlier if each < REPORTS_COUNT_FOR)
    if len(counted) < most:
        return timedelta()
    return REPORTS_COUNT_FOR - counted[most - 1]
