"""The page "Why?": the verdict, what decides it, what would hold without it, and the week."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.week import Week
from schoolgate_policyd.explaining import Deciding, Explained
from schoolgate_policyd.week_table import Group, Line, groups_of
from schoolgate_webui.views.requests import Row
from schoolgate_webui.views.stages import Tag
from schoolgate_webui.views.week_picture import Picture, picture_of
from schoolgate_webui.views.why_form import WhyForm

TAGS: Mapping[Verdict, Tag] = {
    Verdict.ALLOW: Tag("Allowed", "govuk-tag--green"),
    Verdict.BLOCK: Tag("Blocked", "govuk-tag--red"),
    Verdict.DEPENDS: Tag("Some pages allowed", "govuk-tag--yellow"),
}


class Reason(msgspec.Struct, frozen=True):
    """A term and its lines."""

    label: str
    lines: tuple[str, ...]


class TableLine(msgspec.Struct, frozen=True):
    """A stretch of the week."""

    times: str
    tag: Tag
    periods: str
    rule: str


class TableGroup(msgspec.Struct, frozen=True):
    """Days that are alike, with their stretches."""

    days: str
    lines: tuple[TableLine, ...]


class Result(msgspec.Struct, frozen=True):
    """
    The answer: *asked* is the question in a sentence.

    *groups* are the table beneath the *picture*; *rules* say where each rule in it comes from.
    """

    tag: Tag
    asked: str
    reasons: tuple[Reason, ...]
    note: str
    picture: Picture
    groups: tuple[TableGroup, ...]
    rules: tuple[Row, ...]


class WhyPage(msgspec.Struct, frozen=True):
    """The form, and the result where something was asked without mistakes."""

    form: WhyForm
    result: Result | None


def result_of(
    found: Explained, week: Week, asked: datetime, at_once: tuple[str, ...] = ()
) -> Result:
    """
    Return *found*, with its *week* and the moment *asked* (local), for the page.

    *at_once* says of the blocks at once among its rules who made them and why.
    """
    groups = groups_of(week)
    return Result(
        tag=TAGS[found.answer.verdict],
        asked=found.answer.explanation[0],
        reasons=tuple(_reasons(found, at_once)),
        note=found.note,
        picture=picture_of(week, groups, asked),
        groups=tuple(_group(each) for each in groups),
        rules=tuple(
            Row(rule, citation)
            for rule, citation in sorted(
                {(line.rule, line.citation) for group in groups for line in group.lines}
            )
            if rule
        ),
    )


def _reasons(found: Explained, at_once: tuple[str, ...]) -> list[Reason]:
    why = tuple(each for each in found.answer.explanation[1:] if each != found.until)
    reasons = [Reason("Why", why)]
    if at_once:
        reasons.append(Reason("Blocked at once", at_once))
    if found.deciding is not None:
        reasons.append(Reason("Deciding rule", (found.deciding.rule, found.deciding.words)))
        reasons.append(Reason("It comes from", _source(found.deciding)))
    if found.runner_up is not None:
        reasons.append(Reason("Without it", (found.runner_up.sentence,)))
    if found.until:
        reasons.append(Reason("Until when", (found.until,)))
    return reasons


def _source(deciding: Deciding) -> tuple[str, ...]:
    source = f"{deciding.document}, {deciding.section}"
    if deciding.is_ours:
        return source, "No section asks for exactly this: it is Schoolgate’s own choice."
    return (source,)


def _group(group: Group) -> TableGroup:
    return TableGroup(group.days, tuple(_line(each) for each in group.lines))


def _line(line: Line) -> TableLine:
    return TableLine(
        times=f"{line.start} to {line.end}",
        tag=TAGS[line.verdict],
        periods=line.periods,
        rule=line.rule or "no rule speaks of it",
    )
