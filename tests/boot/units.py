"""The gateway's units in the machine: how they are, and what systemd measured of them."""

import re
from typing import NamedTuple

from guest import Commands

# Whatever is to run as long as the machine does.
LONG_LIVED = (
    "schoolgate-policyd.service",
    "schoolgate-dns.service",
    "schoolgate-proxy@1.service",
    "schoolgate-proxy@2.service",
    "schoolgate-firewall.service",
    "schoolgate-webui.service",
)
LOADERS = ("schoolgate-firewall-boot.service", "schoolgate-firewall-load.service")
OTHERS = (
    "schoolgate-firewall-check.timer",
    "schoolgate-firewall-renew.timer",
    "schoolgate-lists.socket",
    "schoolgate-mail.socket",
    "schoolgate.target",
    "unbound.service",
)
EVERY = (*LONG_LIVED, *LOADERS, *OTHERS)
# What `systemd-analyze security` may find at most.
MOST_EXPOSED = {
    "schoolgate-policyd.service": 1.5,
    "schoolgate-webui.service": 1.5,
    "schoolgate-dns.service": 2.0,
    "schoolgate-proxy@1.service": 2.5,
    "schoolgate-firewall.service": 2.5,
    "schoolgate-firewall-load.service": 4.0,
    "schoolgate-firewall-boot.service": 4.0,
}
_EXPOSURE = re.compile(r"Overall exposure level for (\S+): ([0-9.]+)")


class Unit(NamedTuple):
    """A unit as `systemctl show` has it; its moments are seconds since the kernel began, or 0."""

    name: str
    state: str
    pid: int
    restarts: int
    began_s: float
    active_s: float


def shown_in(text: str) -> dict[str, Unit]:
    """Return the units in *text*, what `systemctl show` printed of them."""
    units = {}
    for block in text.split("\n\n"):
        fields = dict(line.partition("=")[::2] for line in block.splitlines())
        if "Id" in fields:
            units[fields["Id"]] = Unit(
                fields["Id"],
                fields["ActiveState"],
                int(fields.get("MainPID") or 0),
                int(fields.get("NRestarts") or 0),
                int(fields.get("InactiveExitTimestampMonotonic") or 0) / 1e6,
                int(fields.get("ActiveEnterTimestampMonotonic") or 0) / 1e6,
            )
    return units


def shown(guest: Commands, *names: str) -> dict[str, Unit]:
    """Return how the units *names* are."""
    properties = (
        "Id,ActiveState,MainPID,NRestarts,InactiveExitTimestampMonotonic,"
        "ActiveEnterTimestampMonotonic"
    )
    return shown_in(guest.get(f"systemctl show -p {properties} {' '.join(names)}"))


def not_active(guest: Commands, names: tuple[str, ...] = EVERY) -> list[str]:
    """Return which of *names* are not active."""
    units = shown(guest, *names)
    return [f"{each.name} {each.state}" for each in units.values() if each.state != "active"]


def exposures_in(text: str) -> dict[str, float]:
    """Return the figures in *text*, what `systemd-analyze security` printed of units."""
    return {name: float(figure) for name, figure in _EXPOSURE.findall(text)}


def roots_in(text: str) -> list[str]:
    """
    Return the processes of ours that are root's.

    *text* has a line for each process: its user, its command, its control group.
    """
    found = []
    for line in text.splitlines():
        user, _, rest = line.strip().partition(" ")
        if user == "root" and is_ours(rest):
            found.append(line.strip())
    return found


def is_ours(control_group: str) -> bool:
    """Whether a process in *control_group* is of a unit of ours."""
    # systemd writes a slice's hyphens in its own way.
    return "/schoolgate-" in control_group or "schoolgate\\x2d" in control_group
