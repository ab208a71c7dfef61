"""
The rule of decision, fast: `decide` gives what `reference` defines, with reasons and an end.

A decision is worked out once for each subject and set of matching rules, and remembered until
it could change; most calls are a few dictionary look-ups.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from schoolgate_policyd.core import conditions
from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.changes import Changes
from schoolgate_policyd.core.conditions import Facts
from schoolgate_policyd.core.decision import Decision, Request, UrlResource, Verdict
from schoolgate_policyd.core.matching import Matched
from schoolgate_policyd.core.names import Host, Url
from schoolgate_policyd.core.rules import Grant, Rule, lifts
from schoolgate_policyd.core.snapshot import MEMORY_LIMIT, Snapshot
from schoolgate_policyd.core.subjects import Subject
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.core.url_patterns import UrlPattern
from schoolgate_policyd.core.witnesses import few_witnesses


def decide(request: Request, snapshot: Snapshot, moment: datetime) -> Decision:
    """
    Return the verdict on *request* at *moment*, why, and until when it holds.

    Raises ValueError if *moment* is naive.
    """
    subject, resource = request.subject, request.resource
    matched = snapshot.match(resource.host, resource.chain)
    grants = snapshot.grants_of(subject)
    url = _url_seen(request)
    if url is not None and (grants or matched.part_services):
        # What a grant or a part of a site opens depends on more than the match: not remembered.
        return _Question(
            snapshot, subject, matched, grants=grants, host=resource.host, url=url
        ).answer(moment)
    key = (subject, matched, resource.host if grants else None)
    remembered = snapshot.decided.get(key)
    if remembered is not None:
        since, same_until, decision = remembered
        if since <= moment < same_until:
            return decision
    question = _Question(snapshot, subject, matched, grants=grants, host=resource.host, url=None)
    decision = question.answer(moment)
    if len(snapshot.decided) >= MEMORY_LIMIT:
        snapshot.decided.clear()
    snapshot.decided[key] = (moment, question.same_until, decision)
    return decision


def verdict_on(request: Request, snapshot: Snapshot, moment: datetime) -> Verdict:
    """
    Return the verdict of `decide` alone, which costs less: not until when it holds, nor why.

    Raises ValueError if *moment* is naive.
    """
    subject, resource = request.subject, request.resource
    matched = snapshot.match(resource.host, resource.chain)
    grants = snapshot.grants_of(subject)
    question = _Question(
        snapshot, subject, matched, grants=grants, host=resource.host, url=_url_seen(request)
    )
    return question.verdict(moment)


def _url_seen(request: Request) -> Url | None:
    """Return the URL, where it is known and something can look at it."""
    resource = request.resource
    if isinstance(resource, UrlResource) and request.subject.inspectable:
        return resource.url
    return None


class _Finding(msgspec.Struct, frozen=True):
    """What holds for one URL: who blocks it, who would but is excepted or lifted."""

    blocking: tuple[Rule, ...]
    excepted: tuple[Rule, ...]
    lifted: tuple[Rule, ...]
    grants: tuple[Grant, ...]


class _Question:
    """One request, to be answered for a moment and the moments after it."""

    def __init__(
        self,
        snapshot: Snapshot,
        subject: Subject,
        matched: Matched,
        *,
        grants: tuple[Grant, ...],
        host: Host,
        url: Url | None,
    ) -> None:
        self._snapshot = snapshot
        self._subject = subject
        self._matched = matched
        self._grants = grants
        self._host = host
        self._url = url
        self._found: dict[object, list[_Finding]] = {}
        # Until when not only the verdict but every reason stays the same; known after `answer`.
        self.same_until = datetime.min.replace(tzinfo=UTC)

    def answer(self, moment: datetime) -> Decision:
        moment = require_aware(moment)
        if self._matched.is_help_line:
            self.same_until = self._bound(moment)
            return Decision(
                verdict=Verdict.ALLOW,
                uninspected=Verdict.ALLOW,
                valid_until=self.same_until,
                is_help_line=True,
            )
        findings = self._findings(moment)
        verdict, uninspected = self._verdicts(findings)
        blocking = _unique(rule for each in findings for rule in each.blocking)
        return Decision(
            verdict=verdict,
            uninspected=uninspected,
            valid_until=self._valid_until(moment, findings),
            rules=() if verdict is Verdict.ALLOW else blocking,
            excepted=_unique(rule for each in findings for rule in each.excepted),
            lifted=_unique(rule for each in findings for rule in each.lifted),
            grants=tuple({g.id: g for each in findings for g in each.grants}.values()),
            services=self._matched.services_of(self._url),
            categories=self._matched.categories_of(self._url),
            is_circumvention=self._matched.is_circumvention(self._url),
        )

    def verdict(self, moment: datetime) -> Verdict:
        """Return the verdict alone."""
        moment = require_aware(moment)
        if self._matched.is_help_line:
            return Verdict.ALLOW
        return self._verdicts(self._findings(moment))[0]

    def _verdicts(self, findings: list[_Finding]) -> tuple[Verdict, Verdict]:
        """Return the verdict for this subject, and what it is where nothing can look inside."""
        if all(finding.blocking for finding in findings):
            return Verdict.BLOCK, Verdict.BLOCK
        if not any(finding.blocking for finding in findings):
            return Verdict.ALLOW, Verdict.ALLOW
        # Open uninspected is a part of a site, never the site: else a grant for one page, which
        # makes the rest of a blocked site such a part, would open all of it.
        everywhere = _blocking_everywhere(findings)
        is_open = all(
            rule.is_open_uninspected and rule.id not in everywhere
            for each in findings
            for rule in each.blocking
        )
        uninspected = Verdict.ALLOW if is_open else Verdict.BLOCK
        return Verdict.DEPENDS if self._subject.inspectable else uninspected, uninspected

    def _findings(self, moment: datetime) -> list[_Finding]:
        snapshot = self._snapshot
        possible = snapshot.facts_of(self._subject, moment)
        live = tuple(each for each in self._grants if each.is_live_at(moment))
        # A year has many bells and few different times, so each of those is worked out once.
        time = (
            possible,
            tuple(grant.id for grant in live),
            tuple(start <= moment < end for start, end in snapshot.lifetimes.values()),
        )
        found = self._found.get(time)
        if found is None:
            urls = self._urls(live)
            found = [self._finding(url, possible, live, moment) for url in urls]
            self._found[time] = found
        return found

    def _urls(self, live: tuple[Grant, ...]) -> list[Url]:
        if self._url is not None:
            return [self._url]
        if live or self._matched.parts:
            parts = ((pattern, service) for pattern, _, service in self._matched.parts)
            return few_witnesses(self._host, parts, live, self._snapshot.services)
        return [Url(scheme="https", host=self._host, port=None, path="/")]

    def _finding(
        self, url: Url, possible: tuple[Facts, ...], live: tuple[Grant, ...], moment: datetime
    ) -> _Finding:
        blocking: list[Rule] = []
        excepted: list[Rule] = []
        lifted: list[Rule] = []
        used: list[Grant] = []
        services = self._snapshot.services
        covering = [each for each in live if each.scope.covers(url, services)]
        for rule, service in self._rules_on(url, moment):
            spoken_of = [each for each in possible if conditions.applies(rule, each, service)]
            if not spoken_of:
                continue
            # Of several periods that it may be, the one in which the rule blocks counts.
            if all(conditions.is_excepted(rule, each, service) for each in spoken_of):
                excepted.append(rule)
                continue
            lifting = [each for each in covering if lifts(each, rule, url, service, services)]
            (lifted if lifting else blocking).append(rule)
            used += lifting
        # A rule that matches by two services, one of them excepted, still blocks by the other.
        return _Finding(_unique(blocking), _unique(excepted), _unique(lifted), tuple(used))

    def _rules_on(self, url: Url, moment: datetime) -> Iterator[tuple[Rule, Service | None]]:
        lifetimes = self._snapshot.lifetimes
        for rule, service in self._matched.whole:
            lifetime = lifetimes.get(rule.id)
            if lifetime is None or lifetime[0] <= moment < lifetime[1]:
                yield rule, service
        asked: UrlPattern | None = None
        is_covered = False
        for pattern, rule, part_of in self._matched.parts:
            # The rules about a pattern stand next to each other, and it is asked once.
            if pattern is not asked:
                asked, is_covered = pattern, pattern.covers_page(url)
            lifetime = lifetimes.get(rule.id)
            if is_covered and (lifetime is None or lifetime[0] <= moment < lifetime[1]):
                yield rule, part_of

    def _bound(self, moment: datetime) -> datetime:
        """Return the moment beyond which nothing is known of calendar or subject."""
        horizon = self._snapshot.school_time.horizon(moment)
        known_until = self._subject.known_until
        return horizon if known_until is None else min(horizon, known_until)

    def _valid_until(self, moment: datetime, findings: list[_Finding]) -> datetime:
        """Return the first moment after *moment* at which the verdict is another one."""
        bound = self._bound(moment)
        parts = ((rule, service) for _, rule, service in self._matched.parts)
        changes = Changes(
            self._snapshot, self._subject, (*self._matched.whole, *parts), self._grants
        )
        verdicts = self._verdicts(findings)
        self.same_until = bound
        current = changes.after(moment)
        while current is not None and current < bound:
            found = self._findings(current)
            if found != findings:
                self.same_until = min(self.same_until, current)
                if self._verdicts(found) != verdicts:
                    return current
            current = changes.after(current)
        return bound


def _blocking_everywhere(findings: list[_Finding]) -> frozenset[str]:
    """Return the ids of the rules that block every one of the URLs, or would without a grant."""
    return frozenset.intersection(
        *(frozenset(rule.id for rule in (*each.blocking, *each.lifted)) for each in findings)
    )


def _unique(rules: Iterator[Rule] | list[Rule]) -> tuple[Rule, ...]:
    return tuple({rule.id: rule for rule in rules}.values())
