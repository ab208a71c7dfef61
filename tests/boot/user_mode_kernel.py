"""
A User Mode Linux's kernel: Debian's sources, with what the gateway needs built in.

Debian's package `user-mode-linux` lacks what the ruleset needs (nftables' family inet, its nat and
fib). This one is built of `linux-source-6.1` with what user_mode.config says over the kernel's own
defaults, once for each folder, in some minutes.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

SOURCES = Path("/usr/src/linux-source-6.1.tar.xz")
NEEDED = ("bc", "bison", "flex", "gcc", "make")
_CONFIG = Path(__file__).with_name("user_mode.config")
_WITHIN_S = 7200
_LINE = re.compile(r"^(CONFIG_\w+=.*|# CONFIG_\w+ is not set)$", re.MULTILINE)
# Two processes of a build beside whatever else this machine does.
_AT_ONCE = "-j2"
_TRACER = "arch/um/os-Linux/skas/process.c"
_OPTIONS = re.compile(r"\(void \*\) ?PTRACE_O_TRACESYSGOOD\b")


class KernelError(Exception):
    """The kernel cannot be built."""


def missing() -> list[str]:
    """Return the Debian packages that the build needs and that are not here."""
    packages = [name for name in NEEDED if shutil.which(name) is None]
    return packages + ([] if SOURCES.exists() else ["linux-source-6.1"])


def built_kernel(folder: Path) -> Path:
    """Return the kernel in *folder*, which is built if it is not there."""
    config = _CONFIG.read_text()
    size = SOURCES.stat().st_size
    digest = hashlib.sha256(f"{size} {config}".encode()).hexdigest()[:12]
    kernel = folder / f"user-mode-{digest}"
    if not kernel.exists():
        tree = folder / "linux"
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        _run("tar", "-C", str(tree), "--strip-components=1", "-xf", str(SOURCES))
        _build(tree, config)
        unfinished = kernel.with_suffix(".part")
        shutil.copy(tree / "linux", unfinished)
        unfinished.rename(kernel)
        shutil.rmtree(tree)
    return kernel


def _build(tree: Path, config: str) -> None:
    tracer = tree / _TRACER
    tracer.write_text(ends_with_its_kernel(tracer.read_text()))
    make = ("make", "-C", str(tree), "ARCH=um")
    _run(*make, "defconfig")
    own = tree / ".config"
    own.write_text(own.read_text() + config)
    _run(*make, "olddefconfig")
    left_out = not_taken(config, own.read_text())
    if left_out:
        raise KernelError(f"the kernel's sources do not take {', '.join(left_out)}")
    _run(*make, _AT_ONCE, "linux")


def ends_with_its_kernel(source: str) -> str:
    """
    Return *source*, the kernel's tracer of its processes, so that they end when it is killed.

    As Debian has it they would run on, and their calls would be this machine's kernel's to answer.
    Raises KernelError where the place to change is not found.
    """
    changed, count = _OPTIONS.subn("(void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)", source)
    if not count:
        raise KernelError(f"{_TRACER} is not as it was")
    return changed


def not_taken(wanted: str, config: str) -> list[str]:
    """Return which lines of *wanted* the finished *config* does not have."""
    lines = set(_LINE.findall(config))
    off = {line for line in lines if line.startswith("#")}
    named = {line.partition("=")[0] for line in lines - off}
    return [
        line
        for line in _LINE.findall(wanted)
        # What the sources do not ask about is off, and has no line.
        if line not in lines and (line.endswith("=y") or line.split()[1] in named)
    ]


def _run(*command: str) -> None:
    """Run *command* with a low priority. Raises KernelError with what it said if it fails."""
    # What the shell exports for other builds is not for this one.
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ("nice", "-n", "5", *command),
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
        env=kept,
    )
    if done.returncode:
        raise KernelError(f"`{' '.join(command)}` failed: {done.stderr[-3000:]}")
