"""
Who may see and change the school's register: people, classes, devices, networks, days.

Technicians keep it. Duties are power in Schoolgate, so they are given and taken by the head, and
by the chair of governors where the head's own are concerned; nobody changes their own line.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member


class RegisterAct(StrEnum):
    """What somebody does with the register."""

    SEE = "see"
    KEEP = "keep"
    GIVE_DUTIES = "give-duties"
    LOOSEN = "loosen"
    DIRECT_DAYS = "direct-days"
    FORGET = "forget"


TABLE: Mapping[RegisterAct, frozenset[Duty]] = MappingProxyType(
    {
        RegisterAct.SEE: frozenset(
            {
                Duty.HEAD,
                Duty.CHAIR_OF_GOVERNORS,
                Duty.ONLINE_SAFETY_LEAD,
                Duty.DSL,
                Duty.TECHNICIAN,
            }
        ),
        RegisterAct.KEEP: frozenset({Duty.HEAD, Duty.TECHNICIAN}),
        # R16: the head or senior leaders decide who may run the school's accounts. A technician
        # who gave duties could make themselves head.
        RegisterAct.GIVE_DUTIES: frozenset({Duty.HEAD, Duty.CHAIR_OF_GOVERNORS}),
        # What may open something is the head's to direct, like every change of the policy.
        RegisterAct.LOOSEN: frozenset({Duty.HEAD}),
        RegisterAct.DIRECT_DAYS: frozenset({Duty.HEAD}),
        # It cannot be undone, and whoever it is about may ask for it: the head answers them.
        RegisterAct.FORGET: frozenset({Duty.HEAD}),
    }
)
_ONLY = {
    RegisterAct.SEE: "Only those with a duty in the school see its register.",
    RegisterAct.KEEP: "Only the headteacher and the ICT technician change the register.",
    RegisterAct.GIVE_DUTIES: "Only the headteacher and the chair of governors give duties.",
    RegisterAct.LOOSEN: (
        "This may open what is blocked now, so only the headteacher does it. Tell them what is "
        "needed and why."
    ),
    RegisterAct.DIRECT_DAYS: "Only the headteacher says that a day is different.",
    RegisterAct.FORGET: "Only the headteacher has somebody who left forgotten.",
}
_OWN = "Nobody changes their own line in the register: ask a colleague who may."
# Without one of these nobody could change anything any more.
NEEDED: Mapping[Duty, str] = MappingProxyType(
    {Duty.HEAD: "headteacher", Duty.TECHNICIAN: "ICT technician"}
)


def may(member: Member, act: RegisterAct) -> bool:
    """Whether *member*'s duties permit *act*; a pupil's never do."""
    return member.may_as(*TABLE[act])


def require(member: Member, act: RegisterAct) -> None:
    """Raise NotAllowed unless *member* may do *act*."""
    if not may(member, act):
        raise NotAllowed(_ONLY[act])


def may_keep_line(actor: Member, subject: Member) -> bool:
    """Whether *actor* may change the line of *subject*; the head's own is the chair's too."""
    if actor.id == subject.id:
        return False
    stands_in = subject.holds(Duty.HEAD) and may(actor, RegisterAct.GIVE_DUTIES)
    return may(actor, RegisterAct.KEEP) or stands_in


def require_may_keep(actor: Member | None, subject: Member, *, is_sign_in: bool) -> None:
    """
    Raise NotAllowed unless *actor* may change the line of *subject*; None is the machine.

    *is_sign_in*: their audience, their user name or that they left is changed. Of somebody who
    holds a duty, that takes the duty's power away, so it belongs to those who give duties.
    """
    if actor is None:
        return
    if actor.id == subject.id:
        raise NotAllowed(_OWN)
    if not may_keep_line(actor, subject):
        raise NotAllowed(_ONLY[RegisterAct.KEEP])
    if is_sign_in and subject.duties:
        require(actor, RegisterAct.GIVE_DUTIES)


def require_may_count_as(actor: Member | None, subject: Member, after: Audience) -> None:
    """
    Raise NotAllowed unless *actor* may have *subject* count as *after*; None: the machine.

    Whoever counts as staff or a visitor from now on may reach more, as with a network. Whoever
    holds a duty is theirs already who give duties (`require_may_keep`).
    """
    if actor is None or subject.duties or after in {subject.audience, Audience.PUPIL}:
        return
    require(actor, RegisterAct.LOOSEN)


def require_may_give(actor: Member | None, subject: Member) -> None:
    """Raise NotAllowed unless *actor* may change the duties of *subject*; None: the machine."""
    if actor is None:
        return
    require(actor, RegisterAct.GIVE_DUTIES)
    if actor.id == subject.id:
        raise NotAllowed(_OWN)
    if subject.audience is Audience.PUPIL:
        raise NotAllowed("Pupils hold no duties.")


def require_not_the_last(
    before: Mapping[Duty, frozenset[str]], after: Mapping[Duty, frozenset[str]]
) -> None:
    """
    Raise NotAllowed if a needed duty had somebody who can sign in before and nobody after.

    Each mapping gives the ids of those who hold a duty and can sign in.
    """
    for duty, title in NEEDED.items():
        if before.get(duty) and not after.get(duty):
            raise NotAllowed(
                f"They are the only {title} who can sign in: have another one sign in first."
            )
