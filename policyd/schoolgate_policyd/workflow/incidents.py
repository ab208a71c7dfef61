"""
Incidents: attempts to get round the filter, or harmful content, for a person to act on.

    new ──► being looked into ──► closed
     └──────────┴──────◄──────────┘  reopened, with a reason

Nobody handles a matter about themselves, and whoever an incident is about cannot see it.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.people import Member, holders


class IncidentKind(StrEnum):
    """What it is about."""

    CIRCUMVENTION = "circumvention"
    HARMFUL_CONTENT = "harmful-content"


class Severity(StrEnum):
    """How severe it is; a high one is told at once."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Its place among them, the least severe first."""
        return (Severity.LOW, Severity.MEDIUM, Severity.HIGH).index(self)


class IncidentState(StrEnum):
    """Where it stands."""

    NEW = "new"
    LOOKED_INTO = "looked-into"
    CLOSED = "closed"


class Move(StrEnum):
    """What was done about it."""

    OPENED = "opened"
    TAKEN_UP = "taken-up"
    NOTED = "noted"
    ACTED = "acted"
    NAMED = "named"
    CLOSED = "closed"
    REOPENED = "reopened"


class IncidentStep(msgspec.Struct, frozen=True):
    """
    One move (machine time, aware); *actor* None is Schoolgate itself.

    *text* is what was noted or done, of a closing one the outcome.
    """

    move: Move
    actor: str | None
    at: datetime
    text: str


class IncidentSubject(msgspec.Struct, frozen=True):
    """
    Whom it is about, as far as that is known.

    *person* is a person's id; without one, *device* a device's id or else *address* where it
    came from. *audience* says whose matter it is.
    """

    audience: Audience
    person: str | None = None
    device: str | None = None
    address: str | None = None

    @property
    def key(self) -> str:
        """What tells one subject from another."""
        if self.person is not None:
            return f"person:{self.person}"
        return f"device:{self.device}" if self.device else f"address:{self.address or 'unknown'}"


class Incident(msgspec.Struct, frozen=True):
    """
    An incident with its history, oldest step first.

    *first_at* and *last_at* are when it happened (machine time, aware), *tries* how often.
    *opened_by* None: it was gathered from the log. *categories* are what was asked for.
    """

    id: int
    kind: IncidentKind
    severity: Severity
    state: IncidentState
    subject: IncidentSubject
    summary: str
    first_at: datetime
    last_at: datetime
    tries: int
    days: int
    categories: frozenset[str]
    opened_at: datetime
    opened_by: str | None
    steps: tuple[IncidentStep, ...]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state is not IncidentState.CLOSED

    @property
    def actions(self) -> tuple[IncidentStep, ...]:
        """The actions taken since it was opened, or last reopened."""
        return tuple(each for each in self._since_reopened() if each.move is Move.ACTED)

    @property
    def outcome(self) -> IncidentStep | None:
        """How it ended, while it is closed."""
        last = [each for each in self._since_reopened() if each.move is Move.CLOSED]
        return last[-1] if last else None

    def _since_reopened(self) -> tuple[IncidentStep, ...]:
        reopened = [n for n, each in enumerate(self.steps) if each.move is Move.REOPENED]
        return self.steps[reopened[-1] :] if reopened else self.steps


class Evidence(msgspec.Struct, frozen=True):
    """What one event said, kept with the incident; times as in `ipc.messages.Blocked`."""

    at: datetime
    school_at: datetime
    last_at: datetime
    client: str
    host: str
    point: str
    device: str
    network: str
    device_id: str | None
    page: str | None
    rules: tuple[str, ...]
    citations: tuple[str, ...]
    services: tuple[str, ...]
    categories: tuple[str, ...]
    attempt: str | None
    count: int
    evidence: str | None


class Handling(msgspec.Struct, frozen=True):
    """
    Who looks into a matter, any of them, and who may decide what follows from it.

    *why* is a sentence that says why they; with nobody, what is missing.
    """

    handlers: tuple[Member, ...]
    deciders: tuple[Member, ...]
    why: str

    def is_handled_by(self, person: str) -> bool:
        """Whether *person* looks into it."""
        return any(each.id == person for each in self.handlers)

    def is_decided_by(self, person: str) -> bool:
        """Whether *person* may decide what follows."""
        return any(each.id == person for each in self.deciders)

    def is_seen_by(self, person: str) -> bool:
        """Whether *person* may see it at all."""
        return self.is_handled_by(person) or self.is_decided_by(person)


def handling_of(subject: IncidentSubject, people: tuple[Member, ...]) -> Handling:
    """
    Return who handles a matter about *subject*, never the subject themselves.

    A pupil's matter is for the DSL and the online safety lead, and the head may decide in it; that
    of a member of staff or a visitor is the head's; the head's own the chair of governors'.
    """
    person = subject.person or ""
    known = next((each for each in people if each.id == person), None)
    audience = subject.audience if known is None else known.audience
    heads = holders(people, Duty.HEAD, but=person)
    if known is not None and known.holds(Duty.HEAD) and audience is not Audience.PUPIL:
        chairs = holders(people, Duty.CHAIR_OF_GOVERNORS, but=person)
        return _handled(
            chairs, chairs, "A matter about the headteacher goes to the chair of governors."
        )
    if audience is not Audience.PUPIL:
        return _handled(heads, heads, "A matter about an adult goes to the headteacher.")
    dsls = _adults(holders(people, Duty.DSL, but=person))
    leads = _adults(holders(people, Duty.ONLINE_SAFETY_LEAD, but=person))
    if not dsls:
        why = "A pupil's matter goes to the designated safeguarding lead; the school has none who"
        return _handled((*leads, *heads), heads, f"{why} can sign in, so the headteacher acts.")
    return _handled(
        (*dsls, *leads),
        (*dsls, *heads),
        "A pupil's matter goes to the designated safeguarding lead and the online safety lead.",
    )


def may_handle_any(member: Member) -> bool:
    """Whether *member* may ever handle an incident, whomever it is about."""
    return member.audience is not Audience.PUPIL and member.holds(
        Duty.DSL, Duty.ONLINE_SAFETY_LEAD, Duty.HEAD, Duty.CHAIR_OF_GOVERNORS
    )


def _adults(members: tuple[Member, ...]) -> tuple[Member, ...]:
    # A pupil's duties never count, whatever a register says.
    return tuple(each for each in members if each.audience is not Audience.PUPIL)


def _handled(handlers: tuple[Member, ...], deciders: tuple[Member, ...], why: str) -> Handling:
    handlers = tuple({each.id: each for each in _adults(handlers)}.values())
    deciders = tuple({each.id: each for each in _adults(deciders)}.values())
    if not handlers:
        why += " The school has named nobody for that who can sign in."
    return Handling(handlers, deciders, why)
