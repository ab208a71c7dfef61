"""Stands before every handler: who may come, and whether a form came from a page of ours."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.access import Who, is_for, who_may
from schoolgate_webui.rates import Rates
from schoolgate_webui.security import is_own_origin
from schoolgate_webui.site import Site, Visit
from schoolgate_webui.tokens import same_token

FORM_TYPE = "application/x-www-form-urlencoded"
# The longest form is a day with its bells: two fields for each of 40, and ten more.
MAX_FIELDS = 100
BEFORE_SIGN_IN = frozenset({"/sign-in", "/sign-in/passkey", "/account/setup"})
# A page that asks for itself is not somebody who uses it.
POLLED = frozenset({"/log/rows", "/policy/drafts/{number}/progress/{check}"})


class SignInNeeded(SchoolgateError):  # noqa: N818 - it says what is needed
    """The page is for people who are signed in; *where* is the page to go on to after that."""

    def __init__(self, where: str) -> None:
        super().__init__("sign in first")
        self.where = where


class NotForYou(SchoolgateError):  # noqa: N818 - it says what the page is
    """The page is for other duties."""


class TooOften(SchoolgateError):  # noqa: N818 - it says what there was
    """Pages were asked for too often; again after *wait*."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many pages in a short time")
        self.wait = wait


class ForgedForm(SchoolgateError):  # noqa: N818 - it says what the form is
    """A form did not come from a page of ours, or the page was too old."""


class AcknowledgementNeeded(SchoolgateError):  # noqa: N818 - it says what is needed
    """Staff read the policy in force first; *where* is the page to go on to after that."""

    def __init__(self, where: str) -> None:
        super().__init__("acknowledge the policy first")
        self.where = where


async def guard(request: Request) -> None:
    """
    Let a request through to its handler, or raise.

    Raises TooOften, SignInNeeded, NotForYou, AcknowledgementNeeded, ForgedForm. Every route stands
    behind this, so no handler can forget it.
    """
    site = site_of(request)
    visit = await run_in_threadpool(site.visit, request)
    _require_not_too_often(request, visit)
    path = request.scope["route"].path
    who = who_may(request.method, path)
    is_part_way = who is Who.PART_WAY and visit.part_way is not None
    if who is None or not (is_part_way or is_for(who, visit.member)):
        if visit.member is None and who is not None:
            raise SignInNeeded(_where(request))
        raise NotForYou(f"{request.method} {path}")
    if visit.member is not None and await run_in_threadpool(
        site.acknowledging.comes_before,
        who,
        path,
        member=visit.member,
        moment=visit.now.school,
    ):
        raise AcknowledgementNeeded(_where(request))
    if path not in POLLED and visit.session is not None:
        await run_in_threadpool(site.used, visit)
    if request.method == "POST":
        request.state.entered = await _checked_form(request, visit)


def _require_not_too_often(request: Request, visit: Visit) -> None:
    """Count the request, of the person or else of the address; raise where it is too many."""
    rates: Rates = request.app.state.rates
    member, at = visit.member, visit.now.machine
    wait = (
        rates.of_address(visit.address, at)
        if member is None
        else rates.of_person(member.id, visit.address, at)
    )
    if wait:
        raise TooOften(wait)


async def _checked_form(request: Request, visit: Visit) -> dict[str, str]:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM_TYPE or not is_own_origin(request.headers):
        raise ForgedForm("the form came from elsewhere")
    async with request.form(max_files=0, max_fields=MAX_FIELDS) as form:
        entered = {name: value for name, value in form.items() if isinstance(value, str)}
    token = entered.pop("csrf", "")
    # Somebody may have signed in elsewhere since their form for signing in was opened.
    ours = [visit.csrf]
    if request.scope["route"].path in BEFORE_SIGN_IN:
        ours.append(visit.browser_csrf)
    if not any(each and same_token(token, each) for each in ours):
        raise ForgedForm("the form has no valid token")
    return entered


def _where(request: Request) -> str:
    """Return the page to go on to: of a form, the page it stands on cannot be known."""
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{quote(request.url.path)}{query}"


def site_of(request: Request) -> Site:
    """Return the collaborators."""
    site: Site = request.app.state.site
    return site


def _visit_of(request: Request) -> Visit:
    return site_of(request).visit(request)


def _member_of(request: Request) -> Member:
    member = _visit_of(request).member
    if member is None:
        raise SignInNeeded(_where(request))
    return member


def _entered_of(request: Request) -> dict[str, str]:
    entered: dict[str, str] = request.state.entered
    return entered


SiteDep = Annotated[Site, Depends(site_of)]
VisitDep = Annotated[Visit, Depends(_visit_of)]
MemberDep = Annotated[Member, Depends(_member_of)]
EnteredDep = Annotated[dict[str, str], Depends(_entered_of)]
