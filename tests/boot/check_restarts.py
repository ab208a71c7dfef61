"""What systemd does when a process of ours is killed, gets stuck, is started again or stopped."""

from check_clients import is_closed
from findings import Findings, waited
from guest import Commands
from machine import Gateway
from units import LONG_LIVED, shown
from wires import Wires

_BACK_WITHIN_S = 400.0
# Stuck in this one a device would notice first; all have a watchdog of systemd's.
STUCK = ("schoolgate-dns.service", "schoolgate-policyd.service")


def check_restarts(machine: Gateway, wires: Wires, findings: Findings) -> None:
    """Take each away in each way, and look whether it comes back and what is closed meanwhile."""
    guest = machine.guest
    for name in LONG_LIVED:
        took_s, closed = _struck(guest, wires, name, "KILL")
        findings.found(
            f"{name} comes back after SIGKILL, and pupils' rules hold meanwhile",
            took_s is not None and closed,
            _told(took_s, closed=closed),
        )
    for name in STUCK:
        took_s, closed = _struck(guest, wires, name, "STOP")
        findings.found(
            f"{name} that is stuck (SIGSTOP) is ended by its watchdog and comes back",
            took_s is not None and closed,
            _told(took_s, closed=closed),
        )
    for name in LONG_LIVED:
        guest.get(f"systemctl stop {name}")
        stopped = is_closed(wires)
        guest.get(f"systemctl start {name}")
        guest.get(f"systemctl restart {name}")
        restarted = is_closed(wires)
        findings.found(
            f"pupils' rules hold while {name} is stopped and after its restart",
            stopped and restarted,
            "" if stopped and restarted else "something was open",
        )


def _struck(guest: Commands, wires: Wires, name: str, signal: str) -> tuple[float | None, bool]:
    """Send *signal* to the unit's main process; return when it was back, and if all was closed."""
    before = shown(guest, name)[name].pid
    guest.get(f"systemctl kill --kill-whom=main --signal={signal} {name}")
    closed = is_closed(wires)

    def is_back() -> bool:
        unit = shown(guest, name)[name]
        return unit.state == "active" and unit.pid not in {0, before}

    return waited(is_back, _BACK_WITHIN_S), closed


def _told(took_s: float | None, *, closed: bool) -> str:
    back = "it did not come back" if took_s is None else f"active after {took_s:.0f} s"
    return back + ("" if closed else ", but something was open")
