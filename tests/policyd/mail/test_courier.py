"""The conversation with a mail server, kind, dead and hostile."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from mail_world import SENDER, MailServer, authenticator, listening, plain_settings

from schoolgate_policyd.mail.courier import deliver
from schoolgate_policyd.mail.letters import SERVER, Answer, Letter
from schoolgate_policyd.mail_settings import MailSecurity, MailSettings

LETTERS = tuple(
    Letter(number, SENDER, f"person-{number}@school.example", b"Subject: one\r\n\r\n.\r\nText\r\n")
    for number in (1, 2, 3)
)


def told(
    server: MailServer, settings_of: Callable[[int], MailSettings] = plain_settings, **how: object
) -> list[Answer]:
    async def run() -> list[Answer]:
        async with listening(server, **how) as port:
            settings = settings_of(port)
            return await asyncio.to_thread(lambda: list(deliver(settings, LETTERS)))

    return asyncio.run(run())


def test_every_letter_is_handed_over_to_its_recipient_alone() -> None:
    server = MailServer()

    assert [Answer(number, is_taken=True) for number in (1, 2, 3)] == told(server)
    assert [[each.recipient] for each in LETTERS] == [each.recipients for each in server.received]
    # A line with a dot alone is not the end of the message.
    assert b"\r\n.\r\nText" in server.received[0].octets


def test_one_recipient_who_is_refused_for_good_keeps_no_other_from_theirs() -> None:
    server = MailServer(
        to_recipient=lambda who: "550 no such user here" if "person-2" in who else "250 OK"
    )
    answers = told(server)

    why = "the server answered 550 no such user here"
    assert Answer(2, is_taken=False, is_final=True, why=why) == answers[1]
    assert [True, False, True] == [each.is_taken for each in answers]


def test_one_who_is_refused_for_now_is_tried_again() -> None:
    answers = told(MailServer(to_recipient=lambda _: "451 try later"))

    assert [False] * 3 == [each.is_final for each in answers]


def test_a_message_that_is_refused_is_that_one_alone() -> None:
    server = MailServer(to_message=lambda count: "552 too large" if count == 1 else "250 OK")
    answers = told(server)

    assert [(1, True), (2, False), (3, False)] == [(each.id, each.is_taken) for each in answers]
    assert answers[1].is_final


def test_what_a_hostile_server_says_is_shown_short_and_without_what_hides() -> None:
    said = "550 \u202egnp.exe \x1b[31m" + "x" * 450
    answers = told(MailServer(to_recipient=lambda _: said), enable_SMTPUTF8=True)

    assert len(answers[0].why) <= 300
    assert "\u202e" not in answers[0].why
    assert "\x1b" not in answers[0].why


def test_a_dead_server_is_one_answer() -> None:
    with_nobody = plain_settings(1)

    answers = list(deliver(with_nobody, LETTERS))

    assert [SERVER] == [each.id for each in answers]
    assert "the server is not reached" in answers[0].why


def test_a_server_that_says_nothing_costs_no_more_than_the_timeout() -> None:
    async def run() -> list[Answer]:
        async def nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            silent.append(writer)

        silent: list[asyncio.StreamWriter] = []
        listener = await asyncio.start_server(nothing, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        settings = MailSettings(
            server="127.0.0.1",
            port=port,
            sender=SENDER,
            security=MailSecurity.NONE,
            timeout_s=0.2,
        )
        try:
            return await asyncio.to_thread(lambda: list(deliver(settings, LETTERS)))
        finally:
            listener.close()
            for each in silent:
                each.close()
                with suppress(ConnectionError):
                    await each.wait_closed()

    assert [SERVER] == [each.id for each in asyncio.run(run())]


def test_a_server_that_offers_no_encryption_hears_nothing() -> None:
    server = MailServer()

    answers = told(server, lambda port: MailSettings(server="127.0.0.1", port=port, sender=SENDER))

    assert [SERVER] == [each.id for each in answers]
    assert [] == server.received


@pytest.mark.parametrize("security", [MailSecurity.TLS, MailSecurity.STARTTLS])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_only_a_server_with_a_certificate_that_is_trusted_is_spoken_to(
    tmp_path: Path, security: MailSecurity, *, is_trusted: bool
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    known = authority if is_trusted else trustme.CA()
    known.cert_pem.write_to_path(tmp_path / "ca.pem")
    password = tmp_path / "password"
    password.write_text("pass word\n")
    server = MailServer(needs_sign_in=True)

    async def run() -> list[Answer]:
        knows = authenticator("gate", "pass word")
        if security is MailSecurity.STARTTLS:
            how = {"tls_context": context, "require_starttls": True, "authenticator": knows}
            entering = listening(server, **how)
        else:
            entering = listening(server, tls=context, auth_require_tls=False, authenticator=knows)
        async with entering as port:
            settings = MailSettings(
                server="127.0.0.1",
                port=port,
                sender=SENDER,
                security=security,
                user="gate",
                password_file=password,
                authority=tmp_path / "ca.pem",
                timeout_s=5.0,
            )
            return await asyncio.to_thread(lambda: list(deliver(settings, LETTERS)))

    answers = asyncio.run(run())

    assert (3 if is_trusted else 0) == len(server.received)
    assert ([1, 2, 3] if is_trusted else [SERVER]) == [each.id for each in answers]


def test_a_password_that_is_not_taken_is_no_fault_of_any_letter(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("another")

    answers = told(
        MailServer(),
        lambda port: plain_settings(port, user="gate", password_file=password),
        authenticator=authenticator("gate", "pass word"),
        auth_require_tls=False,
    )

    why = "the server does not take the user name and password"
    assert [Answer(SERVER, is_taken=False, why=why)] == answers
