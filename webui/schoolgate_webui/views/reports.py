"""The pages of reports for whoever is signed in: their own, and those that they handle."""

from collections.abc import Iterable, Mapping

import msgspec

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.workflow.errors import InvalidForm
from schoolgate_policyd.workflow.incidents import Severity
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.reports import Report, ReportState
from schoolgate_webui.views.fields import Form, Option
from schoolgate_webui.views.moments import Now, day_and_time, in_words
from schoolgate_webui.views.report_public import TAGS, Answer, answer_to
from schoolgate_webui.views.requests import Names, Row, TimelineStep
from schoolgate_webui.views.stages import Tag

_LONGEST_TITLE = 90
_LABELS = {
    "state": "What becomes of it?",
    "reasons": "Why?",
    "answer": "Answer to whoever reported it",
    "severity": "How severe is it?",
    "audience": "Whose matter is it?",
}
_SEVERITIES = (
    Option(Severity.LOW, "Low"),
    Option(Severity.MEDIUM, "Medium"),
    Option(Severity.HIGH, "High", "Whoever must act is told at once."),
)
_MATTERS = (
    Option(Audience.PUPIL, "A pupil’s", "It goes to the designated safeguarding lead."),
    Option(Audience.STAFF, "A member of staff’s", "It goes to the headteacher."),
    Option(Audience.VISITOR, "A visitor’s"),
)
_CHOICES = (
    Option(
        ReportState.BLOCKED_ALREADY,
        "It is blocked already",
        "Nothing has to change. Above you see which rule blocks it.",
    ),
    Option(ReportState.STAYS_OPEN, "It stays open", "You looked at it, and it may be seen here."),
    Option(
        ReportState.PASSED_ON,
        "It is taken care of in another way",
        "For example somebody talks to whoever it is about.",
    ),
)
_TO_HEAD = Option(
    ReportState.WITH_HEAD, "Ask for the headteacher’s attention", "It is not answered yet then."
)
_NOT_SIGNED_IN = "Somebody who was not signed in"
_DONE: Mapping[ReportState, str] = {
    ReportState.WAITING: "Reported",
    ReportState.WITH_HEAD: "The headteacher’s attention was asked for",
    ReportState.BLOCKED: "Blocked at once",
    ReportState.BLOCKED_ALREADY: "Answered: it is blocked already",
    ReportState.STAYS_OPEN: "Answered: it stays open",
    ReportState.PASSED_ON: "Answered: it is taken care of",
}


class ReportCard(msgspec.Struct, frozen=True):
    """A report in a list."""

    href: str
    title: str
    tag: Tag
    facts: str
    is_quiet: bool = False


class ReportsPage(msgspec.Struct, frozen=True):
    """The lists; *is_handler* shows what others reported."""

    is_handler: bool
    may_block: bool
    waiting: tuple[ReportCard, ...]
    answered: tuple[ReportCard, ...]
    mine: tuple[ReportCard, ...]


class FoundNow(msgspec.Struct, frozen=True):
    """What the filter does with the address for one audience, in sentences."""

    whom: str
    verdict: Verdict
    tag: Tag
    sentences: tuple[str, ...]
    why_href: str


class AboutRow(msgspec.Struct, frozen=True):
    """Somebody whom a report is about; *may_undo*: whoever looks may say that it is not."""

    person: str
    name: str
    may_undo: bool


class Handling(msgspec.Struct, frozen=True):
    """What whoever handles a report has before them; *form* is None once it is answered."""

    rows: tuple[Row, ...]
    found: tuple[FoundNow, ...]
    block_href: str
    form: Form | None
    options: list[dict[str, object]]
    severities: list[dict[str, object]]
    matters: list[dict[str, object]]
    about: tuple[AboutRow, ...]
    about_options: list[dict[str, object]]
    timeline: tuple[TimelineStep, ...]


class ReportPage(msgspec.Struct, frozen=True):
    """One report: *handling* for those who handle it, *own* for whoever made it."""

    number: int
    href: str
    title: str
    tag: Tag
    own: Answer | None
    handling: Handling | None
    mistakes: list[dict[str, str]]


def title_of(report: Report) -> str:
    """Return what a report is called in a list: its address, else the beginning of its text."""
    form = report.form
    text = str(form.url).partition("://")[2] if form.url is not None else form.saw
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_TITLE else f"{line[: _LONGEST_TITLE - 1]}…"


def card_of(report: Report, now: Now) -> ReportCard:
    """Return *report* for a list: without who made it."""
    return ReportCard(
        href=f"/reports/{report.id}",
        title=title_of(report),
        tag=TAGS[report.state],
        facts=f"Report {report.id}, {in_words(now.age(report.reported_at))} ago",
        is_quiet=not report.is_open,
    )


def handling_of(
    report: Report,
    member: Member,
    *,
    handlers: Iterable[Member],
    possible: Iterable[Member],
    others: int,
    found: tuple[FoundNow, ...],
    names: Names,
    now: Now,
    may_block: bool,
    entered: Mapping[str, str],
    invalid: InvalidForm | None,
) -> Handling:
    """Return what *member*, one of its *handlers*, has before them about *report*."""
    able = {each.id for each in handlers}
    can_block = may_block and report.may_become(ReportState.BLOCKED)
    has_head = report.may_become(ReportState.WITH_HEAD)
    return Handling(
        rows=tuple(_rows(report, others, names, now)),
        found=found,
        block_href=f"/blocks/new?report={report.id}" if can_block else "",
        form=Form(_LABELS, entered, invalid) if report.is_open else None,
        options=[each.printed() for each in (*_CHOICES, *((_TO_HEAD,) if has_head else ()))],
        severities=[each.printed() for each in _SEVERITIES],
        matters=[each.printed() for each in _MATTERS],
        about=tuple(
            AboutRow(each, names.person(each), may_undo=each != member.id)
            for each in sorted(report.about)
        ),
        about_options=[
            {"value": each.id, "text": each.name} for each in possible if each.id in able
        ],
        timeline=tuple(_timeline(report, names, now)),
    )


def page_of(report: Report, *, own: bool, handling: Handling | None, now: Now) -> ReportPage:
    """Return the page of *report*."""
    mistakes = [] if handling is None or handling.form is None else handling.form.mistakes
    return ReportPage(
        number=report.id,
        href=f"/reports/{report.id}",
        title=title_of(report),
        tag=TAGS[report.state],
        own=answer_to(report, now) if own else None,
        handling=handling,
        mistakes=mistakes,
    )


def _rows(report: Report, others: int, names: Names, now: Now) -> Iterable[Row]:
    form = report.form
    yield Row("What they saw", form.saw)
    if form.url is not None:
        yield Row("Address in it", str(form.url))
    who = _NOT_SIGNED_IN if report.reporter is None else names.person(report.reporter)
    yield Row("Who", f"{who}, who wrote the name {form.name}" if form.name else who)
    yield Row("When", day_and_time(now.recorded(report.reported_at)))
    if others:
        yield Row("About the same site", f"{others} other report{'' if others == 1 else 's'}")


def _timeline(report: Report, names: Names, now: Now) -> Iterable[TimelineStep]:
    yield TimelineStep("done", "Reported", day_and_time(now.recorded(report.reported_at)))
    for step in report.steps:
        said = f"\nThey were told: {step.answer}" if step.answer else ""
        yield TimelineStep(
            "now" if step.state is ReportState.WITH_HEAD and report.is_open else "done",
            f"{_DONE[step.state]}, by {names.person(step.actor)}",
            day_and_time(now.recorded(step.at)),
            f"{step.reasons}{said}",
        )
    if report.is_open:
        yield TimelineStep("ahead", "An answer")
