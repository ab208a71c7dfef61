"""What tells one version of a list from another: a server's words, or a file's looks."""

from pathlib import Path

import msgspec

from schoolgate_policyd.lists.errors import ListError
from schoolgate_policyd.lists.subscription import Format, Subscription

MAX_VALIDATOR = 256


class Validators(msgspec.Struct, frozen=True):
    """What a server said of the version that it sent, to ask whether there is a newer one."""

    etag: str | None = None
    modified: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that ask for a newer version only."""
        headers = {}
        if self.etag:
            headers["If-None-Match"] = self.etag
        if self.modified:
            headers["If-Modified-Since"] = self.modified
        return headers


def file_validators(path: Path, subscription: Subscription) -> Validators:
    """Return what a file looked like, to tell whether it changed."""
    files = [path]
    if path.is_dir() and subscription.format is Format.UT1:
        category = path / (subscription.member or "")
        files = [category / "domains", category / "urls"]
    seen = []
    for file in files:
        try:
            status = file.stat()
        except FileNotFoundError as error:
            if file == files[0]:
                raise ListError(f"{file}: there is no such file") from error
            continue
        seen.append(f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}")
    return Validators(etag=" ".join(seen))
