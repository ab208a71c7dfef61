"""
Write dns/schoolgate_dns/datagrams/system_calls.py anew: `python tools/system_calls.py`.

cffi's reading of declarations takes seven megabytes, which no worker should have to spend, so they
are read here and what they mean is kept.
"""

import sys
import tempfile
from pathlib import Path

from cffi import FFI

DECLARATIONS = """
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr { void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
                void *msg_control; size_t msg_controllen; int msg_flags; };
struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
int sendmmsg(int, struct mmsghdr *, unsigned int, int);
int connect(int, const void *, unsigned int);
"""
HEAD = '''\
# ruff: noqa: E501, Q000 - written by a program
# fmt: off
"""System calls that Python lacks, as tools/system_calls.py has written them; change them there."""

'''
TARGET = Path(__file__).parents[1] / "dns/schoolgate_dns/datagrams/system_calls.py"


def written() -> str:
    """Return the module as it should stand."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    ffi.set_source("schoolgate_dns.datagrams.system_calls", None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "system_calls.py"
        ffi.emit_python_code(str(path))
        text = path.read_text()
    return HEAD + text.removeprefix("# auto-generated file\n")


if __name__ == "__main__":
    TARGET.write_text(written())
    sys.stdout.write(f"{TARGET} written\n")
