"""The settings of the mail server that alerts leave by."""

from enum import StrEnum
from pathlib import Path

from schoolgate_policyd.setting_kinds import EmailAddress, Port, Seconds, section

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class MailSecurity(StrEnum):
    """How the conversation with a mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@section
class MailSettings:
    """
    The mail server that alerts leave by; *sender* is the e-mail address that they come from.

    *security* none is for a server on this machine alone. *password_file* has the password of
    *user*. *authority* is a PEM file of who may sign the server's certificate, instead of whom
    the system trusts.
    """

    server: str
    sender: EmailAddress
    port: Port = 587
    security: MailSecurity = MailSecurity.STARTTLS
    user: str | None = None
    password_file: Path | None = None
    authority: Path | None = None
    timeout_s: Seconds = 20.0

    def __post_init__(self) -> None:
        if self.security is MailSecurity.NONE and self.server not in _THIS_MACHINE:
            raise ValueError("security none is for a mail server on this machine alone")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file belong together")
