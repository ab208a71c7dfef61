"""
The blocked content access request of twiss-green Appendix A.

    submitted ──► measures-confirmed ──► approved (a grant: in force, ended)
        │                  │                 │
        ├─► measures-refused └─► refused     │
        └─────────────────── withdrawn ◄─────┘

The reviewer moves it to the measures states, the authoriser to approved or refused; reasons are
given for either outcome. That a grant is in force or over follows from its times (`stage_at`).
"""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from schoolgate_policyd.core.names import Url
from schoolgate_policyd.core.rules import Grant, GrantKind
from schoolgate_policyd.core.times import require_aware


class ScopeChoice(StrEnum):
    """Which pages are asked for."""

    PAGE = "page"
    PART = "part"
    SITE = "site"


class RequestForm(msgspec.Struct, frozen=True):
    """
    The requester's half of the form, in its order, then what Schoolgate adds beside it.

    *written_on* is the form's date (the school's), *url* the page asked for. *for_class* is a
    class id, None means oneself. The grant is asked for on [starts_at, ends_at) (aware).
    """

    staff_name: str
    written_on: date
    url: Url
    site_content: str
    reasons: str
    measures: str
    for_class: str | None
    scope: ScopeChoice
    starts_at: datetime
    ends_at: datetime

    @property
    def kind(self) -> GrantKind:
        """Whom it is for decides the kind."""
        return GrantKind.ACCESS_GRANT if self.for_class is None else GrantKind.CURRICULUM_GRANT


class State(StrEnum):
    """Where a request stands, as it is stored."""

    SUBMITTED = "submitted"
    MEASURES_CONFIRMED = "measures-confirmed"
    MEASURES_REFUSED = "measures-refused"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Stage(StrEnum):
    """Where a request stands at a moment, as pages show it."""

    WAITING_FOR_MEASURES = "waiting-for-measures"
    MEASURES_REFUSED = "measures-refused"
    WAITING_FOR_DECISION = "waiting-for-decision"
    REFUSED = "refused"
    APPROVED = "approved"
    IN_FORCE = "in-force"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Signature(msgspec.Struct, frozen=True):
    """
    The authoriser's name and date as written on the form.

    *digest* is the SHA-256, in hexadecimal, of exactly the text that was signed
    (`moves.signed_text`).
    """

    name: str
    signed_on: date
    digest: str


class Step(msgspec.Struct, frozen=True):
    """One move of a request: to which *state*, by whom, when (machine time, aware), and why."""

    state: State
    actor: str
    at: datetime
    reasons: str
    signature: Signature | None = None


class AccessRequest(msgspec.Struct, frozen=True):
    """
    A request with its whole history, oldest step first; the first is its submission.

    *has_ended* is set for ever once its grant was seen to be over, whatever clocks say later.
    *grant* and *store_version*, the store's version with which it came, are set once approved.
    """

    id: int
    requester: str
    form: RequestForm
    steps: tuple[Step, ...]
    has_ended: bool = False
    grant: Grant | None = None
    store_version: int | None = None

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.steps[-1].state

    @property
    def submitted_at(self) -> datetime:
        """When it was submitted (machine time, aware)."""
        return self.steps[0].at

    @property
    def waiting_since(self) -> datetime:
        """When the last step was made (machine time, aware): its age counts from here."""
        return self.steps[-1].at

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act, unless it has lapsed."""
        return self.state in OPEN_STATES

    def step(self, state: State) -> Step | None:
        """Return the step that moved it to *state*, if there was one."""
        return next((each for each in self.steps if each.state is state), None)


OPEN_STATES = frozenset({State.SUBMITTED, State.MEASURES_CONFIRMED})

_STAGES = {
    State.SUBMITTED: Stage.WAITING_FOR_MEASURES,
    State.MEASURES_CONFIRMED: Stage.WAITING_FOR_DECISION,
    State.MEASURES_REFUSED: Stage.MEASURES_REFUSED,
    State.REFUSED: Stage.REFUSED,
    State.WITHDRAWN: Stage.WITHDRAWN,
}


def stage_at(request: AccessRequest, moment: datetime) -> Stage:
    """Return where *request* stands at *moment* (aware, the school's clock)."""
    require_aware(moment)
    if request.is_open and moment >= request.form.ends_at:
        return Stage.LAPSED
    if request.state is not State.APPROVED:
        return _STAGES[request.state]
    if request.has_ended or moment >= request.form.ends_at:
        return Stage.ENDED
    return Stage.IN_FORCE if moment >= request.form.starts_at else Stage.APPROVED
