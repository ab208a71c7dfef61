"""What waits for somebody, page by page: the same for every page's bar, home and programs."""

from collections.abc import Callable

import msgspec

from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.people import Member
from schoolgate_policyd.workflow.policy_acts import Act, is_waiting_for
from schoolgate_policyd.workflow.policy_acts import may as may_act
from schoolgate_policyd.workflow.policy_versions import stage_at
from schoolgate_policyd.workflow.visibility import Sight, may
from schoolgate_webui.access import is_for, who_may
from schoolgate_webui.site import Site
from schoolgate_webui.views.moments import Now


class Place(msgspec.Struct, frozen=True):
    """
    A page at which something may wait; *how_much* counts it for somebody.

    *scope* is what a token needs to read there: the API has the same path as the page.
    """

    page: str
    scope: Scope
    how_much: Callable[[Site, Member, Now], int]


def places_of(member: Member) -> tuple[Place, ...]:
    """Return the places of which *member* may open the page."""
    return tuple(
        each
        for each in _PLACES
        if (who := who_may("GET", each.page)) is not None and is_for(who, member)
    )


def waiting_for(site: Site, member: Member, now: Now) -> dict[str, int]:
    """Return how much waits for *member*, by the page where it does."""
    return {each.page: each.how_much(site, member, now) for each in places_of(member)}


def _requests(site: Site, member: Member, now: Now) -> int:
    store = site.decisions.requests
    return len(store.waiting_for(member.id, at=now.machine, moment=now.school))


def _standing(site: Site, member: Member, _: Now) -> int:
    return len(site.decisions.standing_requests.waiting_for(member.id))


def _incidents(site: Site, member: Member, _: Now) -> int:
    return site.decisions.incidents.waiting_for(member.id)


def _reports(site: Site, member: Member, _: Now) -> int:
    # Everybody has a page of reports: of their own, unless they handle those of others.
    return site.decisions.reports.waiting_for(member) if may(member, Sight.REPORTS) else 0


def _restrictions(site: Site, member: Member, _: Now) -> int:
    return site.decisions.restrictions.waiting_for(member.id)


def _policy(site: Site, member: Member, now: Now) -> int:
    if not (may_act(member, Act.APPROVE) or may_act(member, Act.DIRECT)):
        return 0
    versions, people = site.workshop.every(), site.decisions.people.duty_holders()
    return sum(
        is_waiting_for(member, each, stage_at(each, versions, now.school), people)
        for each in versions
    )


# In the order of the bar.
_PLACES = (
    Place("/requests", Scope.REQUESTS_READ, _requests),
    Place("/standing", Scope.REQUESTS_READ, _standing),
    Place("/incidents", Scope.CONCERNS_READ, _incidents),
    Place("/reports", Scope.CONCERNS_READ, _reports),
    Place("/restrictions", Scope.CONCERNS_READ, _restrictions),
    Place("/policy", Scope.POLICY_READ, _policy),
)
