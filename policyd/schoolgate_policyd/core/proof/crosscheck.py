"""
Concrete cases, in which `decide` must say what `reference` defines.

The cases are drawn by the caller. `reference` goes through the whole catalogue for each; here it
is given the part that can speak of the site in question, which is all that it would find.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from schoolgate_policyd.core.catalogue import Catalogue, DomainList, Service
from schoolgate_policyd.core.decide import decide, verdict_on
from schoolgate_policyd.core.decision import HostResource, Request, Resource, Verdict
from schoolgate_policyd.core.names import Host
from schoolgate_policyd.core.policy import Live, Policy, Source
from schoolgate_policyd.core.proof.agreement import Decider
from schoolgate_policyd.core.proof.says import who
from schoolgate_policyd.core.proof.sites import OneNameEach
from schoolgate_policyd.core.reference import reference
from schoolgate_policyd.core.snapshot import Snapshot, compile_snapshot
from schoolgate_policyd.core.subjects import UNKNOWN_SUBJECT, Audience, Subject
from schoolgate_policyd.core.words import capitalised

_NAMES = OneNameEach()
_EVERY = 20


class Case(msgspec.Struct, frozen=True):
    """One request at one moment (aware)."""

    subject: Subject
    resource: Resource
    moment: datetime


class Bench:
    """
    Holds decisions by a policy against their definition, and against what the policy must hold.

    *claimed* has the claims as its rules: what it blocks the policy has to.
    """

    def __init__(self, policy: Policy, claimed: Policy, decider: Decider = decide) -> None:
        self._snapshot = compile_snapshot(Source(0, policy), _NAMES)
        self._claimed = compile_snapshot(Source(0, claimed), _NAMES)
        self._decider = decider
        self._narrowing = Narrowing(policy.catalogue)
        self._narrowed: dict[tuple[Host, ...], Policy] = {}

    def disagreements(self, live: Live, cases: Iterable[Case]) -> Iterator[str]:
        """Yield a sentence for each of *cases*, while *live* is so, that is decided wrongly."""
        snapshot = self._snapshot.with_live(0, live)
        claimed = self._claimed.with_live(0, live)
        for number, case in enumerate(cases):
            resource = case.resource
            policy = self._narrow((resource.host, *resource.chain))
            source = msgspec.structs.replace(snapshot.source, policy=policy)
            expected = reference(Request(case.subject, resource), source, case.moment, _NAMES)
            # Every so often the whole decision, with what is remembered; else its verdict alone.
            is_whole = number % _EVERY == 0
            found = self._verdict(case, snapshot) if is_whole else _verdict_alone(case, snapshot)
            if found is not expected:
                yield (
                    f"{capitalised(who(case.subject))} gets {found.value} for {_name(resource)} "
                    f"at {case.moment.isoformat()} where the rule of decision says "
                    f"{expected.value}: report this as a defect"
                )
            # What follows was proved for every case already; some are enough to doubt the proof.
            elif is_whole:
                yield from self._forbidden(case, found, claimed)
                yield from self._more_than_a_pupil(case, snapshot)

    def _verdict(self, case: Case, snapshot: Snapshot) -> Verdict:
        request = Request(case.subject, case.resource)
        return self._decider(request, snapshot, case.moment).verdict

    def _forbidden(self, case: Case, found: Verdict, claimed: Snapshot) -> Iterator[str]:
        """Yield a sentence if a claim forbids what is allowed."""
        if found is Verdict.ALLOW and self._verdict(case, claimed) is not Verdict.ALLOW:
            yield (
                f"{capitalised(who(case.subject))} reaches {_name(case.resource)} at "
                f"{case.moment.isoformat()}, which a claim forbids"
            )

    def _more_than_a_pupil(self, case: Case, snapshot: Snapshot) -> Iterator[str]:
        """Yield a sentence if an unknown subject gets more than any pupil does (law 6)."""
        live = snapshot.source.live
        # What was granted to a pupil or withdrawn from one is about that pupil alone.
        if case.subject.audience is not Audience.PUPIL or live.grants or live.restrictions:
            return
        pupil = msgspec.structs.replace(case.subject, inspectable=False, duties=())
        unknown, known = (
            msgspec.structs.replace(case, subject=each) for each in (UNKNOWN_SUBJECT, pupil)
        )
        if (
            self._verdict(unknown, snapshot) is Verdict.ALLOW
            and self._verdict(known, snapshot) is Verdict.BLOCK
        ):
            yield (
                f"Somebody unknown gets {_name(case.resource)} at {case.moment.isoformat()} where "
                f"{who(pupil)} does not: report this as a defect"
            )

    def _narrow(self, hosts: tuple[Host, ...]) -> Policy:
        if hosts not in self._narrowed:
            catalogue = self._narrowing.of(hosts)
            self._narrowed[hosts] = msgspec.structs.replace(
                self._snapshot.source.policy, catalogue=catalogue
            )
        return self._narrowed[hosts]


def _verdict_alone(case: Case, snapshot: Snapshot) -> Verdict:
    return verdict_on(Request(case.subject, case.resource), snapshot, case.moment)


class Narrowing:
    """Finds what of *catalogue* can speak of some hosts; the rest names none of them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._services = _by_name((_names_of(each), each) for each in catalogue.services)
        self._lists = _by_name((each.domains, each) for each in catalogue.lists)
        self._help_lines = _by_name((each.domains, each) for each in catalogue.help_lines)
        self._essentials = _by_name(((each,), each) for each in catalogue.essentials)

    def of(self, hosts: tuple[Host, ...]) -> Catalogue:
        """Return the catalogue without what names neither one of *hosts* nor a name above it."""
        names = [name for host in hosts for name in host.parents()]
        return msgspec.structs.replace(
            self._catalogue,
            services=_at(names, self._services),
            lists=tuple(_within(each, names) for each in _at(names, self._lists)),
            help_lines=_at(names, self._help_lines),
            essentials=_at(names, self._essentials),
        )


def _by_name[T](entries: Iterable[tuple[Iterable[Host], T]]) -> dict[str, list[T]]:
    found = defaultdict[str, list[T]](list)
    for names, entry in entries:
        for name in names:
            found[name.text].append(entry)
    return found


def _at[T](names: Iterable[str], entries: dict[str, list[T]]) -> tuple[T, ...]:
    """Return the entries at *names*, each once."""
    found = (entry for name in names for entry in entries.get(name, ()))
    return tuple({id(entry): entry for entry in found}.values())


def _within(listed: DomainList, names: Iterable[str]) -> DomainList:
    kept = tuple(each for each in listed.domains if each.text in names)
    return msgspec.structs.replace(listed, domains=kept)


def _names_of(service: Service) -> Iterator[Host]:
    yield from (*service.domains, *service.companions)
    yield from (pattern.host for pattern in service.urls)


def _name(resource: Resource) -> str:
    if isinstance(resource, HostResource):
        return str(resource.host)
    return str(resource.url)
