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
from schoolgate_policyd.core.names import Url
from schoolgate_policyd.core.overlays import NO_OVERLAY, Overlay
from schoolgate_policyd.core.rules import Grant, Rule, lifts
from schoolgate_policyd.core.snapshot import MEMORY_LIMIT, Snapshot
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
    touching = snapshot.touching(subject, resource.host, matched)
    if touching is not NO_OVERLAY:
        return _decide(request, snapshot, moment, matched, touching)
    # Where nothing is laid over them, everybody of a class is answered alike.
    alike = Request(snapshot.class_of(subject), resource)
    decision = _decide(alike, snapshot, moment, matched, touching)
    known_until = subject.known_until
    if known_until is not None and known_until < decision.valid_until:
        return msgspec.structs.replace(decision, valid_until=known_until)
    return decision


def _decide(
    request: Request, snapshot: Snapshot, moment: datetime, matched: Matched, touching: Overlay
) -> Decision:
    host, url = request.resource.host, _url_seen(request)
    if url is not None and (touching.grants or matched.part_services):
        # What a grant or a part of a site opens depends on more than the match: not remembered.
        return _Question(request, snapshot, matched, touching, url).answer(moment)
    decided = snapshot.decided_by_class if touching is NO_OVERLAY else snapshot.decided
    key = (request.subject, matched, host if touching.grants else None)
    remembered = decided.get(key)
    if remembered is not None:
        since, same_until, decision = remembered
        if since <= moment < same_until:
            return decision
    question = _Question(request, snapshot, matched, touching, None)
    decision = question.answer(moment)
    if len(decided) >= MEMORY_LIMIT:
        decided.clear()
    decided[key] = (moment, question.same_until, decision)
    return decision


def verdict_on(request: Request, snapshot: Snapshot, moment: datetime) -> Verdict:
    """
    Return the verdict of `decide` alone, which costs less: not until when it holds, nor why.

    Raises ValueError if *moment* is naive.
    """
    resource = request.resource
    matched = snapshot.match(resource.host, resource.chain)
    touching = snapshot.touching(request.subject, resource.host, matched)
    question = _Question(request, snapshot, matched, touching, _url_seen(request))
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
        request: Request,
        snapshot: Snapshot,
        matched: Matched,
        touching: Overlay,
        url: Url | None,
    ) -> None:
        self._snapshot = snapshot
        self._subject = request.subject
        self._host = request.resource.host
        self._matched = matched
        self._rules = snapshot.rules_on(matched, touching)
        self._grants = touching.grants
        self._lifetimes = [snapshot.lifetimes[each] for each in touching.restrictions]
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
            tuple(start <= moment < end for start, end in self._lifetimes),
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
        if live or self._rules.parts:
            parts = ((pattern, service) for pattern, _, service in self._rules.parts)
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
        for rule, service in self._rules.whole:
            lifetime = lifetimes.get(rule.id)
            if lifetime is None or lifetime[0] <= moment < lifetime[1]:
                yield rule, service
        asked: UrlPattern | None = None
        is_covered = False
        for pattern, rule, part_of in self._rules.parts:
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
        changes = Changes(self._snapshot, self._subject, self._rules.pairs, self._grants)
        verdicts = self._verdicts(findings)
        self.same_until = bound
        for current in changes.between(moment, bound):
            found = self._findings(current)
            if found != findings:
                self.same_until = min(self.same_until, current)
                if self._verdicts(found) != verdicts:
                    return current
        return bound


def _blocking_everywhere(findings: list[_Finding]) -> frozenset[str]:
    """Return the ids of the rules that block every one of the URLs, or would without a grant."""
    return frozenset.intersection(
        *(frozenset(rule.id for rule in (*each.blocking, *each.lifted)) for each in findings)
    )


def _unique(rules: Iterator[Rule] | list[Rule]) -> tuple[Rule, ...]:
    return tuple({rule.id: rule for rule in rules}.values())
