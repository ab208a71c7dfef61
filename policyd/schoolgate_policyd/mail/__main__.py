"""`python -m schoolgate_policyd.mail`: send the letters that come on standard input's socket."""

import resource
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader

import structlog

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.logs import configure_logs
from schoolgate_policyd.mail.courier import deliver
from schoolgate_policyd.mail.letters import MAX_LINE, SERVER, Answer, Letter, letter_in, line_of

MAX_LETTERS = 1000
_MOST_MEMORY_OCTETS = 1 << 30

log = structlog.get_logger(__name__)


def main() -> int:
    """Send what comes until no more does; return the exit status."""
    configure_logs("mail")
    _be_bounded()
    try:
        settings = load_settings()
        with socket.socket(fileno=0) as peer, peer.makefile("rb") as stream:
            if settings.mail is None:
                none = Answer(SERVER, is_taken=False, why="no mail server is set up")
                peer.sendall(line_of(none))
                return 0
            for answer in deliver(settings.mail, _letters(stream)):
                # At once: what is not said when this process dies is sent again.
                peer.sendall(line_of(answer))
    except (SchoolgateError, OSError) as error:
        log.error("mail is not sent", cause=str(error))  # noqa: TRY400 - the cause says all
        return 1
    return 0


def _letters(stream: BufferedReader) -> Iterator[Letter]:
    for _ in range(MAX_LETTERS):
        line = stream.readline(MAX_LINE)
        if not line:
            return
        yield letter_in(line)


def _be_bounded() -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MOST_MEMORY_OCTETS),
        (resource.RLIMIT_CORE, 0),
    ):
        # Somebody may have set a lower one already.
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    sys.exit(main())
