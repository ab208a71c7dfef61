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
EXPECTED = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/help"): EVERYBODY,
    ("GET", "/filtering"): EVERYBODY,
    ("GET", "/sign-in"): EVERYBODY,
    ("POST", "/sign-in"): EVERYBODY,
    ("POST", "/sign-out"): SIGNED_IN,
    ("GET", "/requests"): ASKS,
    ("GET", "/requests/new"): ASKS,
    ("POST", "/requests/new"): ASKS,
    ("GET", "/requests/{number}"): ASKS,
    ("POST", "/requests/{number}/measures"): ASKS,
    ("POST", "/requests/{number}/decision"): ASKS,
    ("POST", "/requests/{number}/withdraw"): ASKS,
    ("GET", "/grants"): frozenset({"head", "chair", "lead", "dsl", "technician"}),
    ("GET", "/attempts"): frozenset({"lead", "dsl"}),
    ("GET", "/attempts/rows"): frozenset({"lead", "dsl"}),
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
