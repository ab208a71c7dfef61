"""
What a draft gives up beside opening something: who hears of misuse, and what a grant covers.

None of it opens a request by itself, so no proof sees it; each is a loosening all the same, which
must not take effect as if it only tightened.
"""

from collections.abc import Iterator

from schoolgate_policyd.core.catalogue import Catalogue, Service
from schoolgate_policyd.core.words import capitalised
from schoolgate_policyd.rulefiles import Preset
from schoolgate_policyd.rulefiles.preset import Hearer, Misuser

_HEARERS = {
    Hearer.CLASS_TEACHER: "the class teacher",
    Hearer.HEAD: "the headteacher",
    Hearer.CHAIR_OF_GOVERNORS: "the chair of governors",
    Hearer.ONLINE_SAFETY_LEAD: "the online safety lead",
    Hearer.DSL: "the DSL",
}
_MISUSERS = {
    Misuser.ANYONE: "anyone",
    Misuser.PUPIL: "a pupil",
    Misuser.STAFF: "staff",
    Misuser.VISITOR: "a visitor",
    Misuser.HEAD: "the headteacher",
}


def given_up(before: Preset, after: Preset) -> Iterator[str]:
    """Yield, in sentences, what *after* gives up of *before* beside promises and terms."""
    was, now = before.notes.attempts, after.notes.attempts
    if was is not None and (now is None or (was.restriction and not now.restriction)):
        yield "An attempt to get round the filter no longer leads to what it did."
    told = _told(after)
    for by, to in sorted(_told(before) - told):
        if (Misuser.ANYONE, to) not in told:
            yield capitalised(f"{_HEARERS[to]} no longer hears of misuse by {_MISUSERS[by]}.")
    if before.policy.school_time.zone != after.policy.school_time.zone:
        # Everybody's own working hours move with it, which no proof goes through.
        yield f"The school's clock is that of {after.policy.school_time.zone}."
    yield from _wider_grants(before.policy.catalogue, after.policy.catalogue)


def _told(preset: Preset) -> frozenset[tuple[Misuser, Hearer]]:
    return frozenset((each.by, to) for each in preset.notes.reports for to in each.to)


def _wider_grants(before: Catalogue, after: Catalogue) -> Iterator[str]:
    """Yield what a grant for a service of the school's own would newly open of others'."""
    was = before.services_by_id
    for service in after.services:
        known = was.get(service.id, Service(service.id, service.name, service.category))
        if known == service:
            continue
        hosts = [each for each in service.companions if each not in known.companions]
        hosts += [
            each
            for each in service.domains
            if each not in known.domains and _is_of_another(service, after, each.text)
        ]
        for host in hosts:
            yield f"A grant for {service.name} opens {host} as well."


def _is_of_another(service: Service, catalogue: Catalogue, name: str) -> bool:
    """Whether another service is at *name*, above it or below it."""
    return any(
        f".{domain}".endswith(f".{name}") or f".{name}".endswith(f".{domain}")
        for other in catalogue.services
        if other.id != service.id
        for domain in other.domains
    )
