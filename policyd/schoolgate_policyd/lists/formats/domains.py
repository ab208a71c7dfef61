"""
One name a line; each covers everything under it. `#` begins a comment.

A leading dot or `*.`, as squid and others write it, changes nothing. This is also how the
`domains` files of UT1 and squidGuard trees are written.
"""

from collections.abc import Iterable

from schoolgate_policyd.lists.intake import AT_AND_BELOW, Intake
from schoolgate_policyd.lists.tally import Reason

# An octet is found in a line six times as fast as a text of one octet.
_HASH, _SLASH = b"#/"


def read_domains(lines: Iterable[bytes], intake: Intake) -> None:
    """Give *intake* every name of *lines*."""
    take = intake.take
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if _HASH in name:
            name = name.partition(b"#")[0].rstrip()
        if not name:
            continue
        if name.startswith((b"*.", b".")):
            name = name.removeprefix(b"*").removeprefix(b".")
        if _SLASH in name:
            intake.leave(Reason.PAGE, line, number)
        else:
            take(name, AT_AND_BELOW, number)
