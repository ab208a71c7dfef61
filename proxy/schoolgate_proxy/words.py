"""
What a page of the proxy says, in whose words: pupils', staff's and visitors'.

A pupil's page is for a seven-year-old: short sentences, a grown-up to ask, somebody to call.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from urllib.parse import quote
from zoneinfo import ZoneInfo

from schoolgate_policyd.core.at_once import TOPIC as AT_ONCE
from schoolgate_policyd.core.catalogue import HelpLine
from schoolgate_policyd.core.decide import decide
from schoolgate_policyd.core.decision import Decision, Request, Resource, UrlResource, Verdict
from schoolgate_policyd.core.rules import EVERYTHING, EVERYTHING_BUT_ESSENTIALS, Rule
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, DeviceKind, Subject

LONGEST_PLACE = 120
LONGEST_PAGE = 2048
MOST_HELP_LINES = 5
MOST_REASONS = 3
FIRST_HELP_LINE = "childline"
RESTRICTION = "restriction"  # the topic of what `core.rules.rule_of` makes
_OPENS = "It opens"
_SUPERVISED = "You can go online here when a member of staff sits with you."
_WITHDRAWN = "The school has closed this site for you."
_CLOSED_AT_ONCE = "Somebody at school looked at it and closed it, to keep you safe."
_BLOCKED_AT_ONCE = "The school blocked it at once, after somebody had reported or seen it."
_CLOSED = "Our school keeps this page closed."
_STAYS_CLOSED = "It stays closed."
_NEVER_KNOWN = "No time is known at which it opens."
_NO_CLOCK = "The school’s clock is not right. Until it is, the rules for lessons apply."
_NOT_YOUR_FAULT = "You have not done anything wrong."


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of why, and the school's own paper that says so."""

    sentence: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class HelpLink:
    """Somebody to turn to."""

    name: str
    url: str
    phone: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that a page says; what is empty is left out."""

    title: str
    lead: str
    place: str = ""
    place_label: str = "Page"
    reasons: tuple[Reason, ...] = ()
    until: str = ""
    next_steps: tuple[str, ...] = ()
    ask_url: str = ""
    help_title: str = ""
    help_lead: tuple[str, ...] = ()
    report_url: str = ""
    help_lines: tuple[HelpLink, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """What was blocked: who asked for what, the decision, and what it was decided with."""

    subject: Subject
    resource: Resource
    decision: Decision
    snapshot: Snapshot
    moment: datetime
    web_url: str


def words_for(blocked: Blocked) -> Words:
    """Return what the block page says."""
    match blocked.subject.audience:
        case Audience.PUPIL:
            return _for_pupil(blocked)
        case Audience.STAFF:
            return _for_staff(blocked)
        case Audience.VISITOR:
            return _for_visitor(blocked)
        case _:
            assert_never(blocked.subject.audience)


def _for_pupil(blocked: Blocked) -> Words:
    steps = ["Do you need it for your work? Ask your teacher."]
    if blocked.subject.device is DeviceKind.UNKNOWN:
        steps.append("Are you a visitor, or do you work here? Ask the school office.")
    return Words(
        title="You can’t open this page at school",
        lead=_CLOSED if blocked.decision.is_circumvention else f"{_NOT_YOUR_FAULT} {_CLOSED}",
        place=place_of(blocked.resource),
        reasons=_reasons(
            blocked,
            "It is about {topic}.",
            otherwise="It is on our school’s closed list.",
            source="The rule is in: {cite}",
        ),
        until=_until(blocked, otherwise=_STAYS_CLOSED),
        next_steps=tuple(steps),
        help_title="Do you need help?",
        help_lead=(
            "Did something make you sad, worried or scared? Tell a grown-up you trust.",
            "You can also talk to these people. They are kind and they listen.",
        ),
        report_url=f"{blocked.web_url.rstrip('/')}/report",
        help_lines=help_links(blocked.snapshot.source.policy.catalogue.help_lines),
    )


def _for_staff(blocked: Blocked) -> Words:
    # A request for what nothing lifts would only cost three people their time.
    can_ask = all(rule.lifted_by for rule in blocked.decision.rules)
    steps = (
        "Ask for this page: the online safety lead checks the request, the headteacher decides."
        if can_ask
        else "No request can open this page: the rule has no exceptions. "
        "If it is blocked by mistake, tell the online safety lead.",
    )
    until = _until(blocked)
    at_this_time = " at this time" if until.startswith(_OPENS) else ""
    return Words(
        title="This page is blocked",
        lead=f"The school’s policy does not allow it for you on this device{at_this_time}.",
        place=place_of(blocked.resource),
        reasons=_reasons(blocked, "It counts as {topic}."),
        until=until,
        next_steps=steps,
        ask_url=_ask_url(blocked) if can_ask else "",
    )


def _for_visitor(blocked: Blocked) -> Words:
    return Words(
        title="This page is blocked",
        lead="The school’s policy does not allow it for visitors.",
        place=place_of(blocked.resource),
        reasons=_reasons(blocked, "It counts as {topic}."),
        until=_until(blocked),
        next_steps=("Do you need it for your visit? Ask the school office.",),
    )


def place_of(resource: Resource) -> str:
    """Return what was asked for as a page may show it: visible ASCII and short."""
    if isinstance(resource, UrlResource):
        url = resource.url
        text = str(url).partition("://")[2]
        text = text.removesuffix("/") if url.path == "/" and url.query is None else text
    else:
        text = resource.host.text
    return shortened(
        "".join(each if " " <= each <= "~" else "\N{REPLACEMENT CHARACTER}" for each in text)
    )


def shortened(text: str) -> str:
    """Return *text* with its middle left out when it is long; both ends say where one was."""
    if len(text) <= LONGEST_PLACE:
        return text
    return f"{text[: LONGEST_PLACE - 31]}…{text[-30:]}"


def page_of(resource: Resource) -> str | None:
    """Return the URL for an event or a form, None where none was seen or it is too long."""
    if not isinstance(resource, UrlResource):
        return None
    text = str(resource.url)
    return text if len(text) <= LONGEST_PAGE else text[:LONGEST_PAGE]


def _ask_url(blocked: Blocked) -> str:
    page = page_of(blocked.resource) or f"https://{blocked.resource.host.text}/"
    return f"{blocked.web_url.rstrip('/')}/requests/new?url={quote(page, safe='')}"


def _reasons(
    blocked: Blocked,
    about: str,
    *,
    otherwise: str = "A rule of the school covers it.",
    source: str = "{cite}",
) -> tuple[Reason, ...]:
    reasons = dict.fromkeys(
        Reason(
            _sentence(rule, _topic(rule, blocked), about, otherwise, blocked.subject.audience),
            # It stands in no paper of the school's.
            "" if rule.topic == AT_ONCE else source.format(cite=rule.cite),
        )
        for rule in blocked.decision.rules
    )
    return tuple(reasons)[:MOST_REASONS]


def _sentence(rule: Rule, topic: str, about: str, otherwise: str, audience: Audience) -> str:
    """Return why in one sentence; a rule on everything says nothing of this page."""
    is_about_everything = not {EVERYTHING, EVERYTHING_BUT_ESSENTIALS}.isdisjoint(rule.block)
    if rule.topic == AT_ONCE:
        return _CLOSED_AT_ONCE if audience is Audience.PUPIL else _BLOCKED_AT_ONCE
    if rule.topic == RESTRICTION:
        return _SUPERVISED if is_about_everything else _WITHDRAWN
    if is_about_everything and topic:
        return f"Closed for now: {topic}."
    return about.format(topic=topic) if topic else otherwise


def _topic(rule: Rule, blocked: Blocked) -> str:
    """Return what the rule is about, in the words of the rule, else of the catalogue."""
    if rule.topic:
        return rule.topic.replace("-", " ")
    names = {each.id: each.name for each in blocked.snapshot.source.policy.catalogue.categories}
    found = [names[each] for each in blocked.decision.categories if each in names]
    return found[0].lower() if found else ""


def _until(blocked: Blocked, *, otherwise: str = _NEVER_KNOWN) -> str:
    """
    Return when to look again, or *otherwise* where the calendar ends first.

    It promises an opening only where the next verdict is one: beyond the end of a device claim
    nobody knows who asks.
    """
    at, school_time = blocked.decision.valid_until, blocked.snapshot.school_time
    if school_time.doubted_since is not None:
        return _NO_CLOCK
    if at >= school_time.horizon(blocked.moment):
        return otherwise
    when = spoken(at, blocked.moment, ZoneInfo(school_time.zone))
    is_same_subject = blocked.subject.known_until is None or at < blocked.subject.known_until
    if is_same_subject:
        later = decide(Request(blocked.subject, blocked.resource), blocked.snapshot, at)
        if later.verdict is Verdict.ALLOW:
            return f"{_OPENS} {when}."
    return f"This is checked again {when}."


def spoken(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return *at* as people at the school say it *now* (both aware)."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    # A bell between two minutes would be missed by whoever comes when the page says.
    clock = f"at {local:%H:%M:%S}" if local.second else f"at {local:%H:%M}"
    days = (local.date() - today).days
    if days == 0:
        return clock
    if days == 1:
        return f"tomorrow {clock}"
    return f"on {local:%A} {local.day} {local:%B} {clock}"


def help_links(lines: Iterable[HelpLine]) -> tuple[HelpLink, ...]:
    """Return a few help lines, the one for children first."""
    known = [line for line in lines if line.domains]
    known.sort(key=lambda line: line.id != FIRST_HELP_LINE)
    return tuple(
        HelpLink(
            name=line.name,
            url=f"https://{_front(line)}/",
            phone=line.phone or "",
            about=line.about or "",
        )
        for line in known[:MOST_HELP_LINES]
    )


def _front(line: HelpLine) -> str:
    host = line.domains[0].text
    is_registrable = host.count(".") <= 2 and not host.startswith("www.")  # noqa: PLR2004 - a.org.uk
    return f"www.{host}" if is_registrable else host
