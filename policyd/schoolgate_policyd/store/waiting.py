"""
What waits for somebody, counted: every page of theirs says it.

All of it is counted in one transaction, so the counts are of one moment. Who acts is read once,
and only where something is open; how a matter of each kind waits, the workflow decides.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from sqlalchemy.orm import Session

from schoolgate_policyd.store import (
    incidents,
    policy_writes,
    reports,
    requests,
    restrictions,
    standing_requests,
)
from schoolgate_policyd.store.database import Database
from schoolgate_policyd.store.delegations import staffing_of
from schoolgate_policyd.store.people import actors_in
from schoolgate_policyd.workflow.actors import ACTING
from schoolgate_policyd.workflow.incidents import handling_of, may_handle_any
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, is_waiting_for
from schoolgate_policyd.workflow.policy_acts import may as may_act
from schoolgate_policyd.workflow.policy_versions import stage_at
from schoolgate_policyd.workflow.report_handlers import waits_for as report_waits_for
from schoolgate_policyd.workflow.request_rights import Staffing
from schoolgate_policyd.workflow.restrictions import is_to_decide
from schoolgate_policyd.workflow.standing_requests import waits_for as standing_waits_for
from schoolgate_policyd.workflow.visibility import Sight, may


class Matter(StrEnum):
    """What may wait for somebody."""

    REQUESTS = "requests"
    STANDING = "standing"
    INCIDENTS = "incidents"
    REPORTS = "reports"
    RESTRICTIONS = "restrictions"
    POLICY = "policy"


class Waiting:
    """How much waits for whom."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(
        self, member: Member, matters: Iterable[Matter], *, school: str, moment: datetime
    ) -> dict[Matter, int]:
        """
        Return how many of each of *matters* wait for *member*.

        *moment* is the school's clock (aware), *school* that of the policy's versions.
        """
        with self._database.reading() as session:
            look = _Look(session, member, school, moment)
            return {each: _COUNTS[each](look) for each in matters}


class _Look:
    """One look for *member*; who acts is read when it is first asked, and then never again."""

    def __init__(self, session: Session, member: Member, school: str, moment: datetime) -> None:
        self.session = session
        self.member = member
        self.school = school
        self.moment = moment

    @cached_property
    def duty_holders(self) -> tuple[Member, ...]:
        """Those who hold a duty, by name."""
        return tuple(each for each in self._actors if each.duties)

    @cached_property
    def staffing(self) -> Staffing:
        """Who may act on requests."""
        return staffing_of(self.session, self._actors, self.moment)

    @cached_property
    def _actors(self) -> tuple[Member, ...]:
        return actors_in(self.session)


def _requests(look: _Look) -> int:
    found = requests.may_wait_in(look.session, look.member.id, look.moment)
    turns = (look.staffing.turn(each) for each in found)
    return sum(turn is not None and turn.is_of(look.member.id) for turn in turns)


def _standing(look: _Look) -> int:
    if not look.member.holds(*ACTING):
        return 0
    found = standing_requests.open_in(look.session)
    return sum(standing_waits_for(look.member.id, each, look.duty_holders) for each in found)


def _incidents(look: _Look) -> int:
    if not may_handle_any(look.member):
        return 0
    return sum(
        count
        for subject, count in incidents.new_in(look.session)
        if handling_of(subject, look.duty_holders).is_handled_by(look.member.id)
    )


def _reports(look: _Look) -> int:
    # Everybody has a page of reports: of their own, unless they handle those of others.
    if not may(look.member, Sight.REPORTS):
        return 0
    found = reports.open_in(look.session)
    return sum(report_waits_for(look.member, each, look.duty_holders) for each in found)


def _restrictions(look: _Look) -> int:
    if not may_handle_any(look.member):
        return 0
    return sum(
        is_to_decide(record, handling_of(about, look.duty_holders), look.member.id)
        for record, about in restrictions.proposed_in(look.session)
    )


def _policy(look: _Look) -> int:
    if not (may_act(look.member, Act.APPROVE) or may_act(look.member, Act.DIRECT)):
        return 0
    versions = policy_writes.proposed_in(look.session, look.school)
    return sum(
        is_waiting_for(look.member, each, stage_at(each, versions, look.moment), look.duty_holders)
        for each in versions
    )


_COUNTS: Mapping[Matter, Callable[[_Look], int]] = MappingProxyType(
    {
        Matter.REQUESTS: _requests,
        Matter.STANDING: _standing,
        Matter.INCIDENTS: _incidents,
        Matter.REPORTS: _reports,
        Matter.RESTRICTIONS: _restrictions,
        Matter.POLICY: _policy,
    }
)
