"""The list of mails, training on record, and one's own e-mail address."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from web_browser import Browser
from web_school import MACHINE, WebSchool

from schoolgate_policyd.workflow.alerts import Alert, AlertKind

TRAINING = {
    "kind": "staff-training",
    "what": "Filtering and monitoring",
    "for_whom": "All staff",
    "given_on": "2026-11-18",
    "due_again_on": "2027-11-18",
}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebSchool]:
    """A school for tests that change nothing in it."""
    opened = WebSchool(tmp_path_factory.mktemp("calm"))
    yield opened
    opened.close()


def test_without_a_mail_server_the_technician_sees_what_would_be_sent(school: WebSchool) -> None:
    facts = {"number": 3, "task": "decide"}
    alert = Alert(AlertKind.REQUEST_WAITS, "request:3", ("head", "lead"), "/requests/3", facts)
    school.decisions.email_addresses.set_email("lead", "leo@school.example", by=None, at=MACHINE)
    school.decisions.outbox.put([alert], at=MACHINE)

    text = Browser(school).sign_in("technician").get("/records/mail").text

    assert "No mail server is set up" in text
    assert "Hana Head Request 3 waits for you" in text
    assert "No e-mail address is on record" in text
    assert "leo@school.example" not in text


def test_the_list_says_since_when_nothing_leaves(school: WebSchool) -> None:
    school.decisions.outbox.nothing_leaves("the server is not reached", at=MACHINE)

    text = Browser(school).sign_in("technician").get("/records/mail").text

    assert "Mail has not left since Friday 20 November 2026, 10:00" in text


def test_that_a_safeguarding_matter_was_mailed_is_not_said(school: WebSchool) -> None:
    alert = Alert(
        AlertKind.INCIDENT_URGENT, "incident:9:0", ("head",), "/incidents/9", {"number": 9}
    )
    school.decisions.outbox.put([alert], at=MACHINE)
    technician = Browser(school).sign_in("technician")

    assert "A safeguarding matter" not in technician.get("/records/mail").text
    assert "incidents/9" not in technician.last_text


def test_what_a_hostile_mail_server_says_is_harmless(school: WebSchool) -> None:
    alert = Alert(AlertKind.POLICY_ANNOUNCED, "policy:2", ("lead",), "/filtering", {"number": 2})
    school.decisions.outbox.put([alert], at=MACHINE)
    school.decisions.email_addresses.set_email("lead", "leo@school.example", by=None, at=MACHINE)
    school.decisions.outbox.failed(1, "<script>alert(1)</script>\u202e", at=MACHINE)

    technician = Browser(school).sign_in("technician")
    technician.get("/records/mail")

    assert "&lt;script&gt;" in technician.last_text
    assert "\u202e" not in technician.last_text


def test_training_is_recorded_and_says_when_it_is_due_again(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")

    text = lead.send("/records/training", "/records/training", **TRAINING).text

    assert "18 November 2026 Filtering and monitoring Training of staff All staff" in text
    assert "18 November 2027 Leo Lead" in text


def test_governors_read_what_was_given_and_record_nothing(school: WebSchool) -> None:
    Browser(school).sign_in("lead").send("/records/training", "/records/training", **TRAINING)
    page = Browser(school).sign_in("governor").get("/records/training")

    assert "Filtering and monitoring" in page.text
    assert all("/records/training" != form.action for form in page.forms)


def test_what_was_given_again_is_not_due_any_more(school: WebSchool) -> None:
    lead = Browser(school).sign_in("lead")
    for given, due in (("2025-11-18", "2026-11-18"), ("2026-11-18", "2027-11-18")):
        dates = {"given_on": given, "due_again_on": due}
        page = lead.send("/records/training", "/records/training", **{**TRAINING, **dates})

    assert " Due " not in page.text.partition("Recorded by")[2].partition("Record what")[0]


@pytest.mark.parametrize(
    ("field", "entry", "says"),
    [
        ("given_on", "2026-11-21", "This day has not come yet"),
        ("given_on", "", "Enter the day on which it was given"),
        ("due_again_on", "2026-11-01", "It is due again after it was given"),
        ("due_again_on", "soon", "Enter a real date"),
        ("kind", "party", "Choose what was given"),
        ("what", "", "Say what it was about"),
        ("for_whom", "x" * 201, "Use 200 characters or fewer"),
    ],
)
def test_what_cannot_be_recorded_is_said_beside_its_field(
    calm: WebSchool, field: str, entry: str, says: str
) -> None:
    lead = Browser(calm).sign_in("lead")

    page = lead.send("/records/training", "/records/training", **{**TRAINING, field: entry})

    assert 422 == lead.status
    assert says in page.text
    assert () == calm.decisions.training.every()


def test_one_says_where_ones_alerts_go(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")

    page = teacher.send("/account/email", "/account/email", email=" tess@school.example ")

    assert "Your e-mail address was changed" in page.text
    assert "tess@school.example" == school.decisions.email_addresses.of("teacher")
    teacher.send("/account/email", "/account/email", email="")
    assert school.decisions.email_addresses.of("teacher") is None


@pytest.mark.parametrize(
    "entry",
    [
        "tess",
        "tess@school",
        "tess@school.example\r\nBcc: all@school.example",
        "tess@school.example, all@school.example",
        "<tess@school.example>",
        '"a b"@school.example',
        "tess@[127.0.0.1]",
        "tess@school..example",
        "te\u202ess@school.example",
        "tess@schoöl.example",
        f"{'x' * 65}@school.example",
        f"tess@{'x' * 64}.example",
        f"tess@{'school.' * 40}example",
    ],
)
def test_what_is_no_plain_address_is_refused(calm: WebSchool, entry: str) -> None:
    teacher = Browser(calm).sign_in("teacher")

    page = teacher.send("/account/email", "/account/email", email=entry)

    assert 422 == teacher.status
    assert "Enter an address like" in page.text
    assert calm.decisions.email_addresses.of("teacher") is None


def test_the_audit_does_not_keep_the_address(school: WebSchool) -> None:
    teacher = Browser(school).sign_in("teacher")
    school.go_on(timedelta(minutes=1))
    teacher.send("/account/email", "/account/email", email="tess@school.example")

    [entry] = [each for each in school.decisions.audit.recent() if each.action == "email-set"]

    assert {"is on record": True} == entry.details
