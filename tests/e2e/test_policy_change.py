"""The policy changed in the pages, by real processes: from a technician's draft to the filter."""

import time
from collections.abc import Iterator

import pytest
from web_client import WebClient
from whole_school import WholeSchool, wait_for

TEACHER = "127.0.2.10"
# Generous, for a machine that does other things too; alone it takes a tenth of that.
CLOSES_WITHIN_S = 5.0
ANSWERS_WITHIN_S = 5.0
PROVES_WITHIN_S = 120.0


@pytest.fixture
def at_break() -> Iterator[WholeSchool]:
    """The sample school (twiss-green) at break, when staff may."""
    with WholeSchool(at="2026-11-20T10:31:00") as running:
        yield running


@pytest.fixture
def broad_square() -> Iterator[WholeSchool]:
    """A school whose policy asks for governors' approval and one month's notice."""
    school = WholeSchool(at="2026-11-20T10:31:00", further={"school": "broad-square"})
    with school as running:
        yield running


def client(school: WholeSchool, username: str) -> WebClient:
    found = WebClient(f"http://localhost:{school.web_port}")
    return found.sign_in(username, school.passwords[username])


def begin(technician: WebClient, summary: str) -> str:
    technician.send("/policy/drafts/new", "/policy/drafts/new", summary=summary)
    return technician.path.removesuffix("/changes")


def prove(technician: WebClient, draft: str, other: WebClient) -> None:
    """Have *draft* proved, and see that the pages of *other* answer meanwhile."""
    technician.send(f"{draft}/proof", f"{draft}/proof")
    assert "Running" in technician.get(draft).text
    started = time.monotonic()
    assert "Requests" in other.get("/requests").text
    assert time.monotonic() - started < ANSWERS_WITHIN_S
    wait_for(
        lambda: "It keeps every promise" in technician.get(f"{draft}/proof").text,
        PROVES_WITHIN_S,
        "the proof",
    )


def test_what_a_technician_drafts_and_the_head_directs_is_filtered(at_break: WholeSchool) -> None:
    school = at_break
    assert "status: NOERROR" in school.dig(TEACHER, "www.tiktok.com")
    with client(school, "technician") as technician, client(school, "head") as head:
        draft = begin(technician, "Staff lose break")
        exception = f"{draft}/changes/exception"
        technician.send(
            f"{exception}?rule=staff-social-media&exception=0", exception, periods__break=""
        )
        assert "no longer" in technician.get(draft).text

        prove(technician, draft, head)
        technician.send(f"{draft}/replay", f"{draft}/replay")
        wait_for(lambda: "Last run on" in technician.get(f"{draft}/replay").text, 60, "the replay")
        assert (
            "Proposed"
            in technician.send(f"{draft}/propose", f"{draft}/propose", reasons="Asked").text
        )
        assert "status: NOERROR" in school.dig(TEACHER, "www.tiktok.com")

        page = head.sign(
            f"{draft}/direct",
            f"{draft}/direct",
            school.passwords["head"],
            when="safety",
            reasons="From today",
        )
        assert "directed and signed" in page.text
        wait_for(
            lambda: "status: NXDOMAIN" in school.dig(TEACHER, "www.tiktok.com"),
            CLOSES_WITHIN_S,
            "what was directed",
        )
        assert "In force" in head.get(draft).text


def test_a_date_before_the_notice_is_over_is_refused(broad_square: WholeSchool) -> None:
    school = broad_square
    with (
        client(school, "technician") as technician,
        client(school, "chair") as chair,
        client(school, "head") as head,
    ):
        draft = begin(technician, "The policy of 2026")
        form = f"{draft}/changes/document"
        technician.send(form, form, version="November 2026")
        prove(technician, draft, head)
        technician.send(f"{draft}/propose", f"{draft}/propose", reasons="Yearly review")
        signed = {
            "when": "day",
            "announced_on": "2026-11-20",
            "reasons": "As the governors approved",
        }

        early = {**signed, "in_force_from": "2026-12-20"}
        unapproved = head.send(f"{draft}/direct", f"{draft}/direct", **early)
        assert "their approval is not recorded yet" in unapproved.text
        chair.send(f"{draft}/approve", f"{draft}/approve", met_on="2026-11-19", reference="7.2")

        early["in_force_from"] = "2026-12-19"
        refused = head.send(f"{draft}/direct", f"{draft}/direct", **early)
        assert "the earliest date is 20 December 2026" in refused.text
        assert "2026-12-19" == refused.inputs["in_force_from"]

        on_time = {**signed, "in_force_from": "2026-12-20"}
        password = school.passwords["head"]
        page = head.sign(f"{draft}/direct", f"{draft}/direct", password, **on_time)
        assert "comes into force on Sunday 20 December 2026, 00:00" in page.text
