"""A message: the same each time, harmless whatever its parts say."""

from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import default

import pytest

from schoolgate_policyd.mail.composing import Letterhead, compose
from schoolgate_policyd.store.outbox import Waiting
from schoolgate_policyd.workflow.alerts import AlertKind

HEAD = Letterhead("Willow Lane", "https://gate.example", "gate@school.example")
FACTS: dict[str, str | int] = {
    "number": 7,
    "state": "approved",
    "task": "decide",
    "stage": "to-come",
    "since": "2026-11-16",
    "first": "2026-09-01",
    "last": "2026-12-18",
    "due": "2027-01-01",
    "what": "policy",
    "request-submitted": 3,
}


def waiting(kind: AlertKind = AlertKind.REQUEST_WAITS) -> Waiting:
    at = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    return Waiting(1, "lead@school.example", kind, "/requests/7", FACTS, "ab12", at)


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_is_a_short_plain_mail_with_one_link(kind: AlertKind) -> None:
    message = BytesParser(policy=default).parsebytes(compose(waiting(kind), HEAD))

    assert "text/plain" == message.get_content_type()
    assert 1 == message.get_content().count("https://")
    assert all(len(line) <= 78 for line in message.get_content().splitlines())
    assert len(message["subject"]) <= 100
    assert "<ab12@school.example>" == message["message-id"]
    assert "auto-generated" == message["auto-submitted"]


def test_it_is_the_same_however_often_it_is_made() -> None:
    assert compose(waiting(), HEAD) == compose(waiting(), HEAD)


@pytest.mark.parametrize(
    "name",
    [
        "Willow\r\nBcc: all@school.example\r\n\r\nGet rich",
        "Willow\nBcc: all@school.example",
        "Willow\u2028Bcc: all@school.example",
        "Willow\x00\x85\x0bBcc: all@school.example",
        '"<b>\\", =cmd()',
        "\u202eelohcS",
        "Ysgol Llŷn 🦉" * 40,
        "=?utf-8?q?Bcc=3A_all?=",
    ],
)
def test_a_hostile_school_name_adds_no_header_and_no_recipient(name: str) -> None:
    octets = compose(waiting(), Letterhead(name, HEAD.public_url, HEAD.sender))
    message = BytesParser(policy=default).parsebytes(octets)

    assert "lead@school.example" == message["to"]
    assert message["bcc"] is None
    assert {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "Content-Type",
        "Content-Transfer-Encoding",
        "MIME-Version",
    } == set(message.keys())
    assert "gate@school.example" == message["from"].addresses[0].addr_spec
    assert octets.isascii()
    assert "\u202e" not in message["subject"]
