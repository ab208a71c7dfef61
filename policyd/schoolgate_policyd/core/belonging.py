"""What a request belongs to, in sentences: services, and ages that they ask for."""

from collections.abc import Iterator

from schoolgate_policyd.core.catalogue import Service
from schoolgate_policyd.core.decision import Decision, Request, UrlResource
from schoolgate_policyd.core.snapshot import Snapshot
from schoolgate_policyd.core.subjects import Audience, Subject


def belonging(request: Request, decision: Decision, snapshot: Snapshot) -> Iterator[str]:
    """Yield what the *request* of *decision* belongs to, and whom a service is too old for."""
    resource = request.resource
    services = [snapshot.services[each] for each in decision.services]
    whole = services
    if not (isinstance(resource, UrlResource) and request.subject.inspectable):
        ids = snapshot.match(resource.host, resource.chain).services
        whole = [each for each in services if each.id in ids]
    if whole:
        yield f"It belongs to {_names(whole)}."
    parts = [each for each in services if each not in whole]
    if parts:
        yield f"Some of its pages belong to {_names(parts)}."
    for service in services:
        if service.minimum_age is not None:
            yield from _too_young(request.subject, service.name, service.minimum_age)


def _names(services: list[Service]) -> str:
    return ", ".join(service.name for service in services)


def _too_young(subject: Subject, name: str, minimum_age: int) -> Iterator[str]:
    """Yield that a pupil is not of the age, or not known to be (twiss-green §7, kell-bank)."""
    if subject.audience is not Audience.PUPIL:
        return
    asks = f"By its own terms {name} asks for an age of {minimum_age}"
    if subject.age is None:
        yield f"{asks}, and the pupil's age is not known."
    elif subject.age < minimum_age:
        yield f"{asks}, which the pupil is under."
