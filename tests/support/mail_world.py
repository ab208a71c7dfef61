"""A mail server on this machine, as kind or as hostile as a test has it, and letters for it."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from schoolgate_policyd.mail.courier import deliver
from schoolgate_policyd.mail.letters import Answer, Letter
from schoolgate_policyd.mail_settings import MailSecurity, MailSettings

SENDER = "schoolgate@school.example"
TAKEN = "250 OK"


@dataclass
class Received:
    """What a mail server got: the envelope and the message."""

    sender: str
    recipients: list[str]
    octets: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        found = BytesParser(policy=default).parsebytes(self.octets)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """Keeps what it is given; *answers* is asked what to say to a recipient or to a message."""

    received: list[Received] = field(default_factory=list)
    to_recipient: Callable[[str], str] = lambda _: TAKEN
    to_message: Callable[[int], str] = lambda _: TAKEN
    needs_sign_in: bool = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient or refuse it."""
        del server, options
        answer = self.to_recipient(address)
        if self.needs_sign_in and not session.authenticated:
            return "530 sign in first"
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a message or refuse it."""
        del server, session
        answer = self.to_message(len(self.received))
        if answer == TAKEN:
            assert isinstance(envelope.content, bytes)
            assert envelope.mail_from is not None
            self.received.append(Received(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return answer


@asynccontextmanager
async def listening(
    server: MailServer, *, tls: ssl.SSLContext | None = None, **how: object
) -> AsyncIterator[int]:
    """Give the port on which *server* listens on the loopback interface."""
    loop = asyncio.get_running_loop()
    made: list[SMTP] = []

    def protocol() -> SMTP:
        made.append(SMTP(server, loop=loop, **how))
        return made[-1]

    listener = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for each in made:
            if each.transport is not None:
                each.transport.abort()
        # A connection that was broken off is noticed in the next turns of the loop.
        for _ in range(5):
            await asyncio.sleep(0)


def plain_settings(port: int, **others: object) -> MailSettings:
    """Return settings for a server on this machine, without encryption."""
    return MailSettings(
        server="127.0.0.1",
        port=port,
        sender=SENDER,
        security=MailSecurity.NONE,
        timeout_s=5.0,
        **others,  # type: ignore[arg-type]  # a test gives what the settings have
    )


def authenticator(user: str, password: str) -> Callable[..., AuthResult]:
    """Return what takes this user and password alone."""

    def check(*asked: object) -> AuthResult:
        given = asked[-1]
        right = LoginPassword(user.encode(), password.encode())
        return AuthResult(success=given == right, handled=False)

    return check


@dataclass
class DirectPost:
    """Hands letters to the server from this process, and may lose the answers on the way."""

    settings: MailSettings
    dies_after: int | None = None

    async def post(self, letters: Sequence[Letter]) -> AsyncGenerator[Answer]:
        """Yield the answers; those after *dies_after* are never heard."""
        answers = await asyncio.to_thread(lambda: list(deliver(self.settings, letters)))
        for number, answer in enumerate(answers):
            if self.dies_after is not None and number >= self.dies_after:
                return
            yield answer
