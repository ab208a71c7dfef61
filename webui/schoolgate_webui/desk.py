"""What a handler for somebody who is signed in works with, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.guard import MemberDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.views.moments import Now
from schoolgate_webui.views.requests import Seen


@dataclass(frozen=True, slots=True)
class Desk:
    """Who works, with what, on which request of their browser."""

    request: Request
    site: Site
    visit: Visit
    member: Member
    pages: Pages

    @property
    def now(self) -> Now:
        """The moment of the request, on both clocks."""
        return self.visit.now

    def seen(self) -> Seen:
        """Return what the views of requests need."""
        return self.site.seen(self.visit)

    def policy_document(self) -> str:
        """Return the name of the policy in force, as texts to sign have it."""
        return self.site.policy_in_force.policy().document.name

    def page(
        self,
        template: str,
        *,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        **printed: object,
    ) -> HTMLResponse:
        """Return *template* with what it prints."""
        return self.pages.page(
            self.request, template, status_code=status_code, headers=headers, **printed
        )


def _desk_of(
    request: Request, site: SiteDep, visit: VisitDep, member: MemberDep, pages: PagesDep
) -> Desk:
    return Desk(request, site, visit, member, pages)


DeskDep = Annotated[Desk, Depends(_desk_of)]
