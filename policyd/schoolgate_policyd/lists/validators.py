"""What tells one version of a list from another: a server's words, or a file's looks."""

import msgspec

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
