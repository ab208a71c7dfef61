"""
A real Debian becomes a gateway by docs/install.md, is booted, and is then ill-treated.

    python tests/boot/boot.py --release 12 --folder /var/tmp/schoolgate-boot --cuts 3

It is booted in a virtual machine where there is a KVM that boots Debian's own kernel, else in a
container, which has this machine's kernel and clock: what needs a clock of its own is not done
there. `--place` has one or the other, or `user-mode`: a User Mode Linux, whose kernel is built
first. Needs root. It ends with status 1 if anything was not as it should be.
"""

import argparse
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from check_boot import Knocking, check_boot, check_confinement, settled
from check_clients import check_clients
from check_clock import check_clock
from check_power import bring_people, check_power_cuts
from check_restarts import check_restarts
from check_upgrade import check_upgrade
from container import Container
from findings import Findings
from gateway_steps import configured, enabled, installed
from image import RELEASES, Image, build, built_before, missing_commands
from machine import HARDWARE, Gateway, Machine, accelerator_for, why_not
from user_mode import UserMode
from user_mode_kernel import built_kernel, missing
from wires import Wires, laid_wires

# A lesson on a school Friday.
LESSON = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CHECKS = ("power", "upgrade", "restarts", "clock")
NAMES: dict[type, str] = {Machine: "machine", Container: "container", UserMode: "user-mode"}


def install(machine: Gateway, wires: Wires, findings: Findings, *, has_clock: bool) -> None:
    """Follow docs/install.md on a Debian that has never been a gateway."""
    machine.boot(LESSON)
    said = installed(machine.guest)
    findings.found("schoolgate install lays the gateway out", "wrote" in said)
    said = configured(machine.guest, wires.websites.authority, has_time_server=has_clock)
    findings.found("its configuration can be loaded", "can be loaded" in said)
    enabled(machine.guest)
    took_s = settled(machine)
    findings.found("it starts as the document says", took_s is not None)
    bring_people(machine.guest)
    machine.switch_off()


def look(
    machine: Gateway, wires: Wires, findings: Findings, checks: Sequence[str], cuts: int
) -> None:
    """Boot the gateway and do *checks*."""
    knocking = Knocking(wires.devices["pupil"])
    knocking.start()
    machine.boot(wires.time_server.now())
    check_boot(machine, findings, knocking)
    check_confinement(machine, findings)
    check_clients(wires, findings)
    if "power" in checks:
        check_power_cuts(machine, wires, findings, cuts)
    if "upgrade" in checks:
        check_upgrade(machine, wires, findings)
    if "restarts" in checks:
        check_restarts(machine, wires, findings)
    if "clock" in checks:
        check_clock(machine, wires, findings)


def place_of(image: Image, wires: Wires, wanted: str) -> Machine | Container | UserMode:
    """Return what boots *image*: as *wanted*, or a machine or container as can be had."""
    if wanted == "user-mode":
        kernel = built_kernel(image.disk.parent)
        return UserMode(kernel, image.disk, wires.room, wires.folder)
    accelerator = accelerator_for(image, wires.folder)
    if wanted == "machine" or (wanted == "auto" and accelerator == HARDWARE):
        return Machine(image, wires.room, wires.folder, accelerator)
    return Container(image.disk, wires.room, wires.folder)


def arguments_of(line: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--release", type=int, choices=sorted(RELEASES), default=12)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp/schoolgate-boot"))
    parser.add_argument("--place", choices=("auto", *NAMES.values()), default="auto")
    image = parser.add_mutually_exclusive_group()
    image.add_argument("--compiled", action="store_true", help="with the wheel that is compiled")
    image.add_argument("--built", action="store_true", help="take the image of last time")
    parser.add_argument("--cuts", type=int, default=3)
    parser.add_argument("--checks", nargs="*", choices=CHECKS, default=list(CHECKS))
    return parser.parse_args(line)


def main() -> int:
    arguments = arguments_of()
    reason = why_not()
    packages = missing_commands() + (missing() if arguments.place == "user-mode" else [])
    if reason is not None or packages:
        print(reason or f"please install these Debian packages: {' '.join(packages)}")
        return 2
    # Whoever ends this ends what it began.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began = time.monotonic()
    findings = Findings(lambda text: print(text, flush=True))
    release = RELEASES[arguments.release]
    if arguments.built:
        built = built_before(release, arguments.folder)
    else:
        built = build(release, arguments.folder, is_compiled=arguments.compiled)
    # The image stays as it was built.
    own = built.disk.with_name(f"{built.disk.name}.own")
    subprocess.run(["cp", "--sparse=always", str(built.disk), str(own)], check=True)
    image = built._replace(disk=own)
    with laid_wires() as wires, contextlib.ExitStack() as last:
        machine = place_of(image, wires, arguments.place)
        last.callback(machine.cut_power)
        has_clock = not isinstance(machine, Container)
        print(f"Debian {arguments.release} in a place of this kind: {NAMES[type(machine)]}")
        wires.time_server.start(LESSON)
        install(machine, wires, findings, has_clock=has_clock)
        checks = [each for each in arguments.checks if has_clock or each != "clock"]
        look(machine, wires, findings, checks, arguments.cuts)
    faults = findings.faults
    print(
        f"{len(findings.every)} checks in {time.monotonic() - began:.0f} s, {len(faults)} faults"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
