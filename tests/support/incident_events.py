"""Events and rules from which incidents are gathered in tests."""

from collections.abc import Sequence
from datetime import timedelta

from office import LESSON, MACHINE

from schoolgate_policyd.core.subjects import Audience, DeviceKind
from schoolgate_policyd.ipc.messages import Blocked, EventBatch, NumberedEvent, PointKind
from schoolgate_policyd.workflow.gathering import GatheringRules, Harm, Probe, Threshold
from schoolgate_policyd.workflow.incidents import Severity

RULES = GatheringRules(
    harmful=(
        Harm("extremism", Severity.HIGH, Severity.HIGH),
        Harm("adult", Severity.HIGH, Severity.MEDIUM),
        Harm("gambling", Severity.LOW, Severity.LOW),
    ),
    medium=Threshold(tries=5, days=2, earlier=1),
    high=Threshold(tries=20, days=3, earlier=2),
    background=(
        Probe("canary", "Browsers ask it.", names=frozenset({"canary.example"})),
        Probe("own-resolver", "Apps do it.", attempts=frozenset({"other-resolver"}), up_to=3),
        Probe("clock", "Clocks do it.", evidence="UDP port 123 to"),
    ),
)


def attempt(
    host: str = "vpn.example",
    *,
    person: str | None = "acorn",
    client: str = "127.0.1.10",
    device_id: str | None = "pupil-computer",
    audience: Audience = Audience.PUPIL,
    kind: str | None = "circumvention",
    categories: tuple[str, ...] = ("vpn",),
    after: timedelta = timedelta(),
    count: int = 1,
    evidence: str | None = None,
) -> Blocked:
    """Return an event that happened *after* the tests' first moment."""
    return Blocked(
        at=MACHINE + after,
        school_at=LESSON + after,
        last_at=MACHINE + after,
        point=PointKind.DNS,
        client=client,
        audience=audience,
        device=DeviceKind.SCHOOL_COMPUTER,
        network="pupils",
        host=host,
        rules=("baseline-vpn",),
        citations=("Filtering standards, F9",),
        person=person,
        device_id=device_id,
        categories=categories,
        attempt=kind,
        count=count,
        evidence=evidence,
    )


def harmful(category: str, **changed: object) -> Blocked:
    """Return that a page of *category* was asked for."""
    fields: dict[str, object] = {"kind": None, "categories": (category,), **changed}
    return attempt(f"{category}.example", **fields)  # type: ignore[arg-type] - a test's own fields


def batch(events: Sequence[Blocked], *, first: int = 1, boot: str = "boot") -> EventBatch:
    """Return *events* as one sender numbers them."""
    numbered = (NumberedEvent(n, each) for n, each in enumerate(events, start=first))
    return EventBatch("dns", boot, tuple(numbered))
