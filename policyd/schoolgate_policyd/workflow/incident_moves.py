"""
The moves of an incident: each returns the next incident or refuses with a sentence.

Only its handlers move it. It cannot be closed without an action that was taken and an outcome,
and is reopened with a reason: these hold whatever page or program calls.
"""

from datetime import datetime

import msgspec

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.core.times import require_aware
from schoolgate_policyd.workflow.errors import (
    FieldMistake,
    InvalidForm,
    NotAllowed,
    WrongState,
    required,
)
from schoolgate_policyd.workflow.incidents import (
    Handling,
    Incident,
    IncidentState,
    IncidentStep,
    IncidentSubject,
    Move,
)
from schoolgate_policyd.workflow.people import Member

MAX_STEPS = 500


def may_open(member: Member) -> bool:
    """Whether *member* may open one by hand: staff, and whoever else holds a duty."""
    if member.audience is Audience.PUPIL:
        return False
    return member.audience is Audience.STAFF or bool(member.duties - {Duty.ACCOUNT_OPERATOR})


def note(incident: Incident, handling: Handling, *, by: str, text: str, at: datetime) -> Incident:
    """Return *incident* with a note of a handler's; whoever notes has taken it up."""
    require_handler(handling, by)
    return _with(incident, Move.NOTED, by, required("text", text, "Write the note."), at)


def take_up(incident: Incident, handling: Handling, *, by: str, at: datetime) -> Incident:
    """Return the new *incident* as being looked into."""
    require_handler(handling, by)
    if incident.state is not IncidentState.NEW:
        raise WrongState("Somebody looks into it already, or it is closed.")
    return _with(incident, Move.TAKEN_UP, by, "", at)


def act(incident: Incident, handling: Handling, *, by: str, text: str, at: datetime) -> Incident:
    """Return *incident* with an action that was taken."""
    require_handler(handling, by)
    _require_open(incident)
    return _with(incident, Move.ACTED, by, required("text", text, "Say what was done."), at)


def name(
    incident: Incident, handling: Handling, *, by: str, whom: Member, text: str, at: datetime
) -> Incident:
    """
    Return *incident* as being about *whom*, found out by other means than the network.

    From then on it is handled by whoever handles matters about them.
    """
    require_handler(handling, by)
    _require_open(incident)
    if incident.subject.person is not None:
        raise WrongState("Who it was is known already.")
    how = required("how", text, "Say how you know.")
    subject = msgspec.structs.replace(incident.subject, person=whom.id, audience=whom.audience)
    return msgspec.structs.replace(_with(incident, Move.NAMED, by, how, at), subject=subject)


def close(
    incident: Incident, handling: Handling, *, by: str, action: str, outcome: str, at: datetime
) -> Incident:
    """
    Return *incident* closed with its *outcome*.

    *action* is one that was not recorded before; without one there must be a recorded action.
    """
    require_handler(handling, by)
    _require_open(incident)
    mistakes = []
    if not action.strip() and not incident.actions:
        mistakes.append(FieldMistake("taken", "Say which action was taken."))
    if not outcome.strip():
        mistakes.append(FieldMistake("outcome", "Say what came of it."))
    if mistakes:
        raise InvalidForm(tuple(mistakes), {})
    if action.strip():
        incident = _with(incident, Move.ACTED, by, action.strip(), at)
    return _with(incident, Move.CLOSED, by, outcome.strip(), at)


def reopen(incident: Incident, handling: Handling, *, by: str, why: str, at: datetime) -> Incident:
    """Return the closed *incident* as being looked into again."""
    require_handler(handling, by)
    if incident.is_open:
        raise WrongState("It is open.")
    reason = required("why", why, "Say why it is opened again.")
    return _with(incident, Move.REOPENED, by, reason, at)


def require_handler(handling: Handling, by: str) -> None:
    """Raise NotAllowed unless *by* handles it."""
    if not handling.is_handled_by(by):
        raise NotAllowed("Only those who look into it may do this.")


def require_other(subject: IncidentSubject, by: str) -> None:
    """Raise NotAllowed where *by* is whom it is about."""
    if subject.person == by:
        raise NotAllowed("Nobody handles a matter about themselves.")


_STATES = {
    Move.CLOSED: IncidentState.CLOSED,
    Move.OPENED: IncidentState.NEW,
}


def _with(incident: Incident, move: Move, by: str, text: str, at: datetime) -> Incident:
    if len(incident.steps) >= MAX_STEPS:
        raise WrongState(f"It has {MAX_STEPS} entries: close it and open another.")
    step = IncidentStep(move, by, require_aware(at), text)
    if move is Move.NOTED and not incident.is_open:
        state = incident.state
    else:
        state = _STATES.get(move, IncidentState.LOOKED_INTO)
    return msgspec.structs.replace(incident, state=state, steps=(*incident.steps, step))


def _require_open(incident: Incident) -> None:
    if not incident.is_open:
        raise WrongState("It is closed: open it again first.")
