"""What the kernel says of its clocks (clock_gettime(2), adjtimex(2)); nothing is ever set."""

import ctypes
import time
from pathlib import Path

from schoolgate_policyd.clock_doubt import Times

# linux/timex.h
_STA_UNSYNC = 0x0040
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Whoever is interrupted between the two clocks reads them again: a pause must not be a step.
_LONGEST_READING_S = 0.05
_MOST_READINGS = 10


class _Timex(ctypes.Structure):
    """struct timex of linux/timex.h."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", ctypes.c_long * 2),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


def read_times() -> Times:
    """Return both clocks as they stood at one moment."""
    for _ in range(_MOST_READINGS):
        before_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        wall_s = time.time()
        after_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        if after_s - before_s <= _LONGEST_READING_S:
            break
    return Times(wall_s, after_s)


def is_synchronised() -> bool | None:
    """
    Whether a time server keeps the clock right; None where the kernel does not tell.

    Asked with no mode set it changes nothing, and needs no privilege.
    """
    timex = _Timex()
    try:
        state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return not timex.status & _STA_UNSYNC


def boot_id() -> str:
    """Return what the kernel calls the time since it was started, empty where it does not say."""
    try:
        return _BOOT_ID.read_text().strip()[:64]
    except OSError:
        return ""
