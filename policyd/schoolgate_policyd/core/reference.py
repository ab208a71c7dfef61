"""
The rule of decision, slow and obvious. A reader starts here; `decide` is tested against it.

    A request is blocked when some rule blocks it and no live grant lifts that rule.
    Otherwise it is allowed.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.decision import Request, UrlResource, Verdict
from schoolgate_policyd.core.listed import NamesAt
from schoolgate_policyd.core.names import AddressLiteral, Host, Url
from schoolgate_policyd.core.policy import Source
from schoolgate_policyd.core.rules import ADDRESS_LITERALS as LITERALS
from schoolgate_policyd.core.rules import EVERYTHING, Rule, lifts, rule_of, withdrawn_word
from schoolgate_policyd.core.rules import EVERYTHING_BUT_ESSENTIALS as INESSENTIAL
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.witnesses import witnesses


def reference(
    request: Request, source: Source, moment: datetime, names: NamesAt | None = None
) -> Verdict:
    """Return the verdict on *request* at *moment* (aware); *names* are those of large lists."""
    subject, host, chain = request.subject, request.resource.host, request.resource.chain
    catalogue = source.policy.catalogue
    if any(host.is_under(name) for line in catalogue.help_lines for name in line.domains):
        return Verdict.ALLOW
    if isinstance(request.resource, UrlResource) and subject.inspectable:
        blocked = any(blocking(request.resource.url, chain, subject, source, moment, names=names))
        return Verdict.BLOCK if blocked else Verdict.ALLOW
    # Nobody sees more than the host, so the host is judged by witnesses of all its URLs.
    steps = (host, *chain)
    parts = [p for s in catalogue.services for p in s.urls if any(map(p.is_on, steps))]
    urls = witnesses(host, parts, source.live.grants, catalogue.services_by_id)
    found = [tuple(blocking(url, chain, subject, source, moment, names=names)) for url in urls]
    if all(found) or not any(found):
        return Verdict.BLOCK if all(found) else Verdict.ALLOW
    if subject.inspectable:
        return Verdict.DEPENDS
    # Open uninspected is a part of a site: a grant for one page makes no part of the rest.
    ungranted = replace(source, live=replace(source.live, grants=()))
    whole = set.intersection(
        *({*blocking(u, chain, subject, ungranted, moment, names=names)} for u in urls)
    )
    is_open = all(r.is_open_uninspected and r not in whole for rules in found for r in rules)
    return Verdict.ALLOW if is_open else Verdict.BLOCK


def blocking(
    url: Url,
    chain: tuple[Host, ...],
    who: Subject,
    source: Source,
    moment: datetime,
    *,
    names: NamesAt | None = None,
) -> Iterator[Rule]:
    """Yield every rule that blocks *url*, whose host has the CNAME *chain*, for *who*."""
    school_time = source.policy.school_time
    periods = school_time.possible_at(moment, who)
    possible = conditions.facts_at(who, moment, periods, school_time, source.live.standing)
    restrictions = [r for r in source.live.restrictions if r.starts_at <= moment < r.ends_at]
    services = source.policy.catalogue.services_by_id
    grants = [g for g in source.live.grants if g.is_for(who) and g.is_live_at(moment)]
    rules = (*source.policy.rules, *map(rule_of, restrictions))
    for words, service in belongs_to(url, chain, source, names):
        for rule in rules:
            if not words & rule.block:
                continue
            if any(lifts(grant, rule, url, service, services) for grant in grants):
                continue
            if any(conditions.blocks(rule, facts, service) for facts in possible):
                yield rule


def belongs_to(
    url: Url, chain: tuple[Host, ...], source: Source, names: NamesAt | None = None
) -> Iterator[tuple[set[str], Service | None]]:
    """Yield the words that a rule may block *url* by, with the service they are of."""
    catalogue = source.policy.catalogue
    is_essential = any(url.host.is_under(name) for name in catalogue.essentials)
    yield {EVERYTHING} if is_essential else {EVERYTHING, INESSENTIAL}, None
    yield withdrawn_from((url.host, *chain), source), None
    if isinstance(url.host, AddressLiteral):
        yield {LITERALS}, None
    for host in (url.host, *chain):
        step = Url(url.scheme, host, url.port, url.path, url.query)
        for service in catalogue.services:
            if service.has_url(step):
                yield {service.id, service.category}, service
        # A lesson site stays open, whatever a list of somebody else's says: unless it is locked.
        is_spared = is_essential or any(host.is_under(name) for name in catalogue.essentials)
        for each in catalogue.lists:
            if each.has_host(host) and not (each.spares_essentials and is_spared):
                yield {each.id, each.category}, None
        listed = () if names is None else names.lists_of(host)
        for large in catalogue.large_lists:
            if large.id in listed and (large.locked or not is_spared):
                yield {large.id, large.category}, None


def withdrawn_from(hosts: tuple[Host, ...], source: Source) -> set[str]:
    """Return the words of the sites that one of *hosts* is on and that somebody may not use."""
    sites = [(each.site, withdrawn_word(each)) for each in source.live.restrictions]
    return {word for site, word in sites if site and any(host.is_under(site) for host in hosts)}
