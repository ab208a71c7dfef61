"""
Whether the prover's sets of cells say what decisions say: one concrete request from each set.

It also holds up law 3: where pages of a site differ, its host *depends*, and there is a page that
is allowed and one that is blocked.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from schoolgate_policyd.core.decision import (
    Decision,
    HostResource,
    Request,
    Resource,
    UrlResource,
    Verdict,
)
from schoolgate_policyd.core.policy import Live
from schoolgate_policyd.core.proof.says import who
from schoolgate_policyd.core.proof.survey import Look, Survey
from schoolgate_policyd.core.proof.verdicts import NO_GRANTS
from schoolgate_policyd.core.proof.witness import Witness
from schoolgate_policyd.core.rules import GrantKind
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.words import capitalised

Decider = Callable[[Request, Snapshot, datetime], Decision]

_A_MOMENT = timedelta(microseconds=1)


class Expected(msgspec.Struct, frozen=True):
    """What the prover says of a resource, and a request that it says it of."""

    witness: Witness
    resource: Resource
    verdict: Verdict


def disagreements(survey: Survey, decider: Decider) -> Iterator[str]:
    """Yield a sentence for each request on which *decider* does not answer as the prover."""
    first = survey.snapshots[0]
    snapshots: dict[Live, Snapshot] = {}
    for look in survey.looks():
        for granted in (NO_GRANTS, frozenset(GrantKind)):
            for expected in expectations(survey, look, granted):
                live = expected.witness.live
                snapshot = snapshots.setdefault(live, first.with_live(first.number, live))
                for moment in _moments(expected.witness):
                    request = Request(expected.witness.subject, expected.resource)
                    found = decider(request, snapshot, moment).verdict
                    if found is not expected.verdict:
                        yield _said(expected, found, moment)


def _moments(witness: Witness) -> tuple[datetime, ...]:
    """Return both ends of the time of *witness*, one where the time does not matter."""
    if witness.is_at_any_time:
        return (witness.start,)
    return witness.start, witness.end - _A_MOMENT


def _said(expected: Expected, found: Verdict, moment: datetime) -> str:
    return (
        f"{capitalised(who(expected.witness.subject))} gets {found.value} for "
        f"{_name(expected.resource)} on {moment:%Y-%m-%d %H:%M} UTC where the proof says "
        f"{expected.verdict.value}: the proof itself is wrong"
    )


def expectations(survey: Survey, look: Look, granted: frozenset[GrantKind]) -> Iterator[Expected]:
    """Yield a request for each different thing that the prover says of the site of *look*."""
    verdicts, real = look.verdicts[0], look.judge.real
    any_blocked, all_blocked = 0, real
    for part in look.site.parts:
        blocked = verdicts.blocked(part, granted)
        any_blocked |= blocked
        all_blocked &= blocked
        for cells, verdict in ((blocked, Verdict.BLOCK), (real & ~blocked, Verdict.ALLOW)):
            if cells:
                witness = survey.witness(look, part, cells, is_inspectable=True, granted=granted)
                yield Expected(witness, UrlResource(part.url), verdict)
    unseen = verdicts.blocked_unseen(granted)
    first, host = look.site.parts[0], HostResource(look.site.host)
    for cells, verdict, is_inspectable in (
        (all_blocked, Verdict.BLOCK, True),
        (any_blocked & ~all_blocked, Verdict.DEPENDS, True),
        (real & ~any_blocked, Verdict.ALLOW, True),
        (unseen, Verdict.BLOCK, False),
        (real & ~unseen, Verdict.ALLOW, False),
    ):
        if cells:
            witness = survey.witness(
                look, first, cells, is_inspectable=is_inspectable, granted=granted
            )
            yield Expected(witness, host, verdict)


def _name(resource: Resource) -> str:
    return str(resource.url) if isinstance(resource, UrlResource) else str(resource.host)
