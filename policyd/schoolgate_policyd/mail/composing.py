"""An alert as a message: plain text, a link, and nothing of whoever it is about."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from textwrap import fill
from typing import NamedTuple

from schoolgate_policyd.mail.letters import plain_words
from schoolgate_policyd.store.outbox import Waiting
from schoolgate_policyd.workflow.alert_words import said

_WIDTH = 72
_MOST_NAME = 80


class Letterhead(NamedTuple):
    """What is the same in every mail of a school; *sender* is an e-mail address."""

    school_name: str
    public_url: str
    sender: str


def compose(waiting: Waiting, head: Letterhead) -> bytes:
    """
    Return the message for *waiting*: the same octets however often it is composed.

    Headers are made by `email`, which refuses line ends in them and encodes what is not ASCII.
    """
    words = said(waiting.kind, waiting.facts)
    local, _, domain = head.sender.partition("@")
    school = plain_words(head.school_name)[:_MOST_NAME]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(f"Schoolgate, {school}", local, domain)
    message["To"] = waiting.address
    message["Subject"] = f"{words.subject} ({school})"
    message["Date"] = format_datetime(waiting.made_at)
    message["Message-ID"] = f"<{waiting.message_id}@{domain}>"
    # RFC 3834: an answering machine does not answer it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    text = _text(words.paragraphs, waiting.path, head, school)
    message.set_content(text, cte="quoted-printable")
    return message.as_bytes()


def _text(paragraphs: tuple[str, ...], path: str, head: Letterhead, school: str) -> str:
    link = f"{head.public_url.rstrip('/')}{path}"
    parts = [
        "\n".join(fill(line, _WIDTH) for line in paragraph.split("\n")) for paragraph in paragraphs
    ]
    ending = fill(
        f"This mail was sent by Schoolgate, the internet gateway of {school}. Nobody reads "
        "answers to it. It names nobody and no site: what it is about is in the pages.",
        _WIDTH,
    )
    return "\n\n".join([*parts, f"Sign in to see it:\n{link}", f"-- \n{ending}"]) + "\n"
