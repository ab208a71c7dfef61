"""How many files, sockets and connections the process may have open at once."""

import resource
from typing import Final

WANTED_FILES: Final = 16_384


def raise_file_limit(wanted: int = WANTED_FILES) -> int:
    """Raise the limit to *wanted* or as far as the system allows, and return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return wanted if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
