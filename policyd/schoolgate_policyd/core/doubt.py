"""
The same school while nobody knows what time it is: what is decided, whatever the time may be.

The rules of lessons hold for everybody, and beside them those of the moment since when the time
is not known, so that what was closed stays closed. No grant lifts anything. Help lines are open,
as ever: no rule speaks of them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec.structs import replace

from schoolgate_policyd.core.policy import Live, Source
from schoolgate_policyd.core.register import SubjectFinder
from schoolgate_policyd.core.rules import Restriction
from schoolgate_policyd.core.subjects import Audience, DeviceClaim
from schoolgate_policyd.core.times import require_aware

# For as long as the doubt lasts, however the clock goes meanwhile.
_ALWAYS = datetime(1, 1, 2, tzinfo=UTC)
_FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def doubtful(source: Source, since: datetime) -> Source:
    """
    Return *source* as it is while nobody knows the time, *since* (aware) the last known moment.

    What is decided by it is the same at every moment. Raises ValueError if *since* is naive.
    """
    since = require_aware(since)
    time = replace(source.policy.school_time, doubted_since=since)
    policy = replace(source.policy, school_time=time)
    return replace(source, policy=policy, live=doubtful_live(source, since))


def doubtful_live(source: Source, since: datetime) -> Live:
    """
    Return what is in force of *source* while nobody knows the time since *since* (aware).

    Nothing that opens is, of what closes all that was not over. Standing permissions do not end
    by the clock, and stay.
    """
    lasting = tuple(
        replace(each, starts_at=_ALWAYS, ends_at=_FOR_EVER)
        for each in source.live.restrictions
        if each.ends_at > since
    )
    return Live(
        claims=tuple(_closing(source, since, lasting)),
        restrictions=lasting,
        standing=source.live.standing,
    )


def _closing(
    source: Source, since: datetime, restrictions: tuple[Restriction, ...]
) -> Iterator[DeviceClaim]:
    """
    Yield the device claims without which something might open, each without an end.

    Without a claim nobody is known, and what is not known counts against them: so most are
    dropped. But a restriction is found by the claim of whom it is about; and where the network
    is not pupils', a pupil's claim is why a device gets no more than a pupil.
    """
    people = {person.id: person for person in source.register.people}
    restricted = {each.person for each in restrictions}
    unclaimed = SubjectFinder(replace(source, live=Live()))
    for claim in source.live.claims:
        person = people.get(claim.person)
        if person is None or claim.ends_at <= since:
            continue
        is_a_pupils = person.audience is Audience.PUPIL
        without = unclaimed.subject_at(claim.address, since)
        if person.id in restricted or (is_a_pupils and without.audience is not Audience.PUPIL):
            yield replace(claim, ends_at=_FOR_EVER)
