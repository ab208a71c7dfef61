"""
What makes an incident of what the filter blocked, and how severe it is.

A school's people look at incidents, never at every blocked request. What an operating system or a
browser does by itself is nobody's attempt (`rules/incidents/gathering.yaml` names it, with
reasons and sources).
"""

from collections.abc import Iterable

import msgspec

from schoolgate_policyd.core.subjects import Audience
from schoolgate_policyd.ipc.messages import Blocked
from schoolgate_policyd.ipc.recorder import MANY
from schoolgate_policyd.workflow.incidents import IncidentKind, Severity


class Harm(msgspec.Struct, frozen=True):
    """How severe it is that a pupil, or anybody else, asked for a page of *category*."""

    category: str
    pupil: Severity
    others: Severity


class Threshold(msgspec.Struct, frozen=True):
    """How often is too often: any one of these makes it more severe."""

    tries: int
    days: int
    earlier: int

    def is_reached(self, *, tries: int, days: int, earlier: int) -> bool:
        """Whether there were so many tries, on so many days, or so many incidents before."""
        return tries >= self.tries or days >= self.days or earlier >= self.earlier


class Probe(msgspec.Struct, frozen=True):
    """
    Something that programs do by themselves; what it asks must all hold.

    *up_to* None: none of them ever counts.
    """

    id: str
    why: str
    names: frozenset[str] = frozenset()
    attempts: frozenset[str] = frozenset()
    evidence: str = ""
    up_to: int | None = None

    def is_of(self, event: Blocked) -> bool:
        """Whether *event* may be one of them."""
        if self.names and not any(_is_under(event.host, name) for name in self.names):
            return False
        if self.attempts and event.attempt not in self.attempts:
            return False
        return (event.evidence or "").startswith(self.evidence)


class GatheringRules(msgspec.Struct, frozen=True):
    """What stands in the file."""

    harmful: tuple[Harm, ...]
    medium: Threshold
    high: Threshold
    background: tuple[Probe, ...] = ()

    def harm_of(self, event: Blocked) -> tuple[Harm, ...]:
        """Return what is harmful of *event*."""
        return tuple(each for each in self.harmful if each.category in event.categories)

    def probe_of(self, event: Blocked) -> Probe | None:
        """Return which background probe *event* may be, the strictest first; None if none."""
        probes = [each for each in self.background if each.is_of(event)]
        return min(probes, key=lambda each: (each.up_to is not None, each.up_to), default=None)


class Tally(msgspec.Struct, frozen=True):
    """What an incident has gathered so far; *earlier* are closed ones of the last 30 days."""

    audience: Audience
    tries: int
    days: int
    categories: frozenset[str]
    earlier: int


def kind_of(event: Blocked, rules: GatheringRules) -> IncidentKind | None:
    """
    Return of which kind of incident *event* is a part, None where of none.

    Whether a background probe is one after all, because there are too many, is for the caller.
    What stands for many clients at once is nobody's.
    """
    if event.client == MANY:
        return None
    if rules.harm_of(event):
        return IncidentKind.HARMFUL_CONTENT
    return None if event.attempt is None else IncidentKind.CIRCUMVENTION


def severity_of(kind: IncidentKind, tally: Tally, rules: GatheringRules) -> Severity:
    """Return how severe an incident is."""
    match kind:
        case IncidentKind.CIRCUMVENTION:
            often = {"tries": tally.tries, "days": tally.days, "earlier": tally.earlier}
            if rules.high.is_reached(**often):
                return Severity.HIGH
            return Severity.MEDIUM if rules.medium.is_reached(**often) else Severity.LOW
        case IncidentKind.HARMFUL_CONTENT:
            harms = (each for each in rules.harmful if each.category in tally.categories)
            return _worst(
                each.pupil if tally.audience is Audience.PUPIL else each.others for each in harms
            )


def _worst(severities: Iterable[Severity]) -> Severity:
    return max(severities, key=lambda each: each.rank, default=Severity.LOW)


def _is_under(host: str, name: str) -> bool:
    return host == name or host.endswith(f".{name}")
