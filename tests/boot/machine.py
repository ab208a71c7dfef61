"""A virtual machine under QEMU and KVM, which can be switched off as a power cut does it."""

import contextlib
import os
import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

from guest import Commands, Guest, at_path
from image import Image
from netns import Namespace

MEMORY = "2048"
CORES = "2"
CARDS = ("wan0", "lan1", "lan2")
# eth0, eth1 and so on, as docs/install.md's configuration has them; the console tells all.
_KERNEL_LINE = (
    "root=LABEL=root rw console=ttyS0 no_timer_check net.ifnames=0"
    " systemd.show_status=0 loglevel=4"
)
HARDWARE = ("kvm", "-cpu", "host")
# Every instruction is worked out by a program: some twenty times slower.
EMULATED = ("tcg,thread=multi", "-cpu", "Westmere")
ANSWERS_WITHIN_S = 600.0
_ENDS_WITHIN_S = 300.0
_TRIAL_S = 20


class Gateway(Protocol):
    """
    What is booted: a machine or a container.

    *guest* runs commands in it. *began* is when it was switched on, by this machine's
    monotonic clock. *folder* keeps what it says.
    """

    guest: Commands
    began: float
    folder: Path
    # Where in it what is written comes out in `folder`/deeds at once.
    deeds_place: str

    @property
    def zero(self) -> float:
        """When its kernel's seconds begin."""
        ...

    def boot(self, clock: datetime | None = None) -> None:
        """Start it, with its clock at *clock* if it has one, and wait until it answers."""
        ...

    def cut_power(self) -> None:
        """End it at once."""
        ...

    def switch_off(self) -> None:
        """Have it end as whoever presses its button does."""
        ...


def tap_of(card: str) -> str:
    """Return the name of the interface outside that is the machine's *card*."""
    return f"tap-{card}"


def hardware_of(number: int) -> str:
    """Return the hardware address of the card eth*number*."""
    return f"52:54:00:77:00:{number:02x}"


def qemu_command(
    image: Image, folder: Path, clock: datetime | None, accelerator: tuple[str, ...] = EMULATED
) -> list[str]:
    """Return the command of the machine that boots *image*, with its clock at *clock* (UTC)."""
    started = "utc" if clock is None else clock.strftime("%Y-%m-%dT%H:%M:%S")
    command = [
        *("nice", "-n", "1", "qemu-system-x86_64", "-accel", *accelerator),
        *("-machine", "q35", "-m", MEMORY, "-smp", CORES),
        *("-nodefaults", "-no-user-config", "-display", "none"),
        *("-no-reboot", "-rtc", f"base={started}"),
        *("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", _KERNEL_LINE),
        *("-serial", f"file:{folder}/console.log"),
        # What the machine has synchronised is in the file; what it has not is its own memory.
        *("-drive", f"file={image.disk},format=raw,if=virtio,cache=writeback"),
        *("-device", "virtio-rng-pci", "-device", "virtio-serial-pci"),
        *("-chardev", f"socket,id=agent,path={folder}/agent.sock,server=on,wait=off"),
        *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
        *("-chardev", f"file,id=deeds,path={folder}/deeds,append=on"),
        *("-device", "virtserialport,chardev=deeds,name=schoolgate.deeds"),
    ]
    for number, card in enumerate(CARDS):
        tap = f"tap,id={card},ifname={tap_of(card)},script=no,downscript=no"
        command += ["-netdev", tap]
        command += ["-device", f"virtio-net-pci,netdev={card},mac={hardware_of(number)}"]
    return command


class Machine:
    """The machine that boots *image*, in *namespace*; what it says is kept in *folder*."""

    deeds_place = "/dev/virtio-ports/schoolgate.deeds"

    def __init__(
        self,
        image: Image,
        namespace: Namespace,
        folder: Path,
        accelerator: tuple[str, ...] = EMULATED,
    ) -> None:
        self._agent = Guest(at_path(folder / "agent.sock"))
        self.guest: Commands = self._agent
        self.folder = folder
        self.began = 0.0
        self._image = image
        self._accelerator = accelerator
        self._namespace = namespace
        self._process: subprocess.Popen[str] | None = None

    def switch_on(self, clock: datetime | None = None) -> None:
        """Start it with its clock at *clock*, and return at once."""
        (self.folder / "agent.sock").unlink(missing_ok=True)
        command = qemu_command(self._image, self.folder, clock, self._accelerator)
        with (self.folder / "qemu.log").open("a") as log:
            self.began = time.monotonic()
            self._process = subprocess.Popen(
                self._namespace.command(*command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                text=True,
            )

    def boot(self, clock: datetime | None = None) -> None:
        """Start it, and wait until it answers."""
        self.switch_on(clock)
        self._agent.wait(ANSWERS_WITHIN_S, lambda: self.is_on)

    @property
    def zero(self) -> float:
        """When its kernel's seconds begin, or a little before."""
        return self.began

    @property
    def is_on(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def cut_power(self) -> None:
        """Take its power away: nothing that it has not synchronised is kept."""
        self._agent.close()
        if self._process is not None:
            # `ip netns exec` and `nice` have become QEMU: it is this very process.
            self._process.kill()
            self._process.wait()
        self._process = None

    def switch_off(self) -> None:
        """Have it end as whoever presses its button does."""
        with contextlib.suppress(Exception):
            self.guest.run("systemctl poweroff --no-block", within_s=10.0)
        self._agent.close()
        if self._process is not None:
            try:
                self._process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.cut_power()
        self._process = None


def why_not() -> str | None:
    """Return why no machine can be booted here, None where one can be."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "/dev/net/tun is not there, which the machine's network needs"
    return None


def accelerator_for(image: Image, folder: Path) -> tuple[str, ...]:
    """
    Return HARDWARE where KVM boots the kernel of *image*, else EMULATED.

    A KVM inside another machine may be there and run no kernel that was not made for it.
    """
    console = folder / "trial.log"
    command = (
        *("timeout", "--signal=KILL", str(_TRIAL_S), "qemu-system-x86_64", "-accel", *HARDWARE),
        *("-m", "512", "-nodefaults", "-display", "none", "-no-reboot"),
        *("-kernel", str(image.kernel), "-append", "console=ttyS0 panic=-1"),
        *("-serial", f"file:{console}"),
    )
    subprocess.run(command, capture_output=True, check=False)
    has_begun = console.exists() and b"Linux version" in console.read_bytes()
    return HARDWARE if has_begun else EMULATED
