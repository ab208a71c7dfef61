"""
Having no more memory than is needed: sixty megabytes are all that a worker has.

What is asked of the C library does nothing where that is another than glibc.
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


def collect_seldom() -> None:
    """
    Have garbage in cycles looked for more seldom.

    A burst of new names makes values by the thousand that live on; there are no cycles in them.
    """
    gc.set_threshold(20_000, 20, 50)


def _call(name: str, *numbers: int) -> None:
    function = getattr(ctypes.CDLL(None), name, None)
    if function is not None:
        function(*numbers)
