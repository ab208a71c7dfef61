"""What a question takes as in force: standing permissions, a grant, a restriction."""

from datetime import datetime, timedelta

import msgspec

from schoolgate_policyd.core.decision import Resource
from schoolgate_policyd.core.policy import Policy
from schoolgate_policyd.core.rules import (
    Citation,
    Grant,
    GrantKind,
    HostScope,
    Restriction,
    RestrictionKind,
)
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Subject

GRANTS = frozenset(kind.value for kind in GrantKind)
SUPERVISED_ONLY = RestrictionKind.SUPERVISED_ONLY.value
LIVE_WORDS = GRANTS | {SUPERVISED_ONLY}
"""What may be assumed of any policy: a kind of grant for what is asked, or a restriction."""

_WHOEVER_ASKS = "whoever-asks"
_A_WHILE = timedelta(days=1)


def can_assume(policy: Policy) -> tuple[str, ...]:
    """Return the names that a question about *policy* may assume."""
    return (*(each.id for each in policy.standing), *sorted(LIVE_WORDS))


def assuming(
    names: tuple[str, ...],
    snapshot: Snapshot,
    subject: Subject,
    resource: Resource,
    moment: datetime,
) -> tuple[Snapshot, Subject]:
    """
    Return *snapshot* and *subject* as they are when all of *names* are in force at *moment*.

    A grant is for this subject and the whole site of *resource*; a restriction is this subject's.
    *names* are of those that `can_assume` gives.
    """
    if not names:
        return snapshot, subject
    person = subject.person or _WHOEVER_ASKS
    grants = tuple(
        Grant(
            id=f"assumed-{kind}",
            kind=kind,
            scope=HostScope(resource.host),
            starts_at=moment,
            ends_at=moment + _A_WHILE,
            people=frozenset({person}),
        )
        for kind in GrantKind
        if kind.value in names
    )
    restricted = Restriction(
        id="assumed",
        kind=RestrictionKind.SUPERVISED_ONLY,
        starts_at=moment,
        ends_at=moment + _A_WHILE,
        cite=Citation(snapshot.source.policy.document.title, "a restriction, as assumed"),
        person=person,
    )
    live = snapshot.source.live
    live = msgspec.structs.replace(
        live,
        standing=live.standing | (frozenset(names) - LIVE_WORDS),
        grants=live.grants + grants,
        restrictions=live.restrictions + (restricted,) * (SUPERVISED_ONLY in names),
    )
    if not LIVE_WORDS.isdisjoint(names):
        subject = msgspec.structs.replace(subject, person=person)
    return snapshot.with_live(snapshot.number, live), subject
