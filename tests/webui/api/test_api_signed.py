"""What a person signs: whoever could not do it on the page is told that, everybody else where."""

from collections.abc import Iterator

import pytest
from web_program import Program, program_of
from web_school import WebSchool

ASKED = {
    "name": "staff-break-access",
    "reasons": "Staff may at break",
    "measures": "Own devices only",
    "review_on": "2027-01-15",
}
NOT_ALLOWED = (403, "/api#not-allowed")
NO_SUCH = (404, "/api#not-found")
SIGNED = (403, "/api#signature-needed")


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    made = WebSchool(tmp_path_factory.mktemp("school"))
    yield made
    made.close()


def answered(program: Program, method: str, path: str) -> tuple[int, str]:
    answer = program.ask(method, path, {})
    return answer.status_code, answer.json()["type"]


@pytest.mark.parametrize(
    ("person", "method", "path", "expected"),
    [
        ("head", "POST", "/delegations", SIGNED),
        ("teacher", "POST", "/delegations", NOT_ALLOWED),
        ("head", "PUT", "/networks/pupil-computers", SIGNED),
        ("head", "PUT", "/networks/nowhere", NO_SUCH),
        ("head", "POST", "/people/teacher/duties", SIGNED),
        ("head", "POST", "/people/head/duties", NOT_ALLOWED),
        ("head", "POST", "/people/nobody/duties", NO_SUCH),
        ("head", "POST", "/different-days", SIGNED),
    ],
)
def test_whoever_could_not_do_it_on_the_page_is_told_that(
    school: WebSchool, person: str, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert expected == answered(program_of(school, person), method, path)


def test_a_standing_permission_is_signed_by_whoever_decides_it(school: WebSchool) -> None:
    technician, lead, head = (program_of(school, each) for each in ("technician", "lead", "head"))
    number = technician.post("/standing/requests", ASKED, 201)["number"]
    path = f"/standing/requests/{number}"

    early = answered(head, "POST", f"{path}/decision")
    lead.post(f"{path}/controls", {"in_place": True, "why": "They are"})

    assert (409, "/api#settled") == early
    assert NOT_ALLOWED == answered(technician, "POST", f"{path}/decision")
    assert NOT_ALLOWED == answered(lead, "POST", f"{path}/decision")
    assert SIGNED == answered(head, "POST", f"{path}/decision")
