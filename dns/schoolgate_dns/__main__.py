"""
Run the DNS point: `python -m schoolgate_dns`.

It reads the configuration, finds the source to begin with, and becomes the program that answers:
`start` says why these are two.
"""

import os
import sys
import tempfile

import msgspec

from schoolgate_dns.process.start import Start, newest_usable
from schoolgate_dns.process.worker import NAME
from schoolgate_policyd.config import load_settings
from schoolgate_policyd.core.errors import SchoolgateError
from schoolgate_policyd.logs import configure_logs
from schoolgate_policyd.strict_snapshot import strict_snapshot


def _hand_over(start: Start) -> int:
    """Return a file descriptor that the next program finds *start* in. Raises OSError."""
    with tempfile.TemporaryFile() as file:
        file.write(msgspec.msgpack.encode(start, enc_hook=str))
        file.flush()
        kept = os.dup(file.fileno())
    os.lseek(kept, 0, os.SEEK_SET)
    os.set_inheritable(kept, True)  # noqa: FBT003 - the call has no keywords
    return kept


def main() -> None:
    """Become the program that answers, or exit where that cannot be."""
    configure_logs(NAME)
    try:
        settings = load_settings()
        source = newest_usable(settings, NAME) or strict_snapshot(settings).source
        kept = _hand_over(Start(settings, source))
    except (SchoolgateError, OSError) as error:
        sys.exit(f"schoolgate_dns: {error}")
    # The process stays the same one, and ends with its supervisor as was arranged for it.
    os.execv(sys.executable, (sys.executable, "-m", "schoolgate_dns.process.serve", str(kept)))  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
