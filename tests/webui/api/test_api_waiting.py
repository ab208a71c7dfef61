"""What waits for somebody a program is told as home shows it, as far as its scopes go."""

import re
from collections.abc import Iterable, Iterator, Mapping

import pytest
from web_browser import Browser
from web_program import program_of
from web_school import ENTRY, WebSchool

from schoolgate_policyd.workflow.api_scopes import Scope

REQUEST = {**ENTRY, "starts_at": "2026-11-20T10:00", "ends_at": "2026-11-20T12:00"}
STANDING = {
    "name": "staff-break-access",
    "reasons": "Staff may use social media at break",
    "measures": "Own devices only",
    "review_on": "2026-12-10",
}
CONCERN = {
    "who": "p-7",
    "kind": "harmful-content",
    "severity": "high",
    "summary": "Something was seen.",
    "happened_at": "2026-11-20T09:30",
}
PROPOSAL = {"what": "supervised-only", "ends_on": "2026-11-27", "why": "Again", "section": "§9"}
# By person: where something waits, and how much. From the policies, and not from the code.
WAITS: Mapping[str, Mapping[str, int]] = {
    "teacher": {},
    "visitor": {},
    "technician": {},
    "lead": {"/requests": 2, "/standing": 1, "/incidents": 1, "/reports": 1},
    "dsl": {"/incidents": 1},
    "head": {"/restrictions": 1},
}
SECTION = re.compile(r">Waiting for you</h2>(.*?)<h2", re.DOTALL)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school in which something waits at every place."""
    made = WebSchool(tmp_path_factory.mktemp("school"))
    teacher, dsl = program_of(made, "teacher"), program_of(made, "dsl")
    for _ in range(2):
        teacher.post("/requests", REQUEST, 201)
    program_of(made, "technician").post("/standing/requests", STANDING, 201)
    teacher.post("/reports", {"saw": "Something at https://bad.example/page"}, 201)
    for _ in range(2):
        teacher.post("/incidents", CONCERN, 201)
    number = min(each["number"] for each in dsl.get("/incidents")["items"])
    dsl.post(f"/incidents/{number}/take-up", {})
    dsl.post(f"/incidents/{number}/propose", PROPOSAL, 201)
    yield made
    made.close()


def told(school: WebSchool, person: str, scopes: Iterable[Scope] = tuple(Scope)) -> dict[str, int]:
    found = program_of(school, person, scopes).get("/waiting")["places"]
    return {each["page"]: each["count"] for each in found}


@pytest.mark.parametrize("person", WAITS)
def test_a_program_is_told_of_everything_that_waits(school: WebSchool, person: str) -> None:
    assert WAITS[person] == told(school, person)


@pytest.mark.parametrize("person", WAITS)
def test_what_it_is_told_is_what_home_shows(school: WebSchool, person: str) -> None:
    browser = Browser(school).sign_in(person)
    browser.get("/")
    section = "".join(SECTION.findall(browser.last_text))
    links = re.findall(r'href="(/[a-z]+)', section)

    assert set(told(school, person)) == set(links)


def test_the_requests_that_wait_say_for_what_and_since_when(school: WebSchool) -> None:
    found = program_of(school, "lead").get("/waiting")["requests"]

    assert [1, 2] == sorted(each["number"] for each in found)
    assert {"check-measures"} == {each["task"] for each in found}
    assert {"2026-11-20T10:00:00Z"} == {each["starts_at"] for each in found}


@pytest.mark.parametrize(
    ("scopes", "places", "unseen"),
    [
        ([], [], ["concerns:read", "policy:read", "requests:read"]),
        ([Scope.REQUESTS_WRITE], [], ["concerns:read", "policy:read", "requests:read"]),
        (
            [Scope.REQUESTS_READ],
            ["/requests", "/standing"],
            ["concerns:read", "policy:read"],
        ),
        ([Scope.CONCERNS_READ], ["/incidents", "/reports"], ["policy:read", "requests:read"]),
    ],
    ids=["none", "of another kind", "requests", "concerns"],
)
def test_a_token_sees_no_more_than_its_scopes_and_says_what_it_does_not_see(
    school: WebSchool, scopes: list[Scope], places: list[str], unseen: list[str]
) -> None:
    found = program_of(school, "lead", scopes).get("/waiting")

    assert places == [each["page"] for each in found["places"]]
    assert ("/requests" in places) == bool(found["requests"])
    assert unseen == found["unseen"]


def test_where_somebody_has_no_page_nothing_is_unseen(school: WebSchool) -> None:
    found = program_of(school, "visitor", []).get("/waiting")

    assert ["concerns:read"] == found["unseen"]
