"""One conversation with the mail server; a dead or hostile one costs no more than time."""

import smtplib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.mail.letters import SERVER, Answer, Letter, plain_words
from schoolgate_policyd.mail_settings import MailSecurity, MailSettings
from schoolgate_policyd.workflow.email_addresses import is_address

_FINAL = 500
_MOST_PASSWORD = 1024


class MailRefused(SchoolgateError):  # noqa: N818 - it says what happened
    """The server cannot be used; the message says why."""


def deliver(settings: MailSettings, letters: Iterable[Letter]) -> Iterator[Answer]:
    """
    Hand *letters* to the server and yield what became of each, as soon as it is known.

    Once the server is not reached any more, one answer with the id SERVER says why and nothing
    follows.
    """
    try:
        with _session(settings) as server:
            for letter in letters:
                answer = _deliver(server, letter)
                yield answer
                if answer.id == SERVER:
                    return
    except (MailRefused, smtplib.SMTPException, OSError, ValueError) as error:
        yield Answer(SERVER, is_taken=False, why=_words(error))


def _session(settings: MailSettings) -> smtplib.SMTP:
    """Return a session with the server, encrypted and signed in as the settings say."""
    where, wait = (settings.server, settings.port), settings.timeout_s
    server: smtplib.SMTP
    if settings.security is MailSecurity.TLS:
        server = smtplib.SMTP_SSL(*where, timeout=wait, context=_trust(settings))
    else:
        server = smtplib.SMTP(*where, timeout=wait)
    try:
        if settings.security is MailSecurity.STARTTLS:
            # Raises where the server does not offer it: nothing is ever said in the clear.
            server.starttls(context=_trust(settings))
        if settings.user is not None:
            server.login(settings.user, _password(settings.password_file))
    except BaseException:
        server.close()
        raise
    return server


def _deliver(server: smtplib.SMTP, letter: Letter) -> Answer:
    if not is_address(letter.recipient) or not is_address(letter.sender):
        return Answer(letter.id, is_taken=False, is_final=True, why="this is no e-mail address")
    try:
        server.sendmail(letter.sender, [letter.recipient], letter.octets)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients[letter.recipient]
        return _refused(server, letter, code, said)
    except smtplib.SMTPDataError as error:
        return _refused(server, letter, error.smtp_code, error.smtp_error)
    except smtplib.SMTPResponseException as error:
        # Of the sender, or of the server's state: it would be the same for the next letter.
        return Answer(SERVER, is_taken=False, why=_said(error.smtp_code, error.smtp_error))
    return Answer(letter.id, is_taken=True)


def _refused(server: smtplib.SMTP, letter: Letter, code: int, said: bytes | str) -> Answer:
    with suppress(smtplib.SMTPException, OSError):
        server.rset()
    return Answer(letter.id, is_taken=False, is_final=code >= _FINAL, why=_said(code, said))


def _trust(settings: MailSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.authority)


def _password(path: Path | None) -> str:
    if path is None:
        raise MailRefused("mail.user is set, and mail.password_file is not")
    try:
        return path.read_text(encoding="utf-8")[:_MOST_PASSWORD].strip()
    except (OSError, UnicodeError) as error:
        raise MailRefused(f"the password file {path} cannot be read") from error


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return plain_words(f"the server answered {code} {text}")


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "the server does not take the user name and password"
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, OSError) and error.strerror:
        return plain_words(f"the server is not reached: {error.strerror}")
    return plain_words(str(error) or "the server is not reached")
