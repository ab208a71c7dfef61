"""
The hosts file: an address, then names that it stands for. Each name is itself alone.

Lists use addresses that lead nowhere; a line with another address is a redirection, which is not
followed.
"""

from collections.abc import Iterable

from schoolgate_policyd.lists.intake import AT, Intake
from schoolgate_policyd.lists.tally import Reason

_HASH = ord("#")
NOWHERE = frozenset({b"0.0.0.0", b"127.0.0.1", b"::", b"::1", b"::0", b"0"})
# What every hosts file begins with; it is about the machine, not about the internet.
OF_THE_MACHINE = frozenset(
    {
        b"localhost",
        b"localhost.localdomain",
        b"local",
        b"localdomain",
        b"broadcasthost",
        b"0.0.0.0",
        b"ip6-localhost",
        b"ip6-loopback",
        b"ip6-localnet",
        b"ip6-mcastprefix",
        b"ip6-allnodes",
        b"ip6-allrouters",
        b"ip6-allhosts",
    }
)


def read_hosts(lines: Iterable[bytes], intake: Intake) -> None:
    """Give *intake* every name of *lines*."""
    for number, line in enumerate(lines, 1):
        words = (line.partition(b"#")[0] if _HASH in line else line).split()
        if words:
            take_hosts(words, line, number, intake)


def take_hosts(words: list[bytes], line: bytes, number: int, intake: Intake) -> None:
    """Give *intake* the names of one line, whose *words* begin with an address."""
    address, *names = words
    names = [name for name in names if name.lower() not in OF_THE_MACHINE]
    if address in NOWHERE:
        for name in names:
            intake.take(name, AT, number)
    elif names:
        is_address = b":" in address or address.replace(b".", b"").isdigit()
        intake.leave(Reason.REWRITE if is_address else Reason.SYNTAX, line, number)
    elif len(words) == 1:
        intake.leave(Reason.SYNTAX, line, number)
