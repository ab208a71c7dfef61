"""A reported page is blocked at once by real processes: in force within a second everywhere."""

import time
from collections.abc import Callable, Iterator

import pytest
from local_internet import ORIGIN
from web_client import WebClient
from whole_school import WholeSchool, wait_for

PUPIL = "127.0.1.10"
SITE = "lessons.example"
# Generous, for a machine that does other things too; alone it takes a tenth of that.
WITHIN_S = 5.0


@pytest.fixture
def school() -> Iterator[WholeSchool]:
    """The sample school in a lesson."""
    with WholeSchool() as running:
        yield running


def client(school: WholeSchool, username: str | None = None) -> WebClient:
    found = WebClient(f"http://localhost:{school.web_port}")
    return found if username is None else found.sign_in(username, school.passwords[username])


def read_first(member: WebClient) -> None:
    """Acknowledge the policy where it is asked for before anything else."""
    if "/policy/acknowledge" in {form.action for form in member.get("/").forms}:
        member.send("/", "/policy/acknowledge", read="yes", monitored="yes")


def is_closed(school: WholeSchool) -> bool:
    """Whether the proxy answers with the block page, decided by what it has in force itself."""
    status, body = school.curl(PUPIL, school.url(SITE))
    return status == 403 and "closed it, to keep you safe" in body


def is_steered(school: WholeSchool) -> bool:
    """Whether DNS leads a pupil to the inspection address and not to the site any more."""
    return not school.dig(PUPIL, SITE, "+short").startswith(ORIGIN)


def test_what_is_reported_closes_within_a_second_of_the_press(
    school: WholeSchool, record_property: Callable[[str, object], None]
) -> None:
    assert 200 == school.curl(PUPIL, school.url(SITE))[0]
    assert school.dig(PUPIL, SITE, "+short").startswith(ORIGIN)
    with client(school) as child, client(school, "safety-lead") as lead:
        read_first(lead)
        sent = child.send("/report", "/report", saw=f"https://{SITE}/ scared me")
        assert "You did the right thing" in sent.text

        pressed = time.monotonic()
        lead.send("/blocks/new?report=1", "/blocks/new", extent="site", reason="Masked men")
        wait_for(lambda: is_steered(school), WITHIN_S, "DNS has it in force")
        wait_for(lambda: is_closed(school), WITHIN_S, "the proxy has it in force")
        taken_s = time.monotonic() - pressed
        assert "In force" in lead.get("/blocks/1").text

    record_property("in_force_ms_after_the_press", round(taken_s * 1000))
