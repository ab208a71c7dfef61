"""The public pages of reports: the form for anybody, the thanks with the code, the answer."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.workflow.reports import MAX_NAME, MAX_SAW, Report, ReportState
from schoolgate_webui.views.fields import Field
from schoolgate_webui.views.moments import Now, day_and_time, in_words
from schoolgate_webui.views.public import Help, help_lines
from schoolgate_webui.views.stages import Tag

MOST_HELP_LINES = 3
_NOTHING_WRITTEN = "Write what you saw, or the address of the page."
_NO_SUCH_CODE = "We do not know this code. Check each letter and number, then try again."

# What a reporter hears: for a child too, so in short words.
ANSWERS: Mapping[ReportState, str] = MappingProxyType(
    {
        ReportState.WAITING: "We have your report. We have not answered it yet.",
        ReportState.WITH_HEAD: "We have your report. The headteacher looks at it too.",
        ReportState.BLOCKED: "We closed it. It does not open here any more.",
        ReportState.BLOCKED_ALREADY: "We looked at it. It was closed here already.",
        ReportState.STAYS_OPEN: "We looked at it. It stays open.",
        ReportState.PASSED_ON: "We looked at it. Somebody at school is taking care of it.",
    }
)
TAGS: Mapping[ReportState, Tag] = MappingProxyType(
    {
        ReportState.WAITING: Tag("Waiting", "govuk-tag--yellow"),
        ReportState.WITH_HEAD: Tag("With the headteacher", "govuk-tag--yellow"),
        ReportState.BLOCKED: Tag("Blocked", "govuk-tag--red"),
        ReportState.BLOCKED_ALREADY: Tag("Blocked already", "govuk-tag--red"),
        ReportState.STAYS_OPEN: Tag("Stays open", "govuk-tag--green"),
        ReportState.PASSED_ON: Tag("Taken care of"),
    }
)


class ReportFormPage(msgspec.Struct, frozen=True):
    """The form; *once* makes that a form sent twice is one report."""

    token: str
    once: str
    saw: Field
    name: Field
    mistakes: list[dict[str, str]]
    lines: tuple[Help, ...]


class SentPage(msgspec.Struct, frozen=True):
    """What stands on the page after a report; *code* is empty for whoever is signed in."""

    code: str
    lines: tuple[Help, ...]


class Answer(msgspec.Struct, frozen=True):
    """How a report stands, for whoever made it: *said* is what somebody wrote to them."""

    tag: Tag
    reported: str
    state: str
    when: str
    said: tuple[str, ...]


class AnswerPage(msgspec.Struct, frozen=True):
    """The form for a code, and the answer where one was found."""

    token: str
    code: Field
    mistakes: list[dict[str, str]]
    answer: Answer | None
    lines: tuple[Help, ...]


def form_page(
    policy: Policy,
    *,
    token: str,
    once: str,
    entered: Mapping[str, str],
    is_empty: bool = False,
    wait: timedelta = timedelta(),
) -> ReportFormPage:
    """Return the form with what was *entered*; nothing that was written is ever lost."""
    mistake = _NOTHING_WRITTEN if is_empty else ""
    if wait > timedelta():
        mistake = (
            f"You have sent a few reports. Wait {in_words(wait + timedelta(minutes=1))}, then "
            "press Send again: what you wrote is still here. Or tell a grown-up now."
        )
    return ReportFormPage(
        token=token,
        once=once,
        saw=Field("saw", "saw", "What did you see?", entered.get("saw", "")[:MAX_SAW], mistake),
        name=Field("name", "name", "Your name", entered.get("name", "")[:MAX_NAME]),
        mistakes=[{"text": mistake, "href": "#saw"}] if mistake else [],
        lines=first_help_lines(policy),
    )


def answer_page(
    policy: Policy,
    *,
    token: str,
    code: str = "",
    found: Answer | None = None,
    is_unknown: bool = False,
    wait: timedelta = timedelta(),
) -> AnswerPage:
    """Return the page that asks for a code, with what was *found*."""
    mistake = _NO_SUCH_CODE if is_unknown else ""
    if wait > timedelta():
        minutes = in_words(wait + timedelta(minutes=1))
        mistake = f"That was a lot of codes. Wait {minutes}, then try again."
    return AnswerPage(
        token=token,
        code=Field("code", "code", "Your code", "" if found else code[:40], mistake),
        mistakes=[{"text": mistake, "href": "#code"}] if mistake else [],
        answer=found,
        lines=first_help_lines(policy),
    )


def answer_to(report: Report, now: Now) -> Answer:
    """Return what whoever made *report* hears: never who did what, and never the reasons."""
    last = report.steps[-1].at if report.steps else report.reported_at
    return Answer(
        tag=TAGS[report.state],
        reported=day_and_time(now.recorded(report.reported_at)),
        state=ANSWERS[report.state],
        when=day_and_time(now.recorded(last)),
        said=tuple(each.answer for each in report.steps if each.answer),
    )


def first_help_lines(policy: Policy) -> tuple[Help, ...]:
    """Return the few help lines that stand beneath a form."""
    return help_lines(policy)[:MOST_HELP_LINES]
