"""
`schoolgate check`: any decision, past or future, from a preset or the live configuration.

A question names a subject and an address in plain words; the answer is what `decide` says, with
its reasons. Both are the same on the command line and in a batch.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.assuming import assuming, can_assume
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    Resource,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.core.explain import Explanation, explain
from schoolgate_policyd.core.moments import parse_moment
from schoolgate_policyd.core.names import parse_host, parse_url
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import (
    OLDEST_YEAR,
    YOUNGEST_YEAR,
    Audience,
    DeviceKind,
    Duty,
    HeldDuty,
    Subject,
)
from schoolgate_policyd.core.times import Period, WorkingHours, local_date
from schoolgate_policyd.person_subjects import subject_of_person

MAX_BATCH_LINE = 65_536
OLDEST = 130

SnapshotOf = Callable[[str | None], Snapshot]
"""Gives the snapshot of a preset, or the live one for None. May raise SchoolgateError."""


class QuestionError(SchoolgateError, ValueError):
    """A question cannot be answered as it stands; the message names the field and the remedy."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is to be checked; None and empty mean: not said.

    An audience not said is pupil, a device not said unknown. *address* asks for whoever has that
    address in the live configuration. *hours* are `08:30-16:30`; *overtime* is for the day of
    *at*; *platform* are the services on which an account-operator runs accounts, none meaning
    all. *school_class* are those whose timetable and one-off days are theirs. *person* is a
    person's id; with it the rest of who asks is left out but the device.
    """

    url: str
    school: str | None = None
    audience: Audience | None = None
    duty: tuple[Duty, ...] | Duty | None = None
    device: DeviceKind | None = None
    at: str | None = None
    assume: tuple[str, ...] | str | None = None
    uninspectable: bool | None = None
    address: str | None = None
    age: int | None = None
    year_group: int | None = None
    school_class: tuple[str, ...] | str | None = None
    hours: str | None = None
    overtime: bool | None = None
    platform: tuple[str, ...] | str | None = None
    person: str | None = None


class Asked(msgspec.Struct, frozen=True):
    """A question made exact: what is decided, with what, for which moment."""

    snapshot: Snapshot
    request: Request
    moment: datetime
    zone: ZoneInfo


class Answer(msgspec.Struct, frozen=True):
    """
    A decision in JSON's terms.

    On block and depends *rules* are the deciding ones; on allow, those whose exception applied.
    *periods* are all that it may be where several timetables are possible; *period* is the first.
    *valid_until* is an ISO time on the school's clock, with its offset. *uninspected* is the
    verdict where nothing can look inside.
    """

    url: str
    verdict: Verdict
    period: Period
    periods: tuple[Period, ...]
    rules: tuple[str, ...]
    citations: tuple[str, ...]
    grants: tuple[str, ...]
    valid_until: str
    explanation: tuple[str, ...]
    services: tuple[str, ...]
    categories: tuple[str, ...]
    uninspected: Verdict


def answer(question: Question, snapshot_of: SnapshotOf, now: datetime) -> Answer:
    """
    Return the answer to *question*; *now* (aware) is meant where it names no moment.

    Raises QuestionError and other SchoolgateErrors that name the mistake.
    """
    asked = made_exact(question, snapshot_of, now)
    decision = decide(asked.request, asked.snapshot, asked.moment)
    explanation = explain(asked.request, decision, asked.snapshot, asked.moment)
    return answer_of(question, asked, decision, explanation)


def made_exact(question: Question, snapshot_of: SnapshotOf, now: datetime) -> Asked:
    """Return what *question* asks. Raises as `answer`."""
    snapshot = snapshot_of(question.school)
    zone = ZoneInfo(snapshot.school_time.zone)
    moment = now if question.at is None else parse_moment(question.at, zone)
    subject = _subject(question, snapshot, moment, zone)
    resource = resource_of(question.url)
    assumed = _assumed(question, snapshot.source.policy)
    snapshot, subject = assuming(assumed, snapshot, subject, resource, moment)
    return Asked(snapshot, Request(subject, resource), moment, zone)


def answer_of(
    question: Question, asked: Asked, decision: Decision, explanation: Explanation
) -> Answer:
    """Return *decision* on *asked*, with its *explanation*, in JSON's terms."""
    deciding = decision.excepted if decision.verdict is Verdict.ALLOW else decision.rules
    return Answer(
        url=question.url,
        verdict=decision.verdict,
        period=explanation.period,
        periods=explanation.periods,
        rules=tuple(rule.id for rule in deciding),
        citations=tuple(dict.fromkeys(str(rule.cite) for rule in deciding)),
        grants=_grants(decision),
        valid_until=decision.valid_until.astimezone(asked.zone).isoformat(),
        explanation=explanation.sentences,
        services=decision.services,
        categories=decision.categories,
        uninspected=decision.uninspected,
    )


def answer_line(
    line: str, snapshot_of: SnapshotOf, now: datetime, otherwise: Question | None = None
) -> Answer:
    """
    Return the answer to one line of a batch; *otherwise* stands for what the line leaves out.

    Raises as `answer`, also for a faulty line.
    """
    if len(line) > MAX_BATCH_LINE:
        raise QuestionError(f"the line is longer than {MAX_BATCH_LINE} characters")
    try:
        question = msgspec.json.decode(line, type=Question)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise QuestionError(f"the line is not a question: {_lower_first(str(error))}") from error
    if otherwise is not None:
        question = _filled(question, otherwise)
    if question.person is not None:
        raise QuestionError(
            "person: a look at one person is recorded, so ask `schoolgate explain --person`"
        )
    return answer(question, snapshot_of, now)


def _filled(question: Question, otherwise: Question) -> Question:
    unsaid = {
        name: getattr(otherwise, name)
        for name in Question.__struct_fields__
        if getattr(question, name) is None
    }
    return msgspec.structs.replace(question, **unsaid)


def resource_of(text: str) -> Resource:
    """
    Return what *text* names: a host alone, or a URL.

    Raises NameSyntaxError.
    """
    bare = text.strip()
    is_url = any(mark in bare for mark in "/?#\\@") or (
        ":" in bare and bare.count(":") == 1 and not bare.startswith("[")
    )
    if is_url:
        return UrlResource(parse_url(text))
    return HostResource(parse_host(bare))


def _grants(decision: Decision) -> tuple[str, ...]:
    if decision.verdict is Verdict.BLOCK:
        return ()
    return tuple(grant.id for grant in decision.grants)


def _assumed(question: Question, policy: Policy) -> tuple[str, ...]:
    known = can_assume(policy)
    for name in _several(question.assume):
        if name not in known:
            choices = ", ".join(f"`{each}`" for each in known)
            raise QuestionError(
                f"assume: `{name}` is nothing that this policy knows of; it has {choices}"
            )
    return _several(question.assume)


def _subject(question: Question, snapshot: Snapshot, moment: datetime, zone: ZoneInfo) -> Subject:
    if question.address is not None:
        _require_unsaid(question, "address", ())
        return snapshot.subject_at(parse_host(question.address).text, moment)
    if question.person is not None:
        _require_unsaid(question, "person", ("device", "uninspectable"))
        return _subject_of(question.person, question, snapshot, moment)
    platforms = _several(question.platform)
    for name in platforms:
        if name not in snapshot.services:
            raise QuestionError(f"platform: `{name}` is no service of the catalogue")
    held = tuple(
        HeldDuty(
            duty,
            frozenset(platforms) if platforms and duty is Duty.ACCOUNT_OPERATOR else None,
        )
        for duty in _several(question.duty)
    )
    _require_within("age", question.age, 0, OLDEST)
    _require_within("year_group", question.year_group, YOUNGEST_YEAR, OLDEST_YEAR)
    today = frozenset({local_date(moment, zone)})
    return Subject(
        audience=question.audience or Audience.PUPIL,
        device=question.device or DeviceKind.UNKNOWN,
        inspectable=not question.uninspectable,
        duties=held,
        classes=frozenset(_several(question.school_class)),
        year_group=question.year_group,
        age=question.age,
        hours=None if question.hours is None else parse_hours(question.hours),
        overtime=today if question.overtime else frozenset[date](),
    )


def _subject_of(person: str, question: Question, snapshot: Snapshot, moment: datetime) -> Subject:
    found = subject_of_person(
        person,
        snapshot,
        moment,
        device=question.device,
        inspectable=not question.uninspectable,
    )
    if found is None:
        raise QuestionError("person: nobody of that name is in the configuration in force")
    return found


def _require_unsaid(question: Question, by: str, besides: tuple[str, ...]) -> None:
    said = [
        name
        for name in Question.__struct_fields__
        if name not in {"url", "school", "at", "assume", by, *besides}
        and getattr(question, name) is not None
    ]
    if said:
        raise QuestionError(f"{by}: says already who asks, so leave out {', '.join(said)}")


def _require_within(field: str, number: int | None, least: int, most: int) -> None:
    if number is not None and not least <= number <= most:
        raise QuestionError(f"{field}: `{number}` is not between {least} and {most}")


def parse_hours(text: str) -> WorkingHours:
    """Return working hours written like `08:30-16:30`. Raises QuestionError."""
    start, _, end = text.partition("-")
    try:
        return WorkingHours(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
    except ValueError as error:
        raise QuestionError(
            f"hours: `{text}` are not working hours; write them like `08:30-16:30`"
        ) from error


def _several[T](value: tuple[T, ...] | T | None) -> tuple[T, ...]:
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def _lower_first(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
