"""Who may ask for which page: every role against every route."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from web_browser import Browser
from web_school import HOST, PEOPLE, WebSchool

from schoolgate_webui.access import TABLE
from schoolgate_webui.app import ROUTERS

NOBODY = "nobody"
ROLES = (NOBODY, *(person for person, _, _, _ in PEOPLE))

# Written out once more, from the policies and not from the code: a role that is missing may not.
EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {NOBODY}
ASKS = SIGNED_IN - {"visitor"}
SEES_POLICY = frozenset({"head", "chair", "governor", "lead", "dsl", "technician"})
DRAFTS = frozenset({"technician", "lead", "head"})
GOVERNS = frozenset({"chair", "governor"})
SEES_AUDIT = frozenset({"head", "chair", "dsl"})
SEES_REGISTER = frozenset({"head", "chair", "lead", "dsl", "technician"})
KEEPS_REGISTER = frozenset({"head", "technician"})
HANDLES = frozenset({"dsl", "lead", "head", "chair"})
STAFF = SIGNED_IN - {"visitor", "chair", "governor"}
REPORTS_CONCERNS = STAFF | GOVERNS
OPENS_RECORDS = frozenset({"head", "chair", "lead", "dsl"})
EXPECTED = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/help"): EVERYBODY,
    ("GET", "/api"): EVERYBODY,
    ("GET", "/filtering"): EVERYBODY,
    ("GET", "/filtering.txt"): EVERYBODY,
    ("GET", "/filtering.pdf"): EVERYBODY,
    ("GET", "/filtering/sites"): frozenset({"head", "lead"}),
    ("POST", "/filtering/sites"): frozenset({"head", "lead"}),
    ("POST", "/filtering/sites/{number}/remove"): frozenset({"head", "lead"}),
    ("GET", "/policy/acknowledge"): SIGNED_IN,
    ("POST", "/policy/acknowledge"): SIGNED_IN,
    ("GET", "/policy/acknowledgements"): frozenset({"head", "chair", "lead"}),
    ("GET", "/records/mail"): frozenset({"technician", "head", "lead"}),
    ("GET", "/records/training"): frozenset({"head", "lead", "dsl", "chair", "governor"}),
    ("POST", "/records/training"): frozenset({"head", "lead", "dsl"}),
    ("GET", "/account/email"): SIGNED_IN,
    ("POST", "/account/email"): SIGNED_IN,
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in"): EVERYBODY,
    ("GET", "/sign-in/passkey"): EVERYBODY,
    ("POST", "/sign-in/passkey"): EVERYBODY,
    # Somebody part-way comes here too: test_second_factor.py.
    ("GET", "/sign-in/second"): SIGNED_IN,
    ("POST", "/sign-in/second"): SIGNED_IN,
    ("GET", "/sign-in/second/passkey"): SIGNED_IN,
    ("POST", "/sign-in/second/passkey"): SIGNED_IN,
    ("GET", "/sign-in/set-up"): SIGNED_IN,
    ("POST", "/sign-out"): SIGNED_IN,
    ("GET", "/account"): SIGNED_IN,
    ("GET", "/account/confirm"): SIGNED_IN,
    ("POST", "/account/confirm"): SIGNED_IN,
    ("GET", "/account/password"): SIGNED_IN,
    ("POST", "/account/password"): SIGNED_IN,
    ("GET", "/account/codes"): SIGNED_IN,
    ("POST", "/account/codes"): SIGNED_IN,
    ("GET", "/account/codes/qr.svg"): SIGNED_IN,
    ("POST", "/account/codes/remove"): SIGNED_IN,
    ("GET", "/account/passkeys/new"): SIGNED_IN,
    ("POST", "/account/passkeys/new"): SIGNED_IN,
    ("GET", "/account/passkeys/options"): SIGNED_IN,
    ("GET", "/account/passkeys/{number}"): SIGNED_IN,
    ("POST", "/account/passkeys/{number}"): SIGNED_IN,
    ("POST", "/account/passkeys/{number}/remove"): SIGNED_IN,
    ("GET", "/account/recovery-codes"): SIGNED_IN,
    ("POST", "/account/recovery-codes"): SIGNED_IN,
    ("POST", "/account/sessions/end-others"): SIGNED_IN,
    ("POST", "/account/sessions/{number}/end"): SIGNED_IN,
    ("GET", "/account/tokens/new"): SIGNED_IN,
    ("POST", "/account/tokens/new"): SIGNED_IN,
    ("GET", "/account/tokens/made"): SIGNED_IN,
    ("POST", "/account/tokens/{number}/revoke"): SIGNED_IN,
    ("GET", "/account/setup"): EVERYBODY,
    ("POST", "/account/setup"): EVERYBODY,
    ("GET", "/requests"): ASKS,
    ("GET", "/requests/new"): ASKS,
    ("POST", "/requests/new"): ASKS,
    ("GET", "/requests/{number}"): ASKS,
    ("POST", "/requests/{number}/measures"): ASKS,
    ("POST", "/requests/{number}/decision"): ASKS,
    ("POST", "/requests/{number}/withdraw"): ASKS,
    ("GET", "/sign/{nonce}"): SIGNED_IN,
    ("GET", "/sign/{nonce}/options"): SIGNED_IN,
    ("POST", "/sign/{nonce}"): SIGNED_IN,
    ("GET", "/requests/drafts/{number}"): ASKS,
    ("POST", "/requests/drafts/{number}"): ASKS,
    ("POST", "/requests/drafts/{number}/delete"): ASKS,
    ("GET", "/requests/{number}/change"): ASKS,
    ("POST", "/requests/{number}/change"): ASKS,
    ("POST", "/requests/{number}/question"): ASKS,
    ("POST", "/requests/{number}/answer"): ASKS,
    ("POST", "/requests/{number}/how-it-went"): ASKS,
    ("POST", "/requests/{number}/note"): ASKS,
    ("GET", "/requests/{number}/form.pdf"): ASKS,
    ("GET", "/delegations"): ASKS,
    ("POST", "/delegations"): ASKS,
    ("POST", "/delegations/{number}/withdraw"): ASKS,
    ("GET", "/standing"): SEES_POLICY,
    ("GET", "/standing/new"): SEES_POLICY,
    ("POST", "/standing/new"): SEES_POLICY,
    ("GET", "/standing/requests/{number}"): SEES_POLICY,
    ("POST", "/standing/requests/{number}/controls"): SEES_POLICY,
    ("POST", "/standing/requests/{number}/decision"): SEES_POLICY,
    ("POST", "/standing/requests/{number}/withdraw"): SEES_POLICY,
    ("POST", "/standing/records/{number}/withdraw"): SEES_POLICY,
    ("GET", "/grants"): frozenset({"head", "chair", "lead", "dsl", "technician"}),
    ("GET", "/attempts"): frozenset({"lead", "dsl"}),
    ("GET", "/log"): frozenset({"lead", "dsl"}),
    ("GET", "/log/rows"): frozenset({"lead", "dsl"}),
    ("GET", "/log/people"): OPENS_RECORDS,
    ("GET", "/log/people/{person}"): OPENS_RECORDS,
    ("POST", "/log/people/{person}"): OPENS_RECORDS,
    ("GET", "/log/people/{person}/records.csv"): OPENS_RECORDS,
    ("GET", "/log/open/{code}"): OPENS_RECORDS,
    ("POST", "/log/open/{code}"): OPENS_RECORDS,
    ("GET", "/log/looks"): frozenset({"dsl", "head", "chair"}),
    ("GET", "/figures"): OPENS_RECORDS | {"governor"},
    ("GET", "/figures/{table}"): OPENS_RECORDS | {"governor"},
    ("GET", "/why"): frozenset({"head", "lead", "dsl", "technician"}),
    ("GET", "/policy"): SEES_POLICY,
    ("GET", "/policy/versions/{number}"): SEES_POLICY,
    ("GET", "/policy/compare"): SEES_POLICY,
    ("POST", "/policy/versions/{number}/bring-back"): DRAFTS,
    ("GET", "/policy/drafts/new"): DRAFTS,
    ("POST", "/policy/drafts/new"): DRAFTS,
    ("GET", "/policy/drafts/{number}"): SEES_POLICY,
    ("GET", "/policy/drafts/{number}/changes"): SEES_POLICY,
    ("GET", "/policy/drafts/{number}/changes/{kind}"): DRAFTS,
    ("POST", "/policy/drafts/{number}/changes/{kind}"): DRAFTS,
    ("POST", "/policy/drafts/{number}/undo"): DRAFTS,
    ("POST", "/policy/drafts/{number}/rebase"): DRAFTS,
    ("GET", "/policy/drafts/{number}/proof"): SEES_POLICY,
    ("POST", "/policy/drafts/{number}/proof"): DRAFTS | GOVERNS,
    ("GET", "/policy/drafts/{number}/replay"): SEES_POLICY,
    ("POST", "/policy/drafts/{number}/replay"): DRAFTS | GOVERNS,
    ("GET", "/policy/drafts/{number}/progress/{check}"): SEES_POLICY,
    ("GET", "/policy/drafts/{number}/propose"): DRAFTS,
    ("POST", "/policy/drafts/{number}/propose"): DRAFTS,
    ("GET", "/policy/drafts/{number}/approve"): GOVERNS,
    ("POST", "/policy/drafts/{number}/approve"): GOVERNS,
    ("GET", "/policy/drafts/{number}/direct"): frozenset({"head", "chair"}),
    ("POST", "/policy/drafts/{number}/direct"): frozenset({"head", "chair"}),
    ("GET", "/policy/drafts/{number}/refuse"): GOVERNS | {"head"},
    ("POST", "/policy/drafts/{number}/refuse"): GOVERNS | {"head"},
    ("GET", "/policy/drafts/{number}/withdraw"): DRAFTS | GOVERNS,
    ("POST", "/policy/drafts/{number}/withdraw"): DRAFTS | GOVERNS,
    ("GET", "/report"): EVERYBODY,
    ("POST", "/report"): EVERYBODY,
    ("GET", "/report/answer"): EVERYBODY,
    ("POST", "/report/answer"): EVERYBODY,
    ("GET", "/reports"): SIGNED_IN,
    ("GET", "/reports/{number}"): SIGNED_IN,
    ("POST", "/reports/{number}/answer"): frozenset({"head", "chair", "lead", "dsl"}),
    ("POST", "/reports/{number}/incident"): frozenset({"head", "chair", "lead", "dsl"}),
    ("POST", "/reports/{number}/about"): frozenset({"head", "chair", "lead", "dsl"}),
    ("POST", "/reports/{number}/not-about"): frozenset({"head", "chair", "lead", "dsl"}),
    ("GET", "/blocks"): frozenset({"head", "chair", "lead", "dsl", "technician"}),
    ("GET", "/blocks/new"): frozenset({"head", "lead", "dsl"}),
    ("POST", "/blocks/new"): frozenset({"head", "lead", "dsl"}),
    ("GET", "/blocks/{number}"): frozenset({"head", "chair", "lead", "dsl", "technician"}),
    ("POST", "/blocks/{number}/lift"): frozenset({"head"}),
    ("GET", "/records"): SEES_AUDIT,
    ("GET", "/records/checkpoints"): SEES_AUDIT,
    ("POST", "/records/checkpoints"): SEES_AUDIT,
    ("GET", "/records/checkpoints/{number}"): SEES_AUDIT,
    ("GET", "/records/retention"): SEES_AUDIT,
    ("GET", "/records/holds"): SEES_AUDIT,
    ("GET", "/records/holds/new"): SEES_AUDIT,
    ("POST", "/records/holds/new"): SEES_AUDIT,
    ("POST", "/records/holds/{number}/lift"): SEES_AUDIT,
    ("GET", "/school"): SEES_REGISTER,
    ("GET", "/school/name"): KEEPS_REGISTER,
    ("POST", "/school/name"): KEEPS_REGISTER,
    ("GET", "/school/import"): KEEPS_REGISTER,
    ("POST", "/school/import"): KEEPS_REGISTER,
    ("GET", "/school/year"): KEEPS_REGISTER,
    ("POST", "/school/year"): KEEPS_REGISTER,
    ("GET", "/school/people"): SEES_REGISTER,
    ("GET", "/school/people/new"): KEEPS_REGISTER,
    ("POST", "/school/people/new"): KEEPS_REGISTER,
    ("GET", "/school/people/{person}"): SEES_REGISTER,
    ("GET", "/school/people/{person}/change"): KEEPS_REGISTER | {"chair"},
    ("POST", "/school/people/{person}/change"): KEEPS_REGISTER | {"chair"},
    ("GET", "/school/people/{person}/duties"): frozenset({"head", "chair"}),
    ("POST", "/school/people/{person}/duties"): frozenset({"head", "chair"}),
    ("GET", "/school/people/{person}/leave"): KEEPS_REGISTER | {"chair"},
    ("POST", "/school/people/{person}/leave"): KEEPS_REGISTER | {"chair"},
    ("GET", "/school/people/{person}/forget"): frozenset({"head"}),
    ("POST", "/school/people/{person}/forget"): frozenset({"head"}),
    ("POST", "/school/people/{person}/back"): KEEPS_REGISTER | {"chair"},
    ("POST", "/school/people/{person}/invite"): KEEPS_REGISTER | {"chair"},
    ("GET", "/school/classes"): SEES_REGISTER,
    ("GET", "/school/classes/new"): KEEPS_REGISTER,
    ("POST", "/school/classes/new"): KEEPS_REGISTER,
    ("GET", "/school/classes/{line}"): SEES_REGISTER,
    ("POST", "/school/classes/{line}"): KEEPS_REGISTER,
    ("POST", "/school/classes/{line}/remove"): KEEPS_REGISTER,
    ("GET", "/school/devices"): SEES_REGISTER,
    ("GET", "/school/devices/new"): KEEPS_REGISTER,
    ("POST", "/school/devices/new"): KEEPS_REGISTER,
    ("GET", "/school/devices/{line}"): SEES_REGISTER,
    ("POST", "/school/devices/{line}"): KEEPS_REGISTER,
    ("POST", "/school/devices/{line}/remove"): KEEPS_REGISTER,
    ("GET", "/school/networks"): SEES_REGISTER,
    ("GET", "/school/networks/{network}"): KEEPS_REGISTER,
    ("POST", "/school/networks/{network}"): KEEPS_REGISTER,
    ("GET", "/school/calendar"): SEES_REGISTER,
    ("GET", "/school/calendar/different"): frozenset({"head"}),
    ("POST", "/school/calendar/different"): frozenset({"head"}),
    ("POST", "/school/calendar/different/{number}/withdraw"): frozenset({"head"}),
    ("GET", "/school/calendar/overtime"): KEEPS_REGISTER,
    ("POST", "/school/calendar/overtime"): KEEPS_REGISTER,
    ("POST", "/school/calendar/draft/{kind}"): DRAFTS,
    ("GET", "/first-run"): EVERYBODY,
    ("POST", "/first-run"): EVERYBODY,
    ("GET", "/first-run/school"): EVERYBODY,
    ("POST", "/first-run/school"): EVERYBODY,
    ("GET", "/first-run/networks/{network}"): EVERYBODY,
    ("POST", "/first-run/networks/{network}"): EVERYBODY,
    ("GET", "/first-run/people"): EVERYBODY,
    ("POST", "/first-run/people"): EVERYBODY,
    ("POST", "/first-run/end"): EVERYBODY,
    ("GET", "/incidents"): HANDLES,
    ("GET", "/incidents/new"): REPORTS_CONCERNS,
    ("POST", "/incidents/new"): REPORTS_CONCERNS,
    ("GET", "/incidents/record.csv"): HANDLES,
    ("GET", "/incidents/{number}"): HANDLES,
    ("GET", "/incidents/{number}/record.csv"): HANDLES,
    ("GET", "/incidents/{number}/record.pdf"): HANDLES,
    ("POST", "/incidents/{number}/take-up"): HANDLES,
    ("POST", "/incidents/{number}/note"): HANDLES,
    ("POST", "/incidents/{number}/action"): HANDLES,
    ("POST", "/incidents/{number}/name"): HANDLES,
    ("POST", "/incidents/{number}/close"): HANDLES,
    ("POST", "/incidents/{number}/reopen"): HANDLES,
    ("GET", "/incidents/{number}/propose"): HANDLES,
    ("POST", "/incidents/{number}/propose"): HANDLES,
    ("GET", "/restrictions"): HANDLES,
    ("POST", "/restrictions/{number}/decide"): HANDLES,
    ("POST", "/restrictions/{number}/end"): HANDLES,
    ("GET", "/supervised"): STAFF,
    ("POST", "/supervised/open"): STAFF,
    ("POST", "/supervised/{number}/end"): STAFF,
    ("GET", "/supervised/devices"): STAFF,
    ("POST", "/supervised/devices"): STAFF,
    ("POST", "/supervised/devices/{number}/give-back"): STAFF,
    ("GET", "/devices"): SIGNED_IN,
    ("POST", "/devices/claim"): SIGNED_IN,
    ("POST", "/devices/release"): SIGNED_IN,
}


def every_route() -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods)
    ]


class Visitors:
    """A browser of each role over one school, signed in once unless a test signs it out."""

    def __init__(self, school: WebSchool) -> None:
        self._school = school
        self._browsers: dict[str, tuple[Browser, str]] = {}

    def of(self, role: str, method: str, path: str) -> tuple[Browser, str]:
        """Return the browser of *role* and the token for its forms."""
        if role not in self._browsers or path == "/sign-out":
            browser = Browser(self._school)
            if role == NOBODY:
                token = browser.get("/sign-in").form("/sign-in").fields["csrf"]
            else:
                token = browser.sign_in(role).get("/").form("/sign-out").fields["csrf"]
            if (method, path) == ("POST", "/sign-out"):
                return browser, token
            self._browsers[role] = browser, token
        return self._browsers[role]


@pytest.fixture(scope="module")
def visitors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitors]:
    school = WebSchool(tmp_path_factory.mktemp("school"))
    yield Visitors(school)
    school.close()


def test_the_table_and_the_routes_are_the_same() -> None:
    assert set(every_route()) == set(TABLE) == set(EXPECTED)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), every_route())
def test_a_page_opens_for_those_it_is_for_and_for_nobody_else(
    visitors: Visitors, role: str, method: str, path: str
) -> None:
    browser, token = visitors.of(role, method, path)
    is_for_them = role in EXPECTED[method, path]

    answer = browser.ask(
        method,
        path.replace("{number}", "999"),
        headers={"origin": f"http://{HOST}:8000"},
        data={"csrf": token} if method == "POST" else None,
    )

    sent_to_sign_in = answer.headers.get("location", "").startswith("/sign-in")
    refused = "This page is not for you" in answer.text
    assert is_for_them == (not sent_to_sign_in and not refused)
    if not is_for_them:
        assert (303 if role == NOBODY else 403) == answer.status_code
    assert answer.status_code < 500
