"""
What the account pages work with: whose account it is, and whether they proved it lately.

What changes how or where somebody is signed in asks for the password again when they last proved
who they are a while ago: a computer that was left alone must not be enough.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.store.records import WebSession
from schoolgate_policyd.workflow.accounts import Lack
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.guard import SignInNeeded, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.signing_in import next_step
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.views.moments import Now

PROVEN_FOR = timedelta(minutes=15)


class GoElsewhere(SchoolgateError):  # noqa: N818 - it says what to do
    """Another page comes first; *where* is its path."""

    def __init__(self, where: str) -> None:
        super().__init__("another page comes first")
        self.where = where


@dataclass(frozen=True, slots=True)
class AccountDesk:
    """Whose account is changed, with which session."""

    request: Request
    site: Site
    visit: Visit
    session: WebSession
    pages: Pages

    @property
    def now(self) -> Now:
        """The moment of the request, on both clocks."""
        return self.visit.now

    @property
    def member(self) -> Member:
        """Whose account it is."""
        return self.session.member

    @property
    def is_part_way(self) -> bool:
        """Whether they set up what their session lacks."""
        return self.session.lacks is not None

    def proven_again(self) -> None:
        """Keep that they have just proved who they are; the browser gets another token."""
        token = self.site.cookies.session_of(self.request)
        if token is None:
            return
        replacing = self.site.decisions.sessions.proven_again(
            self.session.id, token, at=self.now.machine
        )
        if replacing is not None:
            self.request.state.rotated_to = replacing

    def page(self, template: str, *, status_code: int = 200, **printed: object) -> HTMLResponse:
        """Return *template* with what it prints."""
        return self.pages.page(
            self.request, template, status_code=status_code, headers=None, **printed
        )


def _desk_of(request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep) -> AccountDesk:
    if visit.session is None:
        raise SignInNeeded("/account")
    return AccountDesk(request, site, visit, visit.session, pages)


def _proven_desk_of(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep
) -> AccountDesk:
    desk = _desk_of(request, site, visit, pages)
    _require_proven(request, visit, desk.session)
    return desk


def _setting_up_desk_of(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep
) -> AccountDesk:
    known = visit.session or visit.part_way
    if known is None:
        raise SignInNeeded("/account")
    if known.lacks is Lack.SECOND_FACTOR:
        # They have one: with the password alone nobody adds another.
        raise GoElsewhere(next_step(known, "/"))
    if known.lacks is None:
        _require_proven(request, visit, known)
    return AccountDesk(request, site, visit, known, pages)


def _require_proven(request: Request, visit: Visit, session: WebSession) -> None:
    if timedelta() <= visit.now.machine - session.proven_at < PROVEN_FOR:
        return
    # What was sent is not kept, and which page the form stood on is not known.
    where = request.url.path if request.method == "GET" else "/account"
    raise GoElsewhere(f"/account/confirm?next={quote(where, safe='')}")


AccountDep = Annotated[AccountDesk, Depends(_desk_of)]
ProvenDep = Annotated[AccountDesk, Depends(_proven_desk_of)]
SettingUpDep = Annotated[AccountDesk, Depends(_setting_up_desk_of)]
