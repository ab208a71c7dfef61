"""What a boot shows: every unit is there, in order, and nothing is open before the ruleset."""

import socket
import threading
import time
from collections.abc import Iterable

from box_places import LESSONS, SOCIAL
from box_school import INSPECTION4
from findings import Findings, waited
from machine import Gateway
from netns import Namespace
from units import (
    EVERY,
    LOADERS,
    LONG_LIVED,
    MOST_EXPOSED,
    exposures_in,
    is_ours,
    not_active,
    roots_in,
    shown,
)

type Place = tuple[str, int]

SETTLED_WITHIN_S = 900.0
_KNOCKS = ((LESSONS.ipv4, 443), (SOCIAL.ipv4, 443), ("10.77.1.1", 22), (INSPECTION4, 8000))
_KNOCK_WITHIN_S = 0.5
# What is refused at once is not asked again at once: the machine needs this one's time to boot.
_BETWEEN_KNOCKS_S = 0.01


class Knocking:
    """A pupil's device that tries to get through again and again while the machine boots."""

    def __init__(self, device: Namespace) -> None:
        self.count = 0
        self.opened: list[tuple[Place, float]] = []
        self._device = device
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._knock, name="knocking", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over.set()
        self._thread.join()

    def _knock(self) -> None:
        self._device.enter()
        while not self._is_over.wait(_BETWEEN_KNOCKS_S):
            for place in _KNOCKS:
                self.count += 1
                if _is_open(place):
                    self.opened.append((place, time.monotonic()))


def _is_open(place: Place) -> bool:
    try:
        with socket.create_connection(place, timeout=_KNOCK_WITHIN_S):
            return True
    except OSError:
        return False


def opened_between(opened: Iterable[tuple[Place, float]], began: float, until: float) -> list[str]:
    """
    Return which of what *opened* did so from *began* on, and before *until*.

    What opened before the power was on went through a network that was being taken away.
    """
    return [f"{place} at {at - began:.2f} s" for place, at in opened if began <= at < until]


def settled(machine: Gateway) -> float | None:
    """Wait until every unit is active, and return how long after the start that was."""
    if waited(lambda: not not_active(machine.guest), SETTLED_WITHIN_S) is None:
        return None
    return time.monotonic() - machine.began


def check_boot(machine: Gateway, findings: Findings, knocking: Knocking) -> None:
    """Look at a machine that has just been started, while *knocking* goes on."""
    guest = machine.guest
    took_s = settled(machine)
    seen = f"{took_s:.0f} s after power on" if took_s else "\n".join(not_active(guest))
    findings.found(
        "it boots to schoolgate.target with every unit active", took_s is not None, seen
    )
    knocking.stop()
    failed = guest.get("systemctl --failed --no-legend --plain")
    findings.found("no unit has failed", not failed, failed)
    names = (*EVERY, "systemd-networkd.service", "network-pre.target")
    units = shown(guest, *names)
    # When it was switched on, in its kernel's seconds.
    on_s = machine.began - machine.zero
    order = sorted((each for each in units.values() if each.active_s), key=lambda u: u.active_s)
    findings.found(
        "in this order (seconds after power on)",
        is_so=True,
        seen="\n".join(f"{each.active_s - on_s:7.1f} {each.name}" for each in order),
    )
    closed, loaded = (units[name].active_s for name in LOADERS)
    network = units["systemd-networkd.service"].began_s
    findings.found(
        "the packet filter is closed before the network is begun",
        0 < closed <= network,
        f"closed at {closed - on_s:.2f} s, network at {network - on_s:.2f} s, "
        f"ruleset at {loaded - on_s:.2f} s",
    )
    early = opened_between(knocking.opened, machine.began, loaded + machine.zero)
    findings.found(
        "nobody gets in or through before the ruleset is loaded",
        not early and knocking.count > 0,
        "\n".join(early) or f"{knocking.count} knocks",
    )


def check_confinement(machine: Gateway, findings: Findings) -> None:
    """Look at what systemd says of the running units, and at whose processes there are."""
    guest = machine.guest
    said = guest.get(
        "for unit in " + " ".join(MOST_EXPOSED) + "; do"
        " systemd-analyze security --no-pager $unit | tail -n 1; done"
    )
    figures = exposures_in(said)
    findings.found(
        "each running unit is as confined as it must be",
        all(name in figures and figures[name] <= most for name, most in MOST_EXPOSED.items()),
        "\n".join(f"{figures.get(name)} of {most} {name}" for name, most in MOST_EXPOSED.items()),
    )
    processes = guest.get("ps -ww -eo user:32=,comm:20=,cgroup:200=")
    roots = roots_in(processes)
    ours = [line for line in processes.splitlines() if is_ours(line)]
    findings.found(
        "no process of ours is root's, and each is its own user's",
        not roots and len(ours) >= len(LONG_LIVED),
        "\n".join(roots or sorted({" ".join(line.split()[:2]) for line in ours})),
    )
