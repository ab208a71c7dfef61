"""Small files that are replaced whole: a reader sees the old or the new, never a part."""

import os
from pathlib import Path

from schoolgate_policyd.shared_folders import PRIVATE_FILE, PRIVATE_FOLDER, file_mode_in


def write_whole(path: Path, content: bytes) -> None:
    """
    Replace *path* by *content* so that a power cut leaves the old or the new, never a part.

    The file is its owner's alone, unless its folder is shared (`shared_folders`). Raises OSError.
    """
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), file_mode_in(path.parent))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    # The rename itself is on the disk only when its directory is.
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
