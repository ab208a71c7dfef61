"""
Who handles a report, who sees it, and what may become of it.

The online safety lead does, as do the DSL and the head (twiss-green §9); nobody handles one that
is about themselves. One about the head goes to the chair of governors as well (twiss-green §8).
"""

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState
from schoolgate_policyd.workflow.incidents import IncidentSubject
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.reports import Report, ReportForm, ReportState, ReportStep

_HANDLING = (Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.HEAD)
# A first name alone is many people's.
_NAME_PARTS = 2
_LONGEST_SUMMARY = 2000


def handlers_of(report: Report, people: tuple[Member, ...]) -> tuple[Member, ...]:
    """Return those who handle *report*; any one of them may answer it."""
    able = [each for each in people if _can_handle(each) and each.id not in report.about]
    handling = [each for each in able if each.holds(*_HANDLING)]
    is_about_head = any(each.id in report.about and each.holds(Duty.HEAD) for each in people)
    if is_about_head or not handling:
        chairs = [each for each in able if each.holds(Duty.CHAIR_OF_GOVERNORS)]
        handling += [each for each in chairs if each not in handling]
    return tuple(handling)


def may_handle(member: Member, report: Report, people: tuple[Member, ...]) -> bool:
    """Whether *member* handles *report*."""
    return any(each.id == member.id for each in handlers_of(report, people))


def is_own(member: Member, report: Report) -> bool:
    """Whether *member* made *report*: they see it and its answer, whoever handles it."""
    return member.id == report.reporter


def waits_for(member: Member, report: Report, people: tuple[Member, ...]) -> bool:
    """
    Whether *report* waits for *member*: first for the online safety lead.

    Then for the DSL, and for the head where their attention was asked for or nobody else is
    there; the chair of governors where it is about the head.
    """
    if not report.is_open:
        return False
    handling = handlers_of(report, people)
    if all(each.id != member.id for each in handling):
        return False
    heads = [each for each in handling if each.holds(Duty.HEAD)]
    if report.state is ReportState.WITH_HEAD and heads:
        return member.holds(Duty.HEAD)
    for duty in (Duty.ONLINE_SAFETY_LEAD, Duty.DSL, Duty.HEAD):
        if any(each.holds(duty) for each in handling):
            return member.holds(duty) or member.holds(Duty.CHAIR_OF_GOVERNORS)
    return True


def named_in(form: ReportForm, people: tuple[Member, ...]) -> frozenset[str]:
    """
    Return the ids of those who handle reports and whose whole name stands in what was written.

    Who is named there does not handle it until somebody else says that it is not about them.
    """
    said = f" {_folded(form.saw)} "
    return frozenset(
        each.id
        for each in people
        if (_can_handle(each) and each.holds(*_HANDLING, Duty.CHAIR_OF_GOVERNORS))
        and len(each.name.split()) >= _NAME_PARTS
        and f" {_folded(each.name)} " in said
    )


def answered(
    report: Report,
    step: ReportStep,
    *,
    by: Member,
    people: tuple[Member, ...],
) -> Report:
    """Return *report* after *step*, which *by* takes. Raises NotAllowed, WrongState."""
    require_handler(by, report, people)
    if not report.may_become(step.state):
        raise WrongState("Somebody has answered this report in the meantime.")
    heads = [each for each in handlers_of(report, people) if each.holds(Duty.HEAD)]
    if step.state is ReportState.WITH_HEAD and not heads:
        raise NotAllowed(
            "The school has no headteacher who can be asked about this: tell the chair of "
            "governors."
        )
    return msgspec.structs.replace(report, steps=(*report.steps, step))


def about(report: Report, person: Member, *, by: Member, people: tuple[Member, ...]) -> Report:
    """Return *report* as one about *person*: from then on they do not handle it."""
    require_handler(by, report, people)
    return msgspec.structs.replace(report, about=report.about | {person.id})


def not_about(report: Report, person: str, *, by: Member, people: tuple[Member, ...]) -> Report:
    """Return *report* as one that is not about *person*, as somebody else says."""
    require_handler(by, report, people)
    return msgspec.structs.replace(report, about=report.about - {person})


def subject_of(report: Report, audience: Audience, people: tuple[Member, ...]) -> IncidentSubject:
    """
    Return whom an incident made of *report* is about: whom the report is, else nobody known.

    An incident is about one person, and whoever it is about does not see it: NotAllowed where
    the report is about several.
    """
    if not report.about:
        return IncidentSubject(audience)
    if len(report.about) > 1:
        raise NotAllowed("This report is about several people: report an incident for each.")
    named = next(each for each in people if each.id in report.about)
    return IncidentSubject(named.audience, named.id)


def summary_of(report: Report) -> str:
    """Return what an incident made of *report* says, without who reported it."""
    text = f"From report {report.id}: {report.form.saw}"
    return text if len(text) <= _LONGEST_SUMMARY else f"{text[: _LONGEST_SUMMARY - 1]}…"


def require_handler(by: Member, report: Report, people: tuple[Member, ...]) -> None:
    """Raise NotAllowed unless *by* handles *report*."""
    if not may_handle(by, report, people):
        raise NotAllowed("Nobody handles a report about themselves, and this one is not for you.")


def _can_handle(member: Member) -> bool:
    # A pupil's duties never count, and who cannot sign in cannot look.
    return member.audience is not Audience.PUPIL and member.username is not None


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text).split()).casefold()
