"""Which file goes where, from the folder `systemd/` or from its copy in a wheel."""

from pathlib import Path, PurePosixPath

import msgspec

UNITS = PurePosixPath("etc/systemd/system")
CONFIGURATION = PurePosixPath("etc/schoolgate/schoolgate.yaml")
SYSUSERS = PurePosixPath("etc/sysusers.d/schoolgate.conf")
SYSCTL = PurePosixPath("etc/sysctl.d/60-schoolgate.conf")
FOLDERS = "tmpfiles.conf"
ORDINARY_FILE = 0o644
PROGRAM_FILE = 0o755
# Where the units that come with Schoolgate say that the program is.
USUAL_PROGRAM = "/opt/schoolgate"

_PLACES = {
    "sysusers.conf": SYSUSERS,
    FOLDERS: PurePosixPath("etc/tmpfiles.d/schoolgate.conf"),
    "sysctl.conf": SYSCTL,
    "unbound-schoolgate.conf": PurePosixPath("etc/unbound/unbound.conf.d/schoolgate.conf"),
    "schoolgate.yaml": CONFIGURATION,
}
_COMMANDS = PurePosixPath("usr/local/sbin")
# As `tmpfiles.conf` has it, which gives it its group as well.
_MODES = {CONFIGURATION: 0o640}


class File(msgspec.Struct, frozen=True):
    """A file to be put at *place*, below the root."""

    place: PurePosixPath
    content: str
    mode: int = ORDINARY_FILE


def data_dir() -> Path:
    """Return the folder of what is laid out: inside the wheel, or in the checkout."""
    installed = Path(__file__).parents[1] / "systemd_data"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "systemd"


def fixed_files(program: Path, source: Path) -> tuple[File, ...]:
    """Return the files that are alike in every school, for the program in the folder *program*."""
    units = (
        File(UNITS / path.name, _with_program(path, program))
        for path in sorted((source / "units").iterdir())
    )
    commands = (
        File(_COMMANDS / path.name, _with_program(path, program), PROGRAM_FILE)
        for path in sorted((source / "commands").iterdir())
    )
    others = (
        File(place, (source / name).read_text(encoding="utf-8"), _MODES.get(place, ORDINARY_FILE))
        for name, place in _PLACES.items()
    )
    return (*units, *commands, *others)


def _with_program(path: Path, program: Path) -> str:
    return path.read_text(encoding="utf-8").replace(USUAL_PROGRAM, str(program))
