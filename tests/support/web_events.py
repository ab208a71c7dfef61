"""Blocked attempts put into a test's store of events."""

from datetime import timedelta

from web_school import LESSON, MACHINE, WebSchool

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import (
    AllowedCount,
    Blocked,
    Event,
    EventBatch,
    Noticed,
    NumberedEvent,
    PointKind,
)


def blocked(
    host: str,
    *,
    ago: timedelta = timedelta(),
    audience: Audience = Audience.PUPIL,
    client: str = "127.0.1.10",
    person: str | None = None,
    rule: str = "pupils-social-media",
    attempt: str | None = None,
    categories: tuple[str, ...] = (),
    device_id: str | None = None,
    count: int = 1,
    evidence: str | None = None,
    point: PointKind = PointKind.DNS,
) -> Blocked:
    """Return an event that happened *ago* before the test's first moment."""
    return Blocked(
        at=MACHINE - ago,
        school_at=LESSON - ago,
        last_at=MACHINE - ago,
        point=point,
        client=client,
        audience=audience,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupil-computers",
        host=host,
        rules=(rule,) if rule else (),
        citations=("Social Media Policy, §7",) if rule else (),
        person=person,
        attempt=attempt,
        categories=categories,
        device_id=device_id,
        count=count,
        evidence=evidence,
    )


def allowed(
    host: str,
    *,
    ago: timedelta = timedelta(),
    person: str | None = None,
    client: str = "127.0.2.10",
    audience: Audience = Audience.STAFF,
    services: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    count: int = 1,
) -> AllowedCount:
    """Return what was allowed in a minute, *ago* before the test's first moment."""
    minute = MACHINE - ago
    return AllowedCount(
        minute, PointKind.DNS, client, host, count, audience, person, services, categories
    )


def noticed(
    client: str, evidence: str, *, ago: timedelta = timedelta(), network: str = "pupil-computers"
) -> Noticed:
    """Return that *client* seemed to be many devices, *ago* before the test's first moment."""
    return Noticed(MACHINE - ago, PointKind.DNS, client, network, "many-devices", evidence)


def clock_noticed(evidence: str, *, ago: timedelta = timedelta()) -> Noticed:
    """Return what policyd said of the gateway's clock, *ago* before the test's first moment."""
    return Noticed(MACHINE - ago, PointKind.POLICYD, "", "", "clock", evidence)


def put(school: WebSchool, *events: Event, boot: str = "b1") -> None:
    """Store *events*, of one boot of the DNS point."""
    numbered = tuple(NumberedEvent(place, each) for place, each in enumerate(events, 1))
    school.events.append(EventBatch("dns", boot, numbered), at=MACHINE)
