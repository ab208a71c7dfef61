"""A decision in sentences: what was asked, what decides it, what could lift it, until when."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.belonging import belonging
from schoolgate_policyd.core.day_words import weekday_words
from schoolgate_policyd.core.decision import (
    Decision,
    Request,
    UrlResource,
    Verdict,
    deciding_rule,
)
from schoolgate_policyd.core.grounds import grounds
from schoolgate_policyd.core.rules import Grant, Rule
from schoolgate_policyd.core.several_periods import why_several
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.core.times import Period
from schoolgate_policyd.core.words import joined, what_lifts

_WHO = {
    Audience.PUPIL: "A pupil",
    Audience.STAFF: "A member of staff",
    Audience.VISITOR: "A visitor",
}
_DEVICE = {
    DeviceKind.SCHOOL_COMPUTER: "a school computer",
    DeviceKind.SCHOOL_MOBILE: "a school tablet or phone",
    DeviceKind.OWN_DEVICE: "their own device",
    DeviceKind.UNKNOWN: "an unknown device",
}
_WHEN = {
    Period.LESSON: "in a lesson",
    Period.BREAK: "at break",
    Period.LUNCH: "at lunch",
    Period.BEFORE_SCHOOL: "before school",
    Period.AFTER_SCHOOL: "after school",
    Period.CLOSED: "while the school is closed",
}
_VERDICT = {
    Verdict.ALLOW: "It is allowed.",
    Verdict.BLOCK: "It is blocked.",
    Verdict.DEPENDS: "Some of its pages are allowed and some are not.",
}


class Explanation(msgspec.Struct, frozen=True):
    """
    A decision for people: the period it fell in and sentences in reading order.

    Where several timetables are possible, *periods* are all that it may be and *period* is the
    first of them. *until*, the last sentence, says how long it holds; a help line has none.
    *deciding* is the one rule that stands for all of the decision's, as `deciding_rule` says.
    """

    period: Period
    periods: tuple[Period, ...]
    sentences: tuple[str, ...]
    until: str = ""
    deciding: Rule | None = None


def explain(
    request: Request, decision: Decision, snapshot: Snapshot, moment: datetime
) -> Explanation:
    """Return *decision*, which is the one on *request* at *moment* (aware), in sentences."""
    periods = snapshot.periods_of(request.subject, moment)
    zone = ZoneInfo(snapshot.school_time.zone)
    asked = f"{_who(request.subject)} asks for {_what(request)}"
    when = _when(request.subject, periods, snapshot, moment)
    sentences = [f"{asked} on {in_words(moment, zone)}, {when}."]
    if decision.is_help_line:
        sentences.append("It is a help line, so it is always open and the visit is not recorded.")
        return Explanation(periods[0], periods, tuple(sentences))
    sentences += belonging(request, decision, snapshot)
    sentences += _reasons(request, decision, snapshot, moment)
    sentences += _safe_search(request, decision, snapshot)
    until = _until(decision, snapshot, moment, zone)
    return Explanation(periods[0], periods, (*sentences, until), until, deciding_rule(decision))


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return *moment* (aware) as the school's clock and calendar say it."""
    local = moment.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{weekday_words(local)} at {local:%H:%M}{seconds}"


def _who(subject: Subject) -> str:
    duties = [held.duty.value for held in subject.duties]
    duty = f" ({', '.join(duties)})" if duties else ""
    return f"{_WHO[subject.audience]}{duty} on {_DEVICE[subject.device]}"


def _when(
    subject: Subject, periods: tuple[Period, ...], snapshot: Snapshot, moment: datetime
) -> str:
    when = joined((_WHEN[each] for each in periods), "or")
    if len(periods) == 1 and snapshot.school_time.doubted_since is None:
        return when
    return f"{when}, since {why_several(subject, moment, snapshot.school_time)}"


def _what(request: Request) -> str:
    resource = request.resource
    if isinstance(resource, UrlResource):
        return str(resource.url)
    chain = "".join(f", which leads to {target}" for target in resource.chain)
    return f"{resource.host}{chain}"


def _reasons(
    request: Request, decision: Decision, snapshot: Snapshot, moment: datetime
) -> list[str]:
    zone = ZoneInfo(snapshot.school_time.zone)
    sentences = [_VERDICT[decision.verdict]]
    what = "some of it" if decision.verdict is Verdict.DEPENDS else "it"
    sentences += [
        f"Rule {rule.id} blocks {what}: {rule.cite}. {what_lifts(rule)}" for rule in decision.rules
    ]
    blocked = {rule.id for rule in decision.rules}
    sentences += [
        _excepted(rule, request, snapshot, moment)
        for rule in decision.excepted
        if rule.id not in blocked
    ]
    if decision.verdict is not Verdict.BLOCK:
        sentences += [f"Rule {rule.id} is lifted here: {rule.cite}." for rule in decision.lifted]
        sentences += [_granted(grant, zone) for grant in decision.grants]
    if decision.verdict is Verdict.ALLOW and not decision.excepted and not decision.lifted:
        sentences.append(f"No rule of the {snapshot.source.policy.document.title} blocks it.")
    return sentences


def _safe_search(request: Request, decision: Decision, snapshot: Snapshot) -> list[str]:
    name = snapshot.safe_name(request.subject, request.resource.host)
    if name is None or decision.verdict is Verdict.BLOCK:
        return []
    return [f"Safe search is on: it is fetched from {name}, which filters the results."]


def _excepted(rule: Rule, request: Request, snapshot: Snapshot, moment: datetime) -> str:
    """Return that an exception of *rule* applies, and why."""
    subject, resource = request.subject, request.resource
    possible = snapshot.facts_of(subject, moment)
    matched = snapshot.match(resource.host, resource.chain)
    services = [service for each, service in matched.whole if each.id == rule.id]
    services += [service for _, each, service in matched.parts if each.id == rule.id]
    why = grounds(rule, possible, services)
    because = f", because {why}" if why else ""
    return f"Rule {rule.id} would block it, but an exception in it applies{because}: {rule.cite}."


def _granted(grant: Grant, zone: ZoneInfo) -> str:
    return f"It is open by grant {grant.id}, until {in_words(grant.ends_at, zone)}."


def _until(decision: Decision, snapshot: Snapshot, moment: datetime, zone: ZoneInfo) -> str:
    if snapshot.school_time.doubted_since is not None:
        return "This holds until the gateway's clock can be trusted again."
    if not changes(decision, snapshot, moment):
        return "This does not change with the time of day."
    return f"This holds until {in_words(decision.valid_until, zone)}."


def changes(decision: Decision, snapshot: Snapshot, moment: datetime) -> bool:
    """Whether something is known to change at the decision's `valid_until`."""
    return decision.valid_until < snapshot.school_time.horizon(moment)
