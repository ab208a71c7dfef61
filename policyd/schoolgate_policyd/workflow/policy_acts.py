"""Who may do what with a version of the policy: one table, and whose own a version is."""

from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.core.subjects import Duty
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member, holders
from schoolgate_policyd.workflow.policy_versions import PolicyVersion, Stage, VersionState


class Act(StrEnum):
    """What somebody does with a version."""

    SEE = "see"
    DRAFT = "draft"
    APPROVE = "approve"
    DIRECT = "direct"


# Who may do what, as far as duties say; `moves` below add whose own a version is.
TABLE = MappingProxyType(
    {
        Act.SEE: frozenset(Duty) - {Duty.ACCOUNT_OPERATOR},
        # The online safety lead blocks from a report (twiss-green §7, §9), so may draft too.
        Act.DRAFT: frozenset({Duty.TECHNICIAN, Duty.HEAD, Duty.ONLINE_SAFETY_LEAD}),
        # broad-square Monitoring and Review.
        Act.APPROVE: frozenset({Duty.CHAIR_OF_GOVERNORS, Duty.GOVERNOR}),
        # The chair of governors stands in where the head drafted it (twiss-green §8).
        Act.DIRECT: frozenset({Duty.HEAD, Duty.CHAIR_OF_GOVERNORS}),
    }
)
_ONLY = {
    Act.SEE: "Only those with a duty in the school see versions of its policy.",
    Act.DRAFT: "Only the ICT technician, the online safety lead and the headteacher draft.",
    Act.APPROVE: "Only governors approve in the governors' name.",
    Act.DIRECT: "Only the headteacher directs.",
}


def may(member: Member, act: Act) -> bool:
    """Whether *member*'s duties permit *act*; a pupil's never do."""
    return member.may_as(*TABLE[act])


def require(member: Member, act: Act) -> None:
    """Raise NotAllowed unless *member* may do *act*."""
    if not may(member, act):
        raise NotAllowed(_ONLY[act])


def may_withdraw(version: PolicyVersion, member: Member) -> bool:
    """Whether *member* may: the head at any time, whoever drafted it until it is directed."""
    is_own = member.id == version.author and version.state is not VersionState.DIRECTED
    return is_own or member.holds(Duty.HEAD, Duty.CHAIR_OF_GOVERNORS)


def directors(
    version: PolicyVersion, people: tuple[Member, ...], *, is_safe: bool = False
) -> tuple[Member, ...]:
    """
    Return those who may direct *version*: heads but its author, else the chair of governors.

    What only tightens (*is_safe*) a head may direct who drafted it, for nobody gains by that.
    Whoever approved it in the governors' name does not direct it as well.
    """
    approver = None if version.approval is None else version.approval.actor
    but = "" if is_safe or version.author is None else version.author
    heads = holders(people, Duty.HEAD, but=but)
    chairs = holders(people, Duty.CHAIR_OF_GOVERNORS, but=but)
    is_heads_own = any(each.id == version.author for each in holders(people, Duty.HEAD, but=""))
    able = (*heads, *chairs) if is_heads_own else heads
    return tuple(each for each in able if each.id != approver)


def is_waiting_for(
    member: Member, version: PolicyVersion, stage: Stage, people: tuple[Member, ...]
) -> bool:
    """Whether *version*, which stands at *stage*, waits for something that *member* may do."""
    if stage is Stage.WAITING_FOR_GOVERNORS:
        return may(member, Act.APPROVE) and member.id != version.author
    able = directors(version, people) if stage is Stage.WAITING_FOR_HEAD else ()
    return any(each.id == member.id for each in able)


def require_director(
    version: PolicyVersion, by: Member, people: tuple[Member, ...], *, is_safe: bool
) -> None:
    """Raise NotAllowed unless *by* may direct *version*."""
    require(by, Act.DIRECT)
    able = directors(version, people, is_safe=is_safe)
    if any(by.id == each.id for each in able):
        return
    if version.approval is not None and version.approval.actor == by.id:
        raise NotAllowed("You approved it in the governors' name: somebody else directs it.")
    if by.id == version.author:
        raise NotAllowed(
            "Nobody directs what they drafted: another headteacher or the chair of governors "
            "does. A change that only tightens you may direct for safety."
        )
    raise NotAllowed("The headteacher directs this version.")
