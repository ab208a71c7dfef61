"""What the pages do a program does too, but for what only a person does: page by page."""

from collections.abc import Mapping
from enum import StrEnum

import pytest
from fastapi.routing import APIRoute

from schoolgate_webui import access
from schoolgate_webui.api.access import TABLE
from schoolgate_webui.app import ROUTERS

type Route = tuple[str, str]


class Never(StrEnum):
    """Why a token does not do what a page does."""

    SIGNS = "it is signed, and a program is nobody's signature"
    DECIDES = "what follows for a pupil a person decides"
    RIGHTS = "a token must not make its owner's rights more"
    PROVES = "it is about passwords and second factors, by which a person proves who they are"
    SESSIONS = "it is about sessions in browsers: a token has none, and ends none"
    TOKENS = "a token must not make tokens, nor see or revoke others"
    ALERTS = "whoever has a token must not turn away what would warn of it"
    SAYS = "a person says of themselves what they have read"
    BEFORE = "it is done before there is anybody who could make a token"


# What a program does in place of a form that is sent: its method and path.
DOES: Mapping[str, Route] = {
    "/filtering/sites": ("POST", "/suggested-sites"),
    "/filtering/sites/{number}/remove": ("DELETE", "/suggested-sites/{number}"),
    "/records/training": ("POST", "/training"),
    "/requests/new": ("POST", "/requests"),
    "/requests/{number}/measures": ("POST", "/requests/{number}/measures"),
    "/requests/{number}/withdraw": ("POST", "/requests/{number}/withdraw"),
    "/requests/drafts/{number}": ("PUT", "/request-drafts/{number}"),
    "/requests/drafts/{number}/delete": ("DELETE", "/request-drafts/{number}"),
    "/requests/{number}/change": ("POST", "/requests/{number}/change"),
    "/requests/{number}/question": ("POST", "/requests/{number}/question"),
    "/requests/{number}/answer": ("POST", "/requests/{number}/answer"),
    "/requests/{number}/how-it-went": ("POST", "/requests/{number}/how-it-went"),
    "/requests/{number}/note": ("POST", "/requests/{number}/note"),
    "/delegations/{number}/withdraw": ("POST", "/delegations/{number}/withdraw"),
    "/standing/new": ("POST", "/standing/requests"),
    "/standing/requests/{number}/controls": ("POST", "/standing/requests/{number}/controls"),
    "/standing/requests/{number}/withdraw": ("POST", "/standing/requests/{number}/withdraw"),
    "/standing/records/{number}/withdraw": ("POST", "/standing/records/{number}/withdraw"),
    "/log/people/{person}": ("POST", "/log/looks"),
    "/log/open/{code}": ("POST", "/log/looks"),
    "/policy/versions/{number}/bring-back": ("POST", "/policy/versions/{number}/bring-back"),
    "/policy/drafts/new": ("POST", "/policy/drafts"),
    "/policy/drafts/{number}/changes/{kind}": ("POST", "/policy/drafts/{number}/changes/{kind}"),
    "/policy/drafts/{number}/undo": ("POST", "/policy/drafts/{number}/undo"),
    "/policy/drafts/{number}/rebase": ("POST", "/policy/drafts/{number}/rebase"),
    "/policy/drafts/{number}/proof": ("POST", "/policy/drafts/{number}/proof"),
    "/policy/drafts/{number}/replay": ("POST", "/policy/drafts/{number}/replay"),
    "/policy/drafts/{number}/propose": ("POST", "/policy/drafts/{number}/propose"),
    "/policy/drafts/{number}/approve": ("POST", "/policy/drafts/{number}/approve"),
    "/policy/drafts/{number}/refuse": ("POST", "/policy/drafts/{number}/refuse"),
    "/policy/drafts/{number}/withdraw": ("POST", "/policy/drafts/{number}/withdraw"),
    "/report": ("POST", "/reports"),
    "/report/answer": ("POST", "/reports/by-code"),
    "/reports/{number}/answer": ("POST", "/reports/{number}/answer"),
    "/reports/{number}/incident": ("POST", "/reports/{number}/incident"),
    "/reports/{number}/about": ("POST", "/reports/{number}/about"),
    "/reports/{number}/not-about": ("POST", "/reports/{number}/not-about"),
    "/blocks/new": ("POST", "/blocks"),
    "/records/checkpoints": ("POST", "/audit/checkpoints"),
    "/records/holds/new": ("POST", "/legal-holds"),
    "/records/holds/{number}/lift": ("POST", "/legal-holds/{number}/lift"),
    "/school/name": ("PUT", "/school"),
    "/school/import": ("POST", "/people/import"),
    "/school/year": ("POST", "/school-year"),
    "/school/people/new": ("POST", "/people"),
    "/school/people/{person}/change": ("PUT", "/people/{person}"),
    "/school/people/{person}/leave": ("POST", "/people/{person}/leave"),
    "/school/people/{person}/forget": ("POST", "/people/{person}/forget"),
    "/school/people/{person}/back": ("POST", "/people/{person}/back"),
    "/school/classes/new": ("POST", "/classes"),
    "/school/classes/{line}": ("PUT", "/classes/{line}"),
    "/school/classes/{line}/remove": ("DELETE", "/classes/{line}"),
    "/school/devices/new": ("POST", "/devices"),
    "/school/devices/{line}": ("PUT", "/devices/{line}"),
    "/school/devices/{line}/remove": ("DELETE", "/devices/{line}"),
    "/school/calendar/different/{number}/withdraw": (
        "POST",
        "/different-days/{number}/withdraw",
    ),
    "/school/calendar/overtime": ("POST", "/overtime"),
    "/school/calendar/draft/{kind}": ("POST", "/policy/drafts"),
    "/incidents/new": ("POST", "/incidents"),
    "/incidents/{number}/take-up": ("POST", "/incidents/{number}/take-up"),
    "/incidents/{number}/note": ("POST", "/incidents/{number}/note"),
    "/incidents/{number}/action": ("POST", "/incidents/{number}/action"),
    "/incidents/{number}/name": ("POST", "/incidents/{number}/name"),
    "/incidents/{number}/close": ("POST", "/incidents/{number}/close"),
    "/incidents/{number}/reopen": ("POST", "/incidents/{number}/reopen"),
    "/incidents/{number}/propose": ("POST", "/incidents/{number}/propose"),
    "/restrictions/{number}/end": ("POST", "/restrictions/{number}/end"),
    "/supervised/open": ("POST", "/supervised-sessions"),
    "/supervised/{number}/end": ("POST", "/supervised-sessions/{number}/end"),
    "/supervised/devices": ("POST", "/device-assignments"),
    "/supervised/devices/{number}/give-back": ("POST", "/device-assignments/{number}/give-back"),
}
NEVER_DOES: Mapping[str, Never] = {
    "/sign/{nonce}": Never.SIGNS,
    "/requests/{number}/decision": Never.SIGNS,
    "/delegations": Never.SIGNS,
    "/standing/requests/{number}/decision": Never.SIGNS,
    "/policy/drafts/{number}/direct": Never.SIGNS,
    "/blocks/{number}/lift": Never.SIGNS,
    "/restrictions/{number}/decide": Never.DECIDES,
    "/school/calendar/different": Never.SIGNS,
    "/school/networks/{network}": Never.SIGNS,
    "/school/people/{person}/duties": Never.RIGHTS,
    "/policy/acknowledge": Never.SAYS,
    "/sign-in": Never.PROVES,
    "/sign-in/passkey": Never.PROVES,
    "/sign-in/second": Never.PROVES,
    "/sign-in/second/passkey": Never.PROVES,
    "/account/confirm": Never.PROVES,
    "/account/password": Never.PROVES,
    "/account/codes": Never.PROVES,
    "/account/codes/remove": Never.PROVES,
    "/account/passkeys/new": Never.PROVES,
    "/account/passkeys/{number}": Never.PROVES,
    "/account/passkeys/{number}/remove": Never.PROVES,
    "/account/recovery-codes": Never.PROVES,
    "/account/email": Never.ALERTS,
    "/account/setup": Never.PROVES,
    # Its code sets a password, and so would make a session of a token.
    "/school/people/{person}/invite": Never.PROVES,
    "/sign-out": Never.SESSIONS,
    "/account/sessions/end-others": Never.SESSIONS,
    "/account/sessions/{number}/end": Never.SESSIONS,
    # A claim of a device lasts as long as the session in its browser.
    "/devices/claim": Never.SESSIONS,
    "/devices/release": Never.SESSIONS,
    "/account/tokens/new": Never.TOKENS,
    "/account/tokens/{number}/revoke": Never.TOKENS,
    "/first-run": Never.BEFORE,
    "/first-run/school": Never.BEFORE,
    "/first-run/networks/{network}": Never.BEFORE,
    "/first-run/people": Never.BEFORE,
    "/first-run/end": Never.BEFORE,
}
# Where a program reads what a page shows. Forms show nothing but what is sent with them.
READS: Mapping[str, str] = {
    "/": "/waiting",
    "/help": "/help-lines",
    "/api": "/openapi.json",
    "/filtering": "/filtering",
    "/filtering.txt": "/filtering.txt",
    "/filtering.pdf": "/filtering.pdf",
    "/filtering/sites": "/suggested-sites",
    "/policy/acknowledgements": "/acknowledgements",
    "/records/mail": "/mail",
    "/records/training": "/training",
    "/account": "/me",
    "/account/email": "/me/email",
    "/requests": "/requests",
    "/requests/{number}": "/requests/{number}",
    "/requests/drafts/{number}": "/request-drafts/{number}",
    "/requests/{number}/form.pdf": "/requests/{number}/form.pdf",
    "/delegations": "/delegations",
    "/standing": "/standing",
    "/standing/requests/{number}": "/standing/requests/{number}",
    "/grants": "/grants",
    "/attempts": "/log",
    "/log": "/log",
    "/log/rows": "/log",
    "/log/people": "/log/people",
    "/log/people/{person}": "/log/people/{person}",
    "/log/people/{person}/records.csv": "/log/people/{person}/records.csv",
    "/log/looks": "/log/looks",
    "/figures": "/figures",
    "/figures/{table}": "/figures/{table}.csv",
    "/why": "/why",
    "/policy": "/policy",
    "/policy/versions/{number}": "/policy/versions/{number}",
    "/policy/compare": "/policy/compare",
    "/policy/drafts/{number}": "/policy/drafts/{number}",
    "/policy/drafts/{number}/changes": "/policy/drafts/{number}/changes",
    "/policy/drafts/{number}/changes/{kind}": "/policy/drafts/{number}/changes/{kind}",
    "/policy/drafts/{number}/proof": "/policy/drafts/{number}/proof",
    "/policy/drafts/{number}/replay": "/policy/drafts/{number}/replay",
    "/policy/drafts/{number}/progress/{check}": "/policy/drafts/{number}/proof",
    "/reports": "/reports",
    "/reports/{number}": "/reports/{number}",
    "/blocks": "/blocks",
    "/blocks/{number}": "/blocks/{number}",
    "/records": "/audit",
    "/records/checkpoints": "/audit/checkpoints",
    "/records/checkpoints/{number}": "/audit/checkpoints/{size}",
    "/records/retention": "/retention",
    "/records/holds": "/legal-holds",
    "/school": "/school",
    "/school/year": "/school-year",
    "/school/people": "/people",
    "/school/people/{person}": "/people/{person}",
    "/school/people/{person}/forget": "/people/{person}/forgetting",
    "/school/classes": "/classes",
    "/school/classes/{line}": "/classes/{line}",
    "/school/devices": "/devices",
    "/school/devices/{line}": "/devices/{line}",
    "/school/networks": "/networks",
    "/school/calendar": "/calendar",
    "/incidents": "/incidents",
    "/incidents/record.csv": "/incidents/record.csv",
    "/incidents/{number}": "/incidents/{number}",
    "/incidents/{number}/record.csv": "/incidents/{number}/record.csv",
    "/incidents/{number}/record.pdf": "/incidents/{number}/record.pdf",
    "/restrictions": "/restrictions",
    "/supervised": "/supervised-pupils",
    "/supervised/devices": "/device-assignments",
}
# Pages that show no more than the form that is sent from them.
SHOWS_A_FORM = frozenset(
    {
        "/requests/new",
        "/requests/{number}/change",
        "/standing/new",
        "/log/open/{code}",
        "/policy/drafts/new",
        "/policy/drafts/{number}/propose",
        "/policy/drafts/{number}/approve",
        "/policy/drafts/{number}/refuse",
        "/policy/drafts/{number}/withdraw",
        "/report",
        "/report/answer",
        "/blocks/new",
        "/records/holds/new",
        "/school/name",
        "/school/import",
        "/school/people/new",
        "/school/people/{person}/change",
        "/school/people/{person}/leave",
        "/school/classes/new",
        "/school/devices/new",
        "/school/calendar/overtime",
        "/incidents/new",
        "/incidents/{number}/propose",
    }
)
NEVER_READS: Mapping[str, Never] = {
    "/sign/{nonce}/options": Never.SIGNS,
    "/sign-in/set-up": Never.PROVES,
    "/account/codes/qr.svg": Never.PROVES,
    "/account/setup": Never.PROVES,
    "/account/passkeys/options": Never.PROVES,
    "/account/tokens/made": Never.TOKENS,
    # What the filter thinks of the device that asks: a program asks from another one.
    "/devices": Never.SESSIONS,
}
# Where a page and what a program asks in its place are for others: why.
FOR_OTHERS: Mapping[Route, str] = {
    ("GET", "/"): "for whom nobody is signed in, home is a welcome where nothing waits",
}


def pages(method: str) -> tuple[str, ...]:
    """Return the path of every page that is asked for with *method*."""
    routes = (each for router in ROUTERS for each in router.routes)
    return tuple(
        each.path for each in routes if isinstance(each, APIRoute) and method in each.methods
    )


def test_every_form_that_is_sent_has_an_endpoint_in_the_table_or_a_reason_there() -> None:
    """A page that is new and stands in neither table fails here."""
    assert sorted(pages("POST")) == sorted([*DOES, *NEVER_DOES])


def test_every_page_that_is_read_has_an_endpoint_in_the_table_or_a_reason_there() -> None:
    shown = {*READS, *NEVER_READS, *SHOWS_A_FORM, *NEVER_DOES}

    assert set() == set(pages("GET")) - shown
    assert set() == {*READS, *NEVER_READS, *SHOWS_A_FORM} - set(pages("GET"))
    assert set(DOES) >= SHOWS_A_FORM


@pytest.mark.parametrize(
    ("page", "endpoint"),
    [
        *((("POST", page), endpoint) for page, endpoint in DOES.items()),
        *((("GET", page), ("GET", path)) for page, path in READS.items()),
    ],
    ids=" ".join,
)
def test_an_endpoint_is_for_those_whose_page_it_stands_for(page: Route, endpoint: Route) -> None:
    assert endpoint in TABLE
    assert (access.TABLE[page] == TABLE[endpoint].who) != (page in FOR_OTHERS)


def test_every_endpoint_stands_for_a_page_or_goes_with_one() -> None:
    """What is not in the tables above is what lists, and what a program is told to have signed."""
    of_pages = {*DOES.values(), *(("GET", path) for path in READS.values())}
    further = {path for method, path in set(TABLE) - of_pages if method == "GET"}
    signed = {(method, path) for method, path in set(TABLE) - of_pages if method != "GET"}

    assert {
        "/request-drafts",
        "/standing/requests",
        "/supervised-sessions",
        "/policy/versions",
        "/policy/versions/{number}/documents",
        "/different-days",
        "/retention/runs",
        "/status",
    } == further
    assert {
        ("POST", "/request-drafts"),
        ("POST", "/request-drafts/{number}/submit"),
        ("POST", "/requests/{number}/decision"),
        ("POST", "/delegations"),
        ("POST", "/standing/requests/{number}/decision"),
        ("POST", "/policy/versions/{number}/direct"),
        ("POST", "/blocks/{number}/lift"),
        ("POST", "/restrictions/{number}/decide"),
        ("POST", "/people/{person}/duties"),
        ("PUT", "/networks/{network}"),
        ("POST", "/different-days"),
    } == signed
