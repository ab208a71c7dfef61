"""
What differs between two presets, in plain words for a head.

It compares what the rules, times and lists say, not what their files look like: a comment or
another order makes no difference. What comes of it for whom, `core.proof.openings` says.
"""

from collections.abc import Iterable, Iterator

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue
from schoolgate_policyd.core.decision import Verdict
from schoolgate_policyd.core.policy import Document, Policy
from schoolgate_policyd.core.safe_search import SafeSearch
from schoolgate_policyd.core.words import capitalised, inside, joined
from schoolgate_policyd.drafting.day_differences import time_differences
from schoolgate_policyd.drafting.promises import in_words, promised_only_by
from schoolgate_policyd.drafting.rule_differences import rule_differences
from schoolgate_policyd.rulefiles.preset import (
    Announcement,
    Approval,
    Attempts,
    ChangeTerms,
    Example,
    Notice,
    Preset,
    Report,
)


def differences(before: Preset, after: Preset) -> tuple[str, ...]:
    """Return a sentence for each thing that *after* says otherwise than *before*."""
    return tuple(_differences(before, after))


def _differences(before: Preset, after: Preset) -> Iterator[str]:
    was, now = before.policy, after.policy
    if was.document != now.document:
        yield _document(now.document)
    yield from _social_media(was, now)
    yield from _safe_search(was.safe_search, now.safe_search)
    yield from rule_differences(was, now)
    yield from _standing(was, now)
    yield from time_differences(was.school_time, now.school_time)
    yield from _sites(was, now)
    yield from _notes(before, after)


def _document(after: Document) -> str:
    review = "" if after.review is None else f", to be reviewed in {after.review}"
    return f"The document now is {after.name}{review}."


def _social_media(before: Policy, after: Policy) -> Iterator[str]:
    was, now = _counted(before), _counted(after)
    shared = before.catalogue.services_by_id.keys() & after.catalogue.services_by_id.keys()
    gained = _named(now - was, after.catalogue, shared)
    lost = _named(was - now, after.catalogue, shared)
    for names, when in ((gained, "now"), (lost, "no longer")):
        if names:
            counts = _counts(names, after.catalogue)
            yield f"{capitalised(joined(names))} {when} {counts} as social media."


def _safe_search(before: SafeSearch, after: SafeSearch) -> Iterator[str]:
    for whose in ("pupil", "visitor", "staff"):
        mode = getattr(after, whose)
        if getattr(before, whose) is not mode:
            people = whose if whose == "staff" else f"{whose}s"
            yield f"Safe search for {people} now is {mode}."


def _counts(names: list[str], catalogue: Catalogue) -> str:
    is_service = any(each.name == names[0] for each in catalogue.services)
    is_one = len(names) == 1 and (is_service or not names[0].endswith("s"))
    return "counts" if is_one else "count"


def _counted(policy: Policy) -> frozenset[str]:
    """Return the ids of every category, service and list that counts as social media."""
    catalogue, ids = policy.catalogue, policy.social_media
    members = {e.id for e in catalogue.services if e.id in ids or e.category in ids}
    lists = {e.id for e in catalogue.lists if e.id in ids or e.category in ids}
    whole = {each.id for each in catalogue.categories if each.id in ids}
    return frozenset(members | lists | whole)


def _named(ids: frozenset[str], catalogue: Catalogue, shared: Iterable[str]) -> list[str]:
    """Return the names of *ids*; a category stands for what is in it where all of it is there."""
    known = frozenset(shared)
    whole = set()
    for category in catalogue.categories:
        members = {e.id for e in catalogue.services if e.category == category.id} & known
        if category.id in ids and members <= ids:
            whole.add(category.id)
    names = [inside(each.name) for each in catalogue.categories if each.id in whole]
    names += [
        each.name
        for each in catalogue.services
        if each.id in ids and each.id in known and each.category not in whole
    ]
    return sorted(names, key=str.casefold)


def _standing(before: Policy, after: Policy) -> Iterator[str]:
    was = {each.id: each.about for each in before.standing}
    now = {each.id: each.about for each in after.standing}
    for id_ in was.keys() - now.keys():
        yield f"The standing permission {id_} is no longer known."
    for id_, about in now.items():
        if was.get(id_) != about:
            word = "now is" if id_ in was else "is new"
            yield f"The standing permission {id_} {word}: {about.rstrip('.')}."


def _sites(before: Policy, after: Policy) -> Iterator[str]:
    """Yield what differs in the sites that the school named, unless a rule of theirs says it."""
    was, now = before.catalogue.services_by_id, after.catalogue.services_by_id
    spoken = _blocked_by_one(before, after) | _blocked_by_one(after, before)
    for id_, service in now.items():
        if id_ not in was and id_ not in spoken:
            domains = joined(map(str, service.domains))
            yield f"{service.name} ({domains}) is a site that the school has named."
        elif id_ in was and was[id_] != service:
            domains = joined(map(str, service.domains))
            yield f"The site {service.name} now is {domains}."
    for id_, service in was.items():
        if id_ not in now and id_ not in spoken:
            yield f"{service.name} is no longer a site that the school has named."


def _blocked_by_one(policy: Policy, other: Policy) -> frozenset[str]:
    """Return what the rules block that *policy* alone has."""
    known = {rule.id for rule in other.rules}
    return frozenset().union(*(rule.block for rule in policy.rules if rule.id not in known))


def _notes(before: Preset, after: Preset) -> Iterator[str]:
    was, now = before.notes, after.notes
    for promise in promised_only_by(before, after):
        yield f"It is no longer promised that {in_words(promise, before.policy)}."
    for promise in promised_only_by(after, before):
        yield f"It is promised that {in_words(promise, after.policy)}."
    if _terms_in(was.changes, before) != _terms_in(now.changes, after):
        yield f"A change of the policy now needs {_terms(now.changes)}."
    yield from _other_notes(before, after)


def _other_notes(before: Preset, after: Preset) -> Iterator[str]:
    was, now = before.notes, after.notes
    if _cited(was.attempts, before) != _cited(now.attempts, after):
        yield "What an attempt to get round the filter leads to is changed."
    if [_cited(e, before) for e in was.reports] != [_cited(e, after) for e in now.reports]:
        yield "Who hears of misuse is changed."
    if was.not_enforced != now.not_enforced:
        yield "What the gateway cannot enforce is listed otherwise."
    if was.contradictions != now.contradictions:
        yield "The contradictions noted are changed."
    if was.social_media.cite != now.social_media.cite:
        yield "The section that says what counts as social media is another."
    # Their verdicts follow from the policy, whose differences are told: the proof sees to that.
    if list(map(_asked, was.examples)) != list(map(_asked, now.examples)):
        count, before_count = len(now.examples), len(was.examples)
        yield f"The examples are changed: there are {count}, where there were {before_count}."


def _terms_in(terms: ChangeTerms, preset: Preset) -> ChangeTerms:
    """Return *terms* citing sections alone, where they are of the document of *preset*."""
    return ChangeTerms(
        notice=_cited(terms.notice, preset),
        approval=_cited(terms.approval, preset),
        announcement=_cited(terms.announcement, preset),
    )


def _cited[T: (Attempts, Notice, Approval, Announcement, Report)](
    clause: T | None, preset: Preset
) -> T | None:
    """Return *clause* without its document's name: another edition of it cites the same."""
    document = preset.policy.document
    if clause is None or clause.cite.document != document.name:
        return clause
    cite = msgspec.structs.replace(clause.cite, document="")
    return msgspec.structs.replace(clause, cite=cite)


def _asked(example: Example) -> Example:
    return msgspec.structs.replace(example, verdict=Verdict.BLOCK)


def _terms(terms: ChangeTerms) -> str:
    parts = []
    if terms.notice is not None:
        months = terms.notice.months
        parts.append("one month's notice" if months == 1 else f"{months} months' notice")
    if terms.approval is not None:
        parts.append("the governors' approval")
    if terms.announcement is not None:
        parts.append(f"an announcement to {joined(each.value for each in terms.announcement.to)}")
    return joined(parts) or "neither notice nor approval"
