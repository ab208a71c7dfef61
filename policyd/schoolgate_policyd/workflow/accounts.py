"""
Accounts: who must have a second factor, what a session lacks, who may invite whom.

A second factor is a one-time code or a passkey. The duties that see personal data of others need
one; everybody else may have one, and whoever has one is asked for it.
"""

from enum import StrEnum

from schoolgate_policyd.core.subjects import Audience, Duty
from schoolgate_policyd.workflow.errors import NotAllowed
from schoolgate_policyd.workflow.people import Member

NEED_A_SECOND_FACTOR = frozenset(
    {
        Duty.HEAD,
        Duty.CHAIR_OF_GOVERNORS,
        Duty.ONLINE_SAFETY_LEAD,
        Duty.DSL,
        Duty.TECHNICIAN,
    }
)
# Whoever could act in the place of these could decide over the filter, or over people.
_DECIDE = (NEED_A_SECOND_FACTOR | {Duty.GOVERNOR}) - {Duty.TECHNICIAN}


class Lack(StrEnum):
    """What a session still needs before its person is signed in: it opens nothing until then."""

    SECOND_FACTOR = "second-factor"
    SETTING_ONE_UP = "setting-one-up"


def must_have_second_factor(member: Member) -> bool:
    """Whether a duty of *member* sees personal data of others."""
    return member.holds(*NEED_A_SECOND_FACTOR)


def lack_after_password(member: Member, *, has_one: bool, is_required: bool) -> Lack | None:
    """
    Return what is still needed after the right password, None for nothing.

    *is_required* is the school's setting: without it nobody must set one up, yet whoever has one
    is asked for it.
    """
    if has_one:
        return Lack.SECOND_FACTOR
    if is_required and must_have_second_factor(member):
        return Lack.SETTING_ONE_UP
    return None


def require_may_invite(
    by: Member, member: Member, *, has_account: bool, is_deputy: bool = False
) -> None:
    """
    Raise NotAllowed unless *by* may give *member* a code to set their account up.

    Nobody for themselves. The technician makes first accounts for everybody, and fresh starts for
    those who decide nothing: whoever could take over the head's account could sign in their name.
    Those get theirs from the head, and the head from the chair of governors.
    """
    if by.id == member.id:
        raise NotAllowed("Change your own account under “Your account”.")
    if member.audience is Audience.PUPIL or member.username is None:
        raise NotAllowed("Pupils, and people without a user name, do not sign in.")
    if by.audience is Audience.PUPIL:
        raise NotAllowed("Pupils make no accounts.")
    if by.holds(Duty.HEAD):
        return
    if by.holds(Duty.CHAIR_OF_GOVERNORS) and member.holds(Duty.HEAD):
        return
    if by.holds(Duty.TECHNICIAN) and not (has_account and (is_deputy or member.holds(*_DECIDE))):
        return
    if by.holds(Duty.TECHNICIAN):
        raise NotAllowed(
            "Somebody with this duty gets a fresh start from the head, and the head from the chair"
            " of governors; whoever administrates the machine can give one with"
            " `schoolgate account invite`."
        )
    raise NotAllowed("Accounts are made by the technician and the head.")
