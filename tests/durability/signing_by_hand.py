"""Signing as the pages do, whatever is signed: the text is kept, then the proof is taken."""

from datetime import datetime, timedelta

from deeds import ADDRESS
from office import HEAD, LESSON, PASSWORD, policy, source
from policy_paper import LONDON, SHARED, TODAY
from to_sign import direction_to_sign, standing_to_sign

from schoolgate_policyd.store.decisions import DecisionStore
from schoolgate_policyd.store.records import SignedIn
from schoolgate_policyd.store.signed_decisions import DecisionToSign
from schoolgate_policyd.store.signed_delegations import DelegationToSign
from schoolgate_policyd.store.signing_desk import ByPassword, Signable
from schoolgate_policyd.workflow.decision_text import WouldOpen
from schoolgate_policyd.workflow.delegations import DelegationForm
from schoolgate_policyd.workflow.effects import effects_of
from schoolgate_policyd.workflow.forms import DecisionForm
from schoolgate_policyd.workflow.policy_versions import Direction, PolicyVersion
from schoolgate_policyd.workflow.requests import AccessRequest
from schoolgate_policyd.workflow.scopes import grant_for
from schoolgate_policyd.workflow.standing_requests import StandingRequest

_PROOF = ByPassword(PASSWORD, "", is_code_needed=False)


def sign(store: DecisionStore, signable: Signable, *, at: datetime) -> None:
    """Have the head sign in, look at *signable*, and sign it."""
    signed_in = store.credentials.sign_in(
        HEAD.username or "",
        PASSWORD,
        address=ADDRESS,
        at=at,
        moment=LESSON,
        is_second_factor_required=False,
    )
    if not isinstance(signed_in, SignedIn):
        raise AssertionError("the head cannot sign in")  # noqa: TRY004 - it is no wrong type
    number = signed_in.session.id
    begun = store.signing_desk.begin(number, signable, {"reasons": "good"}, at=at)
    store.signing_desk.sign_with_password(
        begun.nonce, number, signable, _PROOF, address=ADDRESS, at=at
    )


def sign_decision(
    store: DecisionStore, asked: AccessRequest, *, is_approved: bool, at: datetime
) -> None:
    """Have the head decide *asked*."""
    effects = would_open = None
    if is_approved:
        grant = grant_for(asked, policy().catalogue)
        effects = effects_of(grant, source(), asked.form.url, moment=LESSON)
        would_open = WouldOpen(grant, (str(asked.form.url),), ())
    sign(
        store,
        DecisionToSign(
            number=asked.id,
            by=HEAD.id,
            decision=DecisionForm(is_approved, "good", HEAD.name, LESSON.date()),
            effects=effects,
            would_open=would_open,
            zone=LONDON,
            at=at,
            moment=LESSON,
        ),
        at=at,
    )


def sign_delegation(store: DecisionStore, deputy: str, *, at: datetime) -> int:
    """Have the head name *deputy*; return the delegation's number."""
    form = DelegationForm(deputy, LESSON, LESSON + timedelta(days=3), "away")
    sign(store, DelegationToSign(HEAD.id, form, TODAY, LONDON, at, LESSON), at=at)
    return store.delegations.every()[0].id


def sign_standing(
    store: DecisionStore, asked: StandingRequest, *, is_approved: bool, at: datetime
) -> None:
    """Have the head permit *asked*, or refuse it."""
    sign(store, standing_to_sign(store, asked.id, yes=is_approved, at=at), at=at)


def sign_direction(store: DecisionStore, version: PolicyVersion, *, at: datetime) -> None:
    """Have the head direct *version* for safety, in force at once."""
    direction = Direction(LESSON, is_for_safety=True)
    to_sign = direction_to_sign(version.number, direction, shared=SHARED, at=at, moment=LESSON)
    sign(store, to_sign, at=at)
