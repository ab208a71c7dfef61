"""
The disk of a bare Debian with the program in /opt/schoolgate: what docs/install.md begins with.

Everything is fetched with the configuration that this machine's own apt and pip have; the
machine that boots from the image has no network but what the test gives it.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DISK_SIZE = "4G"
# What docs/install.md has installed, a kernel, and the means to look inside and to ask.
PACKAGES = (
    *("nftables", "iproute2", "unbound", "dns-root-data", "python3", "python3-venv"),
    *("linux-image-cloud-amd64", "initramfs-tools", "systemd-sysv", "systemd-timesyncd", "udev"),
    *("dbus", "kmod", "procps", "util-linux", "e2fsprogs", "ca-certificates"),
    *("qemu-guest-agent", "conntrack"),
)
# What Python of this machine needs of Debian's libraries, where Debian's own Python is too old.
PYTHON_LIBRARIES = ("libbz2-1.0", "libffi8", "liblzma5", "libreadline8", "libsqlite3-0", "libssl3")
NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "qemu-system-x86_64": "qemu-system-x86",
    "systemd-nspawn": "systemd-container",
    "nginx": "nginx-light",
    "dig": "bind9-dnsutils",
    "curl": "curl",
}
_WITHIN_S = 1800


class Release(NamedTuple):
    """A Debian release: its *suite*, and the Python that makes the program's environment in it."""

    number: int
    suite: str
    python: str
    has_python: bool


RELEASES = {
    12: Release(12, "bookworm", "/opt/python/bin/python3", has_python=False),
    13: Release(13, "trixie", "/usr/bin/python3", has_python=True),
}


class Image(NamedTuple):
    """What a machine is booted from."""

    disk: Path
    kernel: Path
    initrd: Path


def missing_commands() -> list[str]:
    """Return the Debian packages that building and booting an image need and that are not here."""
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return [package for name, package in NEEDED.items() if shutil.which(name, path=path) is None]


def build(release: Release, folder: Path, *, is_compiled: bool = False) -> Image:
    """
    Build the image of *release* in *folder*, which keeps what it fetched for the next time.

    With *is_compiled* the program's wheel is the one that docs/install.md has for a busy gateway.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base = folder / f"debian-{release.number}-{_digest(_packages(release))}.tar"
    if not base.exists():
        _bootstrap(release, base)
    wheels = _wheels(folder, is_compiled=is_compiled)
    tree = folder / f"tree-{release.number}"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir()
    _run("tar", "-C", str(tree), "-xf", str(base))
    _put_program(release, tree, wheels)
    _put_files(tree)
    image = built_before(release, folder)
    (kernel,) = (tree / "boot").glob("vmlinuz-*")
    (initrd,) = (tree / "boot").glob("initrd.img-*")
    shutil.copy(kernel, image.kernel)
    shutil.copy(initrd, image.initrd)
    image.disk.unlink(missing_ok=True)
    _run("mkfs.ext4", "-q", "-L", "root", "-d", str(tree), str(image.disk), DISK_SIZE)
    shutil.rmtree(tree)
    return image


def built_before(release: Release, folder: Path) -> Image:
    """Return the image of *release* that is in *folder*."""
    return Image(*(folder / f"{name}-{release.number}" for name in ("disk", "kernel", "initrd")))


def _bootstrap(release: Release, base: Path) -> None:
    unfinished = base.with_suffix(".part.tar")
    sources = _sources(release)
    _run(
        *("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root"),
        *(f"--include={','.join(_packages(release))}", release.suite, str(unfinished), "-"),
        given=sources,
    )
    unfinished.rename(base)


def _packages(release: Release) -> tuple[str, ...]:
    return (*PACKAGES, *(() if release.has_python else PYTHON_LIBRARIES))


def _digest(words: tuple[str, ...]) -> str:
    """Return a name for *words*: what was fetched for others is not taken for them."""
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]


def _sources(release: Release) -> str:
    """Return apt's sources for *release*: from wherever this machine has its own Debian."""
    said = _run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)")
    mirrors = {}
    for line in said.splitlines():
        uri, suite, component = line.split()
        if component == "main" and "debian" in uri:
            mirrors["security" if "security" in suite else "main"] = uri
    lines = [f"deb {mirrors['main']} {release.suite} main"]
    if "security" in mirrors:
        lines.append(f"deb {mirrors['security']} {release.suite}-security main")
    return "\n".join(lines) + "\n"


def _wheels(folder: Path, *, is_compiled: bool) -> Path:
    """Fetch what requirements/gateway.txt names, build our own wheel, and return their folder."""
    wheels = folder / "wheels"
    pip = (sys.executable, "-m", "pip")
    _run(
        *pip,
        *("download", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"),
        *("--only-binary", ":all:", "--dest", str(wheels)),
        *("-r", str(ROOT / "requirements" / "gateway.txt")),
    )
    for old in wheels.glob("schoolgate-*.whl"):
        old.unlink()
    build_wheel = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels))
    compiling = ("env", "HATCH_BUILD_HOOK_ENABLE_CUSTOM=true") if is_compiled else ()
    _run(*compiling, *build_wheel, cwd=ROOT)
    return wheels


def _put_program(release: Release, tree: Path, wheels: Path) -> None:
    """Do step 2 of docs/install.md below *tree*, without a network."""
    if not release.has_python:
        shutil.copytree(sys.base_prefix, tree / "opt" / "python", symlinks=True)
        # It may be linked with a library of its own, which is not where it was any more.
        (tree / "etc" / "ld.so.conf.d" / "python.conf").write_text("/opt/python/lib\n")
        _run("chroot", str(tree), "ldconfig")
    inside = tree / "wheels"
    shutil.copytree(wheels, inside)
    shutil.copy(ROOT / "requirements" / "gateway.txt", inside)
    (wheel,) = inside.glob("schoolgate-*.whl")
    program = "/opt/schoolgate"
    pip = (f"{program}/bin/pip", "install", "--quiet", "--no-index", "--no-deps")
    for command in (
        (release.python, "-m", "venv", program),
        (*pip, "--require-hashes", "--find-links", "/wheels", "-r", "/wheels/gateway.txt"),
        (*pip, f"/wheels/{wheel.name}"),
    ):
        _run("chroot", str(tree), *command)
    shutil.rmtree(inside)


def _put_files(tree: Path) -> None:
    """Lay out what a bare Debian has from its installer, and what the test brings with it."""
    shutil.copytree(Path(__file__).parent / "guest", tree, dirs_exist_ok=True)
    for name in ("support", "durability", "boot/inside"):
        shutil.copytree(
            ROOT / "tests" / name,
            tree / "opt" / "paperwork" / Path(name).name,
            ignore=shutil.ignore_patterns("__pycache__", "test_*"),
        )
    units = ("systemd-networkd", "systemd-timesyncd", "agent-on-a-line")
    for unit in units:
        _run("systemctl", f"--root={tree}", "enable", "--quiet", f"{unit}.service")
    # As docs/install.md says: its start would empty the packet filter.
    _run("systemctl", f"--root={tree}", "disable", "--quiet", "nftables.service")
    (tree / "etc" / "hostname").write_text("gateway\n")
    (tree / "etc" / "resolv.conf").unlink(missing_ok=True)
    (tree / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\n")


def _run(*command: str, given: str | None = None, cwd: Path | None = None) -> str:
    """Run *command* with a low priority. Raises OSError with what it said if it fails."""
    done = subprocess.run(
        ("nice", *command),
        input=given,
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
        cwd=cwd,
    )
    if done.returncode:
        raise OSError(f"`{' '.join(command)}` failed: {done.stderr[-3000:]}")
    return done.stdout
