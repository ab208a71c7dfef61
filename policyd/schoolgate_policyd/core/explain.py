"""A decision in sentences: what was asked, what decides it, what could lift it, until when."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.decision import Decision, Request, UrlResource, Verdict
from schoolgate_policyd.core.rules import Grant, GrantKind, Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject
from schoolgate_policyd.core.times import Period

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
_LIFTS = {
    GrantKind.ACCESS_GRANT: "an access grant",
    GrantKind.CURRICULUM_GRANT: "a curriculum grant",
    GrantKind.SUPERVISED_SESSION: "a supervised session",
}


class Explanation(msgspec.Struct, frozen=True):
    """A decision for people: the period it fell in and sentences in reading order."""

    period: Period
    sentences: tuple[str, ...]


def explain(
    request: Request, decision: Decision, snapshot: Snapshot, moment: datetime
) -> Explanation:
    """Return *decision*, which is the one on *request* at *moment* (aware), in sentences."""
    period = snapshot.period_of(request.subject, moment)
    zone = ZoneInfo(snapshot.school_time.zone)
    asked = f"{_who(request.subject)} asks for {_what(request)}"
    sentences = [f"{asked} on {in_words(moment, zone)}, {_WHEN[period]}."]
    if decision.is_help_line:
        sentences.append("It is a help line, so it is always open and the visit is not recorded.")
        return Explanation(period, tuple(sentences))
    names = [snapshot.services[each].name for each in decision.services]
    if names:
        sentences.append(f"It belongs to {', '.join(names)}.")
    sentences += _reasons(decision, snapshot, zone)
    sentences.append(_until(decision, snapshot, moment, zone))
    return Explanation(period, tuple(sentences))


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return *moment* (aware) as the school's clock and calendar say it."""
    local = moment.astimezone(zone)
    seconds = f":{local:%S}" if local.second else ""
    return f"{local:%A} {local.day} {local:%B %Y} at {local:%H:%M}{seconds}"


def _who(subject: Subject) -> str:
    duties = [held.duty.value for held in subject.duties]
    duty = f" ({', '.join(duties)})" if duties else ""
    return f"{_WHO[subject.audience]}{duty} on {_DEVICE[subject.device]}"


def _what(request: Request) -> str:
    resource = request.resource
    if isinstance(resource, UrlResource):
        return str(resource.url)
    chain = "".join(f", which leads to {target}" for target in resource.chain)
    return f"{resource.host}{chain}"


def _reasons(decision: Decision, snapshot: Snapshot, zone: ZoneInfo) -> list[str]:
    sentences = [_VERDICT[decision.verdict]]
    sentences += [
        f"Rule {rule.id} blocks it: {rule.cite}. {_what_lifts(rule)}" for rule in decision.rules
    ]
    blocked = {rule.id for rule in decision.rules}
    sentences += [
        f"Rule {rule.id} would block it, but an exception in it applies: {rule.cite}."
        for rule in decision.excepted
        if rule.id not in blocked
    ]
    if decision.verdict is not Verdict.BLOCK:
        sentences += [f"Rule {rule.id} is lifted here: {rule.cite}." for rule in decision.lifted]
        sentences += [_granted(grant, zone) for grant in decision.grants]
    if decision.verdict is Verdict.ALLOW and not decision.excepted and not decision.lifted:
        sentences.append(f"No rule of the {snapshot.source.policy.document.title} blocks it.")
    return sentences


def _what_lifts(rule: Rule) -> str:
    if rule.locked:
        return "The rule is locked: nothing can lift it."
    if not rule.lifted_by:
        return "No grant lifts it."
    return f"Only {' or '.join(_LIFTS[kind] for kind in sorted(rule.lifted_by))} can lift it."


def _granted(grant: Grant, zone: ZoneInfo) -> str:
    return f"It is open by grant {grant.id}, until {in_words(grant.ends_at, zone)}."


def _until(decision: Decision, snapshot: Snapshot, moment: datetime, zone: ZoneInfo) -> str:
    if not changes(decision, snapshot, moment):
        return "This does not change with the time of day."
    return f"This holds until {in_words(decision.valid_until, zone)}."


def changes(decision: Decision, snapshot: Snapshot, moment: datetime) -> bool:
    """Whether something is known to change at the decision's `valid_until`."""
    return decision.valid_until < snapshot.school_time.horizon(moment)
