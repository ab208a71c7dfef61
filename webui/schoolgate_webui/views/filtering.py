"""
What we filter and monitor: for pupils, parents, staff and visitors, from the policy in force.

Nothing here is written by hand for one school: who is blocked from what follows from the rules,
how long records are kept from the settings, what changed from the versions of the policy.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from schoolgate_policyd.core.day_words import day_words
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.store.retention_kinds import Kind
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, Stage, stage_at
from schoolgate_policyd.workflow.suggested_sites import SuggestedSite
from schoolgate_webui.views import public
from schoolgate_webui.views.filtering_fixed import (
    ASKING,
    IN_SHORT,
    LOOKS,
    MONITORED,
    NO_GATEWAY_DOES,
)
from schoolgate_webui.views.keeping import reason_words
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.policy_page import reminder
from schoolgate_webui.views.public_parts import Link, Part, PublicPage, Table

TITLE = "What we filter and monitor"
MOST_CHANGES = 12


class SaidOfSchool(msgspec.Struct, frozen=True):
    """
    What the page is made from.

    *preset* None: what stands beside the rules cannot be read now. *versions* are those that were
    directed, *days* for how long each kind of record is kept.
    """

    policy: Policy
    preset: Preset | None
    versions: tuple[PolicyVersion, ...]
    sites: tuple[SuggestedSite, ...]
    kinds: tuple[Kind, ...]
    days: Mapping[str, int]
    now: Now


def filtering_page(said: SaidOfSchool) -> PublicPage:
    """Return the page."""
    parts = (
        IN_SHORT,
        _to_come(said),
        *_rules(said.policy),
        _minimum_ages(said.policy),
        _sites(said.sites),
        _decides(said),
        MONITORED,
        LOOKS,
        _kept(said),
        _cannot(said),
        ASKING,
        _help(said.policy),
        _changes(said),
        _reviews(said),
    )
    document = said.policy.document
    lead = (f"This page follows from the rules in force: {document.name}.",)
    return PublicPage(TITLE, lead, tuple(part for part in parts if part.has_anything))


def _to_come(said: SaidOfSchool) -> Part:
    """Return the changes that are announced (R10)."""
    rows = []
    for version in said.versions:
        direction = version.direction
        if direction is not None and _stage(version, said) is Stage.TO_COME:
            when = day_words(said.now.local(direction.in_force_from).date())
            rows.append((f"From {when}", version.summary))
    return Part("to-come", "What is going to change", table=Table(("When", "What"), tuple(rows)))


def _rules(policy: Policy) -> Iterable[Part]:
    headings = ("Blocked", "When it opens all the same", "Why")
    for section in public.filtering(policy).sections:
        rows = tuple(
            (rule.blocked, "\n".join(rule.opens), rule.citation) for rule in section.rules
        )
        title = f"What is blocked: {section.title.lower()}"
        yield Part(f"for-{section.title.lower()}", title, table=Table(headings, rows))


def _minimum_ages(policy: Policy) -> Part:
    """Return the services that are for people of some age, by their own terms (R15)."""
    by_age: dict[int, list[str]] = defaultdict(list)
    for service in policy.catalogue.services:
        if service.minimum_age is not None:
            by_age[service.minimum_age].append(service.name)
    if not by_age:
        return Part("ages", "")
    bullets = tuple(
        f"From {age} years: {', '.join(sorted(names, key=str.lower))}."
        for age, names in sorted(by_age.items())
    )
    return Part(
        "ages",
        "Sites that are not for younger children",
        paragraphs=(
            "By their own terms these are for people of at least this age, at home as well.",
        ),
        bullets=bullets,
    )


def _sites(sites: tuple[SuggestedSite, ...]) -> Part:
    """Return the sites that pupils are asked to use (R13)."""
    none = ("The school has listed none here: teachers say which sites they use.",)
    return Part(
        "sites",
        "Sites that pupils are asked to use",
        paragraphs=() if sites else none,
        links=tuple(Link(each.name, each.url, each.about) for each in sites),
    )


def _decides(said: SaidOfSchool) -> Part:
    changes = None if said.preset is None else said.preset.notes.changes
    bullets = [
        "The headteacher directs the policy, and signs every permission to open a blocked page.",
        "The online safety lead checks control measures before that, and reviews the records.",
        "The online safety lead can block a page at once.",
    ]
    if changes is not None and changes.approval is not None:
        bullets.append(
            f"Governors approve a change of the policy before it takes effect "
            f"({changes.approval.cite})."
        )
    if changes is not None and changes.notice is not None:
        months = changes.notice.months
        bullets.append(
            f"A change is announced to staff at least {months} month{'s' * (months > 1)} before "
            f"it takes effect ({changes.notice.cite})."
        )
    bullets.append(
        "Nobody decides on their own request: the headteacher’s goes to the chair of governors."
    )
    return Part("who-decides", "Who decides", bullets=tuple(bullets))


def _kept(said: SaidOfSchool) -> Part:
    rows = tuple(
        (
            kind.what,
            _length(said.days.get(kind.name, kind.days)),
            reason_words(kind),
        )
        for kind in said.kinds
    )
    return Part(
        "kept",
        "How long it is kept",
        paragraphs=(
            (
                "Records are deleted when their time is over. They are kept longer only while an "
                "investigation needs them."
            ),
        ),
        table=Table(("What", "How long", "Why"), rows),
    )


def _cannot(said: SaidOfSchool) -> Part:
    """Return what no gateway does, and what this school's document asks and it cannot."""
    notes = () if said.preset is None else said.preset.notes.not_enforced
    return Part(
        "cannot",
        "What this cannot do",
        paragraphs=(
            "No filter finds everything. If something that should be blocked opens, tell us.",
        ),
        bullets=(
            *NO_GATEWAY_DOES,
            *(f"{each.what}. {each.why} ({each.clause})." for each in notes),
        ),
    )


def _help(policy: Policy) -> Part:
    lines = public.help_lines(policy)
    return Part(
        "help",
        "Where to get help",
        paragraphs=("You can talk to somebody. These always open here.",),
        links=(
            *(
                Link(line.name, f"https://{line.site}/" if line.site else "/help", line.phone)
                for line in lines[:6]
            ),
            Link("All help lines", "/help"),
        ),
    )


def _changes(said: SaidOfSchool) -> Part:
    """Return the change log: the newest first."""
    rows = []
    for version in reversed(said.versions):
        direction = version.direction
        if direction is None or _stage(version, said) not in {Stage.IN_FORCE, Stage.SUPERSEDED}:
            continue
        when = day_words(said.now.local(direction.in_force_from).date())
        rows.append((when, f"Version {version.number}", version.summary))
    shown = tuple(rows[:MOST_CHANGES])
    return Part("changes", "What has changed", table=Table(("From", "Version", "What"), shown))


def _reviews(said: SaidOfSchool) -> Part:
    review = said.policy.document.review
    if review is None:
        return Part("reviews", "When it is reviewed")
    today = said.now.local(said.now.school).date()
    due = f"The date of the policy’s review is {public.month_words(review)}."
    said_of_it = reminder(review, today)
    paragraphs = (due, said_of_it) if said_of_it else (due,)
    return Part("reviews", "When it is reviewed", paragraphs=paragraphs)


def _stage(version: PolicyVersion, said: SaidOfSchool) -> Stage:
    return stage_at(version, said.versions, said.now.school)


def _length(days: int) -> str:
    years, rest = divmod(days, 365)
    if years and not rest:
        return f"{years} year{'s' * (years > 1)}"
    return f"{days} day{'s' * (days != 1)}"
