"""What waits for somebody, page by page: the same for every page's bar, home and programs."""

from collections.abc import Iterable

import msgspec

from schoolgate_policyd.store.waiting import Matter
from schoolgate_policyd.workflow.api_scopes import Scope
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.access import is_for, who_may
from schoolgate_webui.site import Site
from schoolgate_webui.views.moments import Now


class Place(msgspec.Struct, frozen=True):
    """
    A page at which something of one *matter* may wait.

    *scope* is what a token needs to read there: the API has the same path as the page.
    """

    page: str
    scope: Scope
    matter: Matter


def places_of(member: Member) -> tuple[Place, ...]:
    """Return the places of which *member* may open the page."""
    return tuple(
        each
        for each in _PLACES
        if (who := who_may("GET", each.page)) is not None and is_for(who, member)
    )


def waiting_for(site: Site, member: Member, now: Now) -> dict[str, int]:
    """Return how much waits for *member*, by the page where it does. Raises StoreError."""
    return waiting_at(places_of(member), site, member, now)


def waiting_at(places: Iterable[Place], site: Site, member: Member, now: Now) -> dict[str, int]:
    """Return how much waits for *member* at *places*, by the page. Raises StoreError."""
    pages = {each.matter: each.page for each in places}
    school = site.settings.school
    counts = site.decisions.waiting.counts(member, pages, school=school, moment=now.school)
    return {pages[matter]: count for matter, count in counts.items()}


# In the order of the bar.
_PLACES = (
    Place("/requests", Scope.REQUESTS_READ, Matter.REQUESTS),
    Place("/standing", Scope.REQUESTS_READ, Matter.STANDING),
    Place("/incidents", Scope.CONCERNS_READ, Matter.INCIDENTS),
    Place("/reports", Scope.CONCERNS_READ, Matter.REPORTS),
    Place("/restrictions", Scope.CONCERNS_READ, Matter.RESTRICTIONS),
    Place("/policy", Scope.POLICY_READ, Matter.POLICY),
)
