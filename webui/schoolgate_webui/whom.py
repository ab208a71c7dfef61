"""Whom a page is for, and whether somebody is one of them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

from schoolgate_policyd.workflow import policy_acts, register_acts, training
from schoolgate_policyd.workflow.acknowledging import may_see_who
from schoolgate_policyd.workflow.actors import may_submit
from schoolgate_policyd.workflow.incident_moves import may_open
from schoolgate_policyd.workflow.incidents import may_handle_any
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act
from schoolgate_policyd.workflow.register_acts import RegisterAct
from schoolgate_policyd.workflow.restrictions import may_supervise
from schoolgate_policyd.workflow.suggested_sites import may_list
from schoolgate_policyd.workflow.visibility import Sight, may

type Right = Callable[[Member], bool]


class Who(StrEnum):
    """Whom a page is for."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed-in"
    PART_WAY = "part-way"  # signed in, or with the password shown and not yet everything
    WHO_MAY_ASK = "who-may-ask"
    WHO_SEES_GRANTS = "who-sees-grants"
    WHO_SEES_STANDING = "who-sees-standing"
    WHO_SEES_ATTEMPTS = "who-sees-attempts"
    WHO_OPENS_RECORDS = "who-opens-records"
    WHO_SEES_LOOKS = "who-sees-looks"
    WHO_SEES_FIGURES = "who-sees-figures"
    WHO_SEES_VERSIONS = "who-sees-versions"
    WHO_SEES_REASONS = "who-sees-reasons"
    WHO_SEES_AUDIT = "who-sees-audit"
    WHO_HANDLES_INCIDENTS = "who-handles-incidents"
    WHO_OPENS_INCIDENTS = "who-opens-incidents"
    WHO_SUPERVISES = "who-supervises"
    WHO_DRAFTS = "who-drafts"
    WHO_APPROVES = "who-approves"
    WHO_DIRECTS = "who-directs"
    WHO_CHECKS = "who-checks"
    WHO_JUDGES = "who-judges"
    WHO_SEES_REGISTER = "who-sees-register"
    WHO_KEEPS_REGISTER = "who-keeps-register"
    WHO_KEEPS_LINES = "who-keeps-lines"
    WHO_GIVES_DUTIES = "who-gives-duties"
    WHO_DIRECTS_DAYS = "who-directs-days"
    WHO_FORGETS = "who-forgets"
    WHO_HANDLES_REPORTS = "who-handles-reports"
    WHO_SEES_BLOCKS = "who-sees-blocks"
    WHO_BLOCKS = "who-blocks"
    WHO_LIFTS_BLOCKS = "who-lifts-blocks"
    WHO_SEES_MAIL = "who-sees-mail"
    WHO_READS_TRAINING = "who-reads-training"
    WHO_RECORDS_TRAINING = "who-records-training"
    WHO_LISTS_SITES = "who-lists-sites"
    WHO_SEES_ACKNOWLEDGEMENTS = "who-sees-acknowledgements"


def _sees(sight: Sight) -> Right:
    return lambda member: may(member, sight)


def _does(*acts: Act) -> Right:
    """One of these acts is enough; what may be done with one version, its workflow decides."""
    return lambda member: any(policy_acts.may(member, act) for act in acts)


def _keeps(*acts: RegisterAct) -> Right:
    return lambda member: any(register_acts.may(member, act) for act in acts)


def _is_signed_in(member: Member) -> bool:
    del member
    return True


# Every one but ANYBODY, who need not be somebody we know.
_RIGHTS: Mapping[Who, Right] = MappingProxyType(
    {
        Who.SIGNED_IN: _is_signed_in,
        Who.PART_WAY: _is_signed_in,
        Who.WHO_SEES_GRANTS: _sees(Sight.GRANTS_IN_FORCE),
        Who.WHO_SEES_STANDING: _sees(Sight.STANDING_PERMISSIONS),
        Who.WHO_SEES_ATTEMPTS: _sees(Sight.BLOCKED_ATTEMPTS),
        Who.WHO_OPENS_RECORDS: _sees(Sight.RECORDS_OF_PEOPLE),
        Who.WHO_SEES_LOOKS: _sees(Sight.LOOKS),
        Who.WHO_SEES_FIGURES: _sees(Sight.FIGURES),
        Who.WHO_SEES_REASONS: _sees(Sight.REASONS),
        Who.WHO_SEES_AUDIT: _sees(Sight.AUDIT),
        Who.WHO_HANDLES_REPORTS: _sees(Sight.REPORTS),
        Who.WHO_SEES_BLOCKS: _sees(Sight.BLOCKS),
        Who.WHO_BLOCKS: _sees(Sight.BLOCK_AT_ONCE),
        Who.WHO_LIFTS_BLOCKS: _sees(Sight.LIFT_BLOCKS),
        Who.WHO_SEES_MAIL: _sees(Sight.SYSTEM),
        Who.WHO_SEES_VERSIONS: _does(Act.SEE),
        Who.WHO_DRAFTS: _does(Act.DRAFT),
        Who.WHO_APPROVES: _does(Act.APPROVE),
        Who.WHO_DIRECTS: _does(Act.DIRECT),
        Who.WHO_CHECKS: _does(Act.DRAFT, Act.APPROVE, Act.DIRECT),
        Who.WHO_JUDGES: _does(Act.APPROVE, Act.DIRECT),
        Who.WHO_SEES_REGISTER: _keeps(RegisterAct.SEE),
        Who.WHO_KEEPS_REGISTER: _keeps(RegisterAct.KEEP),
        # The chair of governors changes the head's own line.
        Who.WHO_KEEPS_LINES: _keeps(RegisterAct.KEEP, RegisterAct.GIVE_DUTIES),
        Who.WHO_GIVES_DUTIES: _keeps(RegisterAct.GIVE_DUTIES),
        Who.WHO_DIRECTS_DAYS: _keeps(RegisterAct.DIRECT_DAYS),
        Who.WHO_FORGETS: _keeps(RegisterAct.FORGET),
        Who.WHO_MAY_ASK: may_submit,
        Who.WHO_HANDLES_INCIDENTS: may_handle_any,
        Who.WHO_OPENS_INCIDENTS: may_open,
        Who.WHO_SUPERVISES: may_supervise,
        Who.WHO_READS_TRAINING: training.may_read,
        Who.WHO_RECORDS_TRAINING: training.may_record,
        Who.WHO_LISTS_SITES: may_list,
        Who.WHO_SEES_ACKNOWLEDGEMENTS: may_see_who,
    }
)


def is_for(who: Who, member: Member | None) -> bool:
    """Whether *member*, None for somebody who is not signed in, is one of *who*."""
    if member is None or who is Who.ANYBODY:
        return who is Who.ANYBODY
    return _RIGHTS[who](member)
