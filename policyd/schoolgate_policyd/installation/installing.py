"""
`schoolgate install`, in order: files, users, folders, and what to do next.

Nothing is started and nothing enabled: whoever installs a gateway reads its configuration first.
"""

import errno
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from schoolgate_policyd.config import load_settings
from schoolgate_policyd.installation import folders
from schoolgate_policyd.installation.contents import (
    CONFIGURATION,
    FOLDERS,
    SYSCTL,
    SYSUSERS,
    data_dir,
    fixed_files,
)
from schoolgate_policyd.installation.errors import InstallationError
from schoolgate_policyd.installation.generated import PROXY_UNIT, generated_files, proxy_links
from schoolgate_policyd.installation.placing import Placing
from schoolgate_policyd.settings import Settings

MACHINE = Path("/")
# What a unit's file takes without quoting, and no specifier.
_PROGRAM = re.compile(r"/[A-Za-z0-9._+/-]*[A-Za-z0-9._+-]")
# The units are confined so that they see nothing there (ProtectHome, PrivateTmp).
_HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - nothing is put there
_WITHIN_S = 60

type Run = Callable[[Sequence[str]], None]
"""Runs a command of the machine. Raises InstallationError when that fails."""


def run_command(command: Sequence[str]) -> None:
    """Run *command*. Raises InstallationError, with what it said."""
    try:
        done = subprocess.run(  # noqa: S603 - commands of ours alone
            command, check=False, capture_output=True, text=True, timeout=_WITHIN_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallationError(f"`{' '.join(command)}` cannot be run: {error}") from error
    if done.returncode:
        raise InstallationError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


def program_in_use() -> Path:
    """Return the folder of the program that runs. Raises InstallationError if units see it not."""
    for folder in (sys.prefix, sys.base_prefix):
        if any(Path(folder).is_relative_to(hidden) for hidden in _HIDDEN):
            raise InstallationError(
                f"{folder}: is hidden from services: make the virtual environment in "
                "/opt/schoolgate with a Python 3.12 or later below /usr or /opt, and install "
                "from there"
            )
    return Path(sys.prefix)


def install(
    root: Path,
    program: Path,
    *,
    run: Run = run_command,
    owners: folders.Owners = folders.MACHINES_OWN,
) -> list[str]:
    """
    Lay out Schoolgate below *root*, for the program in the folder *program*.

    Returns a line for each thing that was done; a second time there is none. Commands of the
    machine are run where *root* is the machine itself. Raises SchoolgateError.
    """
    if not _PROGRAM.fullmatch(str(program)):
        raise InstallationError(f"`{program}`: must be an absolute path of plain characters")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InstallationError(f"{root}: cannot be a folder: {error.strerror}") from error
    source = data_dir()
    settings = _settings_of(root, source)
    try:
        done = _put_files(root, program, source, settings)
        if root == MACHINE:
            run(("systemd-sysusers", f"/{SYSUSERS}"))
        done += folders.make(root, folders.read_lines(source / FOLDERS), owners)
        if root == MACHINE:
            run(("sysctl", "--quiet", f"--load=/{SYSCTL}"))
            run(("systemctl", "daemon-reload"))
    except OSError as error:
        raise InstallationError(
            f"{error.filename or root}: cannot be laid out: {error.strerror}{_remedy(error)}"
        ) from error
    return done


def cautions(root: Path) -> tuple[str, ...]:
    """Return what is dangerous in the configuration below *root*, each with its remedy."""
    web = _settings_of(root, data_dir()).web
    if not web.public_url.startswith("http:"):
        return ()
    caution = (
        f"web.public_url: {web.public_url} is not encrypted: passwords cross the school's network "
        "in the clear. Give the pages a name and a certificate (https:// and web.tls, "
        "docs/sign-in.md) before anybody signs in"
    )
    return (caution,)


def _remedy(error: OSError) -> str:
    match error.errno:
        case errno.EACCES | errno.EPERM:
            return ": run it as root"
        case errno.ENOSPC | errno.EDQUOT:
            return ": make room on the disk, then run it again"
        case errno.EROFS:
            return ": make the file system writable, then run it again"
        case _:
            return ""


def _settings_of(root: Path, source: Path) -> Settings:
    """Return the school's own settings, else those of the template. Raises ConfigError."""
    own = root / CONFIGURATION
    return load_settings(own if own.exists() else source / CONFIGURATION.name)


def _put_files(root: Path, program: Path, source: Path, settings: Settings) -> list[str]:
    placing = Placing(root)
    for file in (*fixed_files(program, source), *generated_files(settings)):
        placing.put(file)
    for place, is_wanted in proxy_links(settings).items():
        if is_wanted:
            placing.link(place, PROXY_UNIT)
        else:
            placing.unlink(place)
    placing.keep_notes()
    return placing.done
