"""
The blocked content access request of twiss-green Appendix A.

    draft ──► submitted ──► measures-confirmed ──► approved (a grant: in force, ended, reviewed)
              │ ▲  │               │   │              │ │
              ▼ │  └► measures-    │   └► refused     │ │
         question      refused     │                  │ │
              ▲                    │                  │ │
              └── a changed form: the next version ◄──┘ │
                       withdrawn ◄──────────────────────┘

The reviewer asks, and moves it to the measures states; the authoriser to approved or refused;
reasons are given for either outcome. Whenever the form changes it is a new version, submitted
again: what was confirmed or signed was another text. That a grant is in force or over follows
from its times (`stage_at`). A draft is its author's own (`request_drafts`).
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

    DRAFT = "draft"
    WAITING_FOR_ANSWER = "waiting-for-answer"
    WAITING_FOR_MEASURES = "waiting-for-measures"
    MEASURES_REFUSED = "measures-refused"
    WAITING_FOR_DECISION = "waiting-for-decision"
    REFUSED = "refused"
    APPROVED = "approved"
    IN_FORCE = "in-force"
    ENDED = "ended"
    TOLD = "told"
    REVIEWED = "reviewed"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Signature(msgspec.Struct, frozen=True):
    """
    The authoriser's name and date as written on the form.

    *digest* is that of exactly the text that was signed (`workflow.signing`), in hexadecimal;
    *number* is under which the signature is kept with its proof.
    """

    name: str
    signed_on: date
    digest: str
    number: int | None = None


class Step(msgspec.Struct, frozen=True):
    """
    One move of a request: to which *state*, by whom, when (machine time, aware), and why.

    *version* is the version of the form that it was about. *delegation* is the number of the one
    by which a deputy decided, *for_head* the head in whose name.
    """

    state: State
    actor: str
    at: datetime
    reasons: str
    signature: Signature | None = None
    version: int = 1
    delegation: int | None = None
    for_head: str | None = None


class Question(msgspec.Struct, frozen=True):
    """What the reviewer asked the requester, and the answer once there is one (machine time)."""

    asked_by: str
    asked_at: datetime
    question: str
    answered_at: datetime | None = None
    answer: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for its answer."""
        return self.answer is None


class Afterwards(msgspec.Struct, frozen=True):
    """How it went, in the requester's words, and the online safety lead's note (machine time)."""

    how_it_went: str
    told_at: datetime
    note: str | None = None
    noted_by: str | None = None
    noted_at: datetime | None = None


class FormVersion(msgspec.Struct, frozen=True):
    """A form as it was before it was changed, with why it was (machine time, aware)."""

    version: int
    form: RequestForm
    replaced_at: datetime
    why: str


class AccessRequest(msgspec.Struct, frozen=True):
    """
    A request with its whole history, oldest step first; the first is its submission.

    *form* is its newest *version*, *earlier* are those before. *has_ended* is set for ever once
    its grant was seen to be over, whatever clocks say later. *grant* and *store_version*, the
    store's version with which it came, are set once this version of the form is approved.
    """

    id: int
    requester: str
    form: RequestForm
    steps: tuple[Step, ...]
    has_ended: bool = False
    grant: Grant | None = None
    store_version: int | None = None
    version: int = 1
    earlier: tuple[FormVersion, ...] = ()
    questions: tuple[Question, ...] = ()
    afterwards: Afterwards | None = None

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
        """When somebody did something last (machine time, aware): its age counts from here."""
        moments = [self.steps[-1].at]
        if self.questions:
            last = self.questions[-1]
            moments.append(last.asked_at if last.answered_at is None else last.answered_at)
        if self.afterwards is not None:
            moments.append(self.afterwards.told_at)
        return max(moments)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act, unless it has lapsed."""
        return self.state in OPEN_STATES

    @property
    def open_question(self) -> Question | None:
        """The question that waits for the requester's answer."""
        return next((each for each in self.questions if each.is_open), None)

    def step(self, state: State) -> Step | None:
        """Return the step that moved the form as it is now to *state*, if there was one."""
        return next(
            (each for each in self.steps if each.state is state and each.version == self.version),
            None,
        )


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
    if request.state is State.SUBMITTED and request.open_question is not None:
        return Stage.WAITING_FOR_ANSWER
    if request.state is not State.APPROVED:
        return _STAGES[request.state]
    if request.has_ended or moment >= request.form.ends_at:
        return _stage_afterwards(request.afterwards)
    return Stage.IN_FORCE if moment >= request.form.starts_at else Stage.APPROVED


def _stage_afterwards(afterwards: Afterwards | None) -> Stage:
    if afterwards is None:
        return Stage.ENDED
    return Stage.TOLD if afterwards.noted_at is None else Stage.REVIEWED
