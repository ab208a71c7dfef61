"""The line with which a process says that it serves, and whether it prints live lines."""

import os
import re
import sys

LIVE_VARIABLE = "SCHOOLGATE_LIVE"

_READY = re.compile(
    r"ready (?P<name>(?:policyd|dns|proxy|firewall|webui)(?:-[0-9]+)?) (?P<where>\S.*)"
)


def announce(name: str, where: str) -> None:
    """Print that the process *name* serves at *where*: `address:port`, or a socket's path."""
    sys.stdout.write(f"ready {name} {where}\n")
    sys.stdout.flush()


def parse_ready(line: str) -> tuple[str, str] | None:
    """Return name and place when *line* is a ready line, else None."""
    match = _READY.fullmatch(line.rstrip("\n"))
    return None if match is None else (match["name"], match["where"])


def prints_live_lines() -> bool:
    """Whether this process was started to print a line for each decision."""
    return os.environ.get(LIVE_VARIABLE) == "1"
