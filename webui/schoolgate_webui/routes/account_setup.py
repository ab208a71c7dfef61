"""Setting an account up with a code, new or afresh: nobody else knows the password."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from schoolgate_policyd.workflow.people import Member
from schoolgate_webui.guard import EnteredDep, SiteDep, VisitDep
from schoolgate_webui.rendering import Pages, PagesDep
from schoolgate_webui.routes.account import mistakes_in
from schoolgate_webui.signing_in import device_of, gone_on, is_second_factor_required
from schoolgate_webui.site import Site
from schoolgate_webui.tokens import form_token, new_secret
from schoolgate_webui.views.fields import Field

router = APIRouter()

_NO_SUCH_CODE = (
    "This code does not work: it was used, its time is over, or it was typed wrongly. Ask whoever "
    "gave it to you for another."
)


@router.get("/account/setup")
def enter_code(request: Request, site: SiteDep, pages: PagesDep) -> Response:
    """Ask for the code that somebody was given on paper."""
    return _code_page(request, site, pages)


@router.post("/account/setup")
def set_up(
    request: Request, site: SiteDep, visit: VisitDep, pages: PagesDep, entered: EnteredDep
) -> Response:
    """
    Ask for a password where the code is good; with one begin the account anew, and sign in.

    The code is in no address: those stay in a browser's history, and whoever has it has the
    account.
    """
    code = entered.get("code", "").strip()
    if not code:
        return _code_page(request, site, pages, "Enter the code that you were given.", 422)
    member = site.decisions.setup_codes.who(code, at=visit.now.machine)
    if member is None:
        return _code_page(request, site, pages, _NO_SUCH_CODE, 404)
    if "new_password" not in entered:
        return _password_page(request, site, pages, member, code=code)
    own_words = (member.name, member.username or "", site.settings.school_name)
    new = entered["new_password"]
    mistakes = mistakes_in(new, entered.get("new_password_again", ""), own_words)
    if mistakes:
        return _password_page(request, site, pages, member, code=code, mistakes=mistakes)
    signed = site.decisions.setup_codes.set_up(
        code,
        new,
        at=visit.now.machine,
        moment=visit.now.school,
        is_second_factor_required=is_second_factor_required(site),
        device=device_of(request),
        address=visit.address,
    )
    if signed is None:
        return _code_page(request, site, pages, _NO_SUCH_CODE, 404)
    site.changed()
    return gone_on(request, site, signed, "/?done=account-set-up")


def _code_page(
    request: Request, site: Site, pages: Pages, mistake: str = "", status_code: int = 200
) -> Response:
    return _with_token(
        request,
        site,
        pages,
        "account_setup_code.html",
        status_code=status_code,
        code=Field("code", "code", "Code", "", mistake),
        mistakes=[{"text": mistake, "href": "#code"}] if mistake else [],
    )


def _password_page(
    request: Request,
    site: Site,
    pages: Pages,
    member: Member,
    *,
    code: str,
    mistakes: dict[str, str] | None = None,
) -> Response:
    labels = {"new_password": "New password", "new_password_again": "New password again"}
    wrong = mistakes or {}
    return _with_token(
        request,
        site,
        pages,
        "account_setup.html",
        status_code=422 if wrong else 200,
        code=code,
        name=member.name,
        username=member.username or "",
        mistakes=[{"text": wrong[name], "href": f"#{name}"} for name in labels if name in wrong],
        fields={
            name: Field(name, name, label, "", wrong.get(name, ""))
            for name, label in labels.items()
        },
    )


def _with_token(
    request: Request,
    site: Site,
    pages: Pages,
    template: str,
    *,
    status_code: int,
    **printed: object,
) -> Response:
    # Whoever is signed in here has forms of their session; these are of the browser.
    secret = site.cookies.browser_of(request) or new_secret()
    response = pages.page(
        request,
        template,
        status_code=status_code,
        headers=None,
        token=form_token(secret),
        **printed,
    )
    site.cookies.set_browser(request, response, secret)
    return response
