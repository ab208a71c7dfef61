"""
Versions of a school's policy: who drafted, proved, approved and directed each, and which holds.

    draft ──► proposed ──► directed ──► (in force from its date, until another is)
      │           ├─► refused  │
      └───────────┴─ withdrawn ◄┘ (before it is in force)

Governors' approval is a step beside this line: it comes before the direction, or, where a change
was directed at once for safety, after it. That a version is in force follows from dates alone
(`in_force_at`), so a clock and the versions say all.
"""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.drafting.changes import Change
from schoolgate_policyd.rulefiles.preset import ChangeTerms
from schoolgate_policyd.workflow.requests import Signature


class Origin(StrEnum):
    """Where a version's texts come from."""

    RULE_FILES = "rule-files"
    DRAFT = "draft"


class VersionState(StrEnum):
    """Where a version stands, as it is stored."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    DIRECTED = "directed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What was done with a version."""

    TAKEN_UP = "taken-up"
    BEGUN = "begun"
    PROPOSED = "proposed"
    APPROVED = "approved"
    DIRECTED = "directed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Where a version stands at a moment, as pages show it."""

    DRAFT = "draft"
    WAITING_FOR_GOVERNORS = "waiting-for-governors"
    WAITING_FOR_HEAD = "waiting-for-head"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    TO_COME = "to-come"
    IN_FORCE = "in-force"
    SUPERSEDED = "superseded"
    OVERTAKEN = "overtaken"


class Minutes(msgspec.Struct, frozen=True):
    """Where the governors' approval is minuted."""

    met_on: date
    reference: str


class Direction(msgspec.Struct, frozen=True):
    """
    From when (aware, the school's clock) a version is directed to be in force.

    *announced_on* is the day on which it was announced. *is_for_safety* says that it opens
    nothing and was directed without waiting for notice or approval.
    """

    in_force_from: datetime
    announced_on: date | None = None
    is_for_safety: bool = False


class PolicyStep(msgspec.Struct, frozen=True):
    """One move of a version: by whom (None: Schoolgate itself), when (machine time), and why."""

    move: Move
    actor: str | None
    at: datetime
    reasons: str
    signature: Signature | None = None
    minutes: Minutes | None = None
    direction: Direction | None = None


class ProofRecord(msgspec.Struct, frozen=True):
    """
    What the proof of exactly these texts said, at a moment (machine time, aware).

    *digest* is of the texts, *against* the number of the version that *openings* and *closings*
    compare them with: sentences, of which the numbers beside them say how many there were.
    *loosenings* are what else is less strict than before: promises and terms given up. *shared*
    is the digest of what every school shares, on which both versions stood then.
    """

    digest: str
    against: int | None
    at: datetime
    is_ok: bool
    faults: tuple[str, ...] = ()
    coverage: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()
    loosenings: tuple[str, ...] = ()
    opening_count: int = 0
    closing_count: int = 0
    shared: str = ""

    @property
    def only_tightens(self) -> bool:
        """Whether nothing that was blocked is allowed by it, and nothing else is given up."""
        return not self.openings and not self.opening_count and not self.loosenings


class ReplayRecord(msgspec.Struct, frozen=True):
    """What the replay of [first, last] said of exactly these texts; *result* is plain JSON."""

    digest: str
    against: int | None
    at: datetime
    first: date
    last: date
    result: dict[str, Any]


class PolicyVersion(msgspec.Struct, frozen=True):
    """
    A version of the policy of *school*; its texts are kept beside it, by its *number*.

    *base* is the version that it was drafted on, *taken_from* the one whose changes or texts
    were brought into it. *digest* is of its texts, *terms* what these ask of a change of theirs.
    Steps stand oldest first.
    """

    number: int
    school: str
    origin: Origin
    base: int | None
    author: str | None
    summary: str
    digest: str
    terms: ChangeTerms
    changes: tuple[Change, ...]
    state: VersionState
    steps: tuple[PolicyStep, ...]
    taken_from: int | None = None
    proof: ProofRecord | None = None
    replay: ReplayRecord | None = None

    def step(self, move: Move) -> PolicyStep | None:
        """Return the step of that *move*, if there was one."""
        return next((each for each in self.steps if each.move is move), None)

    @property
    def approval(self) -> PolicyStep | None:
        """The governors' approval, if they gave it."""
        return self.step(Move.APPROVED)

    @property
    def direction(self) -> Direction | None:
        """From when it is directed to be in force, if it is and was not withdrawn."""
        if self.state is not VersionState.DIRECTED:
            return None
        directed = self.step(Move.DIRECTED) or self.step(Move.TAKEN_UP)
        return None if directed is None else directed.direction

    @property
    def is_proved(self) -> bool:
        """Whether the proof of exactly its texts, against exactly its base, found no fault."""
        return self.proof is not None and self.proof.is_ok and self.is_said_by(self.proof)

    def is_said_by(self, record: ProofRecord | ReplayRecord) -> bool:
        """Whether *record* is of exactly its texts, against exactly its base."""
        return (record.digest, record.against) == (self.digest, self.base)


def came_into_force(
    versions: Iterable[PolicyVersion], moment: datetime
) -> tuple[PolicyVersion, ...]:
    """
    Return those that came into force up to *moment* (aware, the school's clock), in order.

    A directed version whose base no longer is in force at its moment never comes into force: it
    would silently undo what came between.
    """
    require_aware(moment)
    due = sorted(
        (direction.in_force_from, version.number, version)
        for version in versions
        if (direction := version.direction) is not None and direction.in_force_from <= moment
    )
    line: list[PolicyVersion] = []
    for _, _, version in due:
        newest = line[-1].number if line else None
        if version.origin is Origin.RULE_FILES or version.base == newest:
            line.append(version)
    return tuple(line)


def in_force_at(versions: Iterable[PolicyVersion], moment: datetime) -> PolicyVersion | None:
    """Return the version in force at *moment* (aware, the school's clock), if there is one."""
    line = came_into_force(versions, moment)
    return line[-1] if line else None


def stage_at(version: PolicyVersion, versions: Iterable[PolicyVersion], moment: datetime) -> Stage:
    """Return where *version*, one of *versions*, stands at *moment* (aware, the school's)."""
    match version.state:
        case VersionState.DRAFT:
            return Stage.DRAFT
        case VersionState.REFUSED:
            return Stage.REFUSED
        case VersionState.WITHDRAWN:
            return Stage.WITHDRAWN
        case VersionState.PROPOSED:
            known = tuple(versions)
            is_asked = terms_for(version, known).approval is not None
            if is_asked and version.approval is None:
                return Stage.WAITING_FOR_GOVERNORS
            return Stage.WAITING_FOR_HEAD
        case VersionState.DIRECTED:
            return _directed_stage(version, tuple(versions), moment)


def terms_for(version: PolicyVersion, versions: Iterable[PolicyVersion]) -> ChangeTerms:
    """
    Return what the direction of *version* needs: what its base asks, whatever it asks itself.

    Otherwise a draft could free itself of the approval that it needs.
    """
    base = next((each for each in versions if each.number == version.base), None)
    return ChangeTerms() if base is None else base.terms


def _directed_stage(
    version: PolicyVersion, versions: tuple[PolicyVersion, ...], moment: datetime
) -> Stage:
    line = [each.number for each in came_into_force(versions, moment)]
    if version.number in line:
        return Stage.IN_FORCE if line[-1] == version.number else Stage.SUPERSEDED
    direction = version.direction
    is_due = direction is not None and direction.in_force_from <= moment
    newest = line[-1] if line else None
    return Stage.OVERTAKEN if is_due or version.base != newest else Stage.TO_COME
