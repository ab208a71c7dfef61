"""What anybody may read without signing in: where to get help, and what is filtered."""

from datetime import UTC, datetime

import msgspec

from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import GrantKind, Rule
from schoolgate_policyd.core.subjects import Audience
from schoolgate_webui.views.words import (
    AUDIENCES,
    blocked_words,
    capitalised,
    exception_words,
)

_LIFTS = {
    GrantKind.ACCESS_GRANT: "the headteacher signs a request",
    GrantKind.CURRICULUM_GRANT: "the headteacher signs a request for a class",
    GrantKind.SUPERVISED_SESSION: "a member of staff supervises",
}


class Help(msgspec.Struct, frozen=True):
    """Somebody to turn to; *dial* is the number as a telephone takes it."""

    name: str
    about: str
    phone: str
    dial: str
    site: str


class RuleLine(msgspec.Struct, frozen=True):
    """A rule for readers: what, when it opens all the same, and who asks it."""

    blocked: str
    opens: tuple[str, ...]
    citation: str


class Section(msgspec.Struct, frozen=True):
    """The rules for one audience."""

    title: str
    rules: tuple[RuleLine, ...]


class Filtering(msgspec.Struct, frozen=True):
    """What we filter and monitor, from the policy in force."""

    document: str
    version: str
    review: str
    sections: tuple[Section, ...]


def help_lines(policy: Policy) -> tuple[Help, ...]:
    """Return the catalogue's help lines, those with a telephone first."""
    lines = [
        Help(
            name=line.name,
            about=line.about or "",
            phone=line.phone or "",
            dial="".join(each for each in line.phone or "" if each.isdigit() or each == "+"),
            site=str(line.domains[0]) if line.domains else "",
        )
        for line in policy.catalogue.help_lines
    ]
    return tuple(sorted(lines, key=lambda line: not line.phone))


def filtering(policy: Policy) -> Filtering:
    """Return what *policy* blocks, for whom and why; what holds for everybody is said once."""
    by_audience = {audience: _lines(policy, audience) for audience in Audience}
    for_all = [
        line
        for line in by_audience[Audience.PUPIL]
        if all(line in lines for lines in by_audience.values())
    ]
    sections = [Section("Everybody", tuple(for_all))]
    sections += [
        Section(AUDIENCES[audience], tuple(line for line in lines if line not in for_all))
        for audience, lines in by_audience.items()
    ]
    return Filtering(
        document=policy.document.title,
        version=policy.document.version,
        review=month_words(policy.document.review),
        sections=tuple(section for section in sections if section.rules),
    )


def _lines(policy: Policy, audience: Audience) -> list[RuleLine]:
    """Return a line for all the rules that open alike and come from the same place."""
    blocked: dict[tuple[tuple[str, ...], str], frozenset[str]] = {}
    for rule in policy.rules:
        if _speaks_of(rule, audience):
            key = (_opens(rule, audience, policy), str(rule.cite))
            blocked[key] = blocked.get(key, frozenset()) | rule.block
    return [
        RuleLine(_named(words, policy), opens, citation)
        for (opens, citation), words in blocked.items()
    ]


def _named(words: frozenset[str], policy: Policy) -> str:
    # Names have commas and "and" in them, so semicolons stand between them.
    names = "; ".join(blocked_words(words, policy))
    return f"Social media: {names}" if words == policy.social_media else capitalised(names)


def _speaks_of(rule: Rule, audience: Audience) -> bool:
    return any(
        condition.audience is None or audience in condition.audience
        for condition in rule.applies_to
    )


def _opens(rule: Rule, audience: Audience, policy: Policy) -> tuple[str, ...]:
    opens = [
        exception_words(condition, policy)
        for condition in rule.unless
        if condition.audience is None or audience in condition.audience
    ]
    opens += [f"when {_LIFTS[kind]}" for kind in sorted(rule.lifted_by)]
    return tuple(capitalised(line) for line in opens or ["never"] if line)


def month_words(review: str | None) -> str:
    """Return `September 2024` for `2024-09`, and other texts as they are."""
    try:
        return f"{datetime.strptime(review or '', '%Y-%m').replace(tzinfo=UTC):%B %Y}"
    except ValueError:
        return review or ""
