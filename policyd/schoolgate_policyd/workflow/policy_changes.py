"""
The moves of a policy version: each returns the next version or refuses with a sentence.

A technician proposes and the head directs; governors approve and notice is given where the
policy in force asks for it. Nothing unproved is directed, nothing takes effect before its
notice is over, and nobody approves or directs what they drafted: these hold whatever page or
program calls. The one exception is a change that opens nothing: the head may direct it at once,
without waiting for notice or approval, since safety cannot wait; governors then approve it
afterwards.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from schoolgate_policyd.core.times import local_date, require_aware
from schoolgate_policyd.workflow.errors import NotAllowed, WrongState, mistake_in, required
from schoolgate_policyd.workflow.moves import require_own_name
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import (
    Act,
    may,
    may_withdraw,
    require,
    require_director,
)
from schoolgate_policyd.workflow.policy_gate import (
    SAYS,
    Versions,
    require_current_base,
    require_none_to_come,
    require_only_tightening,
    require_proof,
    require_state,
    require_terms,
)
from schoolgate_policyd.workflow.policy_versions import (
    Direction,
    Minutes,
    Move,
    PolicyStep,
    PolicyVersion,
    Stage,
    VersionState,
    stage_at,
    terms_for,
)
from schoolgate_policyd.workflow.requests import Signature


def require_editable(version: PolicyVersion, by: Member) -> None:
    """Raise unless *version* is a draft of *by*'s."""
    require(by, Act.DRAFT)
    require_state(version, VersionState.DRAFT)
    if by.id != version.author:
        raise NotAllowed("This is somebody else's draft: begin one of your own.")


def propose(
    version: PolicyVersion,
    versions: Versions,
    *,
    by: Member,
    reasons: str,
    shared: str,
    at: datetime,
    moment: datetime,
) -> PolicyVersion:
    """
    Return the draft *version* proposed by its author: from now on it stays as it is.

    *shared* is the digest of what every school shares now.
    """
    require_editable(version, by)
    require_current_base(version, versions, moment)
    require_proof(version, shared)
    step = PolicyStep(Move.PROPOSED, by.id, require_aware(at), required("reasons", reasons))
    return _with(version, step, VersionState.PROPOSED)


def approve(
    version: PolicyVersion,
    versions: Versions,
    *,
    by: Member,
    minutes: Minutes,
    today: date,
    at: datetime,
) -> PolicyVersion:
    """Return *version* with the governors' approval, recorded by a governor."""
    require(by, Act.APPROVE)
    if by.id == version.author:
        raise NotAllowed("Nobody approves in the governors' name what they drafted.")
    directed = version.step(Move.DIRECTED)
    if directed is not None and directed.actor == by.id:
        raise NotAllowed("Nobody approves in the governors' name what they directed.")
    require_state(version, VersionState.PROPOSED, VersionState.DIRECTED)
    if version.approval is not None:
        raise WrongState("The governors have approved it already.")
    if terms_for(version, versions).approval is None:
        raise WrongState("The policy in force asks for no approval by governors.")
    if minutes.met_on > today:
        raise mistake_in("met_on", "The meeting must not be in the future.")
    reference = required("reference", minutes.reference, "Name the minute that records it.")
    step = PolicyStep(
        Move.APPROVED, by.id, require_aware(at), f"Minute reference: {reference}", minutes=minutes
    )
    return _with(version, step, version.state)


def direct(
    version: PolicyVersion,
    versions: Versions,
    *,
    by: Member,
    people: tuple[Member, ...],
    reasons: str,
    direction: Direction,
    signature: Signature,
    shared: str,
    at: datetime,
    moment: datetime,
    zone: ZoneInfo,
) -> PolicyVersion:
    """
    Return *version* directed and signed, in force from the date in *direction*.

    *shared* is the digest of what every school shares now. Raises NotAllowed, WrongState, or
    InvalidForm where a date or a reason is what is wrong.
    """
    require_state(version, VersionState.PROPOSED)
    require_director(version, by, people, is_safe=direction.is_for_safety)
    require_own_name(signature.name, by, people)
    required("reasons", reasons)
    require_current_base(version, versions, moment)
    proof = require_proof(version, shared)
    if direction.in_force_from < require_aware(moment):
        raise mistake_in("in_force_from", "It cannot take effect in the past.")
    if direction.is_for_safety:
        require_only_tightening(proof)
    else:
        require_terms(version, versions, direction, today=local_date(moment, zone), zone=zone)
        require_none_to_come(versions, moment)
    step = PolicyStep(
        Move.DIRECTED,
        by.id,
        require_aware(at),
        reasons,
        signature=signature,
        direction=direction,
    )
    return _with(version, step, VersionState.DIRECTED)


def refuse(version: PolicyVersion, *, by: Member, reasons: str, at: datetime) -> PolicyVersion:
    """Return the proposed *version* refused by the head or by the governors."""
    if not (may(by, Act.DIRECT) or may(by, Act.APPROVE)):
        raise NotAllowed("Only the headteacher and governors refuse a proposal.")
    require_state(version, VersionState.PROPOSED)
    step = PolicyStep(Move.REFUSED, by.id, require_aware(at), required("reasons", reasons))
    return _with(version, step, VersionState.REFUSED)


def withdraw(
    version: PolicyVersion,
    versions: Versions,
    *,
    by: Member,
    reasons: str,
    at: datetime,
    moment: datetime,
) -> PolicyVersion:
    """Return *version* withdrawn before it was ever in force."""
    if not may_withdraw(version, by):
        raise NotAllowed("Only whoever drafted it, and the headteacher, may withdraw it.")
    stage = stage_at(version, versions, moment)
    if stage not in _WITHDRAWABLE:
        raise WrongState(f"There is nothing to withdraw: version {version.number} {SAYS[stage]}.")
    step = PolicyStep(Move.WITHDRAWN, by.id, require_aware(at), required("why", reasons))
    return _with(version, step, VersionState.WITHDRAWN)


_WITHDRAWABLE = frozenset(
    {
        Stage.DRAFT,
        Stage.WAITING_FOR_GOVERNORS,
        Stage.WAITING_FOR_HEAD,
        Stage.TO_COME,
        Stage.OVERTAKEN,
    }
)


def _with(version: PolicyVersion, step: PolicyStep, state: VersionState) -> PolicyVersion:
    return msgspec.structs.replace(version, state=state, steps=(*version.steps, step))
