"""What a power cut leaves, while decisions are being written and devices ask DNS."""

import itertools
import threading
from functools import partial
from pathlib import Path

from check_boot import settled
from check_clients import is_closed, is_open
from findings import Findings, waited
from gateway_steps import AS_PAGES, ENVIRONMENT
from guest import Commands
from machine import Gateway
from netns import Namespace
from wires import Wires

_AT_WORK = "/opt/paperwork/inside/at_work.py"
_COUNT = """
import glob, sqlite3
files = glob.glob("/var/lib/schoolgate/events/*.db")
days = (sqlite3.connect("file:" + each + "?mode=ro", uri=True) for each in files)
print(sum(day.execute("SELECT count(*) FROM blocked").fetchone()[0] for day in days))
"""
_WORKS_WITHIN_S = 300.0
DEEDS_BEFORE_A_CUT = 25


class Asking:
    """A pupil's device that asks for blocked names without end, each once."""

    def __init__(self, device: Namespace) -> None:
        self._device = device
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="asking", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over.set()
        self._thread.join()

    def _ask(self) -> None:
        for number in itertools.count():
            if self._is_over.is_set():
                return
            name = f"n{number}.tiktok.com"
            self._device.run("dig", "+short", "+tries=1", "+time=1", "@10.77.53.53", name)


def bring_people(guest: Commands) -> None:
    """Have the office's people in the machine's store."""
    guest.get(f"{AS_PAGES} {_AT_WORK} people")


def events_stored(guest: Commands) -> int:
    """Return how many blocks are stored in the machine."""
    return int(guest.get(f"{AS_PAGES} -", given=_COUNT))


def check_power_cuts(machine: Gateway, wires: Wires, findings: Findings, cuts: int) -> None:
    """Cut the power *cuts* times, and look at what is there after each."""
    deeds = machine.folder / "deeds"
    for cut in range(1, cuts + 1):
        before = _lines(deeds)
        _begin_work(machine, cut)
        asking = Asking(wires.devices["pupil"])
        asking.start()
        worked = waited(partial(_has_lines, deeds, before + DEEDS_BEFORE_A_CUT), _WORKS_WITHIN_S)
        stored = events_stored(machine.guest)
        machine.cut_power()
        asking.stop()
        done = _lines(deeds)
        findings.found(
            f"cut {cut}: the power goes while decisions are written and DNS is asked",
            worked is not None,
            f"{done - before} deeds acknowledged, {stored} events stored",
        )
        machine.boot(wires.time_server.now())
        _check_after(machine, wires, findings, cut, stored)


def _check_after(
    machine: Gateway, wires: Wires, findings: Findings, cut: int, stored: int
) -> None:
    guest = machine.guest
    took_s = settled(machine)
    findings.found(
        f"cut {cut}: every unit is active again",
        took_s is not None,
        f"{took_s or 0:.0f} s after power on",
    )
    acknowledged = _whole_lines((machine.folder / "deeds").read_text())
    guest.get("cat > /run/deeds", given=acknowledged)
    faults = guest.get(f"{AS_PAGES} {_AT_WORK} look /run/deeds")
    number = len(acknowledged.splitlines())
    findings.found(
        f"cut {cut}: no decision is lost or half, of {number} acknowledged", not faults, faults
    )
    left = events_stored(guest)
    findings.found(f"cut {cut}: no stored event is lost", left >= stored, f"{left} of {stored}")
    said = audit_verified(guest)
    findings.found(f"cut {cut}: the audit verifies", "intact" in said, said)
    findings.found(f"cut {cut}: lessons are open", is_open(wires, "pupil"))
    findings.found(f"cut {cut}: what was closed is closed", is_closed(wires))


def audit_verified(guest: Commands) -> str:
    """Return what `schoolgate audit verify` says of the log as it is."""
    as_policyd = "runuser -u schoolgate-policyd --"
    guest.get(f"{as_policyd} schoolgate audit export /var/lib/schoolgate/audit/log")
    key = guest.get(f"{as_policyd} schoolgate audit key")
    verify = f"schoolgate audit verify /var/lib/schoolgate/audit/log --key '{key}'"
    return guest.run(f"{as_policyd} {verify}").output.strip()


def _begin_work(machine: Gateway, seed: int) -> None:
    machine.guest.get(
        "systemd-run --quiet --unit=paperwork --collect"
        " -p User=schoolgate-webui -p UMask=0007 -p SupplementaryGroups=schoolgate-records"
        f" -p 'Environment={ENVIRONMENT}'"
        f" -p StandardOutput=append:{machine.deeds_place} -p StandardError=journal"
        f" /opt/schoolgate/bin/python {_AT_WORK} work {seed}"
    )


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _has_lines(path: Path, count: int) -> bool:
    return _lines(path) >= count


def _whole_lines(text: str) -> str:
    """Return the lines of *text* that have an end: what a cut broke off acknowledges nothing."""
    return "".join(line for line in text.splitlines(keepends=True) if line.endswith("\n"))
