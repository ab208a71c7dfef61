"""
Having no more memory than is needed: sixty megabytes are all that a worker has.

Both functions do nothing where the C library is another than glibc.
"""

import ctypes
import gc

_M_ARENA_MAX = -8  # malloc.h


def keep_one_heap() -> None:
    """Have threads take memory from the one heap there is; call it before there are any."""
    _call("mallopt", _M_ARENA_MAX, 1)


def give_back() -> None:
    """
    Collect what nobody can reach, and return to the system what the heap does not use.

    Importing leaves four megabytes of holes behind, which glibc keeps until it is asked.
    """
    gc.collect()
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*numbers)
