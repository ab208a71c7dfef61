"""Who may ask the API for what: every role and every scope against every endpoint."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from web_browser import Browser
from web_program import Program, program_of, token_for
from web_school import HOST, MACHINE, PEOPLE, WebSchool

from schoolgate_policyd.store.sign_in_records import ApiCaller, ApiToken
from schoolgate_policyd.workflow.api_scopes import WORDS, Scope
from schoolgate_webui import access
from schoolgate_webui.access import Who
from schoolgate_webui.api.access import TABLE, Needs
from schoolgate_webui.api.app import written
from schoolgate_webui.api.guard import require_right
from schoolgate_webui.api.problems import ScopeMissing
from schoolgate_webui.api.schema import operations
from schoolgate_webui.guard import NotForYou

ROLES = tuple(person for person, _, _, _ in PEOPLE)
STAFF = frozenset({"teacher", "head", "lead", "dsl", "technician", "operator"})
HANDLES = frozenset({"dsl", "lead", "head", "chair"})
SEES_POLICY = frozenset({"head", "chair", "governor", "lead", "dsl", "technician"})
SEES_REGISTER = frozenset({"head", "chair", "lead", "dsl", "technician"})
KEEPS_REGISTER = frozenset({"head", "technician"})

# Written out once more, from the policies and not from the code: a role that is missing may not.
WHO: dict[Who, frozenset[str]] = {
    Who.ANYBODY: frozenset(ROLES),
    Who.SIGNED_IN: frozenset(ROLES),
    Who.WHO_MAY_ASK: frozenset(ROLES) - {"visitor"},
    Who.WHO_SEES_GRANTS: SEES_REGISTER,
    Who.WHO_SEES_STANDING: SEES_POLICY,
    Who.WHO_SEES_ATTEMPTS: frozenset({"lead", "dsl"}),
    Who.WHO_SEES_LOOKS: frozenset({"dsl", "head", "chair"}),
    Who.WHO_SEES_FIGURES: frozenset({"head", "chair", "governor", "lead", "dsl"}),
    Who.WHO_SEES_VERSIONS: SEES_POLICY,
    Who.WHO_SEES_REASONS: frozenset({"head", "lead", "dsl", "technician"}),
    Who.WHO_SEES_AUDIT: frozenset({"head", "chair", "dsl"}),
    Who.WHO_HANDLES_INCIDENTS: HANDLES,
    Who.WHO_OPENS_INCIDENTS: STAFF | {"chair", "governor"},
    Who.WHO_SUPERVISES: STAFF,
    Who.WHO_DRAFTS: frozenset({"head", "lead", "technician"}),
    Who.WHO_APPROVES: frozenset({"chair", "governor"}),
    Who.WHO_DIRECTS: frozenset({"head", "chair"}),
    Who.WHO_JUDGES: frozenset({"head", "chair", "governor"}),
    Who.WHO_CHECKS: frozenset({"head", "lead", "technician", "chair", "governor"}),
    Who.WHO_SEES_REGISTER: SEES_REGISTER,
    Who.WHO_KEEPS_REGISTER: KEEPS_REGISTER,
    Who.WHO_KEEPS_LINES: KEEPS_REGISTER | {"chair"},
    Who.WHO_GIVES_DUTIES: frozenset({"head", "chair"}),
    Who.WHO_DIRECTS_DAYS: frozenset({"head"}),
    Who.WHO_HANDLES_REPORTS: HANDLES,
    Who.WHO_SEES_BLOCKS: SEES_REGISTER,
    Who.WHO_BLOCKS: frozenset({"head", "lead", "dsl"}),
    Who.WHO_LIFTS_BLOCKS: frozenset({"head"}),
    Who.WHO_SEES_MAIL: frozenset({"technician", "head", "lead"}),
    Who.WHO_OPENS_RECORDS: frozenset({"dsl", "lead", "head", "chair"}),
    Who.WHO_FORGETS: frozenset({"head"}),
    Who.WHO_LISTS_SITES: frozenset({"head", "lead"}),
    Who.WHO_READS_TRAINING: frozenset({"head", "lead", "dsl", "chair", "governor"}),
    Who.WHO_RECORDS_TRAINING: frozenset({"head", "lead", "dsl"}),
    Who.WHO_SEES_ACKNOWLEDGEMENTS: frozenset({"head", "chair", "lead"}),
}
WRITES = frozenset({"POST", "PUT", "DELETE"})


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("school"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def programs(school: WebSchool) -> dict[bool, Program]:
    """A program of the visitor with every scope, and one with none."""
    return {
        is_whole: program_of(school, "visitor", tuple(Scope) if is_whole else ())
        for is_whole in (True, False)
    }


@pytest.fixture(scope="module")
def callers(school: WebSchool) -> Callable[[str, Scope | None], ApiCaller]:
    """Give who asks with a token of somebody for one scope, or none."""
    members = {each.id: each for each in school.decisions.people.members()}

    def caller(person: str, scope: Scope | None) -> ApiCaller:
        scopes = frozenset() if scope is None else frozenset({scope.value})
        token = ApiToken(1, person, "", scopes, MACHINE, MACHINE, None, None)
        return ApiCaller(token, members[person])

    return caller


def _refusal(needs: Needs, caller: ApiCaller) -> type[Exception] | None:
    try:
        require_right(needs, caller, is_shown=True)
    except (ScopeMissing, NotForYou) as error:
        return type(error)
    return None


def _path(path: str) -> str:
    return (
        path.replace("{number}", "999")
        .replace("{size}", "999")
        .replace("{kind}", "document")
        .replace("{table}", "blocked")
        .replace("{person}", "nobody-here")
        .replace("{line}", "nothing-here")
        .replace("{network}", "nothing-here")
    )


def _kind(answer_type: str) -> str:
    return answer_type.partition("#")[2]


def test_the_table_and_the_endpoints_are_the_same() -> None:
    found = {(method.upper(), path) for path, method, _ in operations(written().schema)}

    assert set(TABLE) - {("GET", "/openapi.json")} == found


def test_every_scope_is_of_use_and_has_words() -> None:
    assert set(Scope) == {each.scope for each in TABLE.values() if each.scope} == set(WORDS)


@pytest.mark.parametrize(("method", "path"), sorted(TABLE))
def test_a_scope_to_read_changes_nothing(method: str, path: str) -> None:
    scope = TABLE[method, path].scope

    assert scope is None or (method in WRITES) == scope.value.endswith(":write")


@pytest.mark.parametrize("role", ROLES)
def test_an_endpoint_is_for_those_whose_pages_are_and_for_tokens_with_its_scope(
    callers: Callable[[str, Scope | None], ApiCaller], role: str
) -> None:
    for endpoint, needs in TABLE.items():
        for scope in (None, *Scope):
            is_theirs = role in WHO[needs.who]
            is_in_scope = needs.scope in {None, scope}
            expected = ScopeMissing if not is_in_scope else None if is_theirs else NotForYou

            assert expected == _refusal(needs, callers(role, scope)), (endpoint, scope)


@pytest.mark.parametrize(("method", "path"), sorted(TABLE))
def test_every_endpoint_stands_behind_the_guard(
    school: WebSchool, programs: dict[bool, Program], method: str, path: str
) -> None:
    """The visitor has every scope and no duty; a token without scopes opens what needs none."""
    school.machine_clock.go_on(timedelta(seconds=1))
    needs = TABLE[method, path]

    without = programs[False].ask(method, _path(path)).status_code
    visitor = programs[True].ask(method, _path(path))

    assert needs.scope is None or 403 == without
    assert ("visitor" not in WHO[needs.who]) == (
        403 == visitor.status_code and _kind(visitor.json()["type"]) == "not-for-you"
    )
    assert visitor.status_code < 500


def test_what_scope_is_missing_is_said(school: WebSchool) -> None:
    answer = program_of(school, "head", [Scope.LOG_READ]).ask("GET", "/people")

    assert (403, "/api#scope-missing") == (answer.status_code, answer.json()["type"])
    assert "school:read" == answer.json()["scope"]
    assert 'scope="school:read"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path"), sorted(TABLE))
def test_without_a_token_only_what_is_for_anybody_is_given(
    school: WebSchool, method: str, path: str
) -> None:
    school.machine_clock.go_on(timedelta(seconds=10))
    answer = Program(school, None).ask(method, _path(path))

    is_open = TABLE[method, path].who is Who.ANYBODY
    # Without a body there is nothing in a report, so that is a mistake and not a refusal.
    expected = 422 if method == "POST" else 200
    assert (expected if is_open else 401) == answer.status_code
    assert is_open or answer.headers["www-authenticate"] == "Bearer"


def test_a_page_for_fewer_is_no_endpoint_for_more() -> None:
    """What endpoints are called and what pages are called differ; whom they are for does not."""
    pairs = {
        ("GET", "/requests/{number}"): ("GET", "/requests/{number}"),
        ("GET", "/log"): ("GET", "/log"),
        ("GET", "/audit"): ("GET", "/records"),
        ("GET", "/people/{person}"): ("GET", "/school/people/{person}"),
        ("POST", "/people"): ("POST", "/school/people/new"),
        ("POST", "/people/import"): ("POST", "/school/import"),
        ("POST", "/blocks"): ("POST", "/blocks/new"),
        ("GET", "/incidents/{number}"): ("GET", "/incidents/{number}"),
        ("POST", "/supervised-sessions"): ("POST", "/supervised/open"),
        ("GET", "/why"): ("GET", "/why"),
    }
    for endpoint, page in pairs.items():
        assert access.TABLE[page] == TABLE[endpoint].who


def test_a_browser_that_is_signed_in_opens_nothing_here(school: WebSchool) -> None:
    browser = Browser(school).sign_in("head")

    answer = browser.ask("GET", "/api/v1/requests")
    forged = browser.ask(
        "POST",
        "/api/v1/classes",
        content=b'{"name": "9Z"}',
        headers={"content-type": "application/json", "origin": f"http://{HOST}:8000"},
    )

    assert (401, 401) == (answer.status_code, forged.status_code)
    assert "9Z" not in {each.id for each in school.decisions.people.classes()}


@pytest.mark.parametrize("secret", ["", "sgt_wrong", "Bearer", "sgt_" + "a" * 300, "sgt_\udcff"])
def test_what_is_no_token_opens_nothing_that_is_open_either(
    school: WebSchool, secret: str
) -> None:
    school.machine_clock.go_on(timedelta(seconds=10))
    headers = {"authorization": b"Bearer " + secret.encode("latin-1", "replace")}

    answer = Program(school, None).ask("GET", "/help-lines", headers=headers)  # type: ignore[arg-type] # httpx takes octets

    assert 401 == answer.status_code


def test_a_token_that_was_revoked_opens_nothing(school: WebSchool) -> None:
    program = program_of(school, "teacher")
    assert "teacher" == program.get("/me")["owner"]["id"]

    school.decisions.api_tokens.revoke("teacher", program.get("/me")["token"], at=MACHINE)

    assert 401 == program.ask("GET", "/me").status_code


def test_a_token_that_is_over_opens_nothing(tmp_path: object) -> None:
    school = WebSchool(tmp_path)  # type: ignore[arg-type] # a path
    try:
        program = Program(school, token_for(school, "teacher", lasts=timedelta(hours=1)))
        assert 200 == program.ask("GET", "/me").status_code
        school.machine_clock.go_on(timedelta(hours=1))
        assert 401 == program.ask("GET", "/me").status_code
    finally:
        school.close()


def test_a_program_that_never_stops_is_told_when_to_go_on(school: WebSchool) -> None:
    program = Program(school, None, address="127.0.2.77")

    answers = [program.ask("GET", "/help-lines") for _ in range(31)]

    assert [200] * 30 == [each.status_code for each in answers[:30]]
    assert 429 == answers[30].status_code
    assert "2" == answers[30].headers["retry-after"]
    assert 200 == Program(school, None, address="127.0.2.78").ask("GET", "/help-lines").status_code
